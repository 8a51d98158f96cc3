"""Troubles: what can befall the storage under a service that runs, each begun and ended from outside of it."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import time
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
WAIT_S = 20.0


def _nothing() -> None:
    """Nothing to do."""


class Trouble(msgspec.Struct, frozen=True):
    """Where the service lives, and how the trouble begins and ends. `again`: before each question, so that it lasts."""

    home: Path
    begin: Callable[[Server], None]
    end: Callable[[], None]
    given: dict[str, str] = {}
    again: Callable[[], None] = _nothing


Place = Callable[[Path], AbstractContextManager[Trouble]]


# --- the disk is full -------------------------------------------------------------------------------------------------


@contextmanager
def disk_full(folder: Path) -> Iterator[Trouble]:
    """A small file system of the service's own, filled to the last byte. Wants to be root."""
    small = folder / "small"
    small.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "watchword", str(small)], check=True)
    filler = small / "filler"

    def fill() -> None:
        with filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    try:
        yield Trouble(small / "home", lambda _: fill(), filler.unlink, again=fill)
    finally:
        # Lazily, should something still look into it: nothing of it must be left behind.
        subprocess.run(["umount", "-l", str(small)], check=True)


@contextmanager
def files_limited(folder: Path) -> Iterator[Trouble]:
    """No file of the service's process may grow, its own log among them (EFBIG in the place of ENOSPC)."""
    held: list[Server] = []

    def limit(size: int) -> None:
        pid = held[0].process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))

    def begin(server: Server) -> None:
        held.append(server)
        limit(1)

    yield Trouble(folder / "home", begin, lambda: limit(resource.RLIM_INFINITY))


# --- the database is gone, or stopped ---------------------------------------------------------------------------------


@contextmanager
def log_gone(folder: Path) -> Iterator[Trouble]:
    """The file of the log is taken away, and put back."""
    yield _taken_away(folder, "watchword.sqlite")


@contextmanager
def keys_gone(folder: Path) -> Iterator[Trouble]:
    """The file of the keys is taken away, and put back."""
    yield _taken_away(folder, "keys/keys.sqlite")


def _taken_away(folder: Path, name: str) -> Trouble:
    home = folder / "home"
    path, away = home / name, home / "away"
    return Trouble(home, lambda _: path.replace(away) and None, lambda: away.replace(path) and None)


@contextmanager
def postgres_killed(folder: Path) -> Iterator[Trouble]:
    """The server of both databases dies, and comes back."""
    with ExitStack() as stack:
        server = PostgresServer()
        stack.callback(server.close)
        data = Path(str(make_url(server.url).query["host"]))

        def kill(_: Server) -> None:
            pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            os.kill(pid, signal.SIGKILL)
            _until(lambda: not Path(f"/proc/{pid}").exists() or _zombie(pid))

        yield Trouble(folder / "home", kill, server.start, _databases(server.url))


def _zombie(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    return True


# --- the database cannot be written -----------------------------------------------------------------------------------


@contextmanager
def postgres_read_only(folder: Path) -> Iterator[Trouble]:
    """The log's database takes no writes, as after a disk filled up or a standby took over."""
    with ExitStack() as stack:
        server = PostgresServer()
        stack.callback(server.close)
        given = _databases(server.url)
        name = make_url(given["DATABASE_URL"]).database

        def set_to(word: str) -> None:
            engine = create_engine(given["DATABASE_URL"], isolation_level="AUTOCOMMIT", poolclass=NullPool)
            with engine.connect() as connection:
                connection.exec_driver_sql("SET default_transaction_read_only = off")
                connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {word}')
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            engine.dispose()

        yield Trouble(folder / "home", lambda _: set_to("on"), lambda: set_to("off"), given)


@contextmanager
def file_immutable(folder: Path) -> Iterator[Trouble]:
    """The log's file and its write-ahead log are made immutable, which holds for root too. Wants to be root."""
    home = folder / "home"

    def mark(word: str) -> None:
        for path in (home / "watchword.sqlite", home / "watchword.sqlite-wal"):
            if path.exists():
                subprocess.run(["chattr", word, str(path)], check=True)

    try:
        yield Trouble(home, lambda _: mark("+i"), lambda: mark("-i"))
    finally:
        mark("-i")


def _databases(url: str) -> dict[str, str]:
    return {"DATABASE_URL": new_database(url), "KEYS_URL": new_database(url)}


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > limit:
            raise Unsound("the trouble did not begin")
        time.sleep(0.01)


# --- what can be had on this machine ----------------------------------------------------------------------------------

PORTABLE: dict[str, Place] = {
    "files limited": files_limited,
    "log gone": log_gone,
    "keys gone": keys_gone,
    "PostgreSQL killed": postgres_killed,
    "PostgreSQL read-only": postgres_read_only,
}
ROOTS: dict[str, Place] = {"disk full": disk_full, "file immutable": file_immutable}


def troubles(folder: Path) -> dict[str, Place]:
    """Every trouble that can be made here: some want to be root, and to be allowed what root is."""
    found = dict(PORTABLE)
    if _may_mount(folder):
        found["disk full"] = disk_full
    if _may_mark(folder):
        found["file immutable"] = file_immutable
    return found


def _may_mount(folder: Path) -> bool:
    place = folder / "may-mount"
    place.mkdir(parents=True)
    try:
        return _does("mount", "-t", "tmpfs", "-o", "size=64k", "watchword", str(place)) and _does("umount", str(place))
    finally:
        place.rmdir()


def _may_mark(folder: Path) -> bool:
    path = folder / "may-mark"
    with path.open("wb", buffering=0) as file:
        if not _does("chattr", "+i", str(path)):
            path.unlink()
            return False
        try:
            file.write(b"x")
        except OSError as error:
            kept = error.errno == errno.EPERM
        else:
            kept = False
        _does("chattr", "-i", str(path))
    path.unlink()
    return kept


def _does(*command: str) -> bool:
    return shutil.which(command[0]) is not None and not subprocess.run(command, capture_output=True, check=False).returncode
