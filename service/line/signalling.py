"""Safety signals: taken, recorded and answered at once, with what this tier may do or with whom to transfer to.

Nothing here can refuse one. It is taken in a contact that is closed, expired, another agent's or was never opened; its
words may be missing or long. Nothing is read of the account, so that it is the same for every one.
"""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from domain import authority, interaction, safety_signal
from domain.authority import AuthorityState
from domain.clearance import ClearanceNoted
from domain.event import Event, Plain
from domain.grant import Grant, Kind, Name, Signal
from domain.interaction import InteractionState
from domain.refusal import Refused
from domain.safety_signal import Response, SafetySignalActed, SafetySignalRaised
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.line.authorising import about, desk_of, in_force

MOST_WORDS = 8_000  # characters kept; what is longer is no reason to refuse it
ACT_SAY = "Thank you for telling me. I am seeing to it now."
TRANSFER_SAY = "Thank you for telling me. I am putting you through now to a colleague who can see to it."


class RaiseSafetySignal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody says it is about health or safety. Nobody is asked whether it is true."""

    kind: Signal = "safety"
    words: str = ""

    def __repr__(self) -> str:
        """Say of which kind, never the words."""
        return f"RaiseSafetySignal(kind={self.kind!r})"


class SafetyAction(msgspec.Struct, frozen=True):
    """Something this tier may do about it now."""

    action: str
    kind: Kind
    up_to: str


class SignalAnswer(msgspec.Struct, frozen=True):
    """What to do now: one of the actions, or else the transfer. Never neither."""

    signal_id: str
    actions: tuple[SafetyAction, ...]
    transfer_to: str | None
    say: str
    next_step: Literal["act", "transfer"]


class RecordSafetyAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about it: an action, or "transferred"."""

    did: Name
    words: str = ""

    def __repr__(self) -> str:
        """Say what was done, never the words."""
        return f"RecordSafetyAct(did={self.did!r})"


class SafetyActAnswer(msgspec.Struct, frozen=True):
    """It is on record."""

    signal_id: str
    status: Literal["recorded"] = "recorded"


def contact(reader: Reader, interaction_id: str) -> InteractionState:
    """A contact as it is; empty where nobody opened it."""
    return cast(InteractionState, reader.folded(interaction.stream(interaction_id)).state)


async def kept(desk: Desk, interaction_id: str, words: str) -> Plain | None:
    """What was said, to be sealed under the contact it was said in; None where nothing was."""
    if not words:
        return None
    await desk.have_keys([interaction_id])
    return sealed(interaction_id, words[:MOST_WORDS])


async def raise_safety_signal(
    desk: Desk, asker: Asker, interaction_id: str, body: RaiseSafetySignal, key: Key | None
) -> Draft[SignalAnswer]:
    """Take a safety signal, and answer what to do now."""
    words = await kept(desk, interaction_id, body.words)

    def decide(reader: Reader) -> Draft[SignalAnswer]:
        now, state, ruled = desk.pipeline.now(), contact(reader, interaction_id), in_force(reader)
        minute = authority.minute(ruled, now)
        response = safety_signal.respond(ruled, body.kind, asker.actor.tier, now, minute=minute)
        raised = SafetySignalRaised(
            signal_id=identifier(),
            interaction_id=interaction_id,
            kind=body.kind,
            actions=tuple(grant.action for grant in response.grants),
            passed_to=response.passed_to,
            authority=ruled.version,
            words=words,
            minute=minute,
        )
        noted = ClearanceNoted(what="signal", id=raised.signal_id, by=body.kind, at=now, binding=state.bindings)
        events: list[tuple[str, Event]] = [
            (about(state, interaction_id), raised),
            (interaction.stream(interaction_id), noted),
        ]
        return Draft(_told(ruled, raised.signal_id, response), events, interaction=interaction_id, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)


def _told(ruled: AuthorityState, signal_id: str, response: Response) -> SignalAnswer:
    if response.grants:
        return SignalAnswer(signal_id, tuple(map(_action, response.grants)), None, ACT_SAY, "act")
    return SignalAnswer(signal_id, (), desk_of(ruled, response.passed_to), TRANSFER_SAY, "transfer")


def _action(grant: Grant) -> SafetyAction:
    return SafetyAction(grant.action, grant.kind, grant.up_to)


async def record_safety_act(  # noqa: PLR0917 - two ids stand in the path
    desk: Desk, asker: Asker, interaction_id: str, signal_id: str, body: RecordSafetyAct, key: Key | None
) -> Draft[SafetyActAnswer]:
    """Record what was done about a signal, whatever it was. Raises Refused("unknown_signal")."""
    words = await kept(desk, interaction_id, body.words)

    def decide(reader: Reader) -> Draft[SafetyActAnswer]:
        now, state, ruled = desk.pipeline.now(), contact(reader, interaction_id), in_force(reader)
        if signal_id not in state.cleared.signals:
            raise Refused("unknown_signal", "no such signal was raised in this contact", place="signal_id")
        minute = authority.minute(ruled, now)
        verdict = authority.in_contact(ruled, state, body.did, asker.actor.tier, now, minute=minute)
        acted = SafetySignalActed(
            signal_id=signal_id,
            interaction_id=interaction_id,
            did=body.did,
            verdict=safety_signal.verdict_on(body.did, verdict),
            authority=ruled.version,
            words=words,
            minute=minute,
        )
        events: list[tuple[str, Event]] = [(about(state, interaction_id), acted)]
        return Draft(SafetyActAnswer(signal_id), events, interaction=interaction_id, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)
