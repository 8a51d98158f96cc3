"""Tokens of your own issuer: its keys are fetched, kept and renewed, and only keys that may sign are believed."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from service.tokens import IssuerUnavailable, TokenRejected, TokenVerifier
from service.tokens.jwks import RemoteKeys, usable
from tests.answering import Answering, Reply
from tests.service.test_tokens import AGENT, CLAIMS, CURVE, NOW, RSA_KEY, Clock, public, reason


@pytest.fixture
def clock() -> Clock:
    return Clock()


class KeyServer(Answering):
    """Answers with one key set, and counts who asks."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.status, self.body, self.asked = 200, b"", 0
        super().__init__()
        self.url += "/jwks"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.asked += 1
        return Reply(self.status, self.body or json.dumps({"keys": self.keys}).encode())


@pytest.fixture
def server() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.close()


def remote(server: KeyServer, clock: Clock, **settings: float) -> TokenVerifier:
    keys = RemoteKeys(server.url, clock=clock, **settings)
    return TokenVerifier(keys, issuer="watchword", audience="watchword", now=lambda: NOW)


async def test_keys_of_each_kind_are_fetched_once(server: KeyServer, clock: Clock) -> None:
    ed = ed25519.Ed25519PrivateKey.generate()
    server.keys = [
        public(ed, OKPAlgorithm, kid="ed"),
        public(CURVE, ECAlgorithm, kid="ec", use="sig"),
        public(RSA_KEY, RSAAlgorithm, kid="rsa", alg="RS256"),
    ]
    verifier = remote(server, clock)
    tokens = [
        jwt.encode({**CLAIMS, "jti": str(n)}, key, algorithm=algorithm, headers={"kid": kid})
        for n in range(3)
        for key, algorithm, kid in ((ed, "EdDSA", "ed"), (CURVE, "ES256", "ec"), (RSA_KEY, "RS256", "rsa"))
    ]
    assert await asyncio.gather(*(verifier.verify(token) for token in tokens)) == [AGENT] * 9
    assert server.asked == 1
    assert "not known" in await reason(remote(server, clock), jwt.encode(CLAIMS, ed, algorithm="EdDSA"))


async def test_a_new_key_is_asked_for_but_not_too_often(server: KeyServer, clock: Clock) -> None:
    old, new = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    server.keys = [public(old, OKPAlgorithm, kid="old")]
    verifier = remote(server, clock, pause_s=30, keep_s=600)
    with_old = jwt.encode(CLAIMS, old, algorithm="EdDSA", headers={"kid": "old"})
    with_new = jwt.encode(CLAIMS, new, algorithm="EdDSA", headers={"kid": "new"})
    assert await verifier.verify(with_old) == AGENT
    server.keys = [public(new, OKPAlgorithm, kid="new")]
    for _ in range(20):
        with pytest.raises(TokenRejected, match="not known"):
            await verifier.verify(with_new)
    assert server.asked == 1
    clock.time += 31
    assert await asyncio.gather(*(verifier.verify(with_new) for _ in range(5))) == [AGENT] * 5
    assert server.asked == 2
    with pytest.raises(TokenRejected, match="not known"):
        await verifier.verify(with_old)


async def test_an_issuer_that_is_away_takes_no_key_from_us(server: KeyServer, clock: Clock) -> None:
    server.keys = [public(CURVE, ECAlgorithm, kid="ec")]
    verifier = remote(server, clock)
    token = jwt.encode(CLAIMS, CURVE, algorithm="ES256", headers={"kid": "ec"})
    assert await verifier.verify(token) == AGENT
    for status, body in ((500, b""), (200, b"canary"), (200, b'{"keys": []}'), (302, b""), (200, b"[" * 400_000)):
        clock.time += 3_600
        server.status, server.body = status, body
        assert await verifier.verify(token) == AGENT
    assert server.asked == 6


async def test_an_issuer_that_was_never_reached_is_no_fault_of_the_token(server: KeyServer, clock: Clock) -> None:
    server.status = 503
    verifier = remote(server, clock)
    token = jwt.encode(CLAIMS, CURVE, algorithm="ES256", headers={"kid": "ec"})
    for _ in range(3):
        with pytest.raises(IssuerUnavailable, match="WATCHWORD_JWKS_URL"):
            await verifier.verify(token)
    assert server.asked == 1
    server.close()
    clock.time += 31
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(token)


def test_only_keys_that_may_sign_are_used() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
    other_curve = ec.generate_private_key(ec.SECP384R1())
    private = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)
    refused: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"},
        public(small, RSAAlgorithm, kid="b"),
        public(other_curve, ECAlgorithm, kid="c"),
        public(CURVE, ECAlgorithm, kid="d", use="enc"),
        public(RSA_KEY, RSAAlgorithm, kid="e", alg="RS512"),
        {**private, "kid": "f"},
        {"kty": "EC", "kid": "g"},
        "canary",
    ]
    assert usable({"keys": refused}) == {}
    assert set(usable({"keys": [*refused, public(CURVE, ECAlgorithm, kid="ok")]})) == {"ok"}
    answers: list[Any] = [None, [], {"keys": "x"}, {"keys": None}, 7]
    assert [usable(broken) for broken in answers] == [{}] * 5


@pytest.mark.parametrize(
    "url", ["http://issuer.example/canary", "ftp://127.0.0.1/canary", "canary", "", "http://[canary", "https://"]
)
def test_keys_come_over_an_encrypted_way(url: str) -> None:
    with pytest.raises(ValueError, match="WATCHWORD_JWKS_URL") as caught:
        TokenVerifier.remote(url, issuer="i", audience="a")
    assert "canary" not in str(caught.value)
    for good in ("https://issuer.example/jwks", "http://localhost:1/jwks", "http://[::1]:1/jwks"):
        assert repr(TokenVerifier.remote(good, issuer="i", audience="a")) == "TokenVerifier('i', 0 remembered)"
