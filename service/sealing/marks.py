"""Marks: keyed digests, so that things can be compared and found again without being read.

All are keyed BLAKE2b (RFC 7693), each purpose under a key of its own. A person's facts are marked under that person's
own key, so that whoever is forgotten cannot be matched any more; a locator, under a key of the installation.
"""

from __future__ import annotations

import os
import unicodedata
from hashlib import blake2b

from domain.fact import normalise
from service.sealing.errors import KeyMissing
from service.sealing.keys import KeyRing
from service.sealing.wrapping import Derives

__all__ = ["Marks", "own_key"]

SIZE = 16  # bytes: 32 hex digits, the size of an id


def own_key(secret: bytes, purpose: str) -> bytes:
    """One of the keys that follow from a person's secret: "seal" or "fact". 32 bytes."""
    return blake2b(key=secret, person=b"ww." + purpose.encode(), digest_size=32).digest()


class Marks:
    """Makes marks. Pure arithmetic, but for `fact`, which may have to read a person's key."""

    def __init__(self, root: Derives, keys: KeyRing) -> None:
        """Derive the key of each purpose when it is first used: every method may raise what that raises."""
        self._keys = keys
        self._root = root
        self._derived: dict[str, bytes] = {}

    def __repr__(self) -> str:
        """Say nothing of the keys."""
        return "Marks()"

    def locator(self, code: str) -> str:
        """The mark of a booking's locator, 32 hex digits: however it was spaced and whatever its case."""
        return _digest(self._key("marks of locators"), _code(code)).hex()

    def contact(self, contact_id: str) -> str:
        """The mark of where a contact comes from, 32 hex digits.

        A number is brought to its digits, anything else to one case without spaces: the locks of a contact that failed
        would not hold one that came back with a space in it.
        """
        folded = "".join(unicodedata.normalize("NFKC", contact_id).casefold().split())
        number = "" if any(character.isalpha() for character in folded) else normalise("phone", folded)
        return _digest(self._key("marks of contacts"), number or folded).hex()

    def place(self, place: str) -> str:
        """The mark of a town or postcode, 32 hex digits: however it was spaced and whatever its case."""
        return _digest(self._key("marks of places"), _code(place)).hex()

    def code(self, purpose: str, code: str) -> str:
        """The mark of a code that is good for one purpose, 32 hex digits. The code is given in the form it is told."""
        return _digest(self._key("marks of hand-off codes"), f"{purpose}:{code}").hex()

    def fact(self, subject: str, kind: str, value: str) -> str:
        """The mark of a normalised fact under this person's key: `kind:` and 32 hex digits.

        For somebody without a key (forgotten) it is one that nothing else will ever equal. Raises KeysUnavailable.
        """
        try:
            key = self._keys.key(subject, 1)  # the first: what was marked under it has to match when another follows
        except KeyMissing:
            return f"{kind}:{os.urandom(SIZE).hex()}"
        return f"{kind}:{blake2b(_text(f'{kind}:{value}'), key=key, person=b'ww.fact', digest_size=SIZE).hexdigest()}"

    def salt(self, account_id: str) -> bytes:
        """The salt of an account's passcodes, 16 bytes. Accounts that do not exist have one too."""
        return _digest(self._key("salts of passcodes"), account_id)

    def phantom(self, text: str) -> str:
        """The id of the account that an unknown locator or account id stands for: 32 hex digits, as any id has."""
        return _digest(self._key("phantom accounts"), _code(text)).hex()

    def fingerprint(self, *parts: bytes) -> bytes:
        """A digest of these parts, in this order and cut in these places, 32 bytes, to tell a request by."""
        measured = b"".join(len(part).to_bytes(8) + part for part in parts)
        return blake2b(measured, key=self._key("fingerprints of requests"), digest_size=32).digest()

    def _key(self, purpose: str) -> bytes:
        found = self._derived.get(purpose)
        if found is None:
            found = self._derived[purpose] = self._root.derive(purpose)
        return found


def _digest(key: bytes, text: str) -> bytes:
    return blake2b(_text(text), key=key, digest_size=SIZE).digest()


def _code(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def _text(text: str) -> bytes:
    # A lone surrogate would raise an error that repeats the text.
    return text.encode("utf-8", "surrogatepass")
