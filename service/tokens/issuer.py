"""The local issuer: tokens of our own, for one machine, trials and tests. In production your issuer has this part."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.utils import base64url_encode

from service.sealing.keyfile import KeyFileError, kept_secret
from service.tokens.caller import caller_from

__all__ = ["LocalIssuer"]


class LocalIssuer:
    """Signs with an Ed25519 key that is made on first start."""

    def __init__(self, path: Path, *, issuer: str, audience: str, now: Callable[[], float] = time.time) -> None:
        """Use the key at `path`, a PEM file of its owner's alone. Raises KeyFileError."""
        self.issuer = issuer
        self.audience = audience
        self._now = now
        try:
            key = load_pem_private_key(kept_secret(path, _new_key), None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"{path} holds no Ed25519 key in PEM; remove it and a new one is made")
        self._key = key
        x = base64url_encode(key.public_key().public_bytes_raw()).decode()
        thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()  # RFC 7638
        self._jwk = {"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA", "use": "sig"}
        self._jwk["kid"] = base64url_encode(thumbprint).decode()

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return f"LocalIssuer({self.issuer!r})"

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [dict(self._jwk)]}

    def mint(
        self, sub: str, roles: Iterable[str], *, tier: int = 0, site: str = "", team: str = "", lifetime_s: int = 3600
    ) -> str:
        """A token for this caller. Raises TokenRejected naming a claim that no verifier of ours would accept."""
        now = int(self._now())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": sub,
            "iat": now,
            "exp": now + lifetime_s,
            "jti": secrets.token_hex(16),
            "roles": sorted(roles),
            "tier": tier,
            "site": site,
            "team": team,
        }
        caller_from(claims)
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._jwk["kid"]})


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
