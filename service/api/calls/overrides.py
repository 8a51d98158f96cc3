"""Calls about overrides: asked for in a contact, answered by another person, reviewed by a third."""

from __future__ import annotations

from service.api.route import Call
from service.safety import overriding

_WORDS = "She has lost her telephone, and her flight leaves in an hour."

CALLS: tuple[Call, ...] = (
    Call(
        "ask_override", "POST", "/v1/interactions/{interaction_id}/overrides", "Ask another person for an override",
        "overrides", overriding.AskedAnswer, overriding.ask, overriding.AskOverride, 202, keyed=True,
        problems=(404, 409),
        example={"reason": "caller_cannot_use_passcode", "words": _WORDS, "classes": ["E", "I"], "minutes": 15},
    ),
    Call(
        "approve_override", "POST", "/v1/accounts/{account_id}/overrides/{override_id}/approve",
        "Approve an override, and sign it", "overrides", overriding.OverrideAnswer, overriding.approve,
        overriding.AnswerOverride, keyed=True, problems=(404, 409), example={},
    ),
    Call(
        "refuse_override", "POST", "/v1/accounts/{account_id}/overrides/{override_id}/refuse", "Refuse an override",
        "overrides", overriding.OverrideAnswer, overriding.refuse, overriding.AnswerOverride, keyed=True,
        problems=(404, 409), example={},
    ),
    Call(
        "review_override", "POST", "/v1/accounts/{account_id}/overrides/{override_id}/review",
        "Review an override afterwards", "overrides", overriding.OverrideAnswer, overriding.review,
        overriding.ReviewOverride, keyed=True, problems=(404, 409),
        example={"finding": "justified", "words": "The recording bears it out."},
    ),
    Call(
        "list_waiting_overrides", "GET", "/v1/overrides/waiting", "List overrides that wait for an answer",
        "overrides", overriding.OverridesAnswer, overriding.waiting,
    ),
    Call(
        "list_overrides", "GET", "/v1/overrides", "List overrides that are open, or that nobody has reviewed",
        "overrides", overriding.OverridesAnswer, overriding.listed, query=overriding.OverridesPage,
    ),
)  # fmt: skip
