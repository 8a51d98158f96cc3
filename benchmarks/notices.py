"""Notices over HTTP: recipients decided a second in batches of fifty, against the same one by one.

Each recipient is on a booking of his own, named by its locator, as when one flight changes for everybody who is on it.
Both contestants use as many connections, the same accounts and the same server, and take turns. At the end the log must
hold one recipient sent to for each decision that was answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import httpx
import msgspec
from sqlalchemy import create_engine, select

from benchmarks import server
from benchmarks.figure import Figure, Run, Unsound
from benchmarks.load import Load, load
from benchmarks.order import FORMAT, locator, order
from benchmarks.scene import request
from domain.notice import NoticeSent
from service import composition
from service.log.tables import events

BATCH, SINGLE = "http.notices.batch", "http.notices.single"
CONNECTIONS = 32
RECIPIENTS = 50
SETS = 8
ROUNDS = 5
ROUND_S = 3.0
PATH = "/v1/notices/decisions"
GOES = b'"text":"There is news for you.'


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say("notices: opening accounts")
    with server.watchword(run.folder / "sqlite") as running:
        token = composition.issuer(running.settings).mint("notifier-1", ["notifier"], lifetime_s=8 * 3600)
        recipients = _recipients(running)
        batches = [_notice(token, recipients[at % SETS]) for at in range(CONNECTIONS)]
        singles = [_notice(token, [recipients[at % SETS][at]]) for at in range(CONNECTIONS)]
        found: dict[str, list[Load]] = {BATCH: [], SINGLE: []}
        for number in range(ROUNDS):
            order_ = [(SINGLE, singles), (BATCH, batches)]
            for name, requests in reversed(order_) if number % 2 else order_:
                one = load(running.port, requests, says=GOES, seconds=ROUND_S)
                found[name].append(one)
                run.say(f"notices: round {number + 1}, {name}: {one.per_second:,.0f} answers/s, p99 {one.p99:.1f} ms")
        answered = sum(each.answers for each in found[SINGLE]) + RECIPIENTS * sum(each.answers for each in found[BATCH])
        _all_recorded(running.settings.database_url, answered)
    rates = {SINGLE: [each.per_second for each in found[SINGLE]]}
    rates[BATCH] = [RECIPIENTS * each.per_second for each in found[BATCH]]
    yield Figure(SINGLE, median(rates[SINGLE]), "recipients/s")
    ratio = median(ours / theirs for ours, theirs in zip(rates[BATCH], rates[SINGLE], strict=True))
    yield Figure(BATCH, median(rates[BATCH]), "recipients/s", ratio, SINGLE)


def _recipients(running: server.Watchword) -> list[list[dict[str, Any]]]:
    """Sets of fifty, each of them on a booking of his own. Raises Unsound."""
    office = composition.issuer(running.settings).mint("office-1", ["back_office"])
    with httpx.Client(base_url=f"http://127.0.0.1:{running.port}", timeout=60, trust_env=False) as client:

        def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post(path, json=body, headers={"Authorization": f"Bearer {office}"})
            if answer.is_error:
                raise Unsound(f"the accounts could not be made: {path} {answer.status_code} {answer.text[:200]}")
            told: dict[str, Any] = answer.json()
            return told

        def recipient(number: int) -> dict[str, Any]:
            account_id = made("/v1/accounts", {})["account_id"]
            body = {"format": FORMAT, "document": order(number)}
            travellers = made(f"/v1/accounts/{account_id}/bookings", body)["travellers"]
            return {"channel": "mail", "party_id": travellers[0]["party_id"], "locator": locator(number)}

        return [[recipient(at * RECIPIENTS + number) for number in range(RECIPIENTS)] for at in range(SETS)]


def _notice(token: str, recipients: list[dict[str, Any]]) -> bytes:
    return request(PATH, token, msgspec.json.encode({"kind": "schedule_change", "recipients": recipients}))


def _all_recorded(url: str, answered: int) -> None:
    """Raise Unsound unless the log holds as many recipients as were decided on."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(select(events.c.state).where(events.c.name == NoticeSent.NAME)).scalars()
        recorded = sum(row.count(b'"channel":') for row in rows)
    engine.dispose()
    if recorded != answered:
        raise Unsound(f"{answered} recipients were answered for and {recorded} are on record")
