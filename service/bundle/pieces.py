"""Pieces of a bundle on disk: each is there whole or not at all, whatever befalls whoever makes it.

    <exports>/<export id>/<piece>     some files of the bag: MessagePack of [path, content] pairs
    <exports>/<export id>.zip         the finished bundle

A piece is written under another name, flushed, and given its own; what is on record of it says which bytes it has. So
whoever goes on with an export takes what matches the record and makes the rest again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from domain.export import Piece
from service.bundle.archive import CHUNK

DRAFT = ".draft-"

Files = list[tuple[str, bytes]]


class Exports:
    """The folder of bundles, made and in the making. Blocking; several processes may use one."""

    def __init__(self, folder: Path) -> None:
        """Use this folder; it is made, for its owner alone, with the first export."""
        self.folder = folder

    def of(self, export_id: str) -> Pieces:
        """The pieces of one export."""
        return Pieces(self.folder / export_id, self.folder / f"{export_id}.zip")

    def ids(self) -> set[str]:
        """Every export of which there is anything."""
        with suppress(FileNotFoundError):
            return {each.name.removesuffix(".zip") for each in self.folder.iterdir() if not each.name.startswith(".")}
        return set()


class Pieces:
    """What there is of one export. Every method that touches the disk raises OSError."""

    def __init__(self, folder: Path, archive: Path) -> None:
        """Look at nothing yet."""
        self._folder = folder
        self.archive = archive

    def put(self, name: str, files: Files) -> Piece:
        """Write a piece; it is on the disk, whole, when this returns."""
        content = msgspec.msgpack.encode(files)
        with _whole(self._folder / name) as out:
            out.write(content)
        return Piece(hashlib.sha256(content).hexdigest(), len(content))

    def get(self, name: str, expected: Piece) -> Files | None:
        """A piece, None where it is not there or is not the one that is on record."""
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        if Piece(hashlib.sha256(content).hexdigest(), len(content)) != expected:
            return None
        return msgspec.msgpack.decode(content, type=Files)

    def whole(self, name: str, expected: Piece) -> bool:
        """Whether the piece on the disk is the one on record."""
        return _same(self._folder / name, expected)

    def finish(self, write: Callable[[BinaryIO], None]) -> Piece:
        """Write the archive, in the same way."""
        with _whole(self.archive) as out:
            write(out)
        return _summed(self.archive)

    def finished(self, expected: Piece) -> bool:
        """Whether the archive is there and is the one on record."""
        return _same(self.archive, expected)

    def clear(self) -> None:
        """Remove the pieces; the archive stays."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder)

    def remove(self) -> None:
        """Remove everything of this export."""
        self.clear()
        for draft in self.archive.parent.glob(f"{DRAFT}*-{self.archive.name}"):
            draft.unlink(missing_ok=True)
        self.archive.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            _flushed(self.archive.parent)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name once it is written and flushed; nothing of it is there otherwise."""
    path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # apart: the mode is of the last one made
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.parent / f"{DRAFT}{secrets.token_hex(8)}-{path.name}"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        _flushed(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _flushed(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _same(path: Path, expected: Piece) -> bool:
    try:
        return path.stat().st_size == expected.size and _summed(path) == expected
    except FileNotFoundError:
        return False


def _summed(path: Path) -> Piece:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while some := file.read(CHUNK):
            digest.update(some)
            size += len(some)
    return Piece(digest.hexdigest(), size)
