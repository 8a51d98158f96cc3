"""Every call of the API: what it is named, what it takes, what it runs. Who may call it stands in `needs`.

`interactions` one contact; `accounts` and `protection` what the back office and supervisors do; `passcodes` the
customer's own link; `record` and `policy` those who look after both; `health` operations.
"""

from __future__ import annotations

from service.api.calls import accounts, health, interactions, passcodes, policy, protection, record
from service.api.route import Call

# Routes are tried in this order: those that are asked most stand first.
CALLS: tuple[Call, ...] = (
    *interactions.CALLS,
    *accounts.CALLS,
    *record.CALLS,
    *protection.CALLS,
    *passcodes.CALLS,
    *policy.CALLS,
    *health.CALLS,
)
