"""Calls about protection and the split between what is held and what is shown."""

from __future__ import annotations

from service.api.route import Call
from service.desk import protecting

_ID = "0" * 32

CALLS: tuple[Call, ...] = (
    Call(
        "start_protection", "POST", "/v1/accounts/{account_id}/protection", "Protect a party, provisionally",
        "protection", protecting.ProtectionAnswer, protecting.start, protecting.StartProtection, 201,
        keyed=True, problems=(404,),
        example={
            "protected_party_id": _ID, "safe_contact": {"kind": "phone", "value": "+447700900999"},
            "adverse_party_ids": [],
        },
    ),
    Call(
        "confirm_protection", "POST", "/v1/accounts/{account_id}/protection/confirm",
        "Confirm a protection as one of two", "protection",
        protecting.ProtectionAnswer, protecting.confirm, protecting.ConfirmProtection, keyed=True, problems=(404, 409),
        example={"protection_id": _ID},
    ),
    Call(
        "declare_split", "POST", "/v1/bookings/{booking_id}/split", "Declare what is shown", "protection",
        protecting.SplitAnswer, protecting.declare_split, protecting.DeclareSplit, 201, keyed=True, problems=(404, 409),
        example={
            "life": dict.fromkeys(("schedule_change", "check_in", "departure"), "follow")
            | dict.fromkeys(("cancellation", "refund"), "transfer"),
            "reason": "reissued on a new record",
        },
    ),
)  # fmt: skip
