"""The chain of custody: who exported what for whom, when and why, as `data/custody.json` says it.

What of it the record itself says (who asked, when, which incident, which purpose) can be checked against the event at
`asked_at_position`, which is in the bundle like any other. For whom and why in words are sealed there: here they stand
in the open, under the bundle's signature.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

FORMAT = "watchword custody v1"


class Who(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person of the installation: the subject of the token, the role that was used, the site."""

    subject: str
    role: str
    site: str = ""


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The unsealing under which sealed data was opened: who asked for it, who approved it, for what, until when."""

    unsealing_id: str
    asked_by: str
    approved_by: str
    purpose: str
    until: datetime
    subjects: tuple[str, ...]


class LedgerSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger that the proofs lead to: whose, how many events, its root in hex, its key and that key's SHA-256."""

    origin: str
    size: int
    root: str
    key: str
    key_sha256: str


class Custody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The chain of custody of one bundle. Times are UTC; positions are places in the whole log.

    `recipient`: for whose eyes it was redacted, "" where it was not; `withheld`: events that are in it by their hash
    alone for that reason; `timestamp`: the authority that was asked, "" where none is configured.
    """

    format: str = FORMAT
    export_id: str
    incident_id: str
    account_id: str
    exported_by: Who
    asked_at: datetime
    asked_at_position: int
    for_whom: str
    purpose: str
    words: str
    recipient: str
    unsealing: Opened | None
    events: int
    withheld: int
    first_position: int
    last_position: int
    ledger: LedgerSaid
    timestamp: str
    software: str

    def __repr__(self) -> str:
        """Name the export, and say nothing of the words."""
        return f"Custody({self.export_id!r})"

    def written(self) -> bytes:
        """As it stands in the bundle."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def read(raw: bytes) -> Custody:
    """Read it. Raises ValueError for anything that is not one, or is written otherwise than `written` does."""
    try:
        found = msgspec.json.decode(raw, type=Custody)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no chain of custody") from None
    if found.format != FORMAT or found.written() != raw:
        raise ValueError("it is not written as a chain of custody is")
    return found
