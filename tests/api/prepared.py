"""Requests that succeed once: each with what it takes prepared over HTTP, for a run that could only guess at it.

A code, a link, another's override, a webhook: whoever guesses at those reaches a refusal and nothing behind it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.prepared_record import adverse_line, of_the_record
from tests.calling import Calls, Service
from tests.case import ALMA, LIFE, PASSCODE, Case
from tests.trips import NEW_TRIP, OLD

EVERYBODY = "everybody"
NEXT_SAFE = "+447700900888"
OVERRIDE = {"reason": "caller_cannot_use_passcode", "words": "she lost it", "classes": ["E", "I"], "minutes": 15}

Prepared = dict[str, list[dict[str, Any]]]


async def prepared(service: Service, times: int) -> Prepared:
    """By operation: path parameters and body of requests that `EVERYBODY` carries out, each with its own world."""
    found: Prepared = defaultdict(list)
    for _ in range(times):
        await _on_the_line(service, found)
        await _with_others(service, found)
        await _by_links(service, found)
        await _away_from_the_line(service, found)
    # Bundles take a second each to make, and their requests succeed as often as they are sent.
    case = await Case.opened(service)
    await _fled(case)
    await of_the_record(service, found, case, await adverse_line(service, case))
    return found


def _request(found: Prepared, operation: str, body: Any = None, **path: str) -> None:
    found[operation].append({"path": path, "body": body})


def _id(path: str) -> str:
    return path.rpartition("/")[2]


def _safe(case: Case) -> str:
    """A number that is this account's own, so that what is sent there is too."""
    return f"+4477{int(case.account[:12], 16) % 10**8:08}"


async def _fled(case: Case) -> str:
    """Protected, with a passcode of hers and a new trip; returns where her safe contact is reached."""
    safe = _safe(case)
    await case.protect(safe=safe)
    assert (await case.choose(safe)).status_code == 200
    await case.reissue()
    return safe


async def _line(case: Case, calls: Calls) -> str:
    """A contact bound to this account, by its id: other accounts of the run have bookings of the same locator."""
    line = await case.line(calls, None, contact=_safe(case))
    await calls.made(f"{line}/bind", {"account_id": case.account, "facts": ALMA})
    return line


async def _verified(case: Case, calls: Calls) -> str:
    line = await _line(case, calls)
    assert (await calls.made(f"{line}/verifications", {"passcode": PASSCODE}))["accepted"]
    return line


async def _on_the_line(service: Service, found: Prepared) -> None:
    case = await Case.opened(service)
    me = service.by("agent", sub=EVERYBODY, tier=3)
    await _fled(case)
    hers = await _verified(case, me)
    joined = (await me.made(f"{hers}/listeners", {"kind": "third_party"}))["listener_id"]
    _request(found, "give_consent", {"listener_id": joined, "classes": ["I"]}, interaction_id=_id(hers))
    judged = {"action": "waive_fee", "amount_class": "large", "granted": "the fee", "why": "moved twice"}
    _request(found, "record_judgement", judged, interaction_id=_id(await _line(case, me)))
    body = {"party_id": case.alma, "received_by": "letter"}
    _request(found, "open_access_request", body, account_id=case.account)


async def _with_others(service: Service, found: Prepared) -> None:
    """What somebody else began, and another has to go on with."""
    case = await Case.opened(service)
    other, lead = service.by("agent", sub="other", tier=1), service.by("agent", sub="lead", tier=3)
    for operation in ("approve_override", "refuse_override", "review_override"):
        override = (await other.made(f"{await _line(case, other)}/overrides", OVERRIDE))["override_id"]
        if operation == "review_override":
            await lead.made(f"/v1/accounts/{case.account}/overrides/{override}/approve")
        body = {"finding": "justified", "words": "borne out"} if operation == "review_override" else {}
        _request(found, operation, body, account_id=case.account, override_id=override)
    disputed = await _line(case, other)
    await other.made(f"{disputed}/dispute", {"words": "I do not fly from there"})
    _request(found, "close_dispute", {"words": "read from the right record"}, interaction_id=_id(disputed))
    offer = {"to": {"kind": "agent", "name": EVERYBODY}, "reason": "the owning office is in Leeds"}
    code = (await other.made(f"{await _line(case, other)}/transfer", offer))["code"]
    _request(found, "take_transfer", {"code": code})
    dropped = await _line(case, other)
    code = (await other.made(f"{dropped}/resume-code", {}))["code"]
    resumed = {"code": code, "contact_id": "+447700900777", "channel": "call", "passcode": ""}
    _request(found, "resume_interaction", resumed)
    for operation in ("read_action", "close_action"):
        await case.protect(confirmed=False)  # from here on it waits for the last tier
        asked = {"action": "cancel", "locator": OLD, "details": "both"}
        decision = (await other.made(f"{await _line(case, other)}/actions", asked))["decision_id"]
        done = {"result": "done", "words": "cancelled"}
        _request(found, operation, done if operation == "close_action" else None, decision_id=decision)

    case = await Case.opened(service)
    protection = await case.protect(confirmed=False, safe=_safe(case))
    review = {"protection_id": protection, "finding": "upheld", "reason": "both papers seen"}
    _request(found, "review_protection", review, account_id=case.account)
    await _answered(service, found, f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}")


