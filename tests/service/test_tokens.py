"""Tokens: only what the issuer signed for us, now, with a key we know, is good; and errors repeat none of it."""

import base64
import hashlib
import hmac
import json
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import OKPAlgorithm

from service.sealing.keyfile import KeyFileError
from service.tokens import Caller, LocalIssuer, TokenRejected, TokenVerifier
from service.tokens.jwks import GivenKeys

NOW = 1_800_000_000
CLAIMS: dict[str, Any] = {
    "iss": "watchword",
    "aud": "watchword",
    "sub": "agent-7",
    "exp": NOW + 60,
    "roles": ["agent"],
    "tier": 1,
    "site": "manila",
}
AGENT = Caller("agent-7", frozenset(["agent"]), 1, "manila")
CURVE = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Clock:
    """A time that is set by hand."""

    def __init__(self) -> None:
        self.time: float = NOW

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(tmp_path: Path, clock: Clock) -> LocalIssuer:
    return LocalIssuer(tmp_path / "keys" / "issuer.key", issuer="watchword", audience="watchword", now=clock)


@pytest.fixture
def verifier(issuer: LocalIssuer, clock: Clock) -> TokenVerifier:
    return TokenVerifier.local(issuer, now=clock)


def signed(issuer: LocalIssuer, claims: dict[str, Any], **headers: Any) -> str:
    return jwt.encode(claims, issuer._key, algorithm="EdDSA", headers={"kid": issuer._jwk["kid"], **headers})


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public(key: Any, algorithm: Any, **more: str) -> dict[str, Any]:
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), **more}


