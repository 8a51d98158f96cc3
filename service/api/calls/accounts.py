"""Calls about accounts: opened, given people and bookings."""

from __future__ import annotations

from service.api.route import Call
from service.office import accounts, importing

_GREY = {"surname": "Grey", "given_name": "Alma"}

CALLS: tuple[Call, ...] = (
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
)  # fmt: skip
