"""Every call of the API, in one list.

What it is named, what it takes, what it runs. Who may call it stands in `needs`.
"""

from __future__ import annotations

from service.api import health
from service.api.route import Call
from service.desk import (
    accounts,
    calling_back,
    choosing,
    disclosing,
    importing,
    interacting,
    policing,
    protecting,
    reading,
    verifying,
)

_GREY = {"surname": "Grey", "given_name": "Alma"}
_AFTER = "0" * 32

CALLS: tuple[Call, ...] = (  # routes are tried in this order: the one that is asked most stands first
    Call(
        "ask_disclosure", "POST", "/v1/interactions/{interaction_id}/disclosures", "Ask about a booking",
        "interactions", disclosing.DisclosureAnswer, disclosing.ask, disclosing.AskDisclosure, problems=(404,),
        example={"locator": "YL92CN", "classes": ["E", "I"], "purpose": "service"},
    ),
    Call(
        "open_account", "POST", "/v1/accounts", "Open an account", "accounts",
        accounts.AccountAnswer, accounts.open_account, accounts.OpenAccount, 201, keyed=True,
        example={"reference": "crm-48213"},
    ),
    Call(
        "add_party", "POST", "/v1/accounts/{account_id}/parties", "Put a person on an account", "accounts",
        accounts.PartyAnswer, accounts.add_party, accounts.AddParty, 201, keyed=True, problems=(404,),
        example={"kind": "holder", "facts": _GREY},
    ),
    Call(
        "import_booking", "POST", "/v1/accounts/{account_id}/bookings", "Import a GDS document", "accounts",
        importing.ImportAnswer, importing.import_booking, importing.ImportBooking, 201, keyed=True, problems=(404,),
        example={"format": "duffel.order", "document": {"data": {}}},
    ),
    Call(
        "read_history", "GET", "/v1/accounts/{account_id}/history", "Read an account's history", "record",
        reading.HistoryAnswer, reading.history, query=reading.HistoryPage, problems=(404,),
    ),
    Call(
        "start_protection", "POST", "/v1/accounts/{account_id}/protection", "Protect a party, provisionally",
        "protection", protecting.ProtectionAnswer, protecting.start, protecting.StartProtection, 201,
        keyed=True, problems=(404,),
        example={
            "protected_party_id": _AFTER, "safe_contact": {"kind": "phone", "value": "+447700900999"},
            "adverse_party_ids": [],
        },
    ),
    Call(
        "confirm_protection", "POST", "/v1/accounts/{account_id}/protection/confirm",
        "Confirm a protection as one of two", "protection",
        protecting.ProtectionAnswer, protecting.confirm, protecting.ConfirmProtection, keyed=True, problems=(404, 409),
        example={"protection_id": _AFTER},
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
        example={"passcode": "copper lantern orchard velvet"},
    ),
    Call(
        "list_bookings", "GET", "/v1/interactions/{interaction_id}/bookings", "List what this contact may know of",
        "interactions", disclosing.BookingsAnswer, disclosing.bookings, problems=(404,),
    ),
    Call(
        "request_passcode", "POST", "/v1/interactions/{interaction_id}/passcodes", "Ask for a passcode", "interactions",
        verifying.RequestAnswer, verifying.request_passcode, verifying.RequestPasscode, 202, keyed=True,
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
    Call(
        "choose_passcode", "POST", "/v1/passcodes", "Choose a passcode, by the customer's own link", "passcodes",
        choosing.ChooseAnswer, choosing.choose_passcode, choosing.ChoosePasscode, problems=(410,),
        example={"token": "0123abcd.x", "passcode": "copper lantern orchard velvet"},
    ),
    Call(
        "read_policy", "GET", "/v1/policy", "Read the policy in force", "policy",
        policing.PolicyAnswer, policing.read_policy,
    ),
    Call(
        "adopt_policy", "POST", "/v1/policy", "Adopt a policy", "policy",
        policing.AdoptedAnswer, policing.adopt_policy, policing.AdoptBody, keyed=True,
        example={"text": '@id("nothing") forbid (principal, action, resource);'},
    ),
    Call("healthz", "GET", "/healthz", "Alive", "health", health.Alive, health.healthz),
    Call(
        "readyz", "GET", "/readyz", "Able to decide and to record", "health", health.Ready, health.readyz,
        problems=(503,)
    ),
)  # fmt: skip
