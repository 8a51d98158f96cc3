"""Rotating: another master key in the place of the one before, and every wrapped key wrapped anew by it.

First the key of nobody's that says which master key is in use: from then on every process makes keys by the new one.
Then the others, a slice at a time, each only where it still is as it was read, so that nothing that is destroyed
meanwhile comes back. Whoever was killed in the middle of it begins again: what is wrapped anew is passed over.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from service.sealing.errors import KeyMissing
from service.sealing.keyfile import KeyFileError
from service.sealing.master import CHECK, SIZE, read_keys
from service.sealing.store import FOR_GOOD, KeyStore, Row
from service.sealing.wrapping import Wrapping, named

__all__ = ["begun", "ended", "rotated"]


def rotated(store: KeyStore, wrapping: Wrapping, progress: Callable[[int], None]) -> int:
    """Wrap anew what the newest master key has not wrapped; returns how many keys that were.

    `progress` hears how many rows were looked at. Raises KeysUnavailable, WrongMasterKey, KeyMissing.
    """
    found = store.read([CHECK]).get(CHECK, {})
    if not found or FOR_GOOD in found:
        raise KeyMissing(CHECK)
    (fresh,) = wrapping.rewrap([(CHECK, found[1])])  # always: a vault shows its newest version by it
    store.replace([(Row(CHECK, 1, found[1], 0.0), fresh)])
    count, looked = 1, 0
    while True:
        changed, after = 0, ("", -1)
        while some := store.page(after):
            after = some[-1].subject, some[-1].generation
            stale = [row for row in some if row.wrapped and not wrapping.current(row.wrapped)]
            wrapped = wrapping.rewrap([(named(row.subject, row.generation), row.wrapped) for row in stale])
            if stale:
                changed += store.replace([*zip(stale, wrapped, strict=True)])
            looked += len(some)
            progress(looked)
        count += changed
        if not changed:
            store.scrub()
            return count


def begun(path: Path) -> bool:
    """Put a new master key before the one in this file; not where a change was begun before. Raises KeyFileError.

    Returns whether there is a new one.
    """
    kept = read_keys(_text(path), str(path))
    if len(kept) > 1:
        return False
    _put(path, [os.urandom(SIZE), *kept])
    return True


def ended(path: Path) -> None:
    """Keep only the newest master key in this file. Raises KeyFileError."""
    _put(path, read_keys(_text(path), str(path))[:1])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None


def _put(path: Path, keys: list[bytes]) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(each.hex().encode() + b"\n" for each in keys))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {os.strerror(error.errno or 0)}") from None
    finally:
        draft.unlink(missing_ok=True)
