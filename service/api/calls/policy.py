"""Calls about policy."""

from __future__ import annotations

from service.api.route import Call
from service.office import policing

CALLS: tuple[Call, ...] = (
    Call(
        "read_policy", "GET", "/v1/policy", "Read the policy in force", "policy",
        policing.PolicyAnswer, policing.read_policy,
    ),
    Call(
        "adopt_policy", "POST", "/v1/policy", "Adopt a policy", "policy",
        policing.AdoptedAnswer, policing.adopt_policy, policing.AdoptBody, keyed=True,
        example={"text": '@id("nothing") forbid (principal, action, resource);'},
    ),
)  # fmt: skip
