"""The glossary: the terms of a timeline, for who has never seen the system. A party's has what is said in a party's."""

from __future__ import annotations

_FOR_ALL = {
    "Agent A, and so on": "A member of staff who speaks to customers. The same letter is the same person throughout.",
    "Attempt": "A question about a booking, or a request that something be done to it, whatever came of it.",
    "Contact": "One call, chat or session of a caller.",
    "Disclosed": "The caller was told something of what he asked about.",
    "Entry": "One event of the log. The log only ever grows; nothing in it is changed or taken out.",
    "Exhibit": "A number that the legal department gave to an entry. Numbers are never given twice.",
    "Identified": "The caller gave facts, such as a name and a date of birth, that the system found to be right.",
    "Ledger, root, size": "A Merkle tree over the whole log (RFC 6962). The root is a fingerprint of everything in it "
    "up to that size: if any event were changed, left out or put in, the root would be another.",
    "Passcode": "A secret that a customer has chosen, and that no member of staff sees.",
    "UTC": "Coordinated Universal Time, in which the log is kept. The local time is that of the site of whoever acted.",
    "Withheld": "The caller was told nothing of what he asked about.",
}
_FOR_OFFICES = {
    "Adverse": "Somebody from whom a protected person is to be protected.",
    "Classes (E I P L C F D N)": "What was asked for: that a booking exists, the itinerary, companions, locators and "
    "tickets, contact data, payment, identity documents, notes.",
    "Commitment": "A promise or task with somebody who answers for it and a time by which it is due.",
    "Entry number": "The place of the event in the whole log. Numbers between two entries belong to other matters.",
    "Duress passcode": "A passcode that seems to work and shows only what may be seen by anybody.",
    "Held view, shown view": "What is truly booked, and what unverified callers and the website are shown instead.",
    "Incident": "Attempts and acts that rules have gathered for people to answer for.",
    "Override": "An exception that one person asks for with a reason and another approves, for minutes, under review.",
    "Person A, and so on": "Somebody on the account. The same letter is the same person throughout.",
    "Protected": "Under a protection that was asked for and, unless it is provisional, confirmed by two people.",
    "Sealed": "Encrypted on the record under a key of the person's own.",
    "Unproved": "Identified, but a passcode is set and was not proved.",
    "Verified": "Proved by passcode, or by a call back to a place agreed before.",
}


def terms(*, party: bool) -> list[tuple[str, str]]:
    """The terms in their order, with what they mean."""
    found = _FOR_ALL if party else _FOR_ALL | _FOR_OFFICES
    return sorted(found.items(), key=lambda pair: pair[0].casefold())
