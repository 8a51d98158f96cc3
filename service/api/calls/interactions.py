"""Calls about one contact: who is on the line, what is asked and proved."""

from __future__ import annotations

from service.api.route import Call
from service.line import calling_back, disclosing, interacting, requesting, verifying

_GREY = {"surname": "Grey", "given_name": "Alma"}

CALLS: tuple[Call, ...] = (
    Call(
        "ask_disclosure", "POST", "/v1/interactions/{interaction_id}/disclosures", "Ask about a booking",
        "interactions", disclosing.DisclosureAnswer, disclosing.ask, disclosing.AskDisclosure, problems=(404,),
        example={"locator": "YL92CN", "classes": ["E", "I"], "purpose": "service"},
    ),
    Call(
        "open_interaction", "POST", "/v1/interactions", "Open a contact", "interactions",
        interacting.InteractionAnswer, interacting.open_interaction, interacting.OpenInteraction, 201, keyed=True,
        example={"contact_id": "+447700900123", "channel": "call"},
    ),
    Call(
        "bind_interaction", "POST", "/v1/interactions/{interaction_id}/bind", "Say which account it is about",
        "interactions", interacting.BindAnswer, interacting.bind, interacting.BindInteraction, keyed=True,
        problems=(404, 409),
        example={"locator": "YL92CN", "facts": _GREY},
    ),
    Call(
        "try_passcode", "POST", "/v1/interactions/{interaction_id}/verifications", "Try a passcode", "interactions",
        verifying.TryAnswer, verifying.try_passcode, verifying.TryPasscode, keyed=True, problems=(404, 409),
        example={"passcode": "copper lantern orchard velvet"}, anew=True,
    ),
    Call(
        "list_bookings", "GET", "/v1/interactions/{interaction_id}/bookings", "List what this contact may know of",
        "interactions", disclosing.BookingsAnswer, disclosing.bookings, problems=(404,),
    ),
    Call(
        "request_passcode", "POST", "/v1/interactions/{interaction_id}/passcodes", "Ask for a passcode", "interactions",
        requesting.RequestAnswer, requesting.request_passcode, requesting.RequestPasscode, 202, keyed=True,
        problems=(404, 409), example={},
    ),
    Call(
        "place_call_back", "POST", "/v1/interactions/{interaction_id}/call-backs", "Call the safe contact back",
        "interactions", calling_back.CallBackAnswer, calling_back.place_call_back, calling_back.PlaceCallBack, 202,
        keyed=True, problems=(404, 409), example={},
    ),
    Call(
        "join_listener", "POST", "/v1/interactions/{interaction_id}/listeners", "Somebody joins the line",
        "interactions", interacting.ListenerAnswer, interacting.join, interacting.JoinListener, 201,
        keyed=True, problems=(404, 409),
        example={"kind": "interpreter", "declared": True},
    ),
    Call(
        "leave_listener", "DELETE", "/v1/interactions/{interaction_id}/listeners/{listener_id}",
        "Somebody leaves the line", "interactions", interacting.ListenerAnswer, interacting.leave,
        keyed=True, problems=(404, 409),
    ),
    Call(
        "close_interaction", "POST", "/v1/interactions/{interaction_id}/close", "End the contact", "interactions",
        interacting.ClosedAnswer, interacting.close, keyed=True, problems=(404, 409),
    ),
)  # fmt: skip
