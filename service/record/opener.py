"""What a reader of the record may have opened: nothing, or what is personal in one account or one incident.

Closed, a value is `{"sealed": subject}`; opened, `{"opened": subject, "value": ...}`; once its key was destroyed there
is nothing to open, and it is `{"forgotten": subject}`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec

from domain import incident
from domain.event import Kept, Personal, Recorded, Sealed
from domain.unsealing import NEVER_OPENED
from projections.history import HistoryEntry, entry, fields
from projections.mentions import about_account
from service.log import EventLog
from service.sealing import Codec, KeyMissing, KeyRing, KeysUnavailable

__all__ = ["Opener"]

AT_ONCE = 500


class Opener:
    """Shows events and folded values, each opened as far as its reader may. Blocking: use it off the event loop.

    `unsealing_id` is the approved unsealing it opens by; with none it opens nothing, and asks for no key but to tell
    what is sealed from what was forgotten.
    """

    def __init__(
        self,
        log: EventLog,
        codec: Codec,
        keys: KeyRing,
        *,
        unsealing_id: str = "",
        account_id: str = "",
        incident_id: str = "",
    ) -> None:
        """Open what is about this account and on this incident, by this unsealing."""
        self._log = log
        self._codec = codec
        self._keys = keys
        self.unsealing_id = unsealing_id
        self._account = about_account(account_id) if account_id else ""
        self._incident = incident.stream(incident_id) if incident_id else ""

    def __repr__(self) -> str:
        """Say whether it opens anything."""
        return f"Opener(unsealed={self.unsealed})"

    @property
    def unsealed(self) -> bool:
        """Whether it opens anything at all."""
        return bool(self.unsealing_id)

    def entries(self, recorded: Iterable[Recorded]) -> list[HistoryEntry]:
        """These events as entries of a history. Raises KeysUnavailable, SealBroken where it opens."""
        events = list(recorded)
        ours = self._ours(events)
        return [entry(each, self._saying(each, ours=each.position in ours)) for each in events]

    def fields(self, recorded: Recorded) -> dict[str, Any]:
        """The fields of one event. Raises likewise."""
        return fields(recorded.event, self._saying(recorded, ours=bool(self._ours([recorded]))))

    def kept(self, stream: str, kept: Kept) -> Any:
        """A value of this account's folded state, or of one of its bookings'. Raises likewise."""
        return self._said(stream, kept, ours=self.unsealed)

    def _ours(self, events: list[Recorded]) -> set[int]:
        """The positions of those that are within what was unsealed."""
        if not self.unsealed:
            return set()
        ours = {each.position for each in events if self._incident and each.stream == self._incident}
        if self._account:
            positions = [each.position for each in events]
            for start in range(0, len(positions), AT_ONCE):
                ours |= self._log.about(self._account, positions[start : start + AT_ONCE])
        return ours

    def _saying(self, recorded: Recorded, *, ours: bool) -> Any:
        def said(field: str, index: int, value: Personal) -> Any:
            kept = Kept(value, recorded.version, recorded.event.NAME, field, index)
            return self._said(recorded.stream, kept, ours=ours)

        return said

    def _said(self, stream: str, kept: Kept, *, ours: bool) -> dict[str, Any]:
        subject = kept.personal.subject
        if not ours or kept.field in NEVER_OPENED:
            generation = kept.personal.generation if isinstance(kept.personal, Sealed) else 0
            return {"forgotten" if self.forgotten(subject, generation) else "sealed": subject}
        try:
            return {"opened": subject, "value": _value(self._codec.open(stream, kept))}
        except KeyMissing:
            return {"forgotten": subject}

    def forgotten(self, subject: str, generation: int = 0) -> bool:
        """Whether its key of this generation, or its newest, was destroyed.

        Where the keys are out of reach nobody can tell, and nothing is opened.
        """
        try:
            self._keys.key(subject, generation)
        except KeyMissing:
            return True
        except KeysUnavailable:
            return False
        return False


def _value(data: bytes) -> Any:
    """What was sealed: JSON, compressed where it is a document's part; or text (a locator as it was said)."""
    with suppress(zlib.error):
        data = zlib.decompress(data)
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        found = None
    # A locator of digits alone is a locator, not a number.
    return found if isinstance(found, str | dict | list | bool) else data.decode(errors="replace")
