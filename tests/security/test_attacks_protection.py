"""The calls about protection over time that have to come out right, each named after its line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.problem import problem
from tests.calling import Calls, Service
from tests.case import ALMA, DURESS, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed
from tests.trips import NEW, NEW_TRIP, NOBODYS, OLD_TRIP, leaks

ALL_HE_KNOWS = {"surname": "Grey", "given_name": "Alma", "date_of_birth": "1988-04-12", "email": "alma@shared.example"}
NEXT_SAFE = "+447700900888"
GRACE = timedelta(days=14)
CALLED = {"channel": "call_back"}


async def noted(calls: Calls, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    response = await calls.post(path, body)
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def declined(case: Case) -> list[str]:
    """Why what was asked for led to nothing, as the auditor reads it."""
    return [e["event"]["why"] for e in await case.history() if e["name"].endswith("request_declined.v1")]


async def happened(case: Case, name: str) -> int:
    return [entry["name"] for entry in await case.history()].count(name)


async def called_back(case: Case, supervisor: Calls, count: int = 1) -> str:
    """A supervisor's call-back in which her safe contact read the phrase out; returns its path."""
    line = await case.line(supervisor, ALMA, channel="call_back")
    await supervisor.made(f"{line}/call-backs", {})
    phrase = (await case.message(SAFE, "call_back_phrase", count))["phrase"]
    assert (await supervisor.made(f"{line}/verifications", {"passcode": phrase}))["accepted"]
    return line


async def ending(case: Case) -> str:
    """She asked for the end on a call; returns the token that came to her safe contact."""
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    await noted(agent, f"{line}/protection/end")
    return (await case.message(SAFE, "confirm_link"))["token"]


async def ended(case: Case) -> None:
    body = {"token": await ending(case)}
    assert (await case.service.by("").post("/v1/safe-contact/confirm", body)).json() == {"status": "noted"}
    case.service.clock.ahead += GRACE


async def test_19_reset_of_a_passcode_by_date_of_birth_or_address(case: Case) -> None:
    await case.fled()
    agent, safety = case.service.by("agent", sub="agent-1"), case.service.by("agent", sub="safety-1", tier=3)
    sent = len(await case.service.delivered())
    answers = [
        await noted(agent, f"{await case.line(agent, facts)}/passcodes")
        for facts in (ALL_HE_KNOWS, {**ALMA, "date_of_birth": "1988-04-12"}, VICTOR, {"surname": "Nobody"})
    ]
    assert all(each == answers[0] for each in answers)
    # What came to the mailbox they share came as it would to anybody, and proves nothing of hers. To the safe contact
    # nothing went, and to Victor's own address a link: he has no passcode yet, and may have one.
    new = [each["to_value"] for each in (await case.service.delivered())[sent:]]
    assert sorted(new) == ["alma@shared.example", "alma@shared.example", "victor@shared.example"]
    # The safe-contact route: somebody who is not on the call dials, and the link goes there and nowhere else.
    line = await called_back(case, safety)
    await noted(safety, f"{line}/passcodes")
    fields = await case.message(SAFE, count=2)
    assert fields["token"]
    assert (await case.choose(SAFE, "copper lantern orchard velvet", count=2)).status_code == 200
    for word, right in ((PASSCODE, False), ("copper lantern orchard velvet", True)):
        tried = await agent.made(f"{await case.line(agent, ALMA)}/verifications", {"passcode": word})
        assert tried["accepted"] is right


async def test_19_whoever_took_the_call_does_not_call_back(case: Case) -> None:
    await case.fled()
    sole = case.service.by("agent", sub="safety-9", tier=3)
    await noted(sole, f"{await case.line(sole, ALL_HE_KNOWS)}/passcodes")
    line = await case.line(sole, ALMA, channel="call_back")
    answer = await noted(sole, f"{line}/call-backs")
    other = case.service.by("agent", sub="safety-8", tier=3)
    theirs = await case.line(other, ALMA, channel="call_back")
    assert await noted(other, f"{theirs}/call-backs") == answer
    phrases = [m for m in await case.service.delivered() if m["template"] == "call_back_phrase"]
    assert len(phrases) == 1
    assert "the supervisor took the call on which a passcode was asked for" in await declined(case)
    # A day later it is nobody's call any more.
    case.service.clock.ahead = timedelta(hours=25)
    await noted(sole, f"{await case.line(sole, ALMA, channel='call_back')}/call-backs")
    await case.message(SAFE, "call_back_phrase", 2)


