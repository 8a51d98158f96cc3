"""Calls about protection: started, confirmed, looked at again, ended."""

from __future__ import annotations

from service.api.route import Call
from service.safety import ending, protecting, releasing, reviewing, safe_contacts
from service.safety.proving import NotedAnswer

_ID = "0" * 32
_SAFE = {"kind": "phone", "value": "+447700900999"}
_TOKEN = {"token": "0123abcd.x"}

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
        "review_protection", "POST", "/v1/accounts/{account_id}/protection/review",
        "Say what one of two people found of a claim", "protection",
        reviewing.ReviewAnswer, reviewing.review_protection, reviewing.ReviewProtection, keyed=True,
        problems=(404, 409),
        example={"protection_id": _ID, "finding": "upheld", "reason": "both papers seen"},
    ),
    Call(
        "renew_protection", "POST", "/v1/accounts/{account_id}/protection/renew",
        "Say when to look at a protection again", "protection",
        reviewing.RenewAnswer, reviewing.renew, reviewing.RenewProtection, keyed=True, problems=(404, 409),
        example={"protection_id": _ID, "review_on": "2027-05-01"},
    ),
    Call(
        "correct_safe_contact", "POST", "/v1/accounts/{account_id}/protection/safe-contact",
        "Mend a wrong safe contact as one of two, before it is confirmed", "protection",
        safe_contacts.CorrectionAnswer, safe_contacts.correct, safe_contacts.CorrectSafeContact, keyed=True,
        problems=(404, 409), example={"protection_id": _ID, "safe_contact": _SAFE},
    ),
    Call(
        "list_due_protections", "GET", "/v1/protections/due", "List the protections to look at", "protection",
        reviewing.DueAnswer, reviewing.due, query=reviewing.DueQuery,
    ),
    Call(
        "end_protection", "POST", "/v1/interactions/{interaction_id}/protection/end",
        "The caller wants an end to any protection of his", "protection",
        NotedAnswer, ending.end, ending.EndProtection, 202, keyed=True, problems=(404, 409), example={},
    ),
    Call(
        "stop_ending", "POST", "/v1/interactions/{interaction_id}/protection/stop",
        "The caller wants nothing changed", "protection",
        NotedAnswer, ending.stop, ending.StopEnding, 202, keyed=True, problems=(404, 409), example={},
    ),
    Call(
        "change_safe_contact", "POST", "/v1/interactions/{interaction_id}/safe-contact",
        "The caller wants another safe contact", "protection",
        NotedAnswer, safe_contacts.change, safe_contacts.ChangeSafeContact, 202, keyed=True, problems=(404, 409),
        example={"safe_contact": _SAFE},
    ),
    Call(
        "release_bookings", "POST", "/v1/interactions/{interaction_id}/release",
        "The caller releases what is his own", "protection",
        NotedAnswer, releasing.release_bookings, releasing.ReleaseBookings, 202, keyed=True, problems=(404, 409),
        example={"all": True},
    ),
    Call(
        "confirm_by_safe_contact", "POST", "/v1/safe-contact/confirm", "Confirm, by the safe contact's link",
        "protection", safe_contacts.LinkAnswer, safe_contacts.confirm_by_link, safe_contacts.SafeContactLink,
        problems=(410,), example=_TOKEN,
    ),
    Call(
        "stop_by_safe_contact", "POST", "/v1/safe-contact/stop", "Stop, by the safe contact's link", "protection",
        safe_contacts.LinkAnswer, safe_contacts.stop_by_link, safe_contacts.SafeContactLink,
        problems=(410,), example=_TOKEN,
    ),
)  # fmt: skip
