"""Decisions over HTTP, each committed and flushed before it is answered, against a bare endpoint.

The contestants stand idle while another one is under load, and take turns in rounds, in the one order and in the other.
A ratio is the median of the rounds' ratios. At the end each log must hold exactly as many attempts as there were
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import median

import msgspec
from sqlalchemy import create_engine, func, select

from benchmarks import server
from benchmarks.figure import Figure, Run, Unsound
from benchmarks.floor import PATH
from benchmarks.load import HEAD_END, Load, load
from benchmarks.scene import CALLERS, DISCLOSED, Scene, request, scene
from domain.attempt import DisclosureAttempted
from service.log.tables import events
from tests.postgres import PostgresServer, new_database

ROUNDS = 9
ROUND_S = 1.5
FLOOR, SQLITE, POSTGRES, HOT = "http.floor", "http.decisions.sqlite", "http.decisions.postgres", "http.hot_account"


class Contestant(msgspec.Struct):
    """Who is under load: a server and the requests it gets; and what came of it."""

    name: str
    server: server.Server
    requests: Sequence[bytes]
    rounds: list[Load] = []

    def run(self) -> Load:
        """One round. Raises Unsound."""
        found = load(self.server.port, self.requests, says=DISCLOSED, seconds=ROUND_S)
        self.rounds.append(found)
        return found

    def median(self, of: Callable[[Load], float]) -> float:
        """The median of the rounds."""
        return median(of(each) for each in self.rounds)

    def ratio(self, to: Contestant, of: Callable[[Load], float]) -> float:
        """The median of the ratios of the rounds."""
        return median(of(ours) / of(theirs) for ours, theirs in zip(self.rounds, to.rounds, strict=True))


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    with ExitStack() as stack:
        run.say("http: starting the contestants")
        on_sqlite = stack.enter_context(server.watchword(run.folder / "sqlite"))
        scenes = {SQLITE: scene(on_sqlite, accounts=CALLERS, first=0)}
        logs = {SQLITE: on_sqlite.settings.database_url}
        contestants = {SQLITE: Contestant(SQLITE, on_sqlite, scenes[SQLITE].requests)}
        if run.wanted(HOT):
            scenes[HOT] = scene(on_sqlite, accounts=1, first=CALLERS)
            contestants[HOT] = Contestant(HOT, on_sqlite, scenes[HOT].requests)
        if run.wanted(POSTGRES):
            postgres = PostgresServer()
            stack.callback(postgres.close)
            urls = {"DATABASE_URL": new_database(postgres.url), "KEYS_URL": new_database(postgres.url)}
            on_postgres = stack.enter_context(server.watchword(run.folder / "postgres", **urls))
            scenes[POSTGRES] = scene(on_postgres, accounts=CALLERS, first=0)
            logs[POSTGRES] = on_postgres.settings.database_url
            contestants[POSTGRES] = Contestant(POSTGRES, on_postgres, scenes[POSTGRES].requests)
        bare = stack.enter_context(server.floor(run.folder, scenes[SQLITE].answer))
        alike = [_to_floor(each) for each in scenes[SQLITE].requests]
        contestants[FLOOR] = Contestant(FLOOR, bare, alike)
        for number in range(ROUNDS):
            order = list(contestants.values())
            for each in reversed(order) if number % 2 else order:
                found = each.run()
                run.say(f"http: round {number + 1}, {each.name}: {found.per_second:,.0f}/s, p99 {found.p99:.1f} ms")
        for name, url in logs.items():
            _all_recorded(url, [contestants[each] for each in contestants if _shares(each, name)], scenes)
        yield from _figures(run, contestants)


def _figures(run: Run, contestants: dict[str, Contestant]) -> Iterator[Figure]:
    bare, ours = contestants[FLOOR], contestants[SQLITE]
    for name in (FLOOR, SQLITE, POSTGRES, HOT):
        if name not in contestants or not run.wanted(name):
            continue
        each = contestants[name]
        if each is bare:
            yield Figure(name, each.median(_rate), "requests/s")
        else:
            to = ours if name == HOT else bare
            yield Figure(name, each.median(_rate), "decisions/s", each.ratio(to, _rate), to.name)
        if each is ours and run.wanted(f"{SQLITE}.p99"):
            yield Figure(f"{SQLITE}.p99", ours.median(_p99), "ms", ours.ratio(bare, _p99), FLOOR)


def _rate(found: Load) -> float:
    return found.per_second


def _p99(found: Load) -> float:
    return found.p99


def _shares(name: str, server_of: str) -> bool:
    """Whether this contestant is the same server under another load."""
    return name == server_of or (name == HOT and server_of == SQLITE)


def _to_floor(ours: bytes) -> bytes:
    """The same request, for the floor: the same token and the same body."""
    head, _, body = ours.partition(HEAD_END)
    token = head.partition(b"Bearer ")[2].partition(b"\r\n")[0]
    return request(PATH, token.decode(), body)


def _all_recorded(url: str, contestants: Sequence[Contestant], scenes: dict[str, Scene]) -> None:
    """Raise Unsound unless the log at this URL holds as many attempts as there were answers."""
    answered = sum(found.answers for each in contestants for found in each.rounds)
    answered += sum(scenes[each.name].asked for each in contestants)
    engine = create_engine(url)
    with engine.connect() as connection:
        query = select(func.count()).select_from(events).where(events.c.name == DisclosureAttempted.NAME)
        recorded = connection.execute(query).scalar()
    engine.dispose()
    if recorded != answered:
        raise Unsound(f"{answered} answers were given and {recorded} attempts are on record")
