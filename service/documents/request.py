"""Request: special service requests (SSR, AIRIMP 3): their codes and texts are the same in every older GDS."""

from __future__ import annotations

import re
from typing import Literal

from domain.item import Contact, Discreet, Identity, Loyalty, Ticket
from service.documents import value
from service.documents.draft import Draft

__all__ = ["GONE", "LOYALTY_REQUESTS", "Request", "is_infant_document", "membership", "read_request", "tickets"]

# Reservation/booking designators (AIRIMP 3) of a segment that is not held: cancelled, unable, no action taken, no show.
GONE = frozenset({"HX", "XX", "XL", "XR", "UC", "UN", "UU", "NO", "NS"})
LOYALTY_REQUESTS = frozenset({"FQTV", "FQTR", "FQTU", "FQTS"})
_DOCUMENTS = frozenset({"DOCS", "DOCO", "DOCA", "FOID"})
_TICKETS = frozenset({"TKNE", "TKNA", "TKNM"})
_CONTACTS: dict[str, Literal["email", "phone", "other"]] = {
    "CTCE": "email",
    "CTCM": "phone",
    "CTCR": "other",
    "PCTC": "other",
}
_TICKET = re.compile(r"(?<![0-9])([0-9]{3})-?([0-9]{10})(-[0-9]{2,3})?(?![0-9])")


class Request(Discreet, frozen=True):
    """A request: its code, its text, and whom it is for."""

    code: str
    text: str
    about: tuple[str, ...]


def read_request(request: Request, last_year: int, draft: Draft, place: str) -> bool:
    """Read a request that says who somebody is, how to reach him or what his ticket is. False: it is none of these.

    `last_year`: the year by which everybody was born (see `value.birth_date`).
    """
    code, text, about = request.code, request.text, request.about
    if code in _DOCUMENTS:
        draft.add(Identity(kind="travel_document", value=f"{code} {text}".strip(), subjects=about), place)
        born = value.birth_date(_field(text, 4), last_year) if code == "DOCS" and len(about) == 1 else ""
        if born:
            draft.add_once(Identity(kind="date_of_birth", value=born, subjects=about), place)
    elif code in _CONTACTS:
        kind = _CONTACTS[code]
        reach = _address(text) if kind == "email" else text.removeprefix("/")
        draft.add(Contact(kind=kind, value=reach, label=code, subjects=about), place)
    elif code in _TICKETS:
        tickets(re.sub(r"C[0-9]+$", "", text), "electronic_ticket", about, draft, place)
    else:
        return False
    return True


def tickets(text: str, kind: str, about: tuple[str, ...], draft: Draft, place: str) -> None:
    """Take every ticket number in a text."""
    for airline, number, conjunction in _TICKET.findall(text):
        draft.add_once(Ticket(number=f"{airline}{number}{conjunction}", kind=kind, subjects=about), place)


def membership(text: str, programme: str, about: tuple[str, ...], draft: Draft, place: str) -> bool:
    """Take the frequent-traveller number in the text of such a request. False: there is none."""
    match = re.search(r"[A-Z0-9]*[0-9]{4,}", text)
    if not match or len(match[0]) > 64:  # noqa: PLR2004 - the length of a word
        return False
    draft.add_once(Loyalty(number=match[0].removeprefix(programme), programme=programme, subjects=about), place)
    return True


def is_infant_document(text: str) -> bool:
    """Whether a DOCS request is the infant's: sex MI or FI."""
    return _field(text, 5) in ("MI", "FI")


def _field(text: str, at: int) -> str:
    """One field of a DOCS request (AIRIMP): type, issuer, number, nationality, birth, sex, expiry, names."""
    fields = text.split("/")
    return fields[at].strip() if at < len(fields) else ""


def _address(text: str) -> str:
    """Undo how a teletype writes an address: `//` is `@`, `..` is `_`, `./` is `-`."""
    return text.removeprefix("/").replace("//", "@").replace("..", "_").replace("./", "-").split("/")[0]
