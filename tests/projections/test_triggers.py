"""What each rule finds, given what is in the log; and that it remembers no more than it must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import mistake, override
from domain.attempt import DisclosureAttempted, Heard
from domain.booking import LIFE, SplitDeclared
from domain.ending import ProtectionRequestDeclined
from domain.event import Actor, Event, Header, Plain, Recorded
from domain.flight import FlightChanged
from domain.interaction import InteractionBound, ListenerVerified
from domain.passcode import PasscodeRequestDeclined, PasscodeTried
from domain.protection import ProtectionStarted
from domain.rule import (
    DEFAULT,
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
from projections import window
from projections.triggers import Trigger, Watch, widest
from projections.window import Quiet, Window

NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)
HIM, HER = "p-victor", "p-alma"


class Log:
    """A log in which things happen, watched by some rules."""

    def __init__(self, *rules: Rule) -> None:
        self.book = RuleBook(rules)
        self.watch = Watch()
        self.positions = count(1)
        self.now = NOW

    def __call__(
        self, stream: str, happened: Event, *, agent: str = "agent-1", role: str = "agent", minutes: float = 0.0
    ) -> list[str]:
        """One event more, so many minutes later; the rules that find something in it."""
        return [each.rule for each in self.found(stream, happened, agent=agent, role=role, minutes=minutes)]

    def found(
        self, stream: str, happened: Event, *, agent: str = "agent-1", role: str = "agent", minutes: float = 0.0
    ) -> tuple[Trigger, ...]:
        self.now += timedelta(minutes=minutes)
        header = Header("h", self.now, Actor(agent, role, 1, "manila"), "cause", "line")
        recorded = Recorded(next(self.positions), stream, 1, happened.NAME, header, happened, b"")
        return self.watch.evolve(recorded, self.book)


def asked(
    outcome: str = "withheld",
    *heard: Heard,
    bookings: tuple[str, ...] = ("b",),
    rules: tuple[str, ...] = (),
    decision: str = "d",
) -> DisclosureAttempted:
    return DisclosureAttempted(
        decision_id=decision,
        asked="booking",
        bookings=bookings,
        classes="EI",
        purpose="service",
        outcome=outcome,  # type: ignore[arg-type]  # one of the two
        view="",
        rules=rules,
        listeners=heard or (Heard("caller", "unknown", "none"),),
        judged_at={},
    )


def tried(*, accepted: bool = False) -> PasscodeTried:
    return PasscodeTried(interaction_id="line", contact="c", accepted=accepted, blocked=False)


def protected(party: str = HER, *adverse: str) -> ProtectionStarted:
    return ProtectionStarted(
        protection_id="x",
        party_id=party,
        adverse=adverse,
        safe_contact=Plain(party, b""),
        until=NOW + timedelta(hours=72),
        started_by="agent-1",
    )


def bound(account: str, party: str = "") -> InteractionBound:
    return InteractionBound(
        account_id=account, party_id=party, known=bool(party), hidden=False, facts=(), offered=Plain("callers", b"")
    )


def verified(method: str, account: str = "a") -> ListenerVerified:
    return ListenerVerified(
        listener_id="caller",
        account_id=account,
        party_id=HER,
        method=method,  # type: ignore[arg-type]  # one of three
        secret_id="s",
    )


FAILED = FailedAttempts("failed", within_minutes=60, count=3)


def test_failed_attempts_add_up_across_agents_and_kinds_on_one_account() -> None:
    log = Log(FAILED)
    assert log("account:a", asked(), agent="agent-1") == []
    assert log("account:b", asked(), agent="agent-1") == []
    assert log("account:a", asked("disclosed")) == []
    assert log("account:a", tried(), agent="agent-2", minutes=20) == []
    assert log("account:a", tried(accepted=True), minutes=1) == []
    (found,) = log.found("account:a", asked(), agent="agent-3", minutes=38)
    assert (found.rule, found.kind, found.about(), found.position) == ("failed", "failed_attempts", "account:a", 6)
    assert (found.at, found.interaction, found.warns) == (log.now, "line", False)
    # What was counted once is not counted again.
    assert [log("account:a", asked()) for _ in range(3)] == [[], [], ["failed"]]


def test_failed_attempts_that_are_too_old_do_not_count() -> None:
    log = Log(FAILED)
    assert [log("account:a", asked(), minutes=31) for _ in range(6)] == [[]] * 6
    assert log("account:a", asked(), minutes=1) == ["failed"]


def test_attempts_of_nobodys_account_count_for_none() -> None:
    log = Log(FAILED)
    assert [log("interaction:i", asked()) for _ in range(4)] == [[]] * 4


def test_it_warns_where_somebody_is_protected() -> None:
    log = Log(FAILED)
    log("account:a", protected())
    found = [each for _ in range(3) for each in log.found("account:a", asked())]
    assert [each.warns for each in found] == [True]


def test_an_adverse_party_who_listens_is_found_whatever_he_was_told() -> None:
    log = Log(AdverseAttempt("adverse"))
    him = Heard("caller", "identified", "other", HIM)
    assert log("account:a", asked("disclosed", him)) == []
    log("account:a", protected(HER, HIM))
    her = Heard("caller", "verified", "self", HER)
    assert log("account:a", asked("disclosed", her)) == []
    assert log("account:a", asked("disclosed", her, him)) == ["adverse"]
    assert log("account:b", asked("disclosed", him)) == []
    # A protection that was not in force when it was decided is none.
    assert log("account:a", asked("disclosed", Heard("caller", "identified", "none", HIM))) == []
    assert log("account:a", asked("disclosed", Heard("caller", "adverse", "self", HIM))) == ["adverse"]


def test_a_bound_interpreter_is_no_adverse_party() -> None:
    log = Log(AdverseAttempt("adverse"))
    log("account:a", protected(HER, HIM))
    assert log("account:a", asked("disclosed", Heard("l2", "bound", "other", HIM))) == []


def test_asking_again_for_protection_forgets_no_adverse_party() -> None:
    log = Log(AdverseAttempt("adverse"))
    log("account:a", protected(HER, HIM))
    log("account:a", protected(HER))
    assert log("account:a", asked("withheld", Heard("caller", "identified", "other", HIM))) == ["adverse"]


def test_it_keeps_quiet_about_the_same_for_a_while() -> None:
    log = Log(AdverseAttempt("adverse", quiet_minutes=10))
    log("account:a", protected(HER, HIM))
    log("account:b", protected(HER, HIM))
    him = Heard("caller", "identified", "other", HIM)
    assert log("account:a", asked("disclosed", him)) == ["adverse"]
    assert log("account:a", asked("disclosed", him), minutes=9) == []
    assert log("account:b", asked("disclosed", him)) == ["adverse"]
    assert log("account:a", asked("disclosed", him), minutes=2) == ["adverse"]


def test_a_duress_passcode_is_found_and_no_other_proof() -> None:
    log = Log(DuressPasscode("duress"))
    log("account:a", protected())
    assert log("interaction:i", verified("passcode")) == []
    (found,) = log.found("interaction:i", verified("duress"))
    assert (found.about(), found.warns) == ("account:a", True)


BROWSING = Browsing("browsing", within_minutes=60, count=3, quiet_minutes=10)


def test_an_agent_who_browses_is_found_and_the_incident_is_about_him() -> None:
    log = Log(BROWSING)
    assert log("interaction:1", bound("a")) == []
    assert log("interaction:1", bound("a")) == []  # the same again
    assert log("interaction:2", bound("b"), agent="agent-2") == []
    assert log("interaction:3", bound("c"), minutes=20) == []
    (found,) = log.found("interaction:4", bound("d"), minutes=20)
    assert (found.about(), found.account_id, found.warns) == ("agent:agent-1", "", False)
    assert log("interaction:5", bound("e")) == []  # quiet for now
    assert log("interaction:5", bound("f"), minutes=11) == ["browsing"]


def test_accounts_whose_callers_were_found_to_know_them_are_not_browsed() -> None:
    log = Log(BROWSING)
    for number in range(10):
        assert log(f"interaction:{number}", bound(f"a{number}", HER)) == []
    # First without facts, then with them; by a hidden locator, then by the passcode.
    for number in range(10):
        assert log(f"interaction:{number}", bound(f"b{number}")) == []
        known = bound(f"b{number}", HER) if number % 2 else verified("passcode", f"b{number}")
        assert log(f"interaction:{number}", known) == []


def test_the_portal_does_not_browse() -> None:
    log = Log(BROWSING)
    for number in range(10):
        assert log(f"interaction:{number}", bound(f"a{number}"), role="portal") == []


def test_an_agent_who_asks_after_one_locator_upon_the_other_browses() -> None:
    log = Log(BROWSING)
    known = Heard("caller", "identified", "none", HER)
    found = [log("account:a", asked("withheld", known, rules=("no-such-booking",), decision=f"d{n}")) for n in range(3)]
    assert found == [[], [], ["browsing"]]
    log = Log(BROWSING)
    # On an account that nobody is known on it is the one account, however often.
    again = [log("account:a", asked(rules=("no-such-booking",), decision=f"d{n}")) for n in range(5)]
    assert again == [[]] * 5
    stale = [log("account:a", asked(rules=("stale-context",), decision=f"s{n}")) for n in range(2)]
    assert stale == [[], ["browsing"]]


def test_a_clerk_who_guesses_flights_browses_and_one_who_says_what_is_so_does_not() -> None:
    def status(flight: str, *, held: bool = False, shown: bool = False) -> FlightChanged:
        return FlightChanged(flight=flight, what="check_in", held=held, shown=shown, told=Plain("b", b""))

    log = Log(BROWSING)
    for number in range(10):
        assert log("booking:b", status(f"f{number}", held=True), role="back_office") == []
        assert log("booking:b", status("g", held=number == 1, shown=True), role="back_office") == []
        assert log("booking:b", status("miss"), role="back_office") == []  # the same again
    assert log("booking:c", status("miss"), role="back_office") == []
    (found,) = log.found("booking:c", status("another"), role="back_office")
    assert (found.about(), found.warns) == ("agent:agent-1", False)


def test_questions_of_somebody_who_claims_to_be_her_and_proves_nothing_add_up() -> None:
    log = Log(UnprovedClaims("claims", within_minutes=60, count=3))
    log("account:a", protected(HER, HIM))
    claims = Heard("caller", "identified", "self", HER)
    for other in (Heard("caller", "verified", "self", HER), Heard("caller", "identified", "other", HIM)):
        assert log("account:a", asked("disclosed", other)) == []
    assert log("account:a", asked("disclosed", claims)) == []
    assert log("account:a", asked("withheld", Heard("caller", "unproved", "self", HER)), agent="agent-2") == []
    (found,) = log.found("account:a", asked("disclosed", claims), agent="agent-2")
    assert (found.account_id, found.warns, found.agents, found.contacts) == (
        "a", True, ("agent-1", "agent-2"), ("line",),
    )  # fmt: skip


def test_wishes_that_led_to_nothing_add_up() -> None:
    log = Log(DeclinedWishes("wishes", within_minutes=60, count=3))
    passcode = PasscodeRequestDeclined(interaction_id="line", party_id="", why="nobody identified")
    end = ProtectionRequestDeclined(interaction_id="line", party_id="", asked="end", why="nobody proved")
    assert [log("account:a", each) for each in (passcode, end, passcode)] == [[], [], ["wishes"]]
    assert [log("account:a", each, minutes=40) for each in (passcode, end, passcode)] == [[], [], []]


def split(booking: str = "b") -> tuple[str, SplitDeclared]:
    declared = SplitDeclared(split_id="s", hers="shown", life=dict.fromkeys(LIFE, "keep"), reason=Plain(booking, b""))
    return f"booking:{booking}", declared


def test_a_question_right_after_a_split_is_found_unless_she_asks_it() -> None:
    log = Log(QuestionAfterSplit("split", within_minutes=30))
    assert log("account:a", asked("disclosed")) == []
    log(*split())
    her = Heard("caller", "verified", "self", HER)
    assert log("account:a", asked("disclosed", her), minutes=10) == []
    assert log("account:a", asked("disclosed", bookings=("other",))) == []
    assert log("account:a", asked("disclosed"), minutes=10) == ["split"]
    assert log("account:a", asked("disclosed", her, Heard("l2", "third_party", "other"))) == ["split"]
    assert log("account:a", asked("disclosed"), minutes=11) == []


@pytest.mark.parametrize(
    "happened,kind",
    [
        (override.OverrideRefused(override_id="o", refuser="safety-1"), OverrideRefused("it")),
        (
            mistake.MistakeReported(interaction_id="line", decision_id="d", said=Plain("a", b"")),
            MistakeReported("it"),
        ),
    ],
    ids=["override", "mistake"],
)
def test_some_events_are_found_by_their_name_alone(happened: Event, kind: Rule) -> None:
    log = Log(kind)
    (found,) = log.found("account:a", happened)
    assert (found.rule, found.account_id) == ("it", "a")
    assert found.warns == isinstance(kind, MistakeReported)
    assert log("interaction:i", happened) == []


def test_another_book_begins_anew_and_remembers_who_is_protected() -> None:
    log = Log(FAILED)
    log("account:a", protected(HER, HIM))
    assert [log("account:a", asked()) for _ in range(2)] == [[], []]
    log.book = RuleBook((FAILED, AdverseAttempt("adverse")))
    assert log("account:a", asked("withheld", Heard("caller", "identified", "other", HIM))) == ["adverse"]


def test_an_empty_book_finds_nothing() -> None:
    log = Log()
    assert [log("account:a", asked()) for _ in range(10)] == [[]] * 10
    assert widest(log.book) == 0
    assert widest(DEFAULT) == 1440


# --- windows ---------------------------------------------------------------------------------------------------------


def test_a_window_lets_go_of_what_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    held: Window[int, str] = Window(1)
    for number in range(100):
        held.put(number, number * 10.0, "x")
        assert len(held) <= 7
    assert held.get(99, 990.0 + 60.0) == "x"
    assert held.get(99, 990.0 + 60.1) is None
    monkeypatch.setattr(window, "MOST_KEYS", 10)
    for number in range(100):
        held.put(number, 1000.0, "x")
    assert len(held) == 10


def test_quiet_for_no_time_is_never_quiet() -> None:
    assert [Quiet(0).lately("x", 1.0) for _ in range(3)] == [False] * 3


def _events(draw: Any) -> Iterator[tuple[str, Event, str]]:
    for _ in range(draw(st.integers(0, 40))):
        account = draw(st.sampled_from("ab"))
        happened = draw(st.sampled_from((asked(), asked("disclosed"), tried(), protected(HER, HIM), bound(account))))
        yield f"account:{account}", happened, draw(st.sampled_from(("agent-1", "agent-2")))


@given(st.data())
def test_the_same_log_is_found_the_same_and_in_its_order(data: st.DataObject) -> None:
    happened = list(_events(data.draw))
    steps = [data.draw(st.floats(0, 40)) for _ in happened]
    runs = []
    for _ in range(2):
        log = Log(*DEFAULT.rules)
        runs.append(
            [
                found
                for (stream, each, agent), minutes in zip(happened, steps, strict=True)
                for found in log.found(stream, each, agent=agent, minutes=minutes)
            ]
        )
    assert runs[0] == runs[1]
    positions = [each.position for each in runs[0]]
    assert positions == sorted(positions)


@given(st.lists(st.floats(0, 45), max_size=60))
def test_failed_attempts_fire_exactly_where_so_many_lie_in_the_window(gaps: list[float]) -> None:
    log = Log(FAILED)
    counted: list[datetime] = []
    for gap in gaps:
        fired = log("account:a", asked(), minutes=gap)
        counted = [each for each in (*counted, log.now) if log.now - each <= timedelta(minutes=60)]
        assert bool(fired) == (len(counted) >= 3)
        if fired:
            counted = []
