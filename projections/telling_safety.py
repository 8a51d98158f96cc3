"""Telling, of what keeps somebody safe: parties, passcodes, protections, splits, overrides, notices, what is told."""

from __future__ import annotations

from projections.wording import Fields, Named, Words, clock, many, spaced


def _imported(e: Fields, _: Named) -> tuple[str, ...]:
    return (
        f"imported a document of {spaced(e['source'])}", "" if not e["stale"] else "out of date",
        "it has no shown view" if e["withheld_from_view"] else "",
    )  # fmt: skip


def _changed(e: Fields, _: Named) -> tuple[str, ...]:
    views = [name for name in ("held", "shown") if e[name]]
    return f"a flight changed: {spaced(e['what'])}", "", f"on the {' and the '.join(views)} view" if views else ""


WORDS: dict[str, Words] = {
    "party.added": lambda e, _: (f"added a {e['kind']}", "", "not shown" if e["hidden"] else ""),
    "party.shown": lambda *_: ("came to be shown",),
    "passcode.offered": lambda e, _: ("sent a link to choose a passcode", e["reason"]),
    "passcode.request_declined": lambda e, _: ("asked for a passcode", f"nothing sent: {spaced(e['why'])}"),
    "passcode.set": lambda e, _: (
        "chose a passcode", "", "with a duress passcode" if e["duress_digest"] is not None else "",
    ),
    "protection.started": lambda e, _: ("started a protection", f"provisional until {clock(e['until'])}"),
    "protection.confirmed": lambda e, _: (
        "confirmed the protection", "confirmed by two" if e["complete"] else "one of two",
    ),
    "protection.reviewed": lambda e, _: (
        f"reviewed the protection: {spaced(e['finding'])}", "found so by two" if e["complete"] else "one of two",
    ),
    "protection.renewed": lambda e, _: ("looked at the protection again", f"next on {e['review_on']}"),
    "protection.released": lambda e, _: (
        "released bookings", "everything" if e["everything"] else many(len(e["bookings"]), "booking"),
    ),
    "protection.ending_asked": lambda e, _: (
        "asked that the protection end", f"a link went to the safe contact, good until {clock(e['expires_at'])}",
    ),
    "protection.ending_confirmed": lambda e, _: (
        "the safe contact agreed that the protection ends", f"on {clock(e['ends_at'])} unless it is stopped",
    ),
    "protection.ending_stopped": lambda e, _: (
        "stopped the end of the protection", f"by the {spaced(e['by'])}",
    ),
    "protection.ended": lambda e, _: ("the protection ended", spaced(e["how"])),
    "protection.request_declined": lambda e, _: (
        f"asked of the protection: {spaced(e['asked'])}", "nothing came of it", spaced(e["why"]),
    ),
    "safe_contact.change_asked": lambda e, _: (
        "named another safe contact", f"the one from {clock(e['effective_at'])} on unless it is stopped",
    ),
    "safe_contact.change_stopped": lambda e, _: (
        "stopped the change of the safe contact", f"by the {spaced(e['by'])}",
    ),
    "safe_contact.correction_asked": lambda *_: ("asked to correct the safe contact", "one of two"),
    "safe_contact.changed": lambda e, named: (
        "the safe contact was corrected", f"by {' and '.join(map(named, e['corrected_by']))}",
    ),
    "booking.imported": _imported,
    "booking.refreshed": lambda e, _: (
        f"asked {spaced(e['source'])} again", "it said something new" if e["changed"] else "nothing new",
    ),
    "booking.shown_view_frozen": lambda *_: ("what was shown stays shown", "", "the shown view was frozen"),
    "booking.released": lambda e, _: (
        "what the booking holds of her was released", "", "one view again" if e["rejoined"] else "",
    ),
    "booking.flight_changed": _changed,
    "booking.differed": lambda e, _: (
        "a held document came while the views were parted", "", f"{many(len(e['reopened']), 'check')} opened again",
    ),
    "split.declared": lambda e, _: (
        "declared a visibility split", f"{many(len(e['checks']), 'check')} to be done",
        f"of hers is shown: {e['hers']}",
    ),
    "split.check_closed": lambda e, _: (f"checked: {spaced(e['check'])}", "the truth does not get out this way"),
    "split.check_failed": lambda e, _: (f"checked: {spaced(e['check'])}", "the truth can get out this way"),
    "split.read": lambda e, _: (f"read the split: its {e['what']}",),
    "split.exception_asked": lambda e, _: (
        "asked that cancelled travel be shown as valid", f"until {clock(e['until'])}",
    ),
    "split.exception_approved": lambda e, _: (
        "approved that cancelled travel be shown as valid", f"until {clock(e['until'])}",
    ),
    "override.asked": lambda e, _: (
        f"asked for an override: {spaced(e['reason'])} ({e['classes']})", f"for {many(e['minutes'], 'minute')}",
    ),
    "override.approved": lambda e, _: ("approved the override", f"until {clock(e['until'])}"),
    "override.refused": lambda *_: ("refused the override",),
    "override.reviewed": lambda e, _: ("reviewed the override", spaced(e["finding"])),
    "override.words_read": lambda *_: ("read why overrides were asked for",),
    "notice.sent": lambda e, _: (
        f"let a notice go out: {spaced(e['kind'])}",
        f"to {many(len(e['recipients']), 'recipient')}, by {spaced(e['to'])}",
        f"by {', '.join(e['rules'])}" if e["rules"] else "",
    ),
    "notice.suppressed": lambda e, _: (
        f"held a notice back: {spaced(e['kind'])}",
        f"from {many(len(e['recipients']), 'recipient')}: {spaced(e['reason'])}",
        f"by {', '.join(e['rules'])}" if e["rules"] else "",
    ),
    "access_request.opened": lambda e, _: (
        f"somebody asked to be told what is kept of him, by {e['received_by']}", f"due {clock(e['due_at'])}",
    ),
    "access_request.answered": lambda *_: ("told the party what is kept of the party",),
}  # fmt: skip
