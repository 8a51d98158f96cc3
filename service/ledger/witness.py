"""Witnesses: third parties who see that the log only ever grows, and sign that they did (C2SP tlog-witness).

They are sent the public checkpoint and nothing else: what they may tell the world, anybody may know.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable

import httpx
import msgspec

from service.ledger.note import COSIGNATURE, BadNote, Checkpoint, Verifier, time_of
from service.ledger.tree import Tree

__all__ = ["Witness", "WitnessState", "Witnesses", "read_witnesses"]

log = logging.getLogger("watchword.ledger")

TIMEOUT_S = 10.0
MOST_ANSWER = 64 * 1024  # bytes
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SIZE = "text/x.tlog.size"
OK, CONFLICT = 200, 409


class Witness(msgspec.Struct, frozen=True):
    """A witness: its key, and its submission prefix."""

    key: Verifier
    url: str


class WitnessState(msgspec.Struct, frozen=True):
    """How it stands with a witness: the newest checkpoint of ours that it cosigned, and how the last try ended.

    `status`: `waiting` (not asked yet), `cosigned`, `unreachable`, `refused`, or `ahead`: it says that it has seen more
    than this log holds, which somebody has to look into at once.
    """

    name: str
    url: str
    size: int
    cosigned_at: int | None
    status: str


def read_witnesses(text: str) -> tuple[Witness, ...]:
    """Witnesses from a setting: key and submission prefix in turn, with spaces between. Raises BadNote."""
    words = text.split()
    if len(words) % 2:
        raise BadNote("give for each witness its verifier key and its URL, with spaces between")
    found = []
    for key, url in zip(words[::2], words[1::2], strict=True):
        verifier = Verifier.read(key)
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            raise BadNote(f"the URL of the witness {verifier.name} cannot be read") from None
        if parsed.scheme != "https" and (parsed.scheme, parsed.host in LOOPBACK) != ("http", True):
            raise BadNote(f"the URL of the witness {verifier.name} must begin with https://")
        if verifier.kind != COSIGNATURE:
            raise BadNote(f"the key of the witness {verifier.name} is not one for cosignatures (type 4)")
        found.append(Witness(verifier, url.rstrip("/")))
    return tuple(found)


class Witnesses:
    """Asks each for its signature. Blocking."""

    def __init__(self, witnesses: Iterable[Witness]) -> None:
        """Ask these."""
        self.known = tuple(witnesses)
        self._seen: dict[str, int] = {}  # the size of the last checkpoint that each has of ours, as far as we know
        self._status: dict[str, str] = {}

    def missing(self, checkpoint: Checkpoint) -> bool:
        """Whether any of them has not signed it."""
        return any(time_of(checkpoint, each.key) is None for each in self.known)

    def states(self, checkpoint: Checkpoint | None) -> list[WitnessState]:
        """How it stands with each."""
        found = []
        for each in self.known:
            at = None if checkpoint is None else time_of(checkpoint, each.key)
            size = self._seen.get(each.key.text, 0) if at is None or checkpoint is None else checkpoint.size
            status = "cosigned" if at is not None else self._status.get(each.key.text, "waiting")
            found.append(WitnessState(each.key.name, each.url, size, at, status))
        return found

    def ask(self, checkpoint: Checkpoint, tree: Tree) -> list[str]:
        """The lines of signature of those who have not signed it yet and do now."""
        lines: list[str] = []
        for each in self.known:
            if time_of(checkpoint, each.key) is not None:
                continue
            try:
                found, status = self._asked(each, checkpoint, tree)
            except (httpx.HTTPError, httpx.InvalidURL):
                found, status = [], "unreachable"
            lines += found
            if status != self._status.get(each.key.text):
                level = logging.ERROR if status == "ahead" else logging.INFO
                log.log(level, "a witness was asked", extra={"reason": f"{each.key.name}: {status}"})
            self._status[each.key.text] = status
        return lines

    def _asked(self, witness: Witness, checkpoint: Checkpoint, tree: Tree) -> tuple[list[str], str]:
        # A proxy has no business with a witness on this machine.
        host = httpx.URL(witness.url).host
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=host not in LOOPBACK) as client:
            for _ in range(2):
                old = self._seen.get(witness.key.text, 0)
                answer = client.post(f"{witness.url}/add-checkpoint", content=_request(old, checkpoint, tree))
                text = answer.content[:MOST_ANSWER].decode(errors="replace")
                if answer.status_code == OK:
                    lines = _good(witness, checkpoint, text)
                    if not lines:
                        return [], "refused"
                    self._seen[witness.key.text] = checkpoint.size
                    return lines, "cosigned"
                kind = answer.headers.get("content-type", "").partition(";")[0].strip()
                if answer.status_code != CONFLICT or kind != SIZE or not text.strip().isdecimal():
                    return [], "refused"
                size = int(text)
                if size > checkpoint.size:
                    return [], "ahead"
                if size == old:
                    return [], "refused"
                self._seen[witness.key.text] = size
        return [], "refused"


def _request(old: int, checkpoint: Checkpoint, tree: Tree) -> bytes:
    """The body of `add-checkpoint`."""
    proof = "".join(f"{base64.b64encode(each).decode()}\n" for each in tree.consistency(old, checkpoint.size))
    return f"old {old}\n{proof}\n{checkpoint.text}".encode()


def _good(witness: Witness, checkpoint: Checkpoint, text: str) -> list[str]:
    """The lines of an answer that are this witness's, and good."""
    found = []
    for line in text.splitlines():
        try:
            if witness.key.verifies(checkpoint, line):
                found.append(line)
        except BadNote:
            continue
    return found