async def test_20_change_the_safe_contact_then_ask(case: Case) -> None:
    await case.fled()
    agent, safety = case.service.by("agent"), case.service.by("agent", sub="safety-1", tier=3)
    line = await case.verified(agent, ALMA, PASSCODE)
    body = {"safe_contact": {"kind": "phone", "value": HIS_PHONE}}
    await noted(agent, f"{line}/safe-contact", body)
    told = await case.message(SAFE, "stop_link")  # the old one, at once
    assert not any(leaks(str(told[name])) for name in told)
    assert set(told) == {"link", "token"}
    # While it cools off the old one is called, and sent a link.
    back = await case.line(safety, ALMA, channel="call_back")
    await safety.made(f"{back}/call-backs", {})
    await noted(agent, f"{line}/passcodes")
    assert [m for m in await case.service.delivered() if m["to_value"] == HIS_PHONE] == []
    await case.message(SAFE, "call_back_phrase")
    # The old one stops it.
    customer = case.service.by("")
    assert (await customer.post("/v1/safe-contact/stop", {"token": told["token"]})).json() == {"status": "noted"}
    problem(await customer.post("/v1/safe-contact/stop", {"token": told["token"]}), 410, "link_spent")
    case.service.clock.ahead = timedelta(hours=80)
    late = await case.line(safety, ALMA, channel="call_back")
    await safety.made(f"{late}/call-backs", {})
    await case.message(SAFE, "call_back_phrase", 2)
    assert [m for m in await case.service.delivered() if m["to_value"] == HIS_PHONE] == []


async def test_20_a_change_nobody_stops_takes_effect_after_three_days(case: Case) -> None:
    await case.fled()
    agent, safety = case.service.by("agent"), case.service.by("agent", sub="safety-1", tier=3)
    line = await case.verified(agent, ALMA, PASSCODE)
    await noted(agent, f"{line}/safe-contact", {"safe_contact": {"kind": "phone", "value": NEXT_SAFE}})
    token = (await case.message(SAFE, "stop_link"))["token"]
    case.service.clock.ahead = timedelta(hours=72)
    problem(await case.service.by("").post("/v1/safe-contact/stop", {"token": token}), 410, "link_spent")
    await safety.made(f"{await case.line(safety, ALMA, channel='call_back')}/call-backs", {})
    await case.message(NEXT_SAFE, "call_back_phrase")
    assert [m["to_value"] for m in await case.service.delivered() if m["template"] == "call_back_phrase"] == [NEXT_SAFE]


async def test_26_the_abusive_holder_enrols_first_and_two_people_look_at_both_claims(service: Service) -> None:
    case = await Case.opened(service, holder="victor")
    await case.his_passcode()
    his = await case.protect(case.victor, [case.alma], safe=HIS_PHONE, confirmed=False, sub="fooled")
    hers = await case.protect()
    assert (await case.choose(SAFE, PASSCODE)).status_code == 200
    await case.reissue("")
    await case.imported({**NEW_TRIP, "locators": [{"code": "HERNEW"}]}, {"t1": case.alma}, case.booking)
    own = {**NEW_TRIP, "travellers": [{"subjects": ["t1"], "surname": "Hale"}], "locators": [{"code": "HISOWN"}]}
    await case.imported(own, {"t1": case.victor})
    agent = service.by("agent")

    again: list[Any] = []

    async def heard() -> list[Any]:
        line_hers = await case.verified(agent, ALMA, PASSCODE)
        line_his = await case.verified(agent, VICTOR, HIS)
        told = [await ask(agent, line_his), await ask(agent, line_his, NEW), await listed(agent, line_his)]
        assert not any("HELDQXFLIGHT" in str(each) and NEW in str(each) for each in told)
        assert await ask(agent, line_his, "HISOWN") is not None  # nobody loses what is theirs alone
        assert await ask(agent, line_hers, "HISOWN") is None
        document = await ask(agent, line_hers, NEW)
        assert leaks(document)
        again.append(await ask(agent, line_hers, "HERNEW"))
        return told

    before = await heard()
    path = f"/v1/accounts/{case.account}/protection/review"
    for name in ("safety-5", "safety-6"):
        safety = service.by("agent", sub=name, tier=3)
        for protection, finding in ((his, "not_upheld"), (hers, "upheld")):
            body = {"protection_id": protection, "finding": finding, "reason": "both papers seen"}
            answer = await safety.made(path, body)
            assert answer == {"protection_id": protection, "finding": finding, "settled": name == "safety-6"}
    assert await heard() == before  # it opens nothing to him
    # The record that both were on tells her of her own travel again, now that people have looked at his claim.
    assert again[0] is None
    assert leaks(again[1])
    assert await happened(case, "protection.ended.v1") == 1
    text = str(await case.history())
    assert "both papers seen" not in text
    # His claim is over at once, and what it was made with proves nothing.
    confirm = {"protection_id": his}
    third = service.by("agent", sub="safety-7", tier=3)
    problem(await third.post(f"/v1/accounts/{case.account}/protection/confirm", confirm), 409, "lapsed")


