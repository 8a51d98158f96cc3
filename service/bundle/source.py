"""Where a bundle to be verified lies: a folder, an archive, or memory. Nothing in it is trusted, followed or run."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from service.bundle import archive
from service.bundle.archive import CHUNK, Member
from service.bundle.bag import Sums, safe, summed
from service.bundle.fault import Fault

MOST_READ = 256 << 20  # of one file into memory; what is larger is hashed, and not read
MOST_FILES = archive.MOST_FILES
DEEPEST = 8
_CAREFULLY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Source(Protocol):
    """The files of a bag by path, relative to it."""

    @property
    def name(self) -> str:
        """What the bag is called, "" where that is not told with it."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """The size of each file by its path."""

    def read(self, path: str) -> bytes:
        """The content of a file. Raises Fault where it cannot be read, or is too large to be."""

    def sums(self, path: str) -> Sums:
        """The sums of a file, whatever its size. Raises Fault where it cannot be read."""


class Held:
    """A bag in memory."""

    def __init__(self, files: Mapping[str, bytes], name: str = "") -> None:
        """Hold these files. Raises Fault for a path that no bag of ours has."""
        self.name = name
        self.files = files
        self.sizes = {_checked(path): len(content) for path, content in files.items()}

    def read(self, path: str) -> bytes:
        """The content of a file."""
        return self.files[path]

    def sums(self, path: str) -> Sums:
        """The sums of a file."""
        return summed(self.files[path])


class Folder:
    """A bag in a folder. Raises Fault for links, devices and paths that no bag of ours has."""

    def __init__(self, root: Path) -> None:
        """Look at what is there. Raises OSError where it cannot be listed."""
        self.name = ""  # whoever unpacks a bag may call it as he likes
        self._root = root
        self.sizes = dict(self._walk(root, "", 0))

    def _walk(self, folder: Path, within: str, depth: int) -> Iterator[tuple[str, int]]:
        if depth > DEEPEST:
            raise Fault(within, "no bag of ours has folders so deep")
        empty = True
        with os.scandir(folder) as found:
            for each in found:
                empty = False
                path = _checked(within + each.name)
                if each.is_dir(follow_symlinks=False):
                    yield from self._walk(folder / each.name, f"{path}/", depth + 1)
                    continue
                about = each.stat(follow_symlinks=False)
                if not stat.S_ISREG(about.st_mode):
                    raise Fault(path, "it is a link or a device, and not a file")
                yield path, about.st_size
        if empty:
            raise Fault(within or "the folder", "it is a folder with nothing in it, and is not part of the bundle")

    def read(self, path: str) -> bytes:
        """The content of a file."""
        if self.sizes[path] > MOST_READ:
            raise Fault(path, "it is too large to be read")
        with _opened(f"{self._root}/{path}", path) as descriptor:
            # Not a file object, whose making costs as much again, of tens of thousands.
            parts = [os.read(descriptor, self.sizes[path] + 1)]
            while parts[-1] and sum(map(len, parts)) <= MOST_READ:
                parts.append(os.read(descriptor, CHUNK))
            return b"".join(parts)

    def sums(self, path: str) -> Sums:
        """The sums of a file."""
        with _opened(f"{self._root}/{path}", path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            return _summed(file, None)


class Archived:
    """A bag in an archive that `archive.write` made, all its files in one folder named as the bag is."""

    def __init__(self, file: BinaryIO) -> None:
        """Read it through once. Raises Fault, OSError."""
        self._file = file
        members = archive.read(file)
        first = next(iter(members), "")
        self.name, _, _ = first.partition("/")
        self._members: dict[str, Member] = {}
        for path, member in members.items():
            folder, _, rest = path.partition("/")
            if folder != self.name or not rest:
                raise Fault(path, "it is not in the folder of the bag")
            self._members[_checked(rest)] = member
        self.sizes = {path: member.size for path, member in self._members.items()}

    def read(self, path: str) -> bytes:
        """The content of a file."""
        member = self._members[path]
        if member.size > MOST_READ:
            raise Fault(path, "it is too large to be read")
        self._file.seek(member.at)
        return self._file.read(member.size)

    def sums(self, path: str) -> Sums:
        """The sums of a file."""
        member = self._members[path]
        self._file.seek(member.at)
        return _summed(self._file, member.size)


def _checked(path: str) -> str:
    if not safe(path):
        raise Fault(ascii(path[:80])[1:-1], "no file of a bundle is called so")
    return path


def _summed(file: BinaryIO, size: int | None) -> Sums:
    """The sums of the next so many bytes, or of all that comes."""
    first, second, done = hashlib.sha256(), hashlib.sha512(), 0
    while size is None or done < size:
        some = file.read(CHUNK if size is None else min(CHUNK, size - done))
        if not some:
            break
        first.update(some)
        second.update(some)
        done += len(some)
    return Sums((first.hexdigest(), second.hexdigest()), done)


@contextmanager
def _opened(where: str, path: str) -> Iterator[int]:
    """A file, and never what a link that was put there meanwhile leads to, or a device that would not answer."""
    try:
        descriptor = os.open(where, _CAREFULLY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Fault(path, "it is a link or a device, and not a file")
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Fault(path, f"it cannot be read ({os.strerror(error.errno or 0)})") from None
