"""Troubles: what can befall the storage under a service that runs, each begun and ended from outside of it."""

from __future__ import annotations

import errno
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from benchmarks.figure import Unsound
from benchmarks.server import Server
from tests.postgres import PostgresServer, new_database

SMALL = "24m"


def _nothing() -> None:
    """Nothing to do."""


class Trouble(msgspec.Struct, frozen=True):
    """How a trouble begins and ends. `again`: before each question, so that it lasts."""

    begin: Callable[[Server], None]
    end: Callable[[], None]
    again: Callable[[], None] = _nothing


class Place(msgspec.Struct, frozen=True):
    """Where a service lives, with which settings, and what can befall it there."""

    home: Path
    troubles: dict[str, Trouble]
    given: dict[str, str] = {}


Making = Callable[[Path], AbstractContextManager[Place]]


# --- SQLite on a disk like any other ----------------------------------------------------------------------------------


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Place]:
    """The embedded databases: their files may not grow, are taken away, or where we may do so made immutable."""
    home = folder / "home"
    found = {
        "files limited": _limited(),
        "log gone": _taken_away(home, "watchword.sqlite"),
    }
    if may_mark(folder):
        found["file immutable"] = _immutable(home)
    try:
        yield Place(home, found)
    finally:
        if "file immutable" in found:
            found["file immutable"].end()


def _limited() -> Trouble:
    """No file of the service's process may grow, its own log among them (EFBIG in the place of ENOSPC)."""
    held: list[int] = []

    def limit(size: int) -> None:
        _, hard = resource.prlimit(held[0], resource.RLIMIT_FSIZE)
        resource.prlimit(held[0], resource.RLIMIT_FSIZE, (size, hard))

    def begin(server: Server) -> None:
        held.append(server.process.pid)
        limit(1)

    return Trouble(begin, lambda: limit(resource.RLIM_INFINITY))


def _taken_away(home: Path, name: str) -> Trouble:
    """A file is taken away, and put back."""
    path, away = home / name, home / "away"

    def begin(_: Server) -> None:
        path.replace(away)

    def end() -> None:
        away.replace(path)

    return Trouble(begin, end)


def _immutable(home: Path) -> Trouble:
    """The log's file and its write-ahead log are made immutable, which holds for root too."""

    def mark(word: str) -> None:
        for path in (home / "watchword.sqlite", home / "watchword.sqlite-wal"):
            if path.exists():
                _do("chattr", word, str(path))

    return Trouble(lambda _: mark("+i"), lambda: mark("-i"))


# --- SQLite on a disk that is full ------------------------------------------------------------------------------------


@contextmanager
def on_small_disk(folder: Path) -> Iterator[Place]:
    """A small file system of the service's own, filled to the last byte. Wants to mount (`may_mount`)."""
    small = folder / "small"
    small.mkdir(parents=True)
    _do("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "watchword", str(small))
    filler = small / "filler"

    def fill() -> None:
        with filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    try:
        yield Place(small / "home", {"disk full": Trouble(lambda _: fill(), filler.unlink, fill)})
    finally:
        # Lazily, should something still look into it: nothing of it must be left behind.
        _do("umount", "-l", str(small))


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@contextmanager
def on_postgres(folder: Path) -> Iterator[Place]:
    """A server of its own for both databases: it goes down, or takes no writes."""
    with ExitStack() as stack:
        server = PostgresServer()
        stack.callback(server.close)
        given = {name: new_database(server.url) for name in ("DATABASE_URL", "KEYS_URL")}
        found = {
            # Without finishing anything: it has to recover when it comes back.
            "PostgreSQL stopped": Trouble(lambda _: server.stop(), server.start),
            "PostgreSQL read-only": _read_only(given["DATABASE_URL"]),
        }
        yield Place(folder / "home", found, given)


def _read_only(url: str) -> Trouble:
    """The log's database takes no writes, as after a standby took over."""

    def set_to(word: str) -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            name = make_url(url).database
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {word}')
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        engine.dispose()

    return Trouble(lambda _: set_to("on"), lambda: set_to("off"))


# --- what can be had on this machine ----------------------------------------------------------------------------------


def places(folder: Path) -> dict[str, Making]:
    """Every place that can be made here."""
    found: dict[str, Making] = {"sqlite": on_sqlite, "postgres": on_postgres}
    if may_mount(folder):
        found["small-disk"] = on_small_disk
    return found


def may_mount(folder: Path) -> bool:
    """Whether this user may mount a file system."""
    place = folder / "may-mount"
    place.mkdir(parents=True)
    try:
        return _does("mount", "-t", "tmpfs", "-o", "size=64k", "watchword", str(place)) and _does("umount", str(place))
    finally:
        place.rmdir()


def may_mark(folder: Path) -> bool:
    """Whether this user may make a file immutable, and whether that holds for a file that is open already."""
    path = folder / "may-mark"
    kept = False
    with path.open("wb", buffering=0) as file:
        if _does("chattr", "+i", str(path)):
            try:
                file.write(b"x")
            except OSError as error:
                kept = error.errno == errno.EPERM
            _do("chattr", "-i", str(path))
    path.unlink()
    return kept


def _does(name: str, *arguments: str) -> bool:
    """Whether a command of the system does what it is asked to."""
    path = shutil.which(name)
    return path is not None and not subprocess.run([path, *arguments], capture_output=True, check=False).returncode


def _do(name: str, *arguments: str) -> None:
    if not _does(name, *arguments):
        raise Unsound(f"{name} {arguments[0]} could not be done")
