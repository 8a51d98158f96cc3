"""What one page of history takes over HTTP, on an account with 100,000 events, wherever in it and however narrowed.

The worst page is one that looks for what is not there: it reads as far as a page may, and has nothing to show for it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from statistics import quantiles

import httpx
import msgspec

from benchmarks.account import MANY, filled
from benchmarks.figure import Figure, Run, Unsound
from benchmarks.server import Watchword, watchword
from service import composition
from service.settings import load as settings_from

PAGES = 100
"""Of each kind."""

KINDS: dict[str, dict[str, str]] = {
    "anywhere": {},
    "of one kind of event": {"event": "disclosure.attempted"},
    "of nobody": {"actor": "nobody"},
    "as of an instant": {"as_of": "2099-01-01T00:00:00Z"},
}


class Page(msgspec.Struct):
    """As much of a page as tells whether it is one."""

    entries: list[msgspec.Raw]
    next_cursor: str | None
    as_of: int


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    home = run.folder / "home"
    settings = settings_from({"WATCHWORD_HOME": str(home)})
    composition.prepare(settings)
    account_id = asyncio.run(filled(run, settings))
    with watchword(home) as server:
        taken = _read(run, server, account_id)
    found = {kind: quantiles(times, n=100)[-1] * 1000 for kind, times in taken.items()}
    for kind, p99 in found.items():
        run.say(f"history.page.p99: {kind}: {p99:.1f} ms")
    yield Figure("history.page.p99", max(found.values()), "ms")


def _read(run: Run, server: Watchword, account_id: str) -> dict[str, list[float]]:
    """Seconds that pages took, by kind; the kinds in turn, each at a place of the history chosen by chance."""
    token = composition.issuer(server.settings).mint("ada", ["auditor"], tier=0, site="", team="", lifetime_s=3600)
    chance = random.Random(1)
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    base, headers = f"http://127.0.0.1:{server.port}", {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=120) as client:
        where = f"/v1/accounts/{account_id}/history"
        began = time.perf_counter()
        last = _page(client.get(where)).as_of
        run.say(f"history.page.p99: the index covers {last:,} events after {time.perf_counter() - began:.1f} s")
        if last < MANY:
            raise Unsound("the account is not the one that was filled")
        for _ in range(PAGES):
            for kind, query in KINDS.items():
                cursor = f"{chance.randrange(MANY // 2):x}-{last:x}"
                began = time.perf_counter()
                answer = client.get(where, params={"cursor": cursor, "limit": 50, **query})
                taken[kind].append(time.perf_counter() - began)
                page = _page(answer)
                if (kind != "of nobody" and len(page.entries) != 50) or page.next_cursor is None:
                    raise Unsound(f"a page {kind} has {len(page.entries)} entries")
    return taken


def _page(answer: httpx.Response) -> Page:
    if answer.status_code != httpx.codes.OK:
        raise Unsound(f"a page was answered with {answer.status_code}")
    return msgspec.json.decode(answer.content, type=Page)
