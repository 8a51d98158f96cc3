"""Calls about unsealings: asked for by one, answered by another, listed for both."""

from __future__ import annotations

from service.api.route import Call
from service.record import approving

_WORDS = "The court of the district asks for the record of this account; order 14/2026."

CALLS: tuple[Call, ...] = (
    Call(
        "ask_unsealing", "POST", "/v1/unsealings", "Ask to read what is personal in an account or an incident",
        "unsealings", approving.UnsealingAnswer, approving.ask, approving.AskUnsealing, 201, keyed=True,
        problems=(404,), example={"purpose": "court_order", "words": _WORDS, "account_id": "0" * 32},
    ),
    Call(
        "list_unsealings", "GET", "/v1/unsealings", "List unsealings", "unsealings", approving.UnsealingsAnswer,
        approving.listed, query=approving.UnsealingsPage,
    ),
    Call(
        "read_unsealing", "GET", "/v1/unsealings/{unsealing_id}", "Read an unsealing", "unsealings",
        approving.UnsealingAnswer, approving.read, problems=(404,),
    ),
    Call(
        "approve_unsealing", "POST", "/v1/unsealings/{unsealing_id}/approve", "Approve an unsealing, and sign it",
        "unsealings", approving.UnsealingAnswer, approving.approve, approving.AnswerUnsealing, keyed=True,
        problems=(404, 409), example={},
    ),
    Call(
        "refuse_unsealing", "POST", "/v1/unsealings/{unsealing_id}/refuse", "Refuse an unsealing", "unsealings",
        approving.UnsealingAnswer, approving.refuse, approving.AnswerUnsealing, keyed=True, problems=(404, 409),
        example={},
    ),
    Call(
        "end_unsealing", "POST", "/v1/unsealings/{unsealing_id}/end", "End an unsealing before its time",
        "unsealings", approving.UnsealingAnswer, approving.end, approving.AnswerUnsealing, keyed=True,
        problems=(404, 409), example={},
    ),
)  # fmt: skip
