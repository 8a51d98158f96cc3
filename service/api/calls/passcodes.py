"""Calls by a customer's own link."""

from __future__ import annotations

from service.api.route import Call
from service.safety import choosing

CALLS: tuple[Call, ...] = (
    Call(
        "choose_passcode", "POST", "/v1/passcodes", "Choose a passcode, by the customer's own link", "passcodes",
        choosing.ChooseAnswer, choosing.choose_passcode, choosing.ChoosePasscode, problems=(410,),
        example={"token": "0123abcd.x", "passcode": "copper lantern orchard velvet"},
    ),
)  # fmt: skip
