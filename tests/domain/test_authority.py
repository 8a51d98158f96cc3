"""Authority: what each tier may do at which hour after whose yes, and that no tier learns of another's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import authority, clearance
from domain.authority import AuthorityState, Facts, Verdict, judge
from domain.clearance import ClearanceNoted, Clearances
from domain.confirmation import ConfirmationRecorded, confirm
from domain.event import Plain
from domain.grant import SIGNALS, TIERS, AuthorityDocument, Desk, Grant, Outside, faults, part
from domain.hours import A_WEEK, DAYS, Hours, known_zone, minute_of_week, named, turning_points
from domain.interaction import InteractionState
from domain.judgement import JudgementGranted, grant
from domain.refusal import Refused
from domain.safety_signal import respond, verdict_on
from service.authority import DEFAULT
from service.authority.schema import EXAMPLE
from tests.domain.deciding import Deciding

MONDAY = datetime(2031, 3, 3, tzinfo=UTC)
NOON = MONDAY.replace(hour=12)
DESKS = (Desk(1, "first line"), Desk(2, "second line"), Desk(3, "safety office"))
ALWAYS = Grant("always", 3, "call_emergency_services", signals=SIGNALS)
NOTHING_ELSE = Facts()


def document(*grants: Grant, **more: Any) -> AuthorityDocument:
    """A document that can be adopted, with these grants in it."""
    outside = (Outside("warehouse", "extension 4100"), Outside("airline", "the ticket office"))
    return AuthorityDocument((*grants, ALWAYS), DESKS, amount_classes=("small", "large"), outside=outside, **more)


def state(found: AuthorityDocument) -> AuthorityState:
    (adopted,) = authority.adopt(AuthorityState(), found)
    return authority.evolve(AuthorityState(), adopted)


def ruled(*grants: Grant, action: str = "change", tier: int = 1, at: datetime = NOON, **more: Any) -> Verdict:
    """What is said of an action where these grants are in force."""
    confirmations = more.pop("confirmations", {})
    facts = more.pop("facts", NOTHING_ELSE)
    return judge(state(document(*grants, **more)), action, tier, at, confirmations=confirmations, facts=facts)


# --- hours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone, at, expected",
    [
        ("UTC", NOON, "mon 12:00"),
        ("Asia/Manila", NOON, "mon 20:00"),
        ("Europe/Lisbon", NOON, "mon 12:00"),
        ("Europe/Lisbon", datetime(2031, 7, 7, 12, tzinfo=UTC), "mon 13:00"),  # summer time
        ("America/New_York", MONDAY, "sun 19:00"),
        ("Pacific/Kiritimati", datetime(2031, 3, 3, 12, tzinfo=UTC), "tue 02:00"),
    ],
)
def test_an_instant_is_a_minute_of_the_week_somewhere(zone: str, at: datetime, expected: str) -> None:
    minute = minute_of_week(at, zone)
    assert minute is not None
    assert named(minute) == expected


@pytest.mark.parametrize(
    "zone", ["", "Nowhere/Town", "Europe", "localtime", "posix/UTC", "right/UTC", "../UTC", "/etc"]
)
def test_what_is_no_place_is_no_zone(zone: str) -> None:
    assert not known_zone(zone)


def test_a_zone_that_is_lost_opens_nothing_that_has_hours() -> None:
    lost = replace(document(Grant("g", 1, "change", hours=(Hours("00:00", "24:00"),))), zone="Nowhere/Town")
    found = AuthorityState(1, "", lost)
    assert judge(found, "change", 1, NOON, confirmations={}, facts=NOTHING_ELSE).word == "pass_on"


@pytest.mark.parametrize(
    "hours, inside, outside",
    [
        (Hours("09:00", "15:00"), ["mon 09:00", "sun 14:59"], ["mon 08:59", "mon 15:00", "sun 15:00"]),
        (Hours("09:00", "15:00", ("mon",)), ["mon 09:00"], ["tue 09:00", "sun 12:00"]),
        (Hours("22:00", "06:00", ("sun",)), ["sun 22:00", "mon 05:59"], ["sun 21:59", "mon 06:00", "sun 05:00"]),
        (Hours("00:00", "24:00", ("wed",)), ["wed 00:00", "wed 23:59"], ["tue 23:59", "thu 00:00"]),
    ],
)
def test_hours_open_at_their_first_minute_and_close_before_their_last(
    hours: Hours, inside: list[str], outside: list[str]
) -> None:
    minutes = {named(minute): minute for minute in range(A_WEEK)}
    assert [at for at in inside if not hours.covers(minutes[at])] == []
    assert [at for at in outside if hours.covers(minutes[at])] == []


times = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
days = st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True).map(tuple)
hours_of = st.builds(Hours, times, times, days).filter(lambda each: each.opens != each.closes)


@given(hours_of, st.integers(0, A_WEEK - 1))
def test_it_is_open_in_its_spans_and_in_no_other_minute(hours: Hours, minute: int) -> None:
    assert hours.covers(minute) == any((minute - opens) % A_WEEK < lasts for opens, lasts in hours.spans())


@given(st.lists(hours_of, max_size=4), st.integers(0, A_WEEK - 1))
def test_between_two_turning_points_nothing_opens_or_closes(hours: list[Hours], minute: int) -> None:
    last = max(point for point in turning_points(hours) if point <= minute)
    assert [each.covers(minute) for each in hours] == [each.covers(last) for each in hours]


# --- verdicts --------------------------------------------------------------------------------------------------------

BEFORE_THREE = Hours("08:00", "15:00")
THREE = NOON.replace(hour=15)
JUDGED = Facts(judged=frozenset({("change", "")}))


@pytest.mark.parametrize(
    "grants, more, expected",
    [
        ((), {}, Verdict("pass_on", passed_to=2)),
        ((), {"tier": 3}, Verdict("pass_on", passed_to=4)),
        ((), {"tier": 0}, Verdict("pass_on", passed_to=1)),
        ((Grant("g", 1, "change"),), {}, Verdict("may", ("g",))),
        ((Grant("g", 2, "change"),), {}, Verdict("pass_on", passed_to=2)),
        ((Grant("g", 3, "change"),), {}, Verdict("pass_on", passed_to=2)),  # the next tier, not the one that may
        ((Grant("g", 1, "cancel"),), {}, Verdict("pass_on", passed_to=2)),
        ((Grant("g", 1, "change", hours=(BEFORE_THREE,)),), {}, Verdict("may", ("g",))),
        ((Grant("g", 1, "change", hours=(BEFORE_THREE,)),), {"at": THREE}, Verdict("pass_on", passed_to=2)),
        (
            (Grant("g", 1, "change", hours=(BEFORE_THREE,)),),
            {"zone": "Asia/Manila"},  # where it is eight in the evening
            Verdict("pass_on", passed_to=2),
        ),
        (
            (Grant("g", 1, "change", confirmed_by=("warehouse", "airline")),),
            {"confirmations": {"warehouse": NOON}},
            Verdict("needs_confirmation", ("g",), ("airline",)),
        ),
        (
            (Grant("g", 1, "change", confirmed_by=("warehouse",)),),
            {"confirmations": {"warehouse": NOON}},
            Verdict("may", ("g",)),
        ),
        (
            (Grant("g", 1, "change", confirmed_by=("warehouse",)),),
            {"confirmations": {"warehouse": NOON + timedelta(seconds=1)}},
            Verdict("needs_confirmation", ("g",), ("warehouse",)),
        ),
        ((Grant("g", 1, "change", "judgement"),), {}, Verdict("judgement", ("g",))),
        (
            (Grant("g", 1, "change", "judgement", confirmed_by=("warehouse",)),),
            {},
            Verdict("needs_confirmation", ("g",), ("warehouse",)),
        ),
        ((Grant("g", 1, "change", "judgement"),), {"facts": JUDGED}, Verdict("may", ("g",))),
        (
            (Grant("g", 1, "change", "judgement"),),
            {"facts": Facts("large", judged=frozenset({("change", "small")}))},
            Verdict("judgement", ("g",)),
        ),
        ((Grant("g", 1, "change", up_to="small"),), {"facts": Facts("small")}, Verdict("may", ("g",))),
        ((Grant("g", 1, "change", up_to="small"),), {"facts": Facts("large")}, Verdict("pass_on", passed_to=2)),
        ((Grant("g", 1, "change", up_to="large"),), {}, Verdict("pass_on", passed_to=2)),  # not said: larger than any
        ((Grant("g", 1, "change", up_to="large"),), {"facts": Facts("huge")}, Verdict("pass_on", passed_to=2)),
        ((Grant("g", 1, "change", "automatic", signals=("health",)),), {}, Verdict("pass_on", passed_to=2)),
        (
            (Grant("g", 1, "change", "automatic", signals=("health",)),),
            {"facts": Facts(signals=frozenset({"safety"}))},
            Verdict("pass_on", passed_to=2),
        ),
        (
            (Grant("g", 1, "change", "automatic", signals=("health",)),),
            {"facts": Facts(signals=frozenset({"health", "safety"}))},
            Verdict("automatic", ("g",)),
        ),
        (  # what needs no judging goes before what does, and that before a call to somebody else
            (
                Grant("call", 1, "change", confirmed_by=("warehouse",)),
                Grant("judge", 1, "change", "judgement"),
                Grant("small", 1, "change", "automatic", up_to="small"),
            ),
            {"facts": Facts("small")},
            Verdict("automatic", ("small",)),
        ),
        (
            (Grant("call", 1, "change", confirmed_by=("warehouse",)), Grant("judge", 1, "change", "judgement")),
            {},
            Verdict("judgement", ("judge",)),
        ),
        (  # the fewest calls
            (
                Grant("both", 1, "change", confirmed_by=("warehouse", "airline")),
                Grant("one", 1, "change", confirmed_by=("airline",)),
            ),
            {},
            Verdict("needs_confirmation", ("one",), ("airline",)),
        ),
        ((Grant("a", 1, "change"), Grant("b", 1, "change")), {}, Verdict("may", ("a", "b"))),
    ],
)  # fmt: skip
def test_a_verdict(grants: tuple[Grant, ...], more: dict[str, Any], expected: Verdict) -> None:
    assert ruled(*grants, **more) == expected


def test_where_nothing_was_adopted_all_is_passed_on() -> None:
    found = judge(AuthorityState(), "change", 1, NOON, confirmations={}, facts=NOTHING_ELSE)
    assert found == Verdict("pass_on", passed_to=2)
    assert [respond(AuthorityState(), "health", tier, NOON).passed_to for tier in range(4)] == [3, 3, 3, 4]


# --- properties ------------------------------------------------------------------------------------------------------

names = st.sampled_from(["change", "cancel", "refund"])
parties = st.lists(st.sampled_from(["warehouse", "airline"]), max_size=2, unique=True).map(tuple)
signals_of = st.lists(st.sampled_from(SIGNALS), max_size=2, unique=True).map(tuple)


@st.composite
def grants_of(draw: st.DrawFn, tiers: tuple[int, ...] = TIERS) -> tuple[Grant, ...]:
    """Grants that can be adopted beside one another, named as they come."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        hours = tuple(draw(st.lists(hours_of, max_size=2)))
        confirmed_by, up_to, on = draw(parties), draw(st.sampled_from(["", "small", "large"])), draw(signals_of)
        kinds = ["may", "judgement"] + ["automatic"] * (not confirmed_by and bool(hours or up_to or on))
        kind, tier = draw(st.sampled_from(kinds)), draw(st.sampled_from(tiers))
        name = f"t{tier}-{number}"
        made.append(Grant(name, tier, draw(names), kind, hours, confirmed_by, up_to, on))  # type: ignore[arg-type]  # drawn
    return tuple(made)


