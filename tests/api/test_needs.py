"""Who may call what: the whole table, every route by every role of every tier, and by tokens that are none."""

from __future__ import annotations

import re
from itertools import product

from service.api.calls import CALLS
from service.api.needs import NEEDS, PUBLIC
from service.tokens import ROLES
from tests.api.problem import guarded, problem
from tests.calling import Calls, Service
from tests.case import Case

NO_ID = "0" * 32


def test_every_call_is_public_or_needs_somebody() -> None:
    names = {call.operation_id for call in CALLS}
    assert names == NEEDS.keys() | PUBLIC
    assert not NEEDS.keys() & PUBLIC
    assert all(need.roles and need.roles <= ROLES for need in NEEDS.values())
    # A least tier means something for agents alone: nobody else's token has one that counts.
    assert all(need.roles == {"agent"} for need in NEEDS.values() if need.tier)
    assert all("agent" in need.roles and not need.tier for need in NEEDS.values() if need.agent_tier)


async def test_every_route_by_every_role_of_every_tier(service: Service) -> None:
    wrong = []
    for role, tier in product(sorted(ROLES), range(4)):
        calls = service.by(role, tier=tier)
        for call in CALLS:
            response = await calls.send(call.method, re.sub(r"{\w+}", NO_ID, call.path), None if call.query else {})
            guarded(response)
            need = NEEDS.get(call.operation_id)
            allowed = need is None or bool(need.met(frozenset({role}), tier))
            # Whoever is let in meets the call itself: there is nothing of these ids, and the bodies are empty.
            if allowed == (response.status_code in (401, 403)):
                wrong.append((call.operation_id, role, tier, response.status_code))
            if not allowed:
                problem(response, 403, "forbidden")
    assert wrong == []


async def test_no_token_an_expired_a_forged_and_one_of_another_house_are_refused_everywhere(
    service: Service, case: Case
) -> None:
    good = service.token("agent", tier=3)
    head, body, signature = good.split(".")
    role_changed = service.token("auditor").split(".")[1]
    tokens = {
        "none": "",
        "no token at all": "x",
        "expired": service.token("agent", tier=3, lifetime_s=-1),
        "its signature changed": f"{head}.{body}.{signature[:-4]}AAAA",
        "another's claims": f"{head}.{role_changed}.{signature}",
        "unsigned": f"eyJhbGciOiJub25lIn0.{body}.",
    }
    for (name, token), call in product(tokens.items(), CALLS):
        path = call.path.replace("{account_id}", case.account).replace("{booking_id}", case.booking)
        response = await Calls(service.client, token).send(call.method, re.sub(r"{\w+}", NO_ID, path), {})
        if call.operation_id in PUBLIC:
            assert response.status_code not in (401, 403), (name, call.operation_id)
        else:
            problem(response, 401)
            assert response.headers["www-authenticate"].startswith("Bearer")


async def test_two_roles_in_one_token_open_what_either_opens(service: Service) -> None:
    from service import composition  # noqa: PLC0415 - a token the harness does not make

    token = composition.issuer(service.settings).mint("both", ["auditor", "back_office", "unheard-of"])
    both = Calls(service.client, token)
    account = (await both.made("/v1/accounts", {}))["account_id"]
    entries = (await both.get(f"/v1/accounts/{account}/history")).json()["entries"]
    assert entries[0]["actor"] == {"subject": "both", "role": "back_office", "tier": 0, "site": ""}


async def test_a_tier_in_the_portals_token_counts_for_nothing(service: Service, case: Case) -> None:
    portal = service.by("portal", tier=3)
    line = await case.line(portal, {"surname": "Grey", "given_name": "Alma"}, channel="portal")
    await portal.made(f"{line}/verifications", {"passcode": "anything at all"})
    tried = [entry for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert [(entry["actor"]["role"], entry["actor"]["tier"]) for entry in tried] == [("portal", 0)]
