"""What if: the past judged by another policy; what would have been told, and what not, decision by decision."""

from __future__ import annotations

import pytest

from domain.policy import PolicyAdopted, compare
from service.policies import DEFAULT_TEXT, compile_policy
from tests.calling import Calls
from tests.case import ALMA, PASSCODE, VICTOR, Case
from tests.replays import Replayed, recorded
from tests.trips import OLD

MORE = """
@id("identified-hears-documents")
permit (principal == Standing::"identified", action == Action::"hear", resource == FieldClass::"D")
when { context.protection == Protection::"none" };
"""
LESS = """
@id("no-itineraries-in-chats")
forbid (principal, action == Action::"hear", resource == FieldClass::"I")
when { context.channel == Channel::"chat" };
"""


async def asked(calls: Calls, line: str, *classes: str) -> str:
    found: str = (await calls.made(f"{line}/disclosures", {"classes": [*classes], "locator": OLD}))["decision_id"]
    return found


async def happened(case: Case) -> dict[str, str]:
    """Some questions before and after she is protected, by what they are called here."""
    agent = case.service.by("agent")
    call, chat = await case.line(agent, VICTOR), await case.line(agent, VICTOR, channel="chat")
    decisions = {
        "documents": await asked(agent, call, "D"),
        "travel": await asked(agent, call, "E", "I"),
        "travel and documents": await asked(agent, call, "I", "D"),
        "notes": await asked(agent, call, "N"),
        "travel in a chat": await asked(agent, chat, "I"),
        "prices in a chat": await asked(agent, chat, "F"),
    }
    found = await agent.made(f"{chat}/actions", {"action": "cancel", "locator": OLD})
    decisions["cancelled in a chat"] = found["decision_id"]
    await case.fled()
    hers, his = await case.verified(agent, ALMA, PASSCODE), await case.line(agent, VICTOR)
    decisions["documents, verified"] = await asked(agent, hers, "D")
    decisions["documents, of a protected account"] = await asked(agent, his, "D")
    return decisions


async def test_the_policy_in_force_changes_nothing(case: Case) -> None:
    await happened(case)
    record = recorded(case.service.settings.database_url)
    (adopted,) = [each.event for each in record if isinstance(each.event, PolicyAdopted)]
    replayed = Replayed(record, adopted.table())
    assert replayed.divergences == []
    assert replayed.changes == []


@pytest.mark.parametrize(
    "text, expected",
    [
        (MORE, {"documents": "would_be_disclosed", "travel and documents": "would_say_otherwise"}),
        (
            LESS,
            {"travel in a chat": "would_be_withheld", "cancelled in a chat": "would_be_withheld"},
        ),
    ],
    ids=["more", "less"],
)
async def test_another_policy_changes_just_what_its_cells_change(
    case: Case, text: str, expected: dict[str, str]
) -> None:
    decisions = await happened(case)
    record = recorded(case.service.settings.database_url)
    table = compile_policy(DEFAULT_TEXT + text)
    (adopted,) = [each.event for each in record if isinstance(each.event, PolicyAdopted)]
    cells = {each.cell.field_class.value for each in compare(adopted.table(), table)}
    replayed = Replayed(record, table)
    assert replayed.divergences == []
    names = {decision_id: name for name, decision_id in decisions.items()}
    assert {names[each.decision_id]: each.how for each in replayed.changes} == expected
    (rule,) = {rule for each in replayed.changes for rule in each.counted()}
    assert rule in text
    for each in replayed.changes:
        heard = {one.partition(":")[2] for one in (*each.more, *each.less)}
        assert heard <= cells
