"""Running: the real service as a process of its own, on a free port, in a home of its own."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import httpx
import msgspec

from service.settings import PREFIX, load

UP_WITHIN_S = 60.0
DOWN_WITHIN_S = 15.0


class NotPlayed(Exception):
    """The service could not be started, or went away: nothing was shown, true or untrue."""


class Message(msgspec.Struct, frozen=True):
    """What reached a customer's own channel."""

    to_kind: str
    to_value: str
    template: str
    fields: dict[str, str]


class Up(msgspec.Struct, frozen=True):
    """What `watchword serve --json` prints."""

    url: str
    docs: str


class Running:
    """The service, at `url` once it is ready. A context manager: it waits until then, and stops it by its pid."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment` are more settings, such as WATCHWORD_DATABASE_URL. Nothing of this shell's own is passed on."""
        self.home = home
        self.url = ""
        self.log = home / "service.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._settings = {f"{PREFIX}HOME": str(home), f"{PREFIX}PORT": "0", **(environment or {})}
        self._environment = clean | self._settings | {"PYTHONUNBUFFERED": "1"}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop it."""
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id. Raises NotPlayed where it does not run."""
        if self._process is None:
            raise NotPlayed("the service does not run")
        return self._process.pid

    def begin(self) -> None:
        """Start the process, and do not wait for it."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve", "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                cwd=Path(__file__).parents[2],
            )

    def listen(self) -> None:
        """Wait until it listens, ready or not. Raises NotPlayed with the last line of its log."""
        try:
            self.url = msgspec.json.decode(self._first_line(monotonic() + UP_WITHIN_S), type=Up).url
        except msgspec.MsgspecError:
            last = self._last()
            self.stop()
            raise NotPlayed(f"the service did not start: {last}") from None

    def wait(self) -> None:
        """Wait until it can decide and record. Raises NotPlayed with the last line of its log."""
        until = monotonic() + UP_WITHIN_S
        self.listen()
        try:
            with httpx.Client(base_url=self.url, trust_env=False) as http:
                while http.get("/readyz").status_code != httpx.codes.OK:
                    if monotonic() > until:
                        raise NotPlayed(f"the service is up and not ready: {self._last()}")
        except httpx.HTTPError:
            last = self._last()
            self.stop()
            raise NotPlayed(f"the service did not start: {last}") from None

    def start(self) -> None:
        """Start it, and wait until it is ready. Raises NotPlayed."""
        self.begin()
        self.wait()

    def stop(self) -> None:
        """Stop the process we started, by its pid; kill it if it does not end."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(DOWN_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdout is not None:
                process.stdout.close()

    def token(
        self,
        *roles: str,
        tier: int = 0,
        site: str = "",
        team: str = "",
        sub: str = "somebody",
        lifetime_s: int = 3600,
    ) -> str:
        """A token of this installation's own issuer."""
        from service import composition  # noqa: PLC0415 - it loads the whole service, which may start meanwhile

        issuer = composition.issuer(load(self._settings))
        return issuer.mint(sub, roles, tier=tier, site=site, team=team, lifetime_s=lifetime_s)

    def messages(self) -> list[Message]:
        """What was sent to customers, oldest first: the embedded outbox is a folder with a file for each."""
        files = sorted((self.home / "outbox").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        return [msgspec.json.decode(file.read_bytes(), type=Message) for file in files]

    def _first_line(self, until: float) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise NotPlayed("the service was not begun")
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(max(until - monotonic(), 0)):
                raise NotPlayed(f"the service was not up within {UP_WITHIN_S:g} seconds: {self._last()}")
        return self._process.stdout.readline()

    def _last(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "its log is empty"
