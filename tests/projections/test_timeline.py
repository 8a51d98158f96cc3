"""Timelines, given what happened: what is in them, and above all what is not in the one of a recipient."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pypdf import PdfReader

from domain.account import AccountState
from domain.event import EVENTS, Plain, Recorded
from domain.exhibit import Exhibit, ExhibitState
from domain.incident import IncidentState
from domain.party import Party
from domain.protection import Protection
from domain.refusal import Refused
from projections import redaction, timeline
from projections.entry import Timeline
from projections.redaction import MEANINGS, bar, clean, reasons, shown
from projections.timeline import OFFICES, Gathered
from service.composition import desk  # every noun has registered its events once the service can be made
from service.timeline import timesketch
from service.timeline.pdf import Made, drawn
from service.timeline.reading import plain
from tests.projections.invented import HER, HIM, NOW, PARTIES, THEM, Inventor, everything_opened

assert callable(desk)

ZONES = {"manila": "Asia/Manila"}
NAMES = sorted(EVENTS)


def kept(subject: str) -> Any:
    from domain.event import Kept  # noqa: PLC0415 - a state's field

    return Kept(Plain(subject, b""), 1, "party.added.v1", "profile")


def account(*protected: str, dismissed: tuple[str, ...] = (), confirmed: bool = True) -> AccountState:
    """An account with three people on it, of whom these asked for protection."""
    parties = {each: Party(each, "traveller", frozenset(), kept(each)) for each in PARTIES}
    protections = {
        each: Protection(
            protection_id=f"of-{each}",
            party_id=each,
            adverse=frozenset({HIM}),
            safe_contact=kept(each),
            until=None if confirmed else NOW,
            started_by="agent-1",
            dismissed=each in dismissed,
        )
        for each in protected
    }
    return AccountState(opened=True, parties=parties, protections=protections)


def gathered(recorded: tuple[Recorded, ...], whose: AccountState, exhibits: tuple[int, ...] = ()) -> Gathered:
    state = IncidentState(about="account", account_id="a", opened_at=NOW.isoformat())
    state = replace(state, exhibits=ExhibitState(exhibits=tuple(Exhibit(each) for each in exhibits)))
    return Gathered("incident", state, whose, len(recorded), recorded, frozenset(), everything_opened)


def made(recorded: tuple[Recorded, ...], whose: AccountState, name: str, exhibits: tuple[int, ...] = ()) -> Timeline:
    return timeline.timeline(gathered(recorded, whose, exhibits), timeline.recipient(name, whose), ZONES)


def in_every_format(found: Timeline) -> dict[str, str]:
    """The timeline as it leaves the house, as texts, but for paper."""
    entries = [plain(each) for each in found.entries]
    told = [entries, found.people, found.exhibits, found.reasons, found.left_out]
    return {
        "json": msgspec.json.encode(told).decode(),
        "jsonl": b"".join(timesketch.lines(found)).decode(),
        "csv": b"".join(timesketch.table(found)).decode(),
    }


def on_paper(found: Timeline) -> str:
    """The text of the PDF, without its spaces: lines end where they have to."""
    document = drawn(found, Made("legal-1 (legal)", datetime(2027, 6, 1, tzinfo=UTC)))
    return "".join("".join(page.extract_text().split()) for page in PdfReader(BytesIO(document)).pages)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Inventor, tuple[Recorded, ...]]:
    """Some events of any kinds, and who said what in them."""
    chance = draw(st.randoms(use_true_random=False))
    inventor = Inventor(chance.choice)
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=24))
    return inventor, inventor.recorded(names)


def secrets(inventor: Inventor, but: str = "") -> list[str]:
    """All that was sealed, of anybody but this one."""
    return [text for subject, texts in inventor.said.items() for text in texts if subject != but]


DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
MORE = settings(max_examples=1_000 if DEEP else 60)


def nothing_of_others(inventor: Inventor, recorded: tuple[Recorded, ...], told: dict[str, str]) -> None:
    """Nothing of anybody but him, of staff, or, unless he himself is, of how somebody is protected."""
    about_him = [each for each in recorded if getattr(each.event, "party_id", "") == HIM]
    his_own = any(each.name.startswith(("protection.", "safe_contact.")) for each in about_him)
    for kind, text in told.items():
        assert [each for each in secrets(inventor, but=HIM) if each in text] == [], kind
        assert [each for each in inventor.named if each in text] == [], kind
        assert not re.search(rf"staff(one|two|three)|{HER}|{THEM}", text), kind
        assert not re.search(r"[Dd]uress|(shown|held) ?view|override", text), kind
        assert his_own or not re.search(r"[Pp]rotect|safe ?contact", text), kind


def nothing_personal(inventor: Inventor, told: dict[str, str]) -> None:
    """Nothing that was sealed, and nobody by name or id."""
    for kind, text in told.items():
        assert [each for each in secrets(inventor) if each in text] == [], kind
        assert not re.search(rf"staff(one|two|three)|{HER}|{HIM}|{THEM}", text), kind


@given(worlds(), st.sampled_from(["", HER, THEM]), st.sampled_from([HIM, f"counsel:{HIM}"]))
@MORE
def test_nothing_of_anybody_else_is_in_a_partys_timeline(
    world: tuple[Inventor, tuple[Recorded, ...]], protected: str, name: str
) -> None:
    inventor, recorded = world
    found = made(recorded, account(*([protected] if protected else [])), name, exhibits=(1, 3))
    nothing_of_others(inventor, recorded, in_every_format(found))


@given(worlds(), st.sampled_from(OFFICES))
@MORE
def test_nothing_sealed_and_nobodys_name_is_in_an_offices_timeline(
    world: tuple[Inventor, tuple[Recorded, ...]], office: str
) -> None:
    inventor, recorded = world
    found = made(recorded, account(HER), office, exhibits=(1, 3))
    assert len(found.entries) == len(recorded)
    nothing_personal(inventor, in_every_format(found))


@given(worlds())
@settings(max_examples=100 if DEEP else 6)
def test_nor_is_it_on_paper(world: tuple[Inventor, tuple[Recorded, ...]]) -> None:
    inventor, recorded = world
    nothing_of_others(inventor, recorded, {"pdf": on_paper(made(recorded, account(HER), HIM, exhibits=(1, 3)))})
    nothing_personal(inventor, {"pdf": on_paper(made(recorded, account(HER), "court", exhibits=(1, 3)))})


@given(worlds(), st.sampled_from(["", "court", HIM, HER, f"counsel:{HIM}"]))
@MORE
def test_every_redaction_has_a_reason_that_has_a_meaning(
    world: tuple[Inventor, tuple[Recorded, ...]], name: str
) -> None:
    _, recorded = world
    found = made(recorded, account(HER), name)
    for entry in found.entries:
        texts = [entry.who, entry.what, entry.outcome, entry.how, *entry.heard, *(each.text for each in entry.words)]
        bars = {reason for text in texts for reason in reasons(text)}
        assert bars <= {each.reason for each in entry.redactions}
        assert {each.reason for each in entry.redactions} <= MEANINGS.keys()
        assert all(each.place for each in entry.redactions)
        if name and entry.who not in ("Watchword", "the customer"):
            assert {each.reason for each in entry.redactions if each.place == "who"} & {
                redaction.AGENT,
                redaction.STAFF,
            }
    assert sum(found.reasons.values()) == sum(len(each.redactions) for each in found.entries)


@given(worlds())
@MORE
def test_the_full_one_has_every_event_in_order_and_what_was_opened(
    world: tuple[Inventor, tuple[Recorded, ...]],
) -> None:
    inventor, recorded = world
    found = made(recorded, account(HER), "")
    assert [each.position for each in found.entries] == [each.position for each in recorded]
    text = in_every_format(found)["json"]
    closed = {"digest", "duress_digest", "secret"}
    for each in recorded:
        for field, value in everything_opened(each).items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and one.keys() == {"opened", "value"}:
                    assert (one["value"]["text"] in text) == (field not in closed), field
    assert inventor.said.keys() <= {*PARTIES, "account0subject", "incident0subject"}


def heard(
    number: int, party: str, *, outcome: Literal["disclosed", "withheld"] = "disclosed", line: str = "line1"
) -> Recorded:
    from domain.attempt import DisclosureAttempted, Heard  # noqa: PLC0415 - beside what makes it

    (recorded,) = Inventor(lambda options: options[0]).recorded(["interaction.closed.v1"])
    happened = DisclosureAttempted(
        decision_id="d", asked="booking", bookings=(), classes="EI", purpose="service", outcome=outcome,
        view="shown" if outcome == "disclosed" else "", rules=("protected-as-shown",),
        listeners=(Heard("caller", "identified", "other", party),) if party else (), judged_at={},
    )  # fmt: skip
    header = replace(recorded.header, interaction=line)
    return replace(recorded, position=number, event=happened, name=happened.NAME, stream="account:a", header=header)


def test_a_party_is_told_what_it_asked_as_anybody_would_be() -> None:
    asked = (heard(1, HIM), heard(9, HIM, outcome="withheld"))
    protected, ordinary = made(asked, account(HER), HIM), made(asked, account(), HIM)
    assert in_every_format(protected) == in_every_format(ordinary)
    assert [(each.what, each.outcome) for each in protected.entries] == [
        ("asked about a booking (EI)", "disclosed"),
        ("asked about a booking (EI)", "withheld"),
    ]


def test_what_somebody_else_did_leaves_no_trace_in_a_partys_timeline() -> None:
    his = (heard(1, HIM), heard(9, HIM))
    hers = (heard(3, HER), heard(4, HER), heard(5, ""))
    with_hers = tuple(sorted((*his, *hers), key=lambda each: each.position))
    alone = tuple(replace(each, position=number) for number, each in enumerate(his, 1))
    assert in_every_format(made(with_hers, account(HER), HIM)) == in_every_format(made(alone, account(), HIM))


def test_a_confirmed_protected_party_is_told_that_others_asked_and_not_who() -> None:
    found = made((heard(1, HIM), heard(2, ""), heard(3, HER)), account(HER), HER)
    assert [each.what for each in found.entries] == [
        "somebody asked about a booking",
        "somebody asked about a booking",
        "asked about a booking (EI)",
    ]
    assert [shown(each) for each in found.entries[0].heard] == ["[redacted: another person's data]"]


@pytest.mark.parametrize(
    "whose", [account(HER, confirmed=False), account(HER, HIM), account(HER, dismissed=(HER,)), account()]
)
def test_only_a_confirmed_claim_that_nobody_else_makes_too_is_told_of_others(whose: AccountState) -> None:
    assert made((heard(1, HIM), heard(2, "")), whose, HER).entries == ()


def test_a_recipient_is_a_party_its_counsel_or_an_office() -> None:
    whose = account()
    for name in ("", HIM, f"counsel:{HIM}", *OFFICES):
        assert timeline.recipient(name, whose).name == name
    for name in ("somebody", "counsel:", "counsel:somebody", "Court"):
        with pytest.raises(Refused) as refused:
            timeline.recipient(name, whose)
        assert refused.value.code == "unknown_recipient"


def test_local_time_is_that_of_the_site_and_named_where_none_is_known() -> None:
    first = heard(1, HIM)
    second = replace(first, position=2, header=replace(first.header, actor=replace(first.header.actor, site="omaha")))
    found = made((first, second), account(), "")
    assert (found.entries[0].local, found.entries[0].zone) == ("2027-05-01T20:01:00+08:00", "Asia/Manila")
    assert (found.entries[1].local, found.entries[1].zone) == ("", "")
    assert found.zones == {"manila": "Asia/Manila", "omaha": ""}


def test_letters_are_given_in_the_order_of_that_timeline() -> None:
    first = heard(1, HER)
    his = heard(2, HIM)
    his = replace(his, header=replace(his.header, actor=replace(his.header.actor, subject="stafftwo")))
    events: tuple[Recorded, ...] = (first, his)
    assert [each.who for each in made(events, account(HER), "court").entries] == ["Agent A, Manila", "Agent B, Manila"]
    assert [each.who for each in made(events, account(HER), HIM).entries] == ["Agent A, Manila"]
    assert [each.who for each in made(events, account(HER), "").entries] == ["staffone (agent 1)", "stafftwo (agent 1)"]


def test_exhibit_numbers_stand_by_their_entries_and_a_withdrawn_one_does_not() -> None:
    events = (heard(4, HIM), heard(7, HER), heard(9, HIM))
    state = ExhibitState(exhibits=(Exhibit(7), Exhibit(9), Exhibit(4, withdrawn=True)))
    prepared = gathered(events, account(HER))
    prepared = replace(prepared, state=replace(prepared.state, exhibits=state))
    found = timeline.timeline(prepared, timeline.recipient("", prepared.account), ZONES)
    assert [each.exhibit for each in found.entries] == [0, 1, 2]
    assert [(each.number, each.position, each.withdrawn) for each in found.exhibits] == [
        (1, 7, False), (2, 9, False), (3, 4, True),
    ]  # fmt: skip
    his = timeline.timeline(prepared, timeline.recipient(HIM, prepared.account), ZONES)
    assert [(each.position, each.exhibit) for each in his.entries] == [(1, 0), (2, 2)]
    assert [(each.number, each.position) for each in his.exhibits] == [(2, 2), (3, 1)]


@given(st.text())
def test_nothing_from_outside_draws_a_bar(text: str) -> None:
    assert reasons(clean(f"{text}\ue000forged\ue001")) == []
    assert shown(bar("why")) == "[redacted: why]"


def test_fields_are_a_mapping_of_every_field() -> None:
    for name in NAMES:
        (recorded,) = Inventor(lambda options: options[0]).recorded([name])
        told: Mapping[str, Any] = everything_opened(recorded)
        assert tuple(told) == type(recorded.event).__struct_fields__
