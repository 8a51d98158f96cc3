"""Triggers: what the rules find in the log, one event at a time.

`Watch.evolve(recorded, book)` is deterministic: it knows the events and their times, and nothing of the clock. What it
keeps is bounded: windows let go of what is older than they are wide, and of what was not touched for longest where
there is too much of it. Other parts' events are known by their names and fields.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from domain.event import Recorded
from domain.rule import (
    AdverseAttempt,
    Browsing,
    DeclinedWishes,
    DuressPasscode,
    FailedAttempts,
    MistakeReported,
    OverrideRefused,
    QuestionAfterSplit,
    Rule,
    RuleBook,
    UnprovedClaims,
)
from projections.window import Quiet, Window

ATTEMPTS = ("disclosure.attempted.v1", "action.attempted.v1")
TRIED, VERIFIED, BOUND = "passcode.tried.v1", "listener.verified.v1", "interaction.bound.v1"
UNVERIFIED = "listener.verification_failed.v1"
FLIGHT = "booking.flight_changed.v1"
DECLINED = ("passcode.request_declined.v1", "protection.request_declined.v1")
SPLIT, REFUSED, MISTAKE, ADOPTED = (
    "split.declared.v1",
    "override.refused.v1",
    "mistake.reported.v1",
    "rules.adopted.v1",
)
# Few, and to be known from the first position on; the others matter for as long as the widest window.
LASTING = ("protection.started.v1", ADOPTED)
NAMES = (*ATTEMPTS, TRIED, VERIFIED, UNVERIFIED, BOUND, FLIGHT, *DECLINED, SPLIT, REFUSED, MISTAKE, *LASTING)

_UNKNOWN_TO_THE_LINE = frozenset({"no-such-booking", "stale-context"})


class Trigger(msgspec.Struct, frozen=True, gc=False):
    """One finding: by which rule, about which account or agent, at which position, when and in which interaction.

    `warns`: whether somebody has to be warned of it; `contacts`, `agents`: those of everything that was counted.
    """

    rule: str
    kind: str
    account_id: str
    agent: str
    position: int
    at: datetime
    interaction: str
    warns: bool
    contacts: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()

    def about(self) -> str:
        """What an incident of it is about."""
        return f"account:{self.account_id}" if self.account_id else f"agent:{self.agent}"


# An event, when it occurred (seconds since 1970), and the account whose stream it stands in, "" for any other stream.
Judge = Callable[[Recorded, float, str], "Trigger | None"]
# Something that was counted: when, in which interaction, and by whom it was recorded.
Counted = tuple[float, str, str]


class Watch:
    """All that the rules remember. Not to be shared between threads."""

    def __init__(self) -> None:
        """Remember nothing."""
        self.adverse: dict[str, dict[str, frozenset[str]]] = {}  # account -> protected party -> who is adverse
        self._book: RuleBook | None = None
        self._by_name: dict[str, tuple[Judge, ...]] = {}

    def evolve(self, recorded: Recorded, book: RuleBook) -> tuple[Trigger, ...]:
        """What the rules of this book find in the next event."""
        if book is not self._book:
            self._take(book)
        if recorded.event.NAME == "protection.started.v1":
            self._protected(recorded)
            return ()
        judges = self._by_name.get(recorded.event.NAME)
        if judges is None:
            return ()
        now, account_id = recorded.header.occurred_at.timestamp(), _account(recorded)
        found = [judge(recorded, now, account_id) for judge in judges]
        return tuple([each for each in found if each is not None])

    def _take(self, book: RuleBook) -> None:
        """Judge by another book from now on; its windows begin empty."""
        self._book = book
        by_name: dict[str, list[Judge]] = {}
        for rule in book.rules:
            for name, judge in self._judges(rule):
                by_name.setdefault(name, []).append(judge)
        self._by_name = {name: tuple(judges) for name, judges in by_name.items()}

    def _protected(self, recorded: Recorded) -> None:
        happened: Any = recorded.event
        of_account = self.adverse.setdefault(_account(recorded), {})
        of_account[happened.party_id] = of_account.get(happened.party_id, frozenset()) | frozenset(happened.adverse)

    def _judges(self, rule: Rule) -> Iterator[tuple[str, Judge]]:
        """What a rule looks at, by the names of events."""
        match rule:
            case FailedAttempts():
                judge = self._often(rule, _failed)
                yield from ((name, judge) for name in (*ATTEMPTS, TRIED))
            case UnprovedClaims():
                judge = self._often(rule, _claimed)
                yield from ((name, judge) for name in ATTEMPTS)
            case DeclinedWishes():
                judge = self._often(rule, _anything)
                yield from ((name, judge) for name in DECLINED)
            case AdverseAttempt():
                judge = self._adverse(rule)
                yield from ((name, judge) for name in ATTEMPTS)
            case DuressPasscode():
                yield from ((name, self._duress(rule)) for name in (VERIFIED, UNVERIFIED))
            case Browsing():
                judge = self._browsing(rule)
                yield from ((name, judge) for name in (*ATTEMPTS, BOUND, VERIFIED, FLIGHT))
            case QuestionAfterSplit():
                yield from self._after_split(rule)
            case OverrideRefused():
                yield REFUSED, self._always(rule)
            case MistakeReported():
                yield MISTAKE, self._always(rule)

    def _found(
        self, rule: Rule, recorded: Recorded, account_id: str = "", agent: str = "", counted: Iterable[Counted] = ()
    ) -> Trigger:
        warns = getattr(rule, "warns", "never")
        of = [(line, person) for _, line, person in counted] or [_whose(recorded)]
        return Trigger(
            rule=rule.id,
            kind=str(rule.__struct_config__.tag),
            account_id=account_id,
            agent=agent,
            position=recorded.position,
            at=recorded.header.occurred_at,
            interaction=recorded.header.interaction,
            warns=warns == "always" or (warns == "protected" and account_id in self.adverse),
            contacts=tuple(dict.fromkeys(line for line, _ in of if line)),
            agents=tuple(dict.fromkeys(person for _, person in of)),
        )

    def _often(
        self, rule: FailedAttempts | UnprovedClaims | DeclinedWishes, counts: Callable[[Recorded], bool]
    ) -> Judge:
        """So many on one account of what counts."""
        window: Window[str, deque[Counted]] = Window(rule.within_minutes)
        wide = rule.within_minutes * 60.0

        def judge(recorded: Recorded, now: float, account_id: str) -> Trigger | None:
            if not account_id or not counts(recorded):
                return None
            counted = window.get(account_id, now) or deque(maxlen=rule.count)
            counted.append((now, *_whose(recorded)))
            if len(counted) == rule.count and now - counted[0][0] <= wide:
                window.drop(account_id)  # counted; what comes next is counted anew
                return self._found(rule, recorded, account_id, counted=counted)
            window.put(account_id, now, counted)
            return None

        return judge

    def _adverse(self, rule: AdverseAttempt) -> Judge:
        fired = Quiet(rule.quiet_minutes)

        def judge(recorded: Recorded, now: float, account_id: str) -> Trigger | None:
            protections = self.adverse.get(account_id)
            if protections is None or not any(_is_adverse(each, protections) for each in _heard(recorded)):
                return None
            return None if fired.lately(_by(account_id, recorded), now) else self._found(rule, recorded, account_id)

        return judge

    def _duress(self, rule: DuressPasscode) -> Judge:
        def judge(recorded: Recorded, _: float, __: str) -> Trigger | None:
            happened: Any = recorded.event
            refused = recorded.event.NAME == UNVERIFIED
            duress = bool(happened.duress_of) if refused else happened.method == "duress"
            return self._found(rule, recorded, happened.account_id) if duress else None

        return judge

    def _browsing(self, rule: Browsing) -> Judge:
        window: Window[str, OrderedDict[str, float]] = Window(rule.within_minutes)
        fired = Quiet(rule.quiet_minutes)
        wide = rule.within_minutes * 60.0

        def judge(recorded: Recorded, now: float, account_id: str) -> Trigger | None:
            actor = recorded.header.actor
            if actor.role != ("back_office" if recorded.event.NAME == FLIGHT else "agent"):
                return None
            target = _browsed(recorded, account_id)
            if not target and recorded.event.NAME in (*ATTEMPTS, FLIGHT):
                return None
            seen = window.get(actor.subject, now) or OrderedDict()
            if not target:
                happened: Any = recorded.event
                seen.pop(happened.account_id, None)  # somebody on the line did know it, after all
                return None
            seen[target] = now
            seen.move_to_end(target)
            while now - next(iter(seen.values())) > wide or len(seen) > rule.count:
                seen.popitem(last=False)
            window.put(actor.subject, now, seen)
            if len(seen) < rule.count:
                return None
            return None if fired.lately(actor.subject, now) else self._found(rule, recorded, agent=actor.subject)

        return judge

    def _after_split(self, rule: QuestionAfterSplit) -> Iterator[tuple[str, Judge]]:
        splits: Window[str, str] = Window(rule.within_minutes)
        fired = Quiet(rule.quiet_minutes)

        def declared(recorded: Recorded, now: float, _: str) -> Trigger | None:
            splits.put(recorded.stream, now, recorded.stream)
            return None

        def judge(recorded: Recorded, now: float, account_id: str) -> Trigger | None:
            happened: Any = recorded.event
            if not splits or not account_id:
                return None
            if not any(splits.get(f"booking:{each}", now) for each in happened.bookings):
                return None
            if all(map(_proved_as_protected, _heard(recorded))):
                return None
            return None if fired.lately(_by(account_id, recorded), now) else self._found(rule, recorded, account_id)

        yield SPLIT, declared
        yield from ((name, judge) for name in ATTEMPTS)

    def _always(self, rule: OverrideRefused | MistakeReported) -> Judge:
        def judge(recorded: Recorded, _: float, account_id: str) -> Trigger | None:
            return self._found(rule, recorded, account_id) if account_id else None

        return judge


def widest(book: RuleBook) -> int:
    """The minutes after which no rule of a book remembers anything but who is protected from whom."""
    return max((max(getattr(r, "within_minutes", 0), getattr(r, "quiet_minutes", 0)) for r in book.rules), default=0)


def _account(recorded: Recorded) -> str:
    """The account whose stream an event stands in; "" for any other stream."""
    noun, _, about = recorded.stream.partition(":")
    return about if noun == "account" else ""


def _heard(recorded: Recorded) -> tuple[Any, ...]:
    """Who would have heard the answer, bound listeners left out."""
    happened: Any = recorded.event
    return tuple([each for each in happened.listeners if each.standing != "bound"])


def _by(account_id: str, recorded: Recorded) -> str:
    """About what a rule keeps quiet: of each person it finds the first, so that nobody's goes uncounted."""
    return f"{account_id} {recorded.header.actor.subject}"