async def reason(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(TokenRejected) as caught:
        await verifier.verify(token)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert error.reason.isascii()
    assert not set('"\\') & set(error.reason)
    assert "canary" not in f"{error}{error!r}{vars(error)}"
    assert verifier.remembered(token) is None
    assert not verifier._remembered
    return error.reason


async def test_a_minted_token_is_verified_once_and_remembered_until_it_expires(
    issuer: LocalIssuer, verifier: TokenVerifier, clock: Clock
) -> None:
    token = issuer.mint("agent-7", ["agent"], tier=1, site="manila", lifetime_s=60)
    assert verifier.remembered(token) is None
    assert await verifier.verify(token) == AGENT
    assert verifier.remembered(token) == AGENT
    clock.time += 59.9
    assert verifier.remembered(token) == AGENT
    clock.time += 0.1
    assert verifier.remembered(token) is None
    with pytest.raises(TokenRejected, match="has expired"):
        await verifier.verify(token)
    assert token not in repr(verifier)
    assert all(token.encode() not in key for key in verifier._remembered)


async def test_what_is_remembered_is_bounded(issuer: LocalIssuer, clock: Clock) -> None:
    keys = GivenKeys(issuer.jwks())
    verifier = TokenVerifier(keys, issuer="watchword", audience="watchword", now=clock, most_remembered=3)
    tokens = [issuer.mint(f"agent-{n}", ["agent"]) for n in range(10)]
    for token in tokens:
        await verifier.verify(token)
    assert [verifier.remembered(token) is not None for token in tokens] == [False] * 7 + [True] * 3


def test_the_issuers_key_is_made_once_for_its_owner_alone(tmp_path: Path, issuer: LocalIssuer) -> None:
    path = tmp_path / "keys" / "issuer.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = LocalIssuer(path, issuer="watchword", audience="watchword")
    assert again.jwks() == issuer.jwks()
    assert "d" not in issuer.jwks()["keys"][0]
    assert repr(issuer) == "LocalIssuer('watchword')"
    path.write_text("canary")
    with pytest.raises(KeyFileError, match="Ed25519") as caught:
        LocalIssuer(path, issuer="watchword", audience="watchword")
    assert "canary" not in str(caught.value)
    path.write_bytes(CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyFileError, match="Ed25519"):
        LocalIssuer(path, issuer="watchword", audience="watchword")


def test_no_token_is_minted_that_would_be_refused(issuer: LocalIssuer) -> None:
    with pytest.raises(TokenRejected, match="tier"):
        issuer.mint("agent-7", ["agent"], tier=4)


# --- forgeries --------------------------------------------------------------------------------------------------------


async def test_an_unsigned_token_is_refused(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    for name in ("none", "None", "NONE", "nOnE", ""):
        header = unpadded(json.dumps({"alg": name, "typ": "JWT", "kid": issuer._jwk["kid"]}).encode())
        body = unpadded(json.dumps(CLAIMS).encode())
        assert "EdDSA" in await reason(verifier, f"{header}.{body}.")
        assert "EdDSA" in await reason(verifier, f"{header}.{body}.{unpadded(bytes(64))}")


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    verifier: TokenVerifier, issuer: LocalIssuer
) -> None:
    public_key = issuer._key.public_key()
    secrets = [
        public_key.public_bytes_raw(),
        public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(issuer.jwks()["keys"][0]).encode(),
    ]
    head = unpadded(json.dumps({"alg": "HS256", "kid": issuer._jwk["kid"]}).encode())
    body = unpadded(json.dumps(CLAIMS).encode())
    for secret in secrets:
        forged = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
        assert "EdDSA" in await reason(verifier, f"{head}.{body}.{unpadded(forged)}")


async def test_another_algorithm_than_the_keys_own_is_refused(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    kid = issuer._jwk["kid"]
    for algorithm, key in (("ES256", CURVE), ("RS256", RSA_KEY)):
        token = jwt.encode(CLAIMS, key, algorithm=algorithm, headers={"kid": kid})
        assert "algorithm" in await reason(verifier, token)


async def test_another_key_of_the_same_id_is_refused(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    token = jwt.encode(CLAIMS, other, algorithm="EdDSA", headers={"kid": issuer._jwk["kid"]})
    assert "signature" in await reason(verifier, token)


async def test_a_key_in_the_token_itself_is_not_believed(verifier: TokenVerifier) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    headers = {"jwk": public(other, OKPAlgorithm), "jku": "https://evil.example/jwks", "kid": "theirs"}
    assert "not known" in await reason(verifier, jwt.encode(CLAIMS, other, algorithm="EdDSA", headers=headers))


async def test_an_altered_token_is_refused(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    head, _, seal = signed(issuer, CLAIMS).split(".")
    altered = unpadded(json.dumps({**CLAIMS, "tier": 3}).encode())
    assert "signature" in await reason(verifier, f"{head}.{altered}.{seal}")
    for broken in ("", "canary", "a.b", "a.b.c", "....", f"{head}.{altered}", "é" * 9, "x" * 10_000, "\ud800"):
        assert "not a token" in await reason(verifier, broken)
    assert "not a token" in await reason(verifier, signed(issuer, CLAIMS, crit=["exp"]))
    assert "not a token" in await reason(verifier, signed(issuer, CLAIMS, crit=["b64"], b64=False))
    for kid in (7, ["x"]):
        head = unpadded(json.dumps({"alg": "EdDSA", "kid": kid}).encode())
        assert await reason(verifier, f"{head}.{altered}.{seal}")


@pytest.mark.parametrize(
    "change, why",
    [
        ({"iss": "canary"}, "another issuer"),
        ({"aud": "canary"}, "another audience"),
        ({"aud": ["canary", "canary-2"]}, "another audience"),
        ({"exp": NOW}, "expired"),
        ({"exp": NOW - 1}, "expired"),
        ({"exp": "canary"}, "not a token|seconds"),
        ({"exp": True}, "seconds"),
        ({"exp": float("inf")}, "seconds|not a token"),
        ({"nbf": NOW + 600}, "not valid yet"),
        ({"nbf": "canary"}, "seconds|not a token"),
        ({"sub": 7}, "sub|not a token"),
        ({"sub": ""}, "sub"),
        ({"sub": "canary\n"}, "sub"),
        ({"sub": "canary\0"}, "sub"),
        ({"sub": "c" * 129}, "sub"),
        ({"roles": "agent"}, "roles"),
        ({"roles": [7]}, "roles"),
        ({"roles": None}, "roles"),
        ({"tier": 4}, "tier"),
        ({"tier": -1}, "tier"),
        ({"tier": True}, "tier"),
        ({"tier": "1"}, "tier"),
        ({"tier": 1.0}, "tier"),
        ({"site": "canary\x07"}, "site"),
        ({"site": "s" * 65}, "site"),
        ({"site": None}, "site"),
        ({"team": "canary\x07"}, "team"),
        ({"team": "t" * 65}, "team"),
        ({"team": None}, "team"),
    ],
)
async def test_a_claim_that_is_wrong_is_named(
    verifier: TokenVerifier, issuer: LocalIssuer, change: dict[str, Any], why: str
) -> None:
    told = await reason(verifier, signed(issuer, {**CLAIMS, **change}))
    assert any(part in told for part in why.split("|")), told


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "sub"])
async def test_a_claim_that_is_missing_is_asked_for(verifier: TokenVerifier, issuer: LocalIssuer, claim: str) -> None:
    token = signed(issuer, {name: value for name, value in CLAIMS.items() if name != claim})
    assert "must have exp, iss, aud and sub" in await reason(verifier, token)


async def test_what_may_vary_is_accepted(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    several = {
        **CLAIMS,
        "aud": ["other", "watchword"],
        "roles": ["agent", "astronaut"],
        "nbf": NOW + 20,
        "exp": NOW + 1.5,
    }
    assert await verifier.verify(signed(issuer, several)) == AGENT
    least = {name: CLAIMS[name] for name in ("iss", "aud", "exp", "sub", "roles")}
    assert await verifier.verify(signed(issuer, least)) == Caller("agent-7", frozenset(["agent"]), 0, "")
