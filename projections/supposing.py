"""Supposing: an attempt of the past, judged by a policy that was not in force, and what that would have changed.

The past stays as it was: the same questions, facts, passcodes and overrides. What people would have asked next had they
been answered otherwise is not guessed. A notice says nothing by any policy, and what authority said hangs on none.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.field_class import FieldClass
from domain.judging import Judged
from domain.policy import PolicyTable
from projections.replaying import Made, Replay

__all__ = ["Change", "How", "supposed"]

How = Literal["would_be_disclosed", "would_be_withheld", "would_say_otherwise"]
YES = frozenset({"disclosed", "accepted"})
_OTHERS = ""  # anybody on the booking who does not listen


class Change(msgspec.Struct, frozen=True, tag="change", tag_field="found"):
    """An attempt that would have come out otherwise. `rules_then` decided it, `rules_now` would.

    `would_say_otherwise`: answered either way, from another view or with other field classes; `more` and `less`: the
    classes, as `view:class`, that somebody would hear besides, or no more.
    """

    how: How
    position: int
    stream: str
    version: int
    decision_id: str
    asked: str
    bookings: tuple[str, ...]
    rules_then: tuple[str, ...]
    rules_now: tuple[str, ...]
    view_then: str
    view_now: str
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()

    def counted(self) -> tuple[str, ...]:
        """The rules it is counted under: those that would decide it, and did not."""
        return tuple(rule for rule in self.rules_now if rule not in self.rules_then) or self.rules_now


def supposed(replay: Replay, made: Made, table: PolicyTable) -> Change | None:
    """What another policy would have changed of an attempt that was just made again; None where nothing.

    It is asked before the attempt is folded.
    """
    then = made.recorded.event
    now, judged = replay.supposed(made, table)
    was, would = getattr(then, "outcome", "") in YES, getattr(now, "outcome", "") in YES
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    if was == would:
        if not was or _alike(made.judged, judged):
            return None
        before, after = _heard(made.judged), _heard(judged)
        more, less = _told(after - before), _told(before - after)
        if not more and not less:
            return None
    recorded = made.recorded
    return Change(
        "would_say_otherwise" if was == would else "would_be_disclosed" if would else "would_be_withheld",
        recorded.position,
        recorded.stream,
        recorded.version,
        str(getattr(then, "decision_id", "")),
        str(getattr(then, "asked", None) or getattr(then, "action", "")),
        tuple(getattr(now if would else then, "bookings", ())),
        tuple(getattr(then, "rules", ())),
        tuple(getattr(now, "rules", ())),
        str(getattr(then, "view", "")),
        str(getattr(now, "view", "")),
        more,
        less,
    )


def _alike(then: tuple[Judged, ...], now: tuple[Judged, ...]) -> bool:
    """Whether both say the same whatever the booking holds, as far as that can be told at a glance."""
    return all(
        a.decision.outcome == b.decision.outcome
        and a.decision.basis == b.decision.basis
        and a.decision.hearings == b.decision.hearings
        for a, b in zip(then, now, strict=True)
    )


_Heard = tuple[str, str, str, FieldClass]


def _heard(judged: tuple[Judged, ...]) -> frozenset[_Heard]:
    """What all who listen hear: of which booking, from which view, of whom, which class of those asked for."""
    found: set[_Heard] = set()
    for each in judged:
        decision = each.decision
        if decision.outcome != "disclosed":
            continue
        for who in (*dict.fromkeys(hearing.party_id for hearing in decision.hearings if hearing.party_id), _OTHERS):
            for field_class in FieldClass:
                if decision.held(field_class, (who,)):
                    found.add((each.booking_id, "held", who, field_class))
                elif decision.as_shown(field_class, (who,)):
                    found.add((each.booking_id, "shown", who, field_class))
    return frozenset(found)


def _told(heard: frozenset[_Heard]) -> tuple[str, ...]:
    """What is heard, without of whom: `view:class`, in the order of the classes."""
    ordered = sorted(heard, key=lambda each: (each[1], each[3].index))
    return tuple(dict.fromkeys(f"{view}:{field_class.value}" for _, view, _, field_class in ordered))
