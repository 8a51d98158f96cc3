"""Who a caller is: the one party of whom every offered fact is right."""

from collections.abc import Mapping

import pytest

from domain.event import Plain
from domain.party import DISTINGUISHING, PartyAdded, added, identify

PARTIES = {
    party_id: added(PartyAdded(party_id=party_id, kind="traveller", marks=marks, profile=Plain(party_id, b"")), 1)
    for party_id, marks in {
        "alma": ("surname:grey-a", "given_name:alma-a", "email:one-a", "email:two-a"),
        "bo": ("surname:grey-b", "given_name:bo-b", "phone:1-b"),
        "cy": ("surname:grey-c",),
    }.items()
}


def offering(**facts: str) -> Mapping[str, Mapping[str, str]]:
    """Each party's own marks of the offered facts: a digest has the key of the person in it."""
    return {who: {kind: f"{kind}:{said}-{who[0]}" for kind, said in facts.items()} for who in PARTIES}


@pytest.mark.parametrize(
    "facts, by_locator, found",
    [
        ({"surname": "grey", "given_name": "alma"}, False, "alma"),
        ({"surname": "grey", "email": "two"}, False, "alma"),
        ({"surname": "grey", "phone": "1"}, False, "bo"),
        # One wrong answer is wrong, whatever else is right.
        ({"surname": "grey", "given_name": "alma", "email": "three"}, True, ""),
        ({"surname": "gray", "given_name": "alma", "email": "one"}, True, ""),
        # A surname has to be among them; alone it tells nobody apart.
        ({"given_name": "alma", "email": "one"}, True, ""),
        ({"surname": "grey"}, False, ""),
        # With the locator a surname would do, were it not that of three people.
        ({"surname": "grey"}, True, ""),
        ({}, True, ""),
    ],
)
def test_identify(facts: dict[str, str], by_locator: bool, found: str) -> None:  # noqa: FBT001 - a column of the table
    assert identify(PARTIES, offering(**facts), locator_shown=by_locator) == found


def test_a_surname_and_the_shown_locator_find_the_only_one_of_that_name() -> None:
    alone = {"cy": PARTIES["cy"]}
    assert identify(alone, offering(surname="grey"), locator_shown=True) == "cy"
    assert identify(alone, offering(surname="grey"), locator_shown=False) == ""


def test_nobody_is_found_where_there_is_nobody() -> None:
    assert identify({}, offering(surname="grey", given_name="alma"), locator_shown=True) == ""
    assert identify(PARTIES, {}, locator_shown=True) == ""


def test_somebody_whom_only_a_held_view_names_is_taken_for_nobody_and_gets_in_nobodys_way() -> None:
    dee = PartyAdded(
        party_id="dee", kind="traveller", marks=("surname:grey-d", "given_name:dee-d"), profile=Plain("dee", b""),
        hidden=True,
    )  # fmt: skip
    hidden = {"dee": added(dee, 1)}
    facts = {"surname": "surname:grey-d", "given_name": "given_name:dee-d"}
    assert identify(hidden, {"dee": facts}, locator_shown=True) == ""
    both = {"cy": PARTIES["cy"], **hidden}
    offered = {"cy": {"surname": "surname:grey-c"}, "dee": {"surname": "surname:grey-d"}}
    assert identify(both, offered, locator_shown=True) == "cy"


def test_a_surname_does_not_tell_people_apart() -> None:
    assert "surname" not in DISTINGUISHING
