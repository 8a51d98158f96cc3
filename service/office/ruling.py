"""Ruling: the rules that open incidents are read, adopted, and tried on the past before they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from domain import rule
from domain.refusal import Refused
from domain.rule import RuleBook, RulesState
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId


class RulesAnswer(msgspec.Struct, frozen=True):
    """The rules in force: their version, their digest, and the rules themselves."""

    version: int
    digest: str
    book: RuleBook


class AdoptRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules to be in force from now on."""

    book: RuleBook


class TryRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules to be tried on the log from a moment on (UTC, ISO 8601; all of it, if none is named).

    A long trial is answered in parts: call again with its `try_id` alone, until it is done.
    """

    book: RuleBook | None = None
    since: Annotated[str, Meta(max_length=40, examples=["2027-05-01T00:00:00Z"])] = ""
    try_id: MaybeId = ""


class RuleTried(msgspec.Struct, frozen=True):
    """What one rule would have found, how many incidents it would have opened, and where in the log, for example."""

    rule: str
    kind: str
    found: int
    opened: int
    examples: tuple[int, ...]


class TryRulesAnswer(msgspec.Struct, frozen=True):
    """How far the trial has come. `events`: those the rules looked at; `opened` counts none as closed meanwhile."""

    try_id: str
    done: bool
    position: int
    last_position: int
    events: int
    rules: tuple[RuleTried, ...]


async def read_rules(desk: Desk, asker: Asker) -> RulesAnswer:
    """The rules in force."""

    def read(reader: Reader) -> Draft[RulesState]:
        return Draft(cast(RulesState, reader.folded(rule.STREAM).state), [])

    state = (await desk.pipeline.carry_out(asker, read)).answer
    return RulesAnswer(state.version, state.digest, state.book)


async def adopt_rules(desk: Desk, asker: Asker, body: AdoptRules, key: Key | None) -> Draft[RulesAnswer]:
    """Adopt rules. They hold from their position in the log on. Raises Refused("rules_rejected")."""

    def decide(reader: Reader) -> Draft[RulesAnswer]:
        state = cast(RulesState, reader.folded(rule.STREAM).state)
        adopted = rule.adopt(state, body.book)
        for each in adopted:
            state = rule.evolve(state, each)
        return Draft(RulesAnswer(state.version, state.digest, state.book), [(rule.STREAM, each) for each in adopted])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def try_rules(desk: Desk, _asker: Asker, body: TryRules) -> TryRulesAnswer:
    """Try rules on the past. Raises Refused: "rules_rejected", "bad_moment", "unknown_try"; LogUnavailable."""
    if body.try_id:
        try_id, trial = await desk.trials.go_on(body.try_id)
    elif body.book is None:
        raise Refused("rules_rejected", "give rules to try, or the try_id of a trial under way", place="book")
    else:
        rule.check(body.book)
        try_id, trial = await desk.trials.begin(body.book, _moment(body.since))
    rules = tuple(
        RuleTried(
            each.id,
            str(each.__struct_config__.tag),
            trial.found[each.id],
            trial.opened[each.id],
            trial.examples[each.id],
        )
        for each in trial.book.rules
    )
    return TryRulesAnswer(try_id, trial.done(), trial.position, trial.last, trial.events, rules)


def _moment(since: str) -> datetime | None:
    if not since:
        return None
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused("bad_moment", "give a moment with its zone, as 2027-05-01T00:00:00Z", place="since")
    return moment