async def _answered(service: Service, found: Prepared, due_at: str) -> None:
    """What was raised by the one who may accept the answer of another."""
    me, lead = service.by("agent", sub=EVERYBODY, tier=3), service.by("agent", sub="lead", tier=3)
    promise = {"kind": "promise", "owner": "tier-3", "due_at": due_at, "words": "we ring"}
    made = (await me.made("/v1/commitments", promise))["commitment_id"]
    await lead.made(f"/v1/commitments/{made}/answers", {"how": "mail", "words": "done"})
    _request(found, "accept_commitment", {"accepted": True}, commitment_id=made)
    path = f"/v1/problems/{(await me.made('/v1/problems', {'title': 'no seats'}))['problem_id']}/escalations"
    raised = (await me.made(path, {"to": "tier-3", "due_at": due_at, "words": "forty today"}))["escalation_id"]
    await lead.made(f"{path}/{raised}/answer", {"words": "mended"})
    problem = path.split("/")[3]
    _request(found, "accept_problem_answer", {"accepted": True}, problem_id=problem, escalation_id=raised)


async def _by_links(service: Service, found: Prepared) -> None:
    """What a customer or her safe contact is sent a link for; the links are read from the customers' own channel."""
    case = await Case.opened(service)
    safe = _safe(case)
    await case.protect(safe=safe)
    _request(found, "choose_passcode", {"token": (await case.message(safe))["token"], "passcode": PASSCODE})
    case = await Case.opened(service)
    safe = await _fled(case)
    agent = service.by("agent", sub="other")
    hers = await _verified(case, agent)
    await agent.made(f"{hers}/safe-contact", {"safe_contact": {"kind": "phone", "value": NEXT_SAFE}})
    _request(found, "stop_by_safe_contact", {"token": (await case.message(safe, "stop_link"))["token"]})
    await agent.made(f"{hers}/protection/end", {})
    _request(found, "confirm_by_safe_contact", {"token": (await case.message(safe, "confirm_link"))["token"]})


async def _away_from_the_line(service: Service, found: Prepared) -> None:
    case = await Case.opened(service)
    flight = {"carrier": "ZZ", "flight": "SHOWNQXFLIGHT", "date": "2031-03-14", "what": "departure"}
    _request(found, "change_flight", flight, booking_id=case.booking)
    await case.protect()
    await case.imported(NEW_TRIP, {"t1": case.alma}, case.booking)
    safety = service.by("agent", sub="safety-1", tier=3)
    await safety.made(f"/v1/bookings/{case.booking}/split", {"life": LIFE, "reason": "reissued"})
    soon = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
    body = {"party_id": case.victor, "until": soon, "words": "until she has landed"}
    _request(found, "allow_exception", body, booking_id=case.booking)
    # What a run adopts first leaves the last tier the judgements that it also asks for.
    _request(
        found, "adopt_authority", {"document": (await service.by("auditor").get("/v1/authority")).json()["document"]}
    )
    hook = {"url": "http://127.0.0.1:9/hooks", "kinds": ["incident.opened"]}
    _request(found, "add_webhook", hook)
    hooks: Calls = service.by("operations")
    for operation in ("remove_webhook", "replay_webhook"):
        webhook = (await hooks.made("/v1/webhooks", hook))["webhook_id"]
        _request(found, operation, {"after": 0} if operation == "replay_webhook" else None, webhook_id=webhook)
