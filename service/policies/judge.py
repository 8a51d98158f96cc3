"""Judges cells by Cedar: a program started by `compile.py`, one JSON object on stdin, one on stdout.

It imports nothing of ours, reads no file and no environment, and bounds its own memory and time, so that a policy which
breaks or hangs the engine takes this process and nothing else.

In: `text`, `schema`, `expected` (the schema of this release), `reserved` (ids no rule may have), `seconds` (CPU time),
and `dimensions`, a list of `[entity type, context key, values]`: the first is the principal, the last the resource.
Out: `rule_ids`, `rulings` (`[permits, [rule id, ...]]`) and `cells`, an index into `rulings` for every combination in
the order of the dimensions; or `rejected`, the reasons.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import cedarpy

BATCH = 2048
MEMORY = 2 << 30
MOST_REASONS = 20

_RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_POSITION = re.compile(r"policy `(policy\d+)`")

Dimension = tuple[str, str, list[str]]
Ids = dict[str, str]


class Rejected(Exception):
    """The policy cannot be compiled, with every reason found."""

    def __init__(self, reasons: Iterable[str]) -> None:
        found = list(reasons)
        more = [f"and {len(found) - MOST_REASONS} more"] if len(found) > MOST_REASONS else []
        self.reasons = found[:MOST_REASONS] + more


def judge(question: dict[str, Any]) -> dict[str, Any]:
    """Validate the policy and judge every combination once. Raises Rejected."""
    text: str = question["text"]
    schema = _schema(question["schema"], question["expected"])
    ids = _ids(text, set(question["reserved"]))
    _validate(text, schema, ids)
    policies, entities = cedarpy.PolicySet.from_str(text), cedarpy.Entities.from_json_str("[]")
    order = {rule: place for place, rule in enumerate(ids.values())}
    rulings: dict[tuple[bool, tuple[str, ...]], int] = {}
    cells: list[int] = []
    errors: dict[str, list[str]] = {}
    combinations = itertools.product(*(values for _, _, values in question["dimensions"]))
    requests = _requests(question["dimensions"])
    while batch := list(itertools.islice(requests, BATCH)):
        for result in cedarpy.is_authorized_batch(batch, policies, entities, schema):
            cell = next(combinations)
            # Cedar leaves a rule that errs out of account. A forbid left out would allow.
            for error in result.diagnostics.errors:
                errors.setdefault(_named(error, ids), []).append("/".join(cell))
            named = result.diagnostics.id_annotations_by_reason
            rules = tuple(sorted((named[reason] for reason in result.diagnostics.reasons), key=order.__getitem__))
            cells.append(rulings.setdefault((result.allowed, rules), len(rulings)))
    if errors:
        raise Rejected(
            f"{error}: in cell {found[0]} and {len(found) - 1} more; Cedar would leave the rule out there"
            for error, found in errors.items()
        )
    return {"rule_ids": list(ids.values()), "rulings": list(rulings), "cells": cells}


def _schema(schema: str, expected: str) -> cedarpy.Schema:
    try:
        handle = cedarpy.Schema.from_str(schema)
    except ValueError as error:
        raise Rejected([f"the schema cannot be read: {error}"]) from None
    # Compared as Cedar prints them: comments, order and spacing may differ, nothing else.
    if str(handle) != str(cedarpy.Schema.from_str(expected)):
        raise Rejected(
            ["the schema must declare the dimensions of this release and nothing else; start from the default"]
        )
    return handle


def _ids(text: str, reserved: set[str]) -> Ids:
    """Each rule's `@id` by its position (`policy0`, `policy1`, ...), in the order of the text."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except (ValueError, RecursionError) as error:
        raise Rejected([f"the policy cannot be read: {error}"]) from None
    reasons = (
        ["a template decides nothing until it is linked; write rules without slots"] if parsed["templates"] else []
    )
    ids: Ids = {}
    for position, rule in sorted(
        parsed["staticPolicies"].items(), key=lambda item: int(item[0].removeprefix("policy"))
    ):
        number, given = len(ids) + 1, rule.get("annotations", {}).get("id") or ""
        if not given:
            reasons.append(f"rule {number} has no @id; give it one, decisions are recorded by it")
        elif not _RULE_ID.fullmatch(given):
            reasons.append(f"rule {number}: an @id is 1 to 64 small letters, digits and hyphens")
        elif given in reserved:
            reasons.append(f"rule {number}: the @id {given!r} is taken by the service; choose another")
        elif given in ids.values():
            reasons.append(f"rule {number}: the @id {given!r} is taken by an earlier rule; each rule needs its own")
        ids[position] = given
    if reasons:
        raise Rejected(reasons)
    return ids


def _validate(text: str, schema: cedarpy.Schema, ids: Ids) -> None:
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        raise Rejected(
            named if "`policy" in error.error else f"rule {ids.get(error.policy_id, '?')!r}: {named}"
            for error in result.errors
            for named in [_named(error.error, ids)]
        )


def _named(error: str, ids: Ids) -> str:
    """Cedar's own words, with a rule's position replaced by its id."""
    return _POSITION.sub(lambda found: f"rule {ids.get(found[1], found[1])!r}", error)


def _requests(dimensions: list[Dimension]) -> Iterator[dict[str, Any]]:
    (principal, _, standings), *between, (resource_type, _, classes) = dimensions
    # By the schema Cedar knows these for entities; told so again by `__entity`, it takes a third longer.
    contexts = [
        json.dumps({key: {"type": kind, "id": value} for (kind, key, _), value in zip(between, values, strict=True)})
        for values in itertools.product(*(values for _, _, values in between))
    ]
    for standing, context, field_class in itertools.product(standings, contexts, classes):
        yield {
            "principal": {"type": principal, "id": standing},
            "action": {"type": "Action", "id": "hear"},
            "resource": {"type": resource_type, "id": field_class},
            "context": context,
        }


def main() -> None:
    """Answer the question on stdin."""
    question = json.load(sys.stdin)
    seconds: int = question["seconds"]
    for limit, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # a stricter bound holds already, or the system knows none
            resource.setrlimit(limit, (most, most))
    try:
        answer = judge(question)
    except Rejected as rejected:
        answer = {"rejected": rejected.reasons}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
