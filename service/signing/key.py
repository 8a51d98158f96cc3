"""A signing key: Ed25519 (RFC 8032), one for each purpose, derived from the installation's root secret.

Every replica of an installation has that secret, so each verifies what another signed, and no further file has to be
kept, copied or lost. Whoever has only the database can neither sign nor alter what was signed.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.utils import base64url_encode

from service.sealing.wrapping import Derives

__all__ = ["SigningKey"]

_MOST_REMEMBERED = 1_024


class SigningKey:
    """Signs and verifies for one purpose, such as "approvals of overrides"."""

    __slots__ = ("_found", "_purpose", "_root", "_verified")

    def __init__(self, root: Derives, purpose: str) -> None:
        """Derive the key of this purpose when it is first used: every method may raise what that raises."""
        self._root = root
        self._purpose = purpose
        self._found: Ed25519PrivateKey | None = None
        self._verified: set[tuple[bytes, str]] = set()

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "SigningKey()"

    def public(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 8037); its `kid` is the thumbprint (RFC 7638)."""
        x = base64url_encode(self._key().public_key().public_bytes_raw()).decode()
        thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA", "kid": base64url_encode(thumbprint).decode()}

    def sign(self, statement: bytes) -> str:
        """The signature of these bytes, 128 hex digits: always the same of the same."""
        return self._key().sign(statement).hex()

    def verify(self, statement: bytes, signature: str) -> bool:
        """Whether this key signed these bytes. What was found good is remembered."""
        if (statement, signature) in self._verified:
            return True
        try:
            self._key().public_key().verify(bytes.fromhex(signature), statement)
        except (InvalidSignature, ValueError):
            return False
        if len(self._verified) >= _MOST_REMEMBERED:
            self._verified.clear()
        self._verified.add((statement, signature))
        return True

    def _key(self) -> Ed25519PrivateKey:
        if self._found is None:
            self._found = Ed25519PrivateKey.from_private_bytes(self._root.derive(f"signing: {self._purpose}"))
        return self._found
