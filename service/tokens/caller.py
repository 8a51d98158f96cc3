"""The caller: who a token speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from service.tokens.rejected import TokenRejected

__all__ = ["ROLES", "Caller", "caller_from"]

ROLES = frozenset(
    ["agent", "portal", "notifier", "back_office", "auditor", "legal", "operations", "compliance", "executive"],
)
LONGEST_SUBJECT, LONGEST_SITE, HIGHEST_TIER = 128, 64, 3


class Caller(msgspec.Struct, frozen=True, gc=False):
    """A token's subject, with its roles, its tier (1 to 3; 0 where tiers do not apply), its site and its team."""

    subject: str
    roles: frozenset[str]
    tier: int
    site: str
    team: str = ""


def caller_from(claims: Mapping[str, Any]) -> Caller:
    """Read the caller from verified claims; roles nobody knows are passed over. Raises TokenRejected naming a claim."""
    subject, roles = claims.get("sub"), claims.get("roles")
    tier, site, team = claims.get("tier", 0), claims.get("site", ""), claims.get("team", "")
    if not isinstance(subject, str) or not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise TokenRejected("sub must be a text of 1 to 128 printable characters")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise TokenRejected("roles must be a list of texts")
    if isinstance(tier, bool) or not isinstance(tier, int) or not 0 <= tier <= HIGHEST_TIER:
        raise TokenRejected("tier must be a whole number from 0 to 3")
    if not isinstance(site, str) or len(site) > LONGEST_SITE or not site.isprintable():
        raise TokenRejected("site must be a text of at most 64 printable characters")
    if not isinstance(team, str) or len(team) > LONGEST_SITE or not team.isprintable():
        raise TokenRejected("team must be a text of at most 64 printable characters")
    return Caller(subject, ROLES.intersection(roles), tier, site, team)
