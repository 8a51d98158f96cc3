"""Telling, of what the office does: accounts, commitments, problems, incidents, exhibits, webhooks, rules, policy."""

from __future__ import annotations

from projections.wording import Fields, Named, Words, clock, many, spaced


def _climbed(e: Fields, named: Named) -> tuple[str, ...]:
    due = f", due {clock(e['due_at'])}" if e["due_at"] else ", on the executive list"
    return "it climbed a tier", f"falls to {named(e['owner'])} now{due}"


def _for(recipient: str) -> str:
    return f"for {recipient.partition(':')[0]}" if recipient else "the full one"


WORDS: dict[str, Words] = {
    "account.opened": lambda e, _: ("opened the account", str(e["reference"])),
    "account.booking_added": lambda *_: ("added a booking",),
    "account.history_read": lambda e, _: ("read this history", f"after {e['after']}"),
    "commitment.made": lambda e, named: (
        f"made a commitment: {spaced(e['kind'])}", f"falls to {named(e['owner'])}, due {clock(e['due_at'])}",
    ),
    "commitment.reminded": lambda e, _: ("it will be due soon", f"due {clock(e['due_at'])}"),
    "commitment.answered": lambda e, _: (
        f"did something about the commitment: {e['how']}", "" if e["substantive"] else "that alone does not keep it",
    ),
    "commitment.unaccepted": lambda e, _: (
        "nobody said in time that the answer will do", f"open again, due {clock(e['due_at'])}",
    ),
    "commitment.accepted": lambda *_: ("the answer was accepted", "kept"),
    "commitment.declined": lambda *_: ("the answer was declined", "open again"),
    "commitment.read": lambda *_: ("read the commitment",),
    "commitment.broken": lambda e, named: ("nobody did it in time", f"broken, by {named(e['owner'])}"),
    "commitment.climbed": _climbed,
    "commitment.stood": lambda *_: ("answered for the commitment", "off the executive list"),
    "problem.opened": lambda e, _: ("named a cause that cases share", str(e["about"])),
    "problem.victims_joined": lambda e, _: ("said who suffers from the problem", f"{len(e['victims'])} more"),
    "problem.escalated": lambda e, named: (
        "told somebody about the problem", f"{named(e['to'])}, to answer by {clock(e['due_at'])}",
    ),
    "problem.escalation_ignored": lambda *_: ("nobody answered about the problem in time", "ignored"),
    "problem.escalation_answered": lambda *_: ("answered about the problem",),
    "problem.escalation_accepted": lambda *_: ("said that the answer about the problem will do",),
    "problem.escalation_declined": lambda *_: ("said that the answer about the problem will not do",),
    "problem.closed": lambda *_: ("said that the cause is gone",),
    "incident.opened": lambda e, _: (
        f"an incident about {'an agent' if e['about'] == 'agent' else 'the account'} opened by itself",
        spaced(e["finding"]["kind"]), f"by the rule {e['finding']['rule']}",
    ),
    "incident.joined": lambda e, _: (
        "something more joined the incident", spaced(e["finding"]["kind"]), f"by the rule {e['finding']['rule']}",
    ),
    "incident.closed": lambda *_: ("closed the incident",),
    "entry.pinned": lambda e, _: (f"pinned entry {e['position']}",),
    "entry.unpinned": lambda e, _: (f"took the pin off entry {e['position']}",),
    "entry.tagged": lambda e, _: (f"tagged entry {e['position']}", str(e["tag"])),
    "entry.untagged": lambda e, _: (f"took a tag off entry {e['position']}", str(e["tag"])),
    "entry.commented": lambda e, _: (f"commented on entry {e['position']}",),
    "exhibit.numbered": lambda e, _: (f"made entry {e['position']} an exhibit", f"exhibit {e['number']}"),
    "exhibit.withdrawn": lambda e, _: (f"withdrew exhibit {e['number']}",),
    "timeline.read": lambda e, _: (
        f"read the incident's timeline as {e['format']}, {_for(str(e['recipient']))}", f"{e['entries']} entries",
    ),
    "webhook.added": lambda *_: ("added a webhook",),
    "webhook.removed": lambda *_: ("removed a webhook",),
    "webhook.replayed": lambda *_: ("asked to have letters again",),
    "webhook.claimed": lambda e, _: ("took its letters on", f"until {clock(e['until'])}"),
    "letter.delivered": lambda e, _: ("a letter was taken", f"after {many(e['tries'], 'trial')}"),
    "letter.died": lambda e, _: ("a letter was not taken", f"given up after {e['tries']} tries: {e['why']}"),
    "event.parked": lambda e, _: (f"the event at position {e['position']} could not be dealt with", str(e["why"])),
    "policy.adopted": lambda e, _: ("adopted a policy", f"version {e['version']}"),
    "authority.adopted": lambda e, _: ("adopted an authority document", f"version {e['version']}"),
    "rules.adopted": lambda e, _: ("adopted rules for incidents", f"version {e['version']}"),
}  # fmt: skip
