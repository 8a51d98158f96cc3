"""Backups of the keys: a file of wrapped keys, apart from any backup of the log.

A file is lines of JSON: what it is, a line for each row as it is stored (wrapped), and last how many there were and
the SHA-256 of all lines before. Without the master key nothing in it opens. Those in the folder that the settings name
are written anew whenever somebody is forgotten; one that lies elsewhere must be gone within the time in which erasure
is promised.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from domain.forgetting import Gone
from service.sealing.errors import KeysUnavailable, SealingError
from service.sealing.store import FOR_GOOD, KeyStore, Row

__all__ = ["BackupBroken", "read", "rewritten", "write"]

FORMAT = "watchword.keys.1"
SUFFIX = ".keys"
TRIES = 5


class BackupBroken(SealingError):
    """A file is no backup of keys, or not a whole one."""


class _Head(msgspec.Struct, frozen=True):
    format: str
    made_at: float


class _Line(msgspec.Struct, frozen=True):
    subject: str
    generation: int
    wrapped: str
    created_at: float


class _Foot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: int
    sha256: str


def write(store: KeyStore, path: Path) -> int:
    """Write all keys to this file, whole or not at all, for its owner alone; returns how many rows there are.

    Raises KeysUnavailable, OSError. Where somebody is forgotten meanwhile it begins again.
    """
    for _ in range(TRIES):
        heeded = store.heeded()
        rows = _all(store)
        if store.heeded() == heeded:
            _put(path, rows)
            return len(rows)
    raise KeysUnavailable("keys were destroyed all the while they were written; try again")


def read(path: Path) -> list[Row]:
    """The rows of a backup. Raises BackupBroken, OSError."""
    lines = path.read_bytes().splitlines(keepends=True)
    try:
        head, foot = msgspec.json.decode(lines[0], type=_Head), msgspec.json.decode(lines[-1], type=_Foot)
        body = [msgspec.json.decode(line, type=_Line) for line in lines[1:-1]]
        rows = [Row(e.subject, e.generation, base64.b64decode(e.wrapped, validate=True), e.created_at) for e in body]
    except (IndexError, ValueError, msgspec.MsgspecError):
        raise BackupBroken("this is no whole backup of keys") from None
    whole = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    if head.format != FORMAT or foot.rows != len(rows) or foot.sha256 != whole:
        raise BackupBroken("this backup of keys was altered, or is not whole")
    return rows


def rewritten(folder: Path | None, gone: Sequence[Gone]) -> int:
    """Take these keys out of every backup in this folder; returns how many had any. Raises BackupBroken, OSError.

    The file that held them is written over before it goes, as far as the file system does that in place.
    """
    count = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder is not None else ():
        rows = read(path)
        left = without(rows, gone)
        if left != rows:
            _put(path, left, over=True)
            count += 1
    return count


def without(rows: Iterable[Row], gone: Sequence[Gone]) -> list[Row]:
    """These rows as they are once those keys were destroyed."""
    upto = {each.subject: each.generations for each in gone}
    left, said = [], set()
    for row in rows:
        last = upto.get(row.subject)
        dies = last is not None and (not last or row.generation <= last)
        left.append(row._replace(wrapped=b"") if dies else row)
        if row.generation == FOR_GOOD:
            said.add(row.subject)
    present = {row.subject for row in left}
    more = {each.subject for each in gone if not each.generations} & present - said
    return sorted([*left, *(Row(subject, FOR_GOOD, b"", 0.0) for subject in more)], key=lambda row: row[:2])


def _all(store: KeyStore) -> list[Row]:
    rows: list[Row] = []
    some = store.page()
    while some:
        rows += some
        some = store.page(some[-1][:2])
    return rows


def _put(path: Path, rows: Sequence[Row], *, over: bool = False) -> None:
    head = _Head(FORMAT, time.time())
    texts = [_Line(r.subject, r.generation, base64.b64encode(r.wrapped).decode(), r.created_at) for r in rows]
    body = b"".join(msgspec.json.encode(each) + b"\n" for each in (head, *texts))
    whole = body + msgspec.json.encode(_Foot(len(rows), hashlib.sha256(body).hexdigest())) + b"\n"
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        if over:
            _blanked(path)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _blanked(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
