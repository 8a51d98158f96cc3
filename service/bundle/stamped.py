"""RFC 3161 timestamps: an authority's word that the manifest was there at a certain time; asked for, and checked.

A token alone leaves bytes of its own unanswered for (certificates that it carries, a status text), so it is a tag file:
the seal answers for all of it, and the token for the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import httpx
import msgspec
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)

from service.bundle.fault import Fault

TIMEOUT_S = 20.0
MOST_BYTES = 1 << 20
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


class Unstamped(Exception):
    """The authority did not answer, or not with a timestamp that its certificates bear out. Says which."""


class Stamp(msgspec.Struct, frozen=True):
    """What a token says: when, in UTC, and by whom, as its certificate is called."""

    at: datetime
    authority: str


def certificates(pem: str) -> Sequence[x509.Certificate]:
    """The certificates of a PEM text. Raises ValueError."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, UnicodeEncodeError):
        raise ValueError("there is no certificate in it (PEM)") from None
    return found


async def asked(url: str, roots: Sequence[x509.Certificate], manifest: bytes) -> bytes:
    """A token over the manifest (RFC 3161 section 3.4), checked as whoever gets it would. Raises Unstamped."""
    request = TimestampRequestBuilder().data(manifest).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            answer = await client.post(
                url, content=request.as_bytes(), headers={"Content-Type": QUERY, "Accept": REPLY}
            )
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Unstamped("the timestamp authority did not answer") from None
    if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_BYTES:
        raise Unstamped("the timestamp authority did not answer with a timestamp")
    try:
        found = decode_timestamp_response(answer.content)
        VerifierBuilder(roots=list(roots), nonce=request.nonce).build().verify_message(found, manifest)
    except Exception:  # noqa: BLE001 - whatever the parser or OpenSSL makes of it
        raise Unstamped("the timestamp that came back is not borne out by WATCHWORD_TSA_CA") from None
    return answer.content


def stamp(raw: bytes, manifest: bytes, path: str) -> Stamp:
    """What a token in a bundle says, where it is of this manifest; by whom it is signed is `signed`'s. Raises Fault."""
    found = _parsed(raw, path)
    try:
        imprint = found.tst_info.message_imprint
        named = imprint.hash_algorithm == SHA256
        message, at = imprint.message, found.tst_info.gen_time
        authority = ", ".join(sorted(each.issuer.rfc4514_string() for each in found.signed_data.signer_infos))
    except Exception:  # noqa: BLE001 - likewise
        raise Fault(path, "it is a timestamp that cannot be read") from None
    if not named or message != hashlib.sha256(manifest).digest():
        raise Fault(path, "it is a timestamp of something else than the manifest")
    return Stamp(at, authority)


def signed(raw: bytes, manifest: bytes, path: str, roots: Sequence[x509.Certificate]) -> None:
    """Check that these certificates bear the token out. Raises Fault."""
    found = _parsed(raw, path)
    try:
        VerifierBuilder(roots=list(roots)).build().verify_message(found, manifest)
    except Exception:  # noqa: BLE001 - likewise
        raise Fault(path, "the timestamp is not borne out by the certificates of its authority") from None


def _parsed(raw: bytes, path: str) -> TimeStampResponse:
    if len(raw) > MOST_BYTES:
        raise Fault(path, "it is too long for a timestamp")
    try:
        return decode_timestamp_response(raw)
    except Exception:  # noqa: BLE001 - likewise
        raise Fault(path, "it is no timestamp (RFC 3161)") from None