instants = st.integers(0, A_WEEK * 60 - 1).map(lambda s: MONDAY + timedelta(seconds=s))
said_yes = st.dictionaries(st.sampled_from(["warehouse", "airline"]), instants)
facts_of = st.builds(
    Facts,
    st.sampled_from(["", "small", "large", "huge"]),
    st.frozensets(st.sampled_from(SIGNALS)),
    st.frozensets(st.tuples(names, st.sampled_from(["", "small", "large"]))),
)
zones = st.sampled_from(["UTC", "Europe/Lisbon", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"])
rank = authority._RANK


class Asking(NamedTuple):
    """What is asked, by whom, when, and what is known in the contact."""

    action: str
    tier: int
    at: datetime
    yes: dict[str, datetime]
    facts: Facts

    def judged(self, found: AuthorityState) -> Verdict:
        return judge(found, self.action, self.tier, self.at, confirmations=self.yes, facts=self.facts)


asking = st.builds(Asking, names, st.sampled_from(TIERS), instants, said_yes, facts_of)


@given(grants_of(), zones, asking, st.integers(0, 86_400))
def test_a_later_clock_inside_the_same_hours_takes_nothing_away(
    grants: tuple[Grant, ...], zone: str, asked: Asking, later: int
) -> None:
    found = state(document(*grants, zone=zone))
    after = asked._replace(at=asked.at + timedelta(seconds=later))
    spans = [hours for grant in grants if grant.tier == asked.tier for hours in grant.hours]
    now, then = minute_of_week(asked.at, zone), minute_of_week(after.at, zone)
    assume([hours.covers(now or 0) for hours in spans] == [hours.covers(then or 0) for hours in spans])
    before, afterwards = asked.judged(found), after.judged(found)
    assert rank[afterwards.word] >= rank[before.word]  # somebody outside may have said yes between the two
    if all((said <= asked.at) == (said <= after.at) for said in asked.yes.values()):
        assert afterwards == before


@given(grants_of(), asking, said_yes)
def test_one_more_yes_takes_nothing_away(grants: tuple[Grant, ...], asked: Asking, more: dict[str, datetime]) -> None:
    found = state(document(*grants))
    earliest = {name: min(said, asked.yes.get(name, said)) for name, said in {**more, **asked.yes}.items()}
    assert rank[asked._replace(yes=earliest).judged(found).word] >= rank[asked.judged(found).word]


@given(grants_of(tiers=(2,)), grants_of(tiers=(1, 3)), grants_of(tiers=(1, 3)), asking)
def test_a_tier_never_learns_of_anothers_authority(
    own: tuple[Grant, ...], others: tuple[Grant, ...], different: tuple[Grant, ...], asked: Asking
) -> None:
    """Whatever the other tiers have, what it reads, what it is told and what it may have confirmed is the same."""
    asked = asked._replace(tier=2)
    one, other = document(*others, *own, title="one"), document(*own, *different, title="other")
    assert msgspec.json.encode(part(one, 2)) == msgspec.json.encode(part(other, 2))
    assert asked.judged(state(one)) == asked.judged(state(other))
    for by in ("warehouse", "airline", "nobody"):
        assert refusal_of(one, asked.action, by) == refusal_of(other, asked.action, by)


def refusal_of(found: AuthorityDocument, action: str, by: str) -> tuple[str, str, str] | None:
    """How a confirmation is refused to tier 2; None where it is recorded."""
    person = Plain("i", b"")
    recorded = ConfirmationRecorded(
        confirmation_id="c", interaction_id="i", action=action, by=by, authority=1, person=person
    )
    try:
        confirm(found.of(2), recorded)
    except Refused as refused:
        return refused.code, refused.detail, refused.place
    return None


@given(grants_of(), st.booleans(), zones, st.sampled_from([0, 1, 2, 3]), instants)
def test_what_can_be_adopted_always_has_an_action_or_a_tier_to_pass_a_signal_on_to(
    grants: tuple[Grant, ...], always: object, zone: str, tier: int, at: datetime
) -> None:
    found = replace(document(*grants), grants=(*grants, ALWAYS) if always else grants, zone=zone)
    points = turning_points(hours for grant in found.grants for hours in grant.hours)
    if faults(found):
        assert any(
            not any(found.answering(each, kind, minute) for each in TIERS) for kind in SIGNALS for minute in points
        )
        return
    for kind in SIGNALS:
        response = respond(state(found), kind, tier, at)
        assert bool(response.grants) != bool(response.passed_to)
        assert all(kind in grant.signals and grant.tier == tier for grant in response.grants)
        assert not response.passed_to or respond(state(found), kind, response.passed_to, at).grants


# --- adopting --------------------------------------------------------------------------------------------------------


def test_authority_is_adopted_as_an_event_and_the_one_in_force_is_not_adopted_again() -> None:
    found = document()
    decided = Deciding(AuthorityState(), lambda state, happened, _: authority.evolve(state, happened))
    digest = authority.digest_of(found)
    adopted = authority.AuthorityAdopted(version=1, digest=digest, document=found)
    decided.when(lambda state: authority.adopt(state, found)).then(adopted)
    decided.when(lambda state: authority.adopt(state, found)).then_nothing_happened()
    other = document(Grant("g", 1, "change"))
    (second,) = authority.adopt(decided.state, other)
    assert (second.version, second.document) == (2, other)


def test_the_default_and_the_example_can_be_adopted() -> None:
    assert faults(DEFAULT) == []
    assert faults(msgspec.convert(EXAMPLE, AuthorityDocument)) == []
    ordinary = ("change", "cancel", "refund", "check_in", "resend", "edit_contact")
    found = state(DEFAULT)
    words = {judge(found, a, t, NOON, confirmations={}, facts=NOTHING_ELSE).word for a in ordinary for t in TIERS}
    assert words == {"may"}
    assert {bool(respond(found, kind, tier, NOON).grants) for kind in SIGNALS for tier in TIERS} == {True}


@pytest.mark.parametrize(
    "changed, place",
    [
        ({"zone": "Nowhere/Town"}, "document.zone"),
        ({"desks": DESKS[:2]}, "document.desks"),
        ({"desks": (*DESKS[:2], Desk(2, "again"))}, "document.desks[2].tier"),
        ({"amount_classes": ("small", "small")}, "document.amount_classes[1]"),
        ({"outside": (Outside("a", "x"), Outside("a", "y"))}, "document.outside[1].name"),
        ({"grants": (ALWAYS, ALWAYS)}, "document.grants[1].id"),
        ({"grants": (Grant("g", 1, "change", hours=(Hours("09:00", "09:00"),)),)}, "document.grants[0].hours[0].until"),
        ({"grants": (Grant("g", 1, "change", confirmed_by=("nobody",)),)}, "document.grants[0].confirmed_by[0]"),
        ({"grants": (Grant("g", 1, "change", up_to="huge"),)}, "document.grants[0].up_to"),
        ({"grants": (Grant("g", 1, "change", "automatic"),)}, "document.grants[0].kind"),
        (
            {"grants": (Grant("g", 1, "change", "automatic", up_to="small", confirmed_by=("airline",)),)},
            "document.grants[0].confirmed_by",
        ),
    ],
)
def test_a_document_is_rejected_with_the_place_of_what_is_wrong(changed: dict[str, Any], place: str) -> None:
    wrong = replace(document(), **changed)
    decided = Deciding(AuthorityState(), lambda state, happened, _: authority.evolve(state, happened))
    decided.when(lambda state: authority.adopt(state, wrong)).then_refused("authority_rejected", place)


@pytest.mark.parametrize(
    "grants",
    [
        (),
        (Grant("g", 1, "stay", signals=("health",)),),
        (Grant("g", 1, "stay", signals=SIGNALS, confirmed_by=("warehouse",)),),
        (Grant("g", 1, "stay", signals=SIGNALS, hours=(Hours("00:00", "23:59"),)),),
        (
            Grant("day", 1, "stay", signals=SIGNALS, hours=(Hours("06:00", "18:00"),)),
            Grant("night", 3, "stay", signals=SIGNALS, hours=(Hours("18:00", "05:59"),)),
        ),
        (Grant("g", 1, "stay", signals=SIGNALS, hours=(Hours("00:00", "24:00", DAYS[:6]),)),),
    ],
    ids=["nobody", "for one kind", "after a call", "but for a minute", "a gap", "not on Sundays"],
)
def test_authority_that_leaves_a_safety_signal_to_nobody_is_rejected(grants: tuple[Grant, ...]) -> None:
    (fault, *_) = faults(replace(document(), grants=grants))
    assert fault.place == "grants"
    assert "signal" in fault.says


def test_tiers_that_take_turns_may_be_adopted_and_pass_on_to_the_one_whose_turn_it_is() -> None:
    day, night = Hours("06:00", "18:00"), Hours("18:00", "06:00")
    found = state(
        replace(
            document(),
            grants=(
                Grant("day", 1, "stay", signals=SIGNALS, hours=(day,)),
                Grant("night", 3, "stay", signals=SIGNALS, hours=(night,)),
            ),
        )
    )
    at_night = NOON.replace(hour=20)
    assert [respond(found, "health", tier, NOON).passed_to for tier in range(4)] == [1, 0, 1, 1]
    assert [respond(found, "health", tier, at_night).passed_to for tier in range(4)] == [3, 3, 3, 0]


def test_what_was_done_is_compared_with_authority_and_never_refused() -> None:
    assert verdict_on("transferred", Verdict("pass_on", passed_to=2)) == "transferred"
    assert verdict_on("change", Verdict("pass_on", passed_to=2)) == "pass_on"
    assert verdict_on("change", Verdict("may", ("g",))) == "may"


# --- in a contact ----------------------------------------------------------------------------------------------------


def noted(what: Any, by: str, binding: int = 1, action: str = "change", id_: str = "x") -> ClearanceNoted:
    return ClearanceNoted(what=what, id=id_, by=by, at=NOON, binding=binding, action=action)


def bound(*events: ClearanceNoted, bindings: int = 1) -> InteractionState:
    cleared = Clearances()
    for each in events:
        cleared = clearance.evolve(cleared, each)
    return InteractionState(agent="a", cleared=cleared, bindings=bindings)


@pytest.mark.parametrize(
    "contact, expected",
    [
        (bound(), "needs_confirmation"),
        (bound(noted("confirmation", "warehouse")), "judgement"),
        (bound(noted("confirmation", "warehouse", action="cancel")), "needs_confirmation"),
        (bound(noted("confirmation", "warehouse"), noted("judgement", "tier-1")), "may"),
        (bound(noted("confirmation", "warehouse"), noted("judgement", "tier-2")), "judgement"),
        (bound(noted("confirmation", "warehouse"), noted("judgement", "tier-1"), bindings=2), "needs_confirmation"),
        (bound(noted("judgement", "tier-1"), noted("confirmation", "warehouse", binding=2), bindings=2), "judgement"),
    ],
    ids=["nothing", "a yes", "to something else", "and a judgement", "another tier's", "bound anew", "yes anew"],
)
def test_what_was_cleared_counts_for_the_account_it_was_about(contact: InteractionState, expected: str) -> None:
    found = state(document(Grant("g", 1, "change", "judgement", confirmed_by=("warehouse",))))
    assert authority.in_contact(found, contact, "change", 1, NOON).word == expected


def test_a_signal_counts_whatever_the_contact_is_bound_to() -> None:
    found = state(document(Grant("g", 1, "change", "automatic", signals=("health",))))
    contact = bound(noted("signal", "health"), bindings=7)
    assert authority.in_contact(found, contact, "change", 1, NOON).word == "automatic"


def test_signals_that_are_kept_are_the_latest() -> None:
    contact = bound(*(noted("signal", "health", id_=f"s{number}") for number in range(100)))
    assert len(contact.cleared.signals) == clearance.MOST_SIGNALS
    assert "s99" in contact.cleared.signals


def test_a_judgement_is_granted_only_where_authority_leaves_it_to_the_tier() -> None:
    words = Plain("i", b"")
    judged = JudgementGranted(
        judgement_id="j",
        interaction_id="i",
        action="change",
        amount_class="",
        grants=("g",),
        authority=1,
        granted=words,
        why=words,
    )
    assert grant(Verdict("judgement", ("g",)), judged) == judged
    details = set()
    others: tuple[authority.Word, ...] = ("may", "automatic", "needs_confirmation", "pass_on")
    for word in others:
        with pytest.raises(Refused) as refused:
            grant(Verdict(word), judged)
        assert (refused.value.code, refused.value.place) == ("not_your_judgement", "action")
        details.add(refused.value.detail)
    assert len(details) == 1
