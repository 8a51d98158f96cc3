"""Calls about a contact that goes elsewhere: routed, transferred and taken over, or resumed after it dropped."""

from __future__ import annotations

from service.api.route import Call
from service.line import resuming, routing, transferring

_CODE = "K7QX-29MP-4T8W-VE3N"

CALLS: tuple[Call, ...] = (
    Call(
        "route_interaction", "POST", "/v1/interactions/{interaction_id}/route", "Ask who owns a booking",
        "hand-offs", routing.RouteAnswer, routing.route, routing.RouteInteraction, problems=(404,),
        example={"locator": "YL92CN"},
    ),
    Call(
        "offer_transfer", "POST", "/v1/interactions/{interaction_id}/transfer", "Offer a contact to somebody else",
        "hand-offs", transferring.OfferAnswer, transferring.offer, transferring.OfferTransfer, problems=(404, 409),
        example={"to": {"kind": "team", "name": "ticketing"}, "reason": "the owning office is in Leeds"},
    ),
    Call(
        "take_transfer", "POST", "/v1/transfers/take", "Take a contact over by its code",
        "hand-offs", transferring.TakenAnswer, transferring.take, transferring.TakeTransfer, 201, keyed=True,
        problems=(410,), example={"code": _CODE},
    ),
    Call(
        "issue_resume_code", "POST", "/v1/interactions/{interaction_id}/resume-code",
        "Give the caller a code to come back with", "hand-offs", resuming.ResumeCodeAnswer, resuming.issue,
        resuming.IssueResumeCode, problems=(404, 409), example={},
    ),
    Call(
        "resume_interaction", "POST", "/v1/interactions/resume", "Go on with the case of a contact that dropped",
        "hand-offs", resuming.ResumeAnswer, resuming.resume, resuming.ResumeInteraction, 201, keyed=True,
        problems=(409, 410),
        example={"code": _CODE, "contact_id": "+447700900123", "passcode": "copper lantern orchard velvet"},
    ),
)  # fmt: skip
