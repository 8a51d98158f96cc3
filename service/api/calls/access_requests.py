"""Calls about what somebody asks to be told of themselves."""

from __future__ import annotations

from service.api.route import Call
from service.safety import accessing

_ID = "0" * 32

CALLS: tuple[Call, ...] = (
    Call(
        "open_access_request", "POST", "/v1/accounts/{account_id}/access-requests",
        "Somebody asks what is kept of them", "access requests", accessing.AccessRequestAnswer,
        accessing.open_access_request, accessing.OpenAccessRequest, 201, keyed=True, problems=(404,),
        example={"party_id": _ID, "received_by": "letter"},
    ),
    Call(
        "answer_access_request", "POST", "/v1/interactions/{interaction_id}/access-requests",
        "Tell somebody who proved who they are what is kept of them", "access requests", accessing.OwnDataAnswer,
        accessing.answer_access_request, accessing.AnswerAccessRequest, problems=(404,),
        example={"access_request_id": _ID},
    ),
)  # fmt: skip
