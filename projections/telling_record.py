"""Telling, of what is done with the record itself: read, opened, exported, audited, held, forgotten."""

from __future__ import annotations

from projections.wording import Fields, Named, Words, clock, many, spaced


def _replayed(e: Fields, _: Named) -> tuple[str, ...]:
    same = {True: "the same", False: "otherwise than on record", None: "there is no such decision"}
    return "had a decision made again", same[e["same"]]


WORDS: dict[str, Words] = {
    "unsealing.asked": lambda e, _: ("asked to read what is sealed", f"for: {spaced(e['purpose'])}"),
    "unsealing.approved": lambda e, _: ("approved that what is sealed be read", f"until {clock(e['until'])}"),
    "unsealing.refused": lambda *_: ("refused that what is sealed be read",),
    "unsealing.ended": lambda *_: ("ended an unsealing before its time",),
    "unsealing.used": lambda e, _: (f"read what was unsealed: {spaced(e['reading'])}",),
    "entries.read": lambda e, _: (f"read {many(e['count'], 'stored event')}", f"from {e['first']} on"),
    "decision.read": lambda e, _: (f"read a decision: {e['told']}",),
    "decision.replayed": _replayed,
    "audit.begun": lambda e, _: (f"began to make every decision again: {spaced(e['what'])}", f"up to {e['upto']}"),
    "audit.ended": lambda e, _: (
        f"made {many(e['decisions'], 'decision')} again", f"{sum(e['found'].values())} came out otherwise",
    ),
    "export.asked": lambda *_: ("asked for an evidence bundle",),
    "export.taken": lambda e, _: ("took the making of a bundle on", f"until {clock(e['until'])}"),
    "export.progressed": lambda e, _: ("made a piece of a bundle", f"of {e['of']}"),
    "export.made": lambda e, _: ("a bundle was made", f"of {many(e['events'], 'event')}"),
    "export.failed": lambda e, _: ("a bundle could not be made", spaced(e["why"])),
    "export.fetched": lambda *_: ("took a copy of a bundle away",),
    "export.discarded": lambda e, _: ("a bundle was removed", spaced(e["why"])),
    "hold.placed": lambda e, named: (
        f"placed a legal hold on the {e['scope']}: {spaced(e['reason'])}",
        f"falls to {named(e['owner'])}, until {clock(e['until'])}",
    ),
    "hold.extended": lambda e, _: ("extended the legal hold", f"until {clock(e['until'])}"),
    "hold.lifted": lambda *_: ("lifted the legal hold",),
    "hold.register_changed": lambda *_: ("which legal holds stand may have changed",),
    "forgetting.asked": lambda e, _: (f"asked what would go if a person were forgotten: {spaced(e['reason'])}",),
    "forgetting.refused": lambda e, _: ("a person may not be forgotten", spaced(e["why"])),
    "forgetting.confirmed": lambda e, _: (
        "confirmed that a person be forgotten", f"{many(len(e['gone']), 'key')} to be destroyed",
    ),
    "forgetting.completed": lambda e, _: (
        "a person was forgotten",
        f"{many(len(e['gone']), 'key')} more destroyed, in {many(e['backups'], 'backup')} too",
    ),
    "party.forgotten": lambda *_: ("a person was forgotten", "the keys were destroyed"),
}  # fmt: skip
