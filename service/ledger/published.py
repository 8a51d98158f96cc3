"""The file of published checkpoints: apart from the databases, append-only, and written before anybody sees one.

A line for each: `{"leaf": "<base64>", "note": "<the signed note>"}`, where `leaf` is the hash of the last leaf, so that
the log can be compared with it whatever became of the tiles. A line that does not end was not published.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from service.ledger.errors import PublishedUnavailable, PublishedUnreadable
from service.ledger.note import BadNote, Checkpoint, read

__all__ = ["Line", "Published"]

END = b'"}'  # of a whole line; what a crash left of one has another
TAIL = 256 * 1024  # so far from its end the newest line is looked for


class _Kept(msgspec.Struct):
    leaf: bytes
    note: str


class Line(msgspec.Struct, frozen=True):
    """A checkpoint that was published, and the hash of the last leaf it covers; empty where it covers none."""

    checkpoint: Checkpoint
    leaf: bytes


class Published:
    """The file. Blocking; several processes may append to one."""

    def __init__(self, path: Path) -> None:
        """Use this file; it is made with its first line, its folder never."""
        self.path = path

    def newest(self) -> Line | None:
        """The line of the largest tree; None where there is none. Raises PublishedUnavailable, PublishedUnreadable."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
                whole = file.tell() == 0
                text = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishedUnavailable(f"the published checkpoints cannot be read ({error.strerror})") from None
        lines = text.split(b"\n")[0 if whole else 1 : -1]
        found = [self._line(each) for each in lines if each.endswith(END)]
        return max(found, key=lambda line: line.checkpoint.size, default=None)

    def lines(self) -> Iterator[Line]:
        """Every line, oldest first. Raises likewise."""
        try:
            with self.path.open("rb") as file:
                for each in file:
                    if each.endswith(END + b"\n"):
                        yield self._line(each[:-1])
        except FileNotFoundError:
            return
        except OSError as error:
            raise PublishedUnavailable(f"the published checkpoints cannot be read ({error.strerror})") from None

    def append(self, line: Line) -> None:
        """Write a line, durably. Raises PublishedUnavailable."""
        kept = msgspec.json.encode(_Kept(line.leaf, line.checkpoint.text)) + b"\n"
        try:
            made = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                size = os.fstat(descriptor).st_size
                # What a crash left of a line, of whichever process, must not run into the next one.
                torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
                _write(descriptor, b"\n" + kept if torn else kept)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            if made:
                folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise PublishedUnavailable(f"the published checkpoints cannot be written ({error.strerror})") from None

    def _line(self, text: bytes) -> Line:
        try:
            kept = msgspec.json.decode(text, type=_Kept)
            return Line(read(kept.note), kept.leaf)
        except (msgspec.MsgspecError, BadNote):
            raise PublishedUnreadable(
                f"{self.path} holds a line that is no published checkpoint: restore the file as it was"
            ) from None


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
