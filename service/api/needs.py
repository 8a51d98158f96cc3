"""Needs: who may call what. One table, enforced in one place (`route.Call`), walked whole by the tests.

Every route by every role.

A role without a line here may nothing. `tier`: the least tier of an agent; 0 where tiers do not matter.
"""

from __future__ import annotations

import msgspec

AGENT = frozenset({"agent"})
DESK = frozenset({"agent", "portal"})
CONTACTS = frozenset({"agent", "portal", "notifier"})
BACK_OFFICE = frozenset({"back_office"})


class Need(msgspec.Struct, frozen=True):
    """The roles that may call an operation, and the least tier."""

    roles: frozenset[str]
    tier: int = 0


NEEDS: dict[str, Need] = {
    "open_account": Need(BACK_OFFICE),
    "add_party": Need(BACK_OFFICE),
    "import_booking": Need(BACK_OFFICE),
    "start_protection": Need(AGENT, tier=1),
    "confirm_protection": Need(AGENT, tier=3),
    "declare_split": Need(AGENT, tier=3),
    "open_interaction": Need(CONTACTS),
    "bind_interaction": Need(CONTACTS),
    "try_passcode": Need(DESK),
    "list_bookings": Need(CONTACTS),
    "ask_disclosure": Need(CONTACTS),
    "request_passcode": Need(DESK),
    "place_call_back": Need(AGENT, tier=3),
    "join_listener": Need(DESK),
    "leave_listener": Need(DESK),
    "close_interaction": Need(CONTACTS),
    "read_history": Need(frozenset({"auditor"})),
    "read_policy": Need(frozenset({"auditor", "compliance"})),
    "adopt_policy": Need(frozenset({"compliance"})),
}

# Called without a token: the customer's own link carries its own proof, and operations only learn whether the service
# is well.
PUBLIC = frozenset({"choose_passcode", "healthz", "readyz"})
