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
RECORD = frozenset({"auditor", "compliance", "legal"})
LEGAL = frozenset({"legal"})
OWED = frozenset({"agent", "compliance", "executive", "legal"})


class Need(msgspec.Struct, frozen=True):
    """The roles that may call an operation, and the least tier.

    `agent_tier`: the least tier of an agent where other roles, who have none, may call it too.
    """

    roles: frozenset[str]
    tier: int = 0
    agent_tier: int = 0

    def met(self, roles: frozenset[str], tier: int) -> frozenset[str]:
        """Those of the roles that may call it with this tier."""
        if tier < self.tier:
            return frozenset()
        return frozenset(each for each in self.roles & roles if each != "agent" or tier >= self.agent_tier)


NEEDS: dict[str, Need] = {
    "open_account": Need(BACK_OFFICE),
    "add_party": Need(BACK_OFFICE),
    "import_booking": Need(BACK_OFFICE),
    "start_protection": Need(AGENT, tier=1),
    "confirm_protection": Need(AGENT, tier=3),
    "review_protection": Need(AGENT, tier=3),
    "renew_protection": Need(AGENT, tier=3),
    "correct_safe_contact": Need(AGENT, tier=3),
    "list_due_protections": Need(AGENT, tier=3),
    "end_protection": Need(DESK),
    "stop_ending": Need(DESK),
    "change_safe_contact": Need(DESK),
    "release_bookings": Need(DESK),
    "declare_split": Need(AGENT, tier=3),
    "read_split": Need(AGENT, tier=3),
    "answer_check": Need(AGENT, tier=3),
    "list_splits": Need(AGENT, tier=3),
    "read_difference": Need(AGENT, tier=3),
    "allow_exception": Need(AGENT, tier=3),
    "change_flight": Need(BACK_OFFICE),
    "refresh_booking": Need(BACK_OFFICE),
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
    "request_action": Need(DESK),
    "ask_dial": Need(DESK),
    "give_consent": Need(DESK),
    "open_dispute": Need(DESK),
    "close_dispute": Need(AGENT, tier=3),
    "report_mistake": Need(CONTACTS),
    # What of it somebody sees is decided there: the back office what is ordinary, tier 3 all, other agents nothing.
    "list_actions": Need(AGENT | BACK_OFFICE),
    "read_action": Need(AGENT | BACK_OFFICE),
    "close_action": Need(AGENT | BACK_OFFICE),
    "ask_authority": Need(AGENT, tier=1),
    "record_judgement": Need(AGENT, tier=1),
    "raise_safety_signal": Need(DESK),
    "record_safety_act": Need(DESK),
    "raise_escalation": Need(DESK),
    "read_authority": Need(frozenset({"agent", "auditor", "compliance"})),
    "adopt_authority": Need(frozenset({"compliance"})),
    "route_interaction": Need(DESK),
    "offer_transfer": Need(DESK),
    "take_transfer": Need(AGENT, tier=1),
    "issue_resume_code": Need(DESK),
    "resume_interaction": Need(DESK),
    "make_commitment": Need(AGENT, tier=1),
    "list_commitments": Need(OWED),
    "read_commitment": Need(OWED),
    "answer_commitment": Need(AGENT, tier=1),
    "accept_commitment": Need(DESK),
    "answer_for_commitment": Need(frozenset({"executive"})),
    "open_problem": Need(OWED),
    "list_problems": Need(OWED),
    "join_problem": Need(OWED),
    "escalate_problem": Need(OWED),
    "answer_problem": Need(OWED),
    "accept_problem_answer": Need(OWED),
    "close_problem": Need(AGENT, tier=3),
    "ask_override": Need(AGENT, tier=1),
    "approve_override": Need(AGENT, tier=3),
    "refuse_override": Need(AGENT, tier=3),
    "list_waiting_overrides": Need(AGENT, tier=3),
    "review_override": Need(frozenset({"auditor", "compliance"})),
    "list_overrides": Need(frozenset({"auditor", "compliance"})),
    "open_access_request": Need(BACK_OFFICE),
    "answer_access_request": Need(DESK),
    "decide_notices": Need(frozenset({"notifier"})),
    "read_history": Need(frozenset({"auditor"})),
    "read_differences": Need(frozenset({"auditor"})),
    "read_views": Need(frozenset({"auditor"})),
    # The front line is told its own line again, and nothing else; what anybody else is told is decided there.
    "read_decision": Need(frozenset({"agent", "auditor", "compliance", "legal", "notifier", "portal"})),
    "replay_decision": Need(frozenset({"auditor"})),
    "ask_unsealing": Need(frozenset({"auditor", "legal"})),
    "list_unsealings": Need(frozenset({"auditor", "compliance", "legal"})),
    "read_unsealing": Need(frozenset({"auditor", "compliance", "legal"})),
    "approve_unsealing": Need(frozenset({"auditor", "compliance", "legal"})),
    "refuse_unsealing": Need(frozenset({"auditor", "compliance", "legal"})),
    "end_unsealing": Need(frozenset({"auditor", "compliance", "legal"})),
    "read_policy": Need(frozenset({"auditor", "compliance"})),
    "adopt_policy": Need(frozenset({"compliance"})),
    "list_incidents": Need(frozenset({"agent", "auditor", "compliance", "legal"}), agent_tier=3),
    "read_incident": Need(frozenset({"agent", "auditor", "compliance", "legal"}), agent_tier=3),
    "close_incident": Need(frozenset({"compliance", "legal"})),
    "read_timeline": Need(LEGAL),
    "list_exhibits": Need(LEGAL),
    "add_exhibit": Need(LEGAL),
    "withdraw_exhibit": Need(LEGAL),
    "change_annotations": Need(LEGAL),
    "ask_export": Need(frozenset({"legal"})),
    "list_exports": Need(frozenset({"auditor", "compliance", "legal"})),
    "read_export": Need(frozenset({"auditor", "compliance", "legal"})),
    "read_export_bag": Need(frozenset({"legal"})),
    "place_hold": Need(frozenset({"legal"})),
    "extend_hold": Need(frozenset({"legal"})),
    "lift_hold": Need(frozenset({"legal"})),
    "list_holds": Need(frozenset({"auditor", "compliance", "legal"})),
    # One asks, another confirms; see domain.forgetting.
    "forget_party": Need(frozenset({"compliance", "legal"})),
    "read_rules": Need(frozenset({"auditor", "compliance"})),
    "adopt_rules": Need(frozenset({"compliance"})),
    "try_rules": Need(frozenset({"compliance"})),
    "add_webhook": Need(frozenset({"operations"})),
    "list_webhooks": Need(frozenset({"operations"})),
    "remove_webhook": Need(frozenset({"operations"})),
    "replay_webhook": Need(frozenset({"operations"})),
    "read_entries": Need(frozenset({"auditor"})),
    "read_current_entries": Need(frozenset({"auditor"})),
    "read_current_checkpoint": Need(RECORD),
    "read_current_tile": Need(RECORD),
    "read_proof": Need(RECORD),
    "read_consistency": Need(RECORD),
    "list_witnesses": Need(frozenset({"auditor", "compliance", "operations"})),
}

# Called without a token: the customer's own link carries its own proof, operations only learn whether the service is
# well, and of the ledger anybody may have what moves on its own beat.
PUBLIC = frozenset(
    {
        *("choose_passcode", "confirm_by_safe_contact", "stop_by_safe_contact", "healthz", "readyz"),
        *("read_checkpoint", "read_log_key", "read_tile"),
    }
)
