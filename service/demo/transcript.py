"""The transcript: every call that was made and what came back, to the byte, and who could hear it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec

from service.demo.cast import Staff

# What differs between any two answers, protected or not: opaque ids, and the moments of answer and import.
_IDS = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_MOMENTS = re.compile(rb'("(?:expires_at|as_of|due_by)":")([^"]*)(")')
_OWN_HEADERS = ("date", "x-request-id")


class Ears(StrEnum):
    """Who hears an answer besides the agent: on which side of the story it is."""

    ADVERSE = "the adverse party"
    PORTAL = "the shared login"
    HERSELF = "herself"
    DURESS = "herself, under duress"
    STAFF = "staff"
    CUSTOMER = "the customer"
    DEALER = "the customer and a dealer"
    AUDITOR = "the auditor"


class Exchange(msgspec.Struct, frozen=True):
    """One call and its answer. `account` says whether it was a question, or a passcode, that has to be on record."""

    staff: Staff | None
    ears: Ears
    call: str
    method: str
    path: str
    sent: dict[str, Any] | None
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def told(self) -> dict[str, Any]:
        """The answer's body."""
        return msgspec.json.decode(self.body, type=dict[str, Any])

    def whole(self) -> bytes:
        """Everything that came back: status, headers, body."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return f"{self.status}\r\n{head}\r\n".encode() + self.body

    def masked(self) -> bytes:
        """Everything that came back but for opaque ids and times, each of which keeps its length."""
        head = "".join(
            f"{name}: {'*' * len(value) if name in _OWN_HEADERS else value}\r\n" for name, value in self.headers
        )
        body = _MOMENTS.sub(lambda found: found[1] + b"*" * len(found[2]) + found[3], self.body)
        return _IDS.sub(b"*" * 32, f"{self.status}\r\n{head}\r\n".encode() + body)
