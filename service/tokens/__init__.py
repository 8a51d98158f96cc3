"""Tokens: who is asking, by what role, from which tier and site. JWT (RFC 7519) in, :class:`Caller` out.

    LocalIssuer.mint -> token ----> TokenVerifier.verify -> Caller -- remembered until the token expires
    your own issuer --> token --/        ^
                                    LocalIssuer's public key, or RemoteKeys (JWKS, fetched and kept)

``caller``    :class:`Caller`, and how it is read from claims
``issuer``    :class:`LocalIssuer`, the embedded default: an Ed25519 key of this installation
``jwks``      the public keys of your own issuer, over HTTP
``verifier``  :class:`TokenVerifier`
``rejected``  :class:`TokenRejected`: why, in words that may go into a header
"""

from service.tokens.caller import ROLES, Caller
from service.tokens.issuer import LocalIssuer
from service.tokens.rejected import IssuerUnavailable, TokenRejected
from service.tokens.verifier import TokenVerifier

__all__ = ["ROLES", "Caller", "IssuerUnavailable", "LocalIssuer", "TokenRejected", "TokenVerifier"]
