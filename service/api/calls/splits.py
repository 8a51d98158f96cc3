"""Calls about the split between what is held and what is shown: its checks, its life, and how fresh both are."""

from __future__ import annotations

from service.api.route import Call
from service.safety import living, refreshing, splitting

_ID = "0" * 32
_SEEN = "tried by locator and surname: not found"

CALLS: tuple[Call, ...] = (
    Call(
        "declare_split", "POST", "/v1/bookings/{booking_id}/split", "Declare what is shown", "splits",
        splitting.SplitAnswer, splitting.declare_split, splitting.DeclareSplit, 201, keyed=True, problems=(404, 409),
        example={
            "life": dict.fromkeys(("schedule_change", "check_in", "departure"), "follow")
            | dict.fromkeys(("cancellation", "refund"), "transfer"),
            "reason": "reissued on a new record",
        },
    ),
    Call(
        "read_split", "GET", "/v1/bookings/{booking_id}/split", "Read which ways out are open", "splits",
        splitting.SplitAnswer, splitting.read_split, problems=(404,),
    ),
    Call(
        "answer_check", "POST", "/v1/bookings/{booking_id}/checks", "Say what was found of one way out", "splits",
        splitting.SplitAnswer, splitting.answer_check, splitting.AnswerCheck, keyed=True, problems=(404, 409),
        example={"check": "airline_site", "result": "closed", "words": _SEEN},
    ),
    Call(
        "list_splits", "GET", "/v1/splits", "List the splits that are open or overdue", "splits",
        splitting.SplitsAnswer, splitting.list_splits, query=splitting.SplitsPage,
    ),
    Call(
        "read_difference", "GET", "/v1/bookings/{booking_id}/difference", "Read by what paths the views differ",
        "splits", splitting.DifferenceAnswer, splitting.read_difference, problems=(404,),
    ),
    Call(
        "allow_exception", "POST", "/v1/bookings/{booking_id}/exceptions",
        "Let somebody be shown his cancelled travel, as one of two", "splits",
        living.ExceptionAnswer, living.allow_exception, living.AllowException, 201, keyed=True, problems=(404, 409),
        example={"party_id": _ID, "until": "2031-03-14", "words": "until she has landed"},
    ),
    Call(
        "change_flight", "POST", "/v1/bookings/{booking_id}/flight-status", "Say what became public of a flight",
        "splits", living.FlightAnswer, living.change_flight, living.ChangeFlight, keyed=True, problems=(404,),
        example={
            "carrier": "ZZ", "flight": "117", "date": "2031-03-14", "what": "schedule_change",
            "departs_at": "2031-03-14T11:20",
        },
    ),
    Call(
        "refresh_booking", "POST", "/v1/bookings/{booking_id}/refresh", "Say what the source says now", "splits",
        refreshing.RefreshAnswer, refreshing.refresh, refreshing.RefreshBooking, keyed=True, problems=(404,),
        example={"format": "duffel.order", "document": {"data": {}}},
    ),
)  # fmt: skip
