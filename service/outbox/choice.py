"""Which outbox: the house's gateway where one is set, else a folder."""

from __future__ import annotations

from pathlib import Path

from service.outbox.directory import DirectoryOutbox
from service.outbox.gateway import HttpOutbox
from service.outbox.message import Outbox

__all__ = ["outbox_for"]


def outbox_for(path: Path, *, url: str = "", secret: str = "") -> Outbox:
    """The outbox of these settings: files under `path` unless there is a `url`. Raises ValueError, see HttpOutbox."""
    return HttpOutbox(url, secret) if url else DirectoryOutbox(path)
