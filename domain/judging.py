"""Judging: each kind of question as it is put to `decision`, and the attempt that is kept of what was decided.

Who asks a question and who makes a recorded one again both come here, so that there is one way from what was asked to
what is on record. Pure: what no stream says of a question comes in as `attempt.Given`, and goes on record with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from domain import account, action, interaction
from domain.access_request import CLASSES as OWN_CLASSES
from domain.access_request import AccessRequestState, own, proved
from domain.account import AccountState
from domain.action import DUE, NEEDED, Action, ActionAttempted
from domain.attempt import Asked, DisclosureAttempted, Given, Heard, Outcome
from domain.authority import Verdict
from domain.booking import BookingState
from domain.decision import Decision, Facts, Question, decide
from domain.dimension import Purpose
from domain.event import Personal
from domain.field_class import FieldClass
from domain.interaction import InteractionState
from domain.policy import PolicyTable

LISTED = sum(each.bit for each in (FieldClass.E, FieldClass.I, FieldClass.L))
DIALLED = FieldClass.E.bit | FieldClass.I.bit
OWN = sum(each.bit for each in OWN_CLASSES)
NOBODYS = AccountState()
STALE, NO_SUPPLIER = "stale-context", "no-such-supplier"


class Scene(msgspec.Struct, frozen=True):
    """What a question is judged on: who asks, in which contact, about which account, by which policy, and when.

    `account` is empty where the contact is bound to none. `booking`: the state of a booking by its id.
    """

    agent: str
    interaction_id: str
    interaction: InteractionState
    account: AccountState
    booking: Callable[[str], BookingState]
    policy: PolicyTable
    now: datetime

    def counted(self, given: Given) -> AccountState:
        """The account without the overrides whose approval nobody signed as it stands."""
        kept = {each: found for each, found in self.account.overrides.items() if each not in given.unvouched}
        return replace(self.account, overrides=kept)


class Judged(msgspec.Struct, frozen=True):
    """One booking as it was judged."""

    booking_id: str
    state: BookingState | None
    decision: Decision


def meant(scene: Scene, given: Given) -> str:
    """The booking of this account that is meant, "" if none is: another account's is as unknown as nobody's.

    One that is shown under this locator goes before one that is only held under it.
    """
    if given.booking_id:
        return given.booking_id if given.booking_id in scene.account.bookings else ""
    held, mark, booking = "", given.locator, scene.booking
    for each in scene.account.bookings:
        found = booking(each)
        if found.shown is not None and mark in found.shown.locators:
            return each
        if found.held is not None and mark in found.held.locators:
            held = held or each
    return held


def named(scene: Scene, given: Given, *, classes: int, purpose: Purpose = Purpose.SERVICE) -> Judged:
    """A question about one booking, as it was named. What is to be done is asked in `acted`."""
    return _judged(scene, given, meant(scene, given), classes, purpose)


def _judged(
    scene: Scene,
    given: Given,
    booking_id: str,
    classes: int,
    purpose: Purpose,
    *,
    overridden: bool = True,
    one: bool = True,
) -> Judged:
    """`overridden`: an override of this contact may answer it. `one`: a booking was named, and not all asked for."""
    state = scene.booking(booking_id) if booking_id else None
    line = scene.interaction
    contact = scene.interaction_id if overridden else ""
    question = Question(scene.agent, line.account_id, booking_id, classes, purpose, given.locator, contact, one)
    facts = Facts(scene.counted(given) if given.unvouched else scene.account, state, line)
    return Judged(booking_id, state, decide(question, facts, scene.policy, scene.now))


def listed(scene: Scene, given: Given, *, classes: int = LISTED) -> tuple[Judged, ...]:
    """The bookings of the account, each judged as a question of its own."""
    return tuple([
        _judged(scene, given, each, classes, Purpose.SERVICE, one=bool(each))
        for each in scene.account.bookings or ("",)
    ])  # fmt: skip


def of_request(scene: Scene, given: Given, request: AccessRequestState, *, classes: int = OWN) -> tuple[Judged, ...]:
    """The bookings of the account, each as far as it is about whom an access request is of: if he proved to be that."""
    told = proved(request, scene.interaction, scene.account)
    found = []
    for each in scene.account.bookings or ("",):
        judged = _judged(scene, given, each, classes, Purpose.SERVICE, overridden=False, one=bool(each))
        decision = judged.decision if told else replace(judged.decision, outcome="withheld", basis="")
        found.append(replace(judged, decision=own(decision)))
    return tuple(found)


def misplaced(scene: Scene, given: Given) -> bool:
    """Whether a place goes along that is not the one the caller gave when this contact was bound."""
    return bool(given.place) and given.place != scene.interaction.place


def dialled(scene: Scene, given: Given, judged: Judged) -> Judged:
    """The same booking, and whether there is one supplier of it to dial; what was disputed anyway stays so."""
    decision = judged.decision
    if misplaced(scene, given):
        rule = STALE
    elif decision.outcome == "disclosed" and given.fit != 1:
        rule = NO_SUPPLIER
    else:
        return judged
    if decision.rules == ("disputed",):
        return judged
    return replace(judged, decision=replace(decision, outcome="withheld", basis="", rules=(rule,), hearings=()))


def about(state: InteractionState, interaction_id: str) -> str:
    """The stream an attempt is recorded on: its account's, or the contact's own where it is bound to none."""
    return account.stream(state.account_id) if state.account_id else interaction.stream(interaction_id)


class Came(msgspec.Struct, frozen=True, gc=False):
    """How a question came out, as its attempt records it."""

    bookings: tuple[str, ...]
    outcome: Outcome
    view: str
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    override_id: str

    def recorded(self, attempt: DisclosureAttempted) -> bool:
        """Whether this is what the attempt records."""
        return (
            self.outcome == attempt.outcome
            and self.view == attempt.view
            and self.rules == attempt.rules
            and self.bookings == attempt.bookings
            and self.listeners == attempt.listeners
            and self.override_id == attempt.override_id
        )


def came(judged: tuple[Judged, ...]) -> Came:
    """How a question came out that was judged for each of these bookings."""
    first = judged[0].decision
    if len(judged) == 1:
        bookings = (judged[0].booking_id,) if judged[0].booking_id else ()
        override_id = first.override_id if first.outcome == "disclosed" else ""
        return Came(bookings, first.outcome, first.basis, first.rules, first.listeners, override_id)
    disclosed = [each for each in judged if each.decision.outcome == "disclosed"]
    views = {each.decision.basis for each in disclosed}
    return Came(
        tuple([each.booking_id for each in (disclosed or judged) if each.booking_id]),
        "disclosed" if disclosed else "withheld",
        "" if not views else "held" if "held" in views else "shown",
        tuple(sorted({rule for each in judged for rule in each.decision.rules})),
        first.listeners,
        next((each.decision.override_id for each in disclosed if each.decision.override_id), ""),
    )


def attempted(
    judged: tuple[Judged, ...],
    *,
    decision_id: str,
    asked: Asked,
    given: Given,
    classes: str,
    purpose: str,
    judged_at: Mapping[str, int],
    locator: Personal | None,
    role: str = "",
) -> DisclosureAttempted:
    """The attempt as it is recorded."""
    found = came(judged)
    return DisclosureAttempted(
        decision_id=decision_id,
        asked=asked,
        bookings=found.bookings,
        classes=classes,
        purpose=purpose,
        outcome=found.outcome,
        view=found.view,
        rules=found.rules,
        listeners=found.listeners,
        judged_at=judged_at,
        locator=locator,
        override_id=found.override_id,
        role=role,
        given=given,
    )


def letters(classes: int) -> str:
    """The letters of these field classes (bits), in their order."""
    return "".join([each.value for each in FieldClass if classes >> each.index & 1])


def bits(classes: str) -> int:
    """The bits of these letters."""
    return sum(FieldClass(each).bit for each in classes)


def acted(
    scene: Scene,
    given: Given,
    wanted: Action,
    ruled: Verdict | None,
    *,
    decision_id: str,
    request: Personal,
    judged_at: Callable[[], Mapping[str, int]],
    repeats: str,
) -> tuple[ActionAttempted, Judged]:
    """Something to be done, judged and as it is recorded. No override stands in here: those are for words.

    `ruled`: what authority says of it, None for whoever has no tier; `repeats`: the accepted one that this is again, if
    it is accepted too.
    """
    needed = NEEDED[wanted]
    judged = _judged(scene, given, meant(scene, given), needed, Purpose.SERVICE, overridden=False)
    decision = judged.decision
    accepted = action.accepted(wanted, decision, judged.state)
    attempt = ActionAttempted(
        decision_id=decision_id,
        action=wanted,
        bookings=(judged.booking_id,) if judged.booking_id else (),
        outcome="accepted" if accepted else "withheld",
        route=action.route(decision, passed_on=ruled is not None and not ruled.allows()),
        view=decision.basis if accepted else "",
        rules=decision.rules,
        listeners=decision.listeners,
        judged_at=judged_at(),
        request=request,
        due_at=scene.now + DUE[wanted] if accepted else None,
        authority="" if ruled is None else ruled.word,
        repeats=repeats if accepted else "",
        given=given,
    )
    return attempt, judged
