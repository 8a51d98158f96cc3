"""What goes out to customers: decided for each recipient and channel before it goes, and saying nothing."""

from __future__ import annotations

from typing import Any

from tests.api.problem import problem
from tests.calling import Calls
from tests.case import SAFE, Case
from tests.trips import NEW, NOBODYS, OLD, leaks

CHANNELS = ("mail", "text", "push", "letter", "voicemail", "call_back", "calendar")
KINDS = ("schedule_change", "cancellation", "confirmation", "reminder", "receipt", "call_back", "survey")
SHARED = {"kind": "email", "value": "victor@shared.example"}
# What tells a listener who called, why, or that anybody travels.
TELLING = (
    "travel",
    "trip",
    "booking",
    "flight",
    "ticket",
    "change",
    "cancel",
    "airport",
    "passcode",
    "safe",
    "protect",
)


def everybody(case: Case, channel: str = "mail") -> list[dict[str, Any]]:
    """Both parties by name and by address, an address that nobody is known by, and her safe contact."""
    return [
        {"channel": channel, "party_id": case.alma},
        {"channel": channel, "party_id": case.victor},
        {"channel": channel, "to": SHARED},
        {"channel": channel, "to": {"kind": "email", "value": "someone@else.example"}},
        {"channel": channel, "to": {"kind": "phone", "value": SAFE}},
    ]


async def decided(calls: Calls, recipients: list[dict[str, Any]], kind: str = "schedule_change", **about: str) -> Any:
    """The decisions on a notice."""
    body = {"kind": kind, "recipients": recipients, **about}
    return (await calls.made("/v1/notices/decisions", body))["decisions"]


def going(decisions: Any) -> list[bool]:
    return [each["text"] is not None for each in decisions]


async def notices(case: Case) -> list[dict[str, Any]]:
    """What is on the account's record of notices, in order."""
    return [
        {"name": entry["name"].split(".")[1], **entry["event"]}
        for entry in await case.history()
        if entry["name"].startswith("notice.")
    ]


async def test_21_a_call_back_to_a_shared_number_or_voicemail(case: Case) -> None:
    await case.fled()
    ordinary = await Case.opened(case.service)
    notifier = case.service.by("notifier")
    texts = set()
    for each in (case, ordinary):
        for kind in KINDS:
            for channel in ("voicemail", "call_back"):
                to = {"channel": channel, "party_id": each.alma}
                (decision,) = await decided(notifier, [to], kind, booking_id=each.booking)
                texts.add(decision["text"])
    # One message, whatever it is about, and it has no content: not even why the company calls.
    (text,) = texts
    assert not any(word in text.casefold() for word in TELLING)


async def test_22_a_schedule_change_notice_to_everybody_on_the_booking(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    await case.fled()
    notifier = case.service.by("notifier")
    seen = []
    for each in (case, ordinary):
        told = [await decided(notifier, everybody(each, channel), booking_id=each.booking) for channel in CHANNELS]
        told += [await decided(notifier, everybody(each), kind, account_id=each.account) for kind in KINDS]
        seen.append(told)
    # Promise 4: the protected booking is answered for as the ordinary one is, recipient by recipient.
    assert seen[0] == seen[1]
    # Each recipient is decided by himself: who is on the shown booking, yes; an address that nobody is known by, no.
    assert [going(each) for each in seen[0][:6]] == [[True, True, True, False, False]] * 6
    assert going(seen[0][6]) == [False] * 5  # a calendar's entry would stand on a day
    text = str([response.text for response in notifier.heard])
    assert leaks(text) == []
    for word in ("LHR", "JFK", "SHOWNQX", "Grey", "Alma", "Victor", SAFE):
        assert word not in text


async def test_22_what_only_she_holds_goes_to_nobody_on_the_booking(case: Case) -> None:
    await case.fled()
    notifier = case.service.by("notifier")
    hidden, nobodys = [
        await notifier.post(
            "/v1/notices/decisions",
            {"kind": "schedule_change", "locator": locator, "recipients": everybody(case)},
        )
        for locator in (NEW, NOBODYS)
    ]
    # To its sender the change of her new flight is one of a booking that nobody has.
    assert hidden.json()["decisions"] == nobodys.json()["decisions"]
    assert (hidden.status_code, len(hidden.content)) == (nobodys.status_code, len(nobodys.content))
    assert {**hidden.headers, "x-request-id": ""} == {**nobodys.headers, "x-request-id": ""}
    assert going(hidden.json()["decisions"]) == [False] * 5
    # Her safe contact is told by the service itself that there is something, and not what.
    sent = [message for message in await case.service.delivered() if message["template"] == "news"]
    assert [(message["to_value"], message["fields"]) for message in sent] == [
        (SAFE, {"text": "Please call us back when it suits you."})
    ]
    suppressed, told = await notices(case)
    assert (suppressed["name"], suppressed["reason"], len(suppressed["recipients"])) == ("suppressed", "not_shown", 5)
    assert (told["name"], told["to"], told["recipients"][0]["party_id"]) == ("sent", "safe_contact", case.alma)
    assert suppressed["rules"] == ["notice-shows-nothing"]


async def test_22_a_booking_made_under_protection_is_nobodys_by_its_id_too(case: Case) -> None:
    await case.protect()
    alone = await case.reissue("")
    notifier = case.service.by("notifier")
    hidden, nobodys = [await decided(notifier, everybody(case), booking_id=each) for each in (alone, "0" * 32)]
    assert hidden == nobodys
    assert going(hidden) == [False] * 5


async def test_22_each_notice_that_went_or_did_not_is_on_record_before_it_goes(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    notifier = case.service.by("notifier")
    recipients = [{**each, "booking_id": which.booking} for which in (case, ordinary) for each in everybody(which)]
    recipients += [{"channel": "calendar", "party_id": case.alma, "account_id": case.account}]
    decisions = await decided(notifier, recipients, "reminder")
    assert [each["recipient"] for each in decisions] == list(range(11))
    for each, count in ((case, 3), (ordinary, 2)):
        recorded = await notices(each)
        assert len(recorded) == count  # one for those it goes to, one for each reason why it does not
        assert {one["notice_id"] for one in recorded} == {recorded[0]["notice_id"]}
        sent, unknown = recorded[:2]
        assert [to["party_id"] for to in sent["recipients"]] == [each.alma, each.victor, each.victor]
        assert (unknown["reason"], len(unknown["recipients"])) == ("unknown_recipient", 2)
        assert "shared.example" not in str(recorded)
        assert SAFE not in str(recorded)


async def test_a_notice_says_what_it_is_about_by_one_name(case: Case) -> None:
    notifier = case.service.by("notifier")
    to = {"channel": "mail", "party_id": case.alma}
    for about in ({}, {"locator": OLD, "account_id": case.account}):
        body = {"kind": "survey", "recipients": [to], **about}
        problem(await notifier.post("/v1/notices/decisions", body), 422, "nothing_offered")
    for recipients in ([], [to] * 51):
        body = {"kind": "survey", "recipients": recipients, "locator": OLD}
        problem(await notifier.post("/v1/notices/decisions", body), 422, "bad_body")
    (decision,) = await decided(notifier, [to], locator=OLD)
    assert decision["text"]
    both = {**to, "to": SHARED}  # her, at an address that is his
    assert going(await decided(notifier, [both], locator=OLD)) == [False]