async def test_27_she_is_made_to_end_the_protection_passcode_and_all_while_he_listens(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    ordinary = (await case.service.by("back_office").made("/v1/accounts"))["account_id"]
    strangers = await case.line(agent, None)
    await agent.made(f"{strangers}/bind", {"facts": ALMA, "account_id": ordinary})
    answer = await noted(agent, f"{line}/protection/end")
    assert answer == await noted(agent, f"{strangers}/protection/end")  # no account says that there was one to end
    assert answer == await noted(agent, f"{await case.line(agent, ALMA, NOBODYS)}/protection/end")
    await agent.made(f"{line}/listeners", {"kind": "customer", "facts": VICTOR})

    async def closed() -> None:
        his = await case.line(agent, VICTOR)
        assert leaks(await ask(agent, his)) == []
        assert leaks(await listed(agent, his)) == []

    await closed()  # nothing ends today
    token = (await case.message(SAFE, "confirm_link"))["token"]  # her safe contact is asked
    case.service.clock.ahead = timedelta(days=6)
    await closed()
    customer = case.service.by("")
    await customer.made("/v1/safe-contact/confirm", {"token": token})
    problem(await customer.post("/v1/safe-contact/confirm", {"token": token}), 410, "link_spent")
    problem(await customer.post("/v1/safe-contact/stop", {"token": token}), 410, "link_spent")
    case.service.clock.ahead += GRACE - timedelta(minutes=1)
    await closed()
    fresh = (await case.message(SAFE, "stop_link"))["token"]
    await customer.made("/v1/safe-contact/stop", {"token": fresh})
    case.service.clock.ahead += 10 * GRACE
    await case.imported(NEW_TRIP, {"t1": case.alma})
    await closed()
    assert await happened(case, "protection.ending_stopped.v1") == 1
    page = (await case.service.by("auditor").get(f"/v1/accounts/{ordinary}/history")).json()["entries"]
    assert [each["event"]["why"] for each in page if each["name"] == "protection.request_declined.v1"] == [
        "nobody proved"
    ]


async def test_27_under_a_duress_passcode_it_is_noted_and_nothing_happens(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, DURESS)
    sent = len(await case.service.delivered())
    contact = {"safe_contact": {"kind": "phone", "value": HIS_PHONE}}
    answers = [
        await noted(agent, f"{line}/{path}", body)
        for path, body in (
            ("protection/end", None), ("protection/stop", None), ("safe-contact", contact), ("release", {"all": True})
        )
    ]  # fmt: skip
    free = await case.verified(agent, ALMA, PASSCODE)
    assert all(each == answers[0] for each in answers)
    assert answers[0] == await noted(agent, f"{free}/protection/stop")
    assert len(await case.service.delivered()) == sent
    assert (await declined(case))[:4] == ["asked for under a duress passcode"] * 4


async def test_28_after_the_end_held_facts_stay_closed_until_she_releases_them(case: Case) -> None:
    await case.fled()
    flown = {**NEW_TRIP["segments"][0], "departs_at": "2026-01-11T06:20"}
    past = {**NEW_TRIP, "segments": [flown], "locators": [{"code": "FLOWN1"}]}
    await case.imported(past, {"t1": case.alma}, case.booking)
    other = await case.reissue("")
    agent = case.service.by("agent")
    early = await case.verified(agent, ALMA, PASSCODE)
    answer = await noted(agent, f"{early}/release", {"all": True})  # in force: nothing is released
    await ended(case)

    async def closed() -> None:
        for facts in (VICTOR, ALMA, ALL_HE_KNOWS):
            his = await case.line(agent, facts)
            told = str([await ask(agent, his), await listed(agent, his), await ask(agent, his, NEW)])
            assert leaks(told) == []
            assert "2026-01-11" not in told

    await closed()
    # What is booked from now on is ordinary.
    later = {**OLD_TRIP, "locators": [{"code": "LATER1"}], "travellers": NEW_TRIP["travellers"]}
    await case.imported(later, {"t1": case.alma})
    assert await ask(agent, await case.line(agent, ALMA, "LATER1"), "LATER1") is not None
    await closed()
    # Only she releases it: nobody who did not prove her, and not Victor, who proved himself.
    await noted(agent, f"{await case.line(agent, ALMA)}/release", {"all": True})
    await case.his_passcode()
    his = await case.verified(agent, VICTOR, HIS)
    assert await noted(agent, f"{his}/release", {"all": True}) == answer
    assert leaks(await ask(agent, his)) == []
    hers = await case.verified(agent, ALMA, PASSCODE)
    assert leaks(await ask(agent, hers, NEW))
    assert await noted(agent, f"{hers}/release", {"booking_ids": [other]}) == answer
    on_new = await case.line(agent, ALMA, NEW)
    assert leaks(await ask(agent, on_new, NEW))  # the one that she named
    assert "2026-01-11" not in str(await listed(agent, on_new))
    await noted(agent, f"{hers}/release", {"all": True})
    assert "2026-01-11" in str(await listed(agent, await case.line(agent, ALMA, NEW)))
    assert await happened(case, "protection.ended.v1") == 1


async def test_asking_again_keeps_the_id_and_the_confirmations_and_stops_an_ending(case: Case) -> None:
    first = await case.protect(confirmed=False)
    confirm = f"/v1/accounts/{case.account}/protection/confirm"
    one = case.service.by("agent", sub="safety-1", tier=3)
    await one.made(confirm, {"protection_id": first})
    case.service.clock.ahead = timedelta(hours=70)
    assert await case.protect(confirmed=False, sub="safety-3") == first
    case.service.clock.ahead = timedelta(hours=140)
    again = await case.service.by("agent", sub="safety-3", tier=3).post(confirm, {"protection_id": first})
    problem(again, 409, "another_person")
    two = case.service.by("agent", sub="safety-2", tier=3)
    assert (await two.made(confirm, {"protection_id": first}))["status"] == "confirmed"
    await case.choose()
    assert await case.protect(confirmed=False, safe=HIS_PHONE, sub="safety-3") == first
    body = {"token": await ending(case)}
    await case.service.by("").made("/v1/safe-contact/confirm", body)
    assert await case.protect(confirmed=False, sub="another") == first
    case.service.clock.ahead += 2 * GRACE
    await case.reissue()
    agent = case.service.by("agent")
    assert leaks(await ask(agent, await case.line(agent, VICTOR))) == []


async def test_the_end_may_be_confirmed_on_a_call_back_by_somebody_who_was_not_on_the_call(case: Case) -> None:
    await case.fled()
    sole = case.service.by("agent", sub="safety-9", tier=3)
    line = await case.verified(sole, ALMA, PASSCODE)
    await noted(sole, f"{line}/protection/end")
    mine = await called_back(case, sole)
    await noted(sole, f"{mine}/protection/end")
    assert await happened(case, "protection.ending_confirmed.v1") == 0
    other = case.service.by("agent", sub="safety-8", tier=3)
    theirs = await called_back(case, other, 2)
    await noted(other, f"{theirs}/protection/end")
    assert await happened(case, "protection.ending_confirmed.v1") == 1
    await case.message(SAFE, "stop_link")
    await noted(other, f"{theirs}/protection/stop")
    assert await happened(case, "protection.ending_stopped.v1") == 1
    assert "the supervisor took the call in which it was asked for" in await declined(case)


async def test_a_role_opens_contacts_of_its_own_channels_alone(case: Case) -> None:
    for role, channels in (
        ("agent", {"call", "chat", "call_back"}),
        ("portal", {"portal", "chat"}),
        ("notifier", {"notice"}),
    ):
        for channel in ("call", "chat", "portal", "call_back", "notice"):
            body = {"contact_id": "somebody", "channel": channel}
            response = await case.service.by(role, tier=3).post("/v1/interactions", body)
            if channel in channels:
                assert response.status_code == 201
            else:
                problem(response, 403, "wrong_channel", "channel")


async def test_a_passcode_made_of_what_is_known_of_the_account_is_rejected(case: Case) -> None:
    await case.protect()
    names = ("alma victor grey hale grey", "hale grey alma victor", "my grey alma hale x")
    for word in (*names, "alma@shared.example 1988-04-12"):
        problem(await case.choose(SAFE, word), 422, "passcode_rejected", "passcode")
    assert (await case.choose(SAFE, PASSCODE)).status_code == 200
