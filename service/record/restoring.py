"""Restoring: the keys written to a file and brought back, a new master key, and new keys for subjects; for commands.

Keys that were brought back forget again whomever the log has forgotten, before anything else is done with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from domain.event import Event, EventShapeError, Plain, Sealed, personal_fields
from service import composition
from service.log import EventLog, migrate_keys
from service.record.heeding import Heeding
from service.sealing import Codec, CorruptEvent, KeyRing, WrongMasterKey, backup, rotating
from service.sealing.master import CHECK
from service.sealing.source import local_key, own_file
from service.sealing.store import FOR_GOOD, Row
from service.sealing.wrapping import named
from service.settings import Settings

SUFFIX = ".keys"
AT_ONCE = 500
DAY_S = 86_400.0


class Restored(msgspec.Struct, frozen=True):
    """How many keys came back, how many of these were destroyed again, and how many the log names are nowhere."""

    brought_back: int
    destroyed: int
    lost: int


@contextmanager
def _ring(settings: Settings) -> Iterator[KeyRing]:
    keys = composition.ring(settings)
    try:
        yield keys
    finally:
        keys.close()


def next_name(folder: Path | None, now: datetime) -> Path:
    """The name of a backup made now, in this folder, which is made if it is not there."""
    where = folder or Path()
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    return where / f"{now:%Y%m%dT%H%M%S}{SUFFIX}"


def back_up(settings: Settings, path: Path) -> int:
    """Write every key to this file; returns how many rows that are. Raises KeysUnavailable, OSError."""
    with _ring(settings) as keys:
        return backup.write(keys.store, path)


def trimmed(folder: Path | None, keep: int) -> int:
    """Remove all but the newest backups in this folder; returns how many were removed."""
    found = sorted(folder.glob(f"*{SUFFIX}")) if folder is not None else []
    for path in found[:-keep]:
        path.unlink()
    return len(found[:-keep])


def restore(settings: Settings, path: Path) -> Restored:
    """Bring back from this file what is missing. Raises BackupBroken, WrongMasterKey, LogUnavailable, OSError.

    What is there already stays as it is. Everything in the file is opened first, so that nothing is brought back that
    this master key does not open.
    """
    rows = backup.read(path)
    migrate_keys(settings.keys_url)
    log = EventLog(settings.database_url)
    try:
        with _ring(settings) as keys:
            full = [row for row in rows if row.wrapped]
            opened = keys.wrapping.unwrap([(named(row.subject, row.generation), row.wrapped) for row in full])
            _same(keys, {row.subject: each for row, each in zip(full, opened, strict=True) if row.generation == 1})
            there = _there(keys)
            missing = [row for row in rows if row[:2] not in there]
            for start in range(0, len(missing), AT_ONCE):
                keys.store.add(missing[start : start + AT_ONCE])
            heeding = Heeding(log, Codec(keys), keys)
            destroyed = heeding.catch_up(anew=True)
            lost = _marked_lost(log, keys)
            keys.check()
            keys.store.scrub()
            return Restored(sum(bool(row.wrapped) for row in missing), destroyed, lost)
    finally:
        log.close()


def _there(keys: KeyRing) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    after = ("", -1)
    while some := keys.store.page(after):
        found |= {(row.subject, row.generation) for row in some}
        after = some[-1].subject, some[-1].generation
    return found


def _same(keys: KeyRing, opened: dict[str, bytes]) -> None:
    """Raise WrongMasterKey where this database is of another installation than the backup."""
    kept = keys.store.read([CHECK]).get(CHECK, {})
    if kept and kept.get(1):
        (ours,) = keys.wrapping.unwrap([(CHECK, kept[1])])
        if ours != opened.get(CHECK):
            raise WrongMasterKey("these keys are of another installation: bring them back into an empty database")


def _marked_lost(log: EventLog, keys: KeyRing) -> int:
    """Mark the keys that the log names and nobody has as destroyed, or others would be made in their place."""
    codec, there, lost = Codec(keys), _there(keys), 0
    position, last = 0, log.last_position()
    while position < last:
        wanted: set[tuple[str, int]] = set()
        for notification in log.read_all(gt=position, limit=AT_ONCE):
            position = notification.id
            try:
                wanted |= _sealed(codec.decode(notification)[1])
            except (EventShapeError, CorruptEvent):
                continue
        gone = sorted(each for each in wanted - there if (each[0], FOR_GOOD) not in there)
        if gone:
            keys.store.add([Row(subject, generation, b"", time.time()) for subject, generation in gone])
            there |= set(gone)
            lost += len(gone)
    return lost


def _sealed(happened: Event) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for field in personal_fields(type(happened)):
        value: Sealed | Plain | tuple[Sealed | Plain, ...] | None = getattr(happened, field)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Sealed):
                found.add((each.subject, each.generation))
    return found


def rotate(settings: Settings, progress: Callable[[int], None]) -> tuple[int, bool]:
    """Wrap every key anew by the newest master key; returns how many, and whether an old one is left to take away.

    The master key that the service keeps in a file of its own is followed by another here; one that comes from
    elsewhere is followed by whoever sets it. Raises KeysUnavailable, WrongMasterKey, KeyFileError.
    """
    source = settings.master
    own = not (source.text or source.command or source.vault_url)
    if own:
        local_key(source)  # it is made where there is none
        rotating.begun(own_file(source))
    with _ring(settings) as keys:
        keys.check()
        count = rotating.rotated(keys.store, keys.wrapping, progress)
    if own:
        rotating.ended(own_file(source))
        return count, False
    outside = bool(source.vault_url) and bool(source.text or source.command or own_file(source).exists())
    return count, outside or (not source.vault_url and local_key(source).older() > 0)


def renew(settings: Settings, subjects: list[str], older_than_days: int) -> int:
    """Another key for these subjects, and for those whose newest key is so old. Raises KeyMissing, KeysUnavailable."""
    with _ring(settings) as keys:
        keys.check()
        wanted = {*subjects}
        if older_than_days:
            wanted |= _aged(keys, time.time() - older_than_days * DAY_S)
        ordered = sorted(wanted)
        for start in range(0, len(ordered), AT_ONCE):
            keys.renew(ordered[start : start + AT_ONCE])
        return len(ordered)


def _aged(keys: KeyRing, before: float) -> set[str]:
    newest: dict[str, Row] = {}
    after = ("", -1)
    while some := keys.store.page(after):
        for row in some:
            newest[row.subject] = row
        after = some[-1].subject, some[-1].generation
    ours = {s for s in newest if s.startswith("watchword:")}
    return {s for s, row in newest.items() if row.wrapped and row.created_at < before} - ours
