"""Calls about legal holds, and about forgetting a person."""

from __future__ import annotations

from service.api.route import Call
from service.record import forgetting, holding

CALLS: tuple[Call, ...] = (
    Call(
        "place_hold", "POST", "/v1/holds", "Place a legal hold", "record",
        holding.HoldAnswer, holding.place_hold, holding.PlaceHold, status=201, keyed=True, problems=(404,),
        example={
            "scope": "account", "about": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "reason": "police_investigation",
            "words": "asked for by the police of Omaha", "until": "2030-01-01T00:00:00Z",
        },
    ),
    Call(
        "list_holds", "GET", "/v1/holds", "List legal holds, or those that cover somebody", "record",
        holding.HoldsAnswer, holding.list_holds, query=holding.HoldsPage,
    ),
    Call(
        "extend_hold", "POST", "/v1/holds/{hold_id}/extend", "Let a legal hold stand longer", "record",
        holding.HoldAnswer, holding.extend_hold, holding.ExtendHold, keyed=True, problems=(404, 409),
        example={"until": "2031-01-01T00:00:00Z", "words": "the trial was put off"},
    ),
    Call(
        "lift_hold", "POST", "/v1/holds/{hold_id}/lift", "Lift a legal hold", "record",
        holding.HoldAnswer, holding.lift_hold, holding.LiftHold, keyed=True, problems=(404, 409),
        example={"words": "the case is closed"},
    ),
    Call(
        "forget_party", "POST", "/v1/parties/{party_id}/forget", "Tell what forgetting a person takes, or do it",
        "record", forgetting.ForgettingAnswer, forgetting.forget_party, forgetting.ForgetParty,
        keyed=True, problems=(404, 409),
        example={"reason": "asked_by_the_person", "words": "her letter of 3 May"},
    ),
)  # fmt: skip
