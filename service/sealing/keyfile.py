"""A file that holds one secret: made once, whole, on the disk before it is used, and readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["KeyFileError", "kept_secret"]

OTHERS = 0o077  # anything that the group or everybody may do


class KeyFileError(Exception):
    """A key file cannot be made, read or trusted. Says which and what to do, never what is in it."""


def kept_secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """Read the secret at `path`, making it first where there is none.

    Processes that start at the same time agree on one. The folder is made 0700 and the file 0600. Raises KeyFileError,
    also where others than the owner may read the file.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path, make())
        if path.stat().st_mode & OTHERS:
            raise KeyFileError(f"{path} can be read by others than its owner: chmod 600 it, and consider it known")
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be made or read: {os.strerror(error.errno or 0)}") from None


def _make(path: Path, secret: bytes) -> None:
    # Under a name of its own until it is whole and flushed; linking fails where another process was first.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