def _whose(recorded: Recorded) -> tuple[str, str]:
    """In which interaction it happened, and by whom it was recorded."""
    return recorded.header.interaction, recorded.header.actor.subject


def _anything(_: Recorded) -> bool:
    return True


def _claimed(recorded: Recorded) -> bool:
    """Whether somebody on the line was taken for a protected party, and had not proved to be that."""
    return any(each.protection == "self" and each.standing in ("identified", "unproved") for each in _heard(recorded))


def _failed(recorded: Recorded) -> bool:
    happened: Any = recorded.event
    return not happened.accepted if recorded.event.NAME == TRIED else happened.outcome == "withheld"


def _is_adverse(heard: Any, protections: dict[str, frozenset[str]]) -> bool:
    """Whether a listener is adverse towards somebody who was protected when the answer was decided."""
    if heard.standing == "adverse":
        return True
    if heard.protection == "none" or not heard.party_id:
        return False
    return any(heard.party_id in adverse for adverse in protections.values())


def _proved_as_protected(heard: Any) -> bool:
    return bool(heard.standing == "verified" and heard.protection == "self")


def _browsed(recorded: Recorded, account_id: str) -> str:
    """What somebody looked at of which nobody on his line had shown to know anything; "" for nothing."""
    happened: Any = recorded.event
    if recorded.event.NAME == FLIGHT:
        return "" if happened.held or happened.shown else f"{recorded.stream} {happened.flight}"
    if recorded.event.NAME == VERIFIED:
        return ""
    if recorded.event.NAME == BOUND:
        return "" if happened.party_id else str(happened.account_id)
    if happened.outcome != "withheld" or _UNKNOWN_TO_THE_LINE.isdisjoint(happened.rules):
        return ""
    # On an account that nobody was identified on, one target however often; else each question is another locator.
    known = any(each.party_id for each in happened.listeners)
    return happened.decision_id if known or "stale-context" in happened.rules else account_id
