"""Servers: the contestants, each in a process of its own on a free port of 127.0.0.1, logs on, into files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.figure import Unsound
from service import composition
from service.settings import PREFIX, Settings
from service.settings import load as settings_from

STOP_S = 20.0


class Server(msgspec.Struct, frozen=True):
    """A server that runs: its port and its process."""

    port: int
    process: subprocess.Popen[bytes]


class Watchword(Server, frozen=True):
    """One of ours, with its settings."""

    settings: Settings


def _clean() -> dict[str, str]:
    """This environment without settings of whoever runs the benchmark."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@contextmanager
def watchword(home: Path, *, module: str = "service.cli", **given: str) -> Iterator[Watchword]:
    """Our service as `watchword serve` runs it, over fresh databases in this folder, or at the URLs given.

    Another module may run it in the command line's place.
    """
    wanted = {f"{PREFIX}{name}": value for name, value in {"HOME": str(home), "PORT": "0", **given}.items()}
    settings = settings_from(wanted)
    home.mkdir(parents=True, exist_ok=True)
    composition.prepare(settings)
    command = [sys.executable, "-m", module, "serve", "--json"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**_clean(), **wanted}, stdout=subprocess.PIPE, stderr=log)
    with _stopping(process):
        assert process.stdout is not None  # noqa: S101 - asked for above
        told = process.stdout.readline()
        if not told:
            raise Unsound(f"the service did not start: {(home / 'log').read_text(encoding='utf-8')[-500:]}")
        port = int(msgspec.json.decode(told, type=dict[str, str])["url"].rpartition(":")[2])
        yield Watchword(port, process, settings)


@contextmanager
def floor(folder: Path, answer: bytes) -> Iterator[Server]:
    """The floor, answering with a model of these bytes."""
    path = folder / "floor.json"
    path.write_bytes(answer)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening, (folder / "floor.log").open("wb") as log:
        number = listening.fileno()
        command = [sys.executable, "-m", "benchmarks.floor", str(number), str(path)]
        process = subprocess.Popen(command, env=_clean(), stdout=log, stderr=log, pass_fds=[number])
        port: int = listening.getsockname()[1]
    with _stopping(process):
        yield Server(port, process)


@contextmanager
def _stopping(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
