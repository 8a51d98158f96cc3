"""The greeting: what a newcomer is told when the service is up: where it is, and a line to paste for each role."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec

from service.settings import Settings
from service.tokens import LocalIssuer

HOURS = 8


class Line(msgspec.Struct, frozen=True):
    """A call to try: by whom, and what it does."""

    role: str
    sub: str
    does: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    tier: int = 0
    site: str = ""


LINES = (
    Line("back_office", "office-1", "opens an account", "POST", "/v1/accounts", {"reference": "crm-48213"}),
    Line(
        "agent", "agent-7", "tier 1, opens a contact", "POST", "/v1/interactions",
        {"contact_id": "+447700900123", "channel": "call"}, 1, "manila",
    ),
    Line(
        "agent", "safety-2", "tier 3, opens a call back to a safe contact", "POST", "/v1/interactions",
        {"contact_id": "+447700900999", "channel": "call_back"}, 3, "lisbon",
    ),
    Line(
        "portal", "website", "opens a session", "POST", "/v1/interactions",
        {"contact_id": "session-1", "channel": "portal"},
    ),
    Line(
        "notifier", "notices", "opens a notification job", "POST", "/v1/interactions",
        {"contact_id": "job-1", "channel": "notice"},
    ),
    Line("auditor", "auditor-1", "reads the policy in force", "GET", "/v1/policy"),
    Line("compliance", "compliance-1", "reads the policy in force, and may adopt another", "GET", "/v1/policy"),
    Line("legal", "legal-1", "lists the problems, oldest first", "GET", "/v1/problems"),
    Line("executive", "chief-1", "lists the promises that nobody kept", "GET", "/v1/commitments?status=executive"),
    Line("operations", "operations-1", "lists the webhooks", "GET", "/v1/webhooks"),
)  # fmt: skip


def greeting(settings: Settings, issuer: LocalIssuer | None) -> str:
    """Everything, as plain lines. Without an issuer of our own there are no tokens to give."""
    url = settings.public_url
    told = [f"Watchword is up at {url}", f"API docs: {url}/docs", ""]
    if issuer is None:
        return "\n".join([*told, "Tokens come from your own issuer (WATCHWORD_JWKS_URL)."])
    told.append(f"Try it; each line has a token that is good for {HOURS} hours:")
    for line in LINES:
        told += ["", f"# {line.role.replace('_', ' ')} {line.sub}: {line.does}", _curl(url, issuer, line)]
    return "\n".join(told)


def _curl(url: str, issuer: LocalIssuer, line: Line) -> str:
    token = issuer.mint(line.sub, [line.role], tier=line.tier, site=line.site, lifetime_s=HOURS * 3600)
    words = ["curl", "-sS", "-X", line.method, url + line.path, "-H", f"Authorization: Bearer {token}"]
    if line.body is not None:
        words += ["-H", "Content-Type: application/json", "-d", msgspec.json.encode(line.body).decode()]
    return shlex.join(words)
