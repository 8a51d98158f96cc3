"""Every call of the API: what it is named, what it takes, what it runs. Who may call it stands in `needs`.

`interactions` one contact; `line` what goes on in it besides; `hand_offs` one that goes elsewhere; `authority` what a
tier may do in it; `accounts` and `protection` what the back office and supervisors do; `splits` what is shown and what
is held; `passcodes` the customer's own link; `commitments` what was promised; `problems` causes that cases share;
`record` and `policy` those who look after both; `health` operations; `overrides` break-glass; `notices` what
goes out to customers; `access_requests` what somebody asks to be told of themselves.

`timelines` an incident in one reading, and its exhibits; `exports` evidence bundles that leave the building.

`unsealings` what opens the record to one reader for an hour, at a second person's word.

`ledger` proves order and content of the log; `incidents` what was found by the `rules`, and `webhooks`, by which other
systems are told of it.

`holds` keep people from being forgotten, and have them forgotten.
"""

from __future__ import annotations

from service.api.calls import (
    access_requests,
    accounts,
    authority,
    commitments,
    exports,
    hand_offs,
    health,
    holds,
    incidents,
    interactions,
    ledger,
    line,
    notices,
    overrides,
    passcodes,
    policy,
    problems,
    protection,
    record,
    rules,
    splits,
    timelines,
    unsealings,
    webhooks,
)
from service.api.route import Call

# Routes are tried in this order: those that are asked most stand first.
CALLS: tuple[Call, ...] = (
    *interactions.CALLS,
    *line.CALLS,
    *hand_offs.CALLS,
    *authority.CALLS,
    *accounts.CALLS,
    *record.CALLS,
    *unsealings.CALLS,
    *protection.CALLS,
    *splits.CALLS,
    *passcodes.CALLS,
    *commitments.CALLS,
    *problems.CALLS,
    *policy.CALLS,
    *overrides.CALLS,
    *access_requests.CALLS,
    *notices.CALLS,
    *incidents.CALLS,
    *timelines.CALLS,
    *exports.CALLS,
    *rules.CALLS,
    *webhooks.CALLS,
    *ledger.CALLS,
    *holds.CALLS,
    *health.CALLS,
)
