"""Hooks of the Schemathesis run: whose token a request carries, and ids that there really are, part of the time.

Loaded by the run itself (see `schemathesis.toml`), with what it works on in WATCHWORD_TEST_FUZZED.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import schemathesis
from schemathesis import HookContext

_GIVEN: dict[str, Any] = json.loads(os.environ["WATCHWORD_TEST_FUZZED"])
# Counted for each operation by itself, so that each has its share of every kind of request.
_CALLED: Counter[str] = Counter()
_ASKED: Counter[str] = Counter()
_BODY_IDS = ("protected_party_id", "protection_id", "locator", "account_id", "booking_id", "due_at")
UNPROCESSABLE = 422
_READ_BADLY = ("bad_body", "bad_query", "bad_key")
# To JSON Schema 13.0 is an integer; the body of a write is read strictly.
_STRICT = "Expected `int`, got `float`"
_EVERY_OTHER, _ONE_IN = 2, 6


@schemathesis.auth(refresh_interval=None)
class Tokens:
    """Mostly somebody who may do everything, so that the calls themselves are reached; now and then one role alone."""

    def get(self, case: Any, context: Any) -> str:
        _ASKED[case.operation.label] += 1
        number = _ASKED[case.operation.label]
        alone = _GIVEN["alone"]
        if number % _ONE_IN:
            return str(_GIVEN["everybody"])
        return str(alone[number // _ONE_IN % len(alone)])

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.check
def what_the_schema_admits_is_refused_by_a_rule_alone(ctx: Any, response: Any, case: Any) -> bool | None:
    """A 422 for what is valid by its schema comes of a rule of the domain, and never of how a body or query is read."""
    if _valid(case) and response.status_code == UNPROCESSABLE:
        told = response.json()
        code = told["type"].rpartition(":")[2]
        assert told["detail"] == _STRICT or code not in _READ_BADLY, told
    return None


def _valid(case: Any) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


def _filled(body: dict[str, Any], real: dict[str, Any], path: str) -> None:
    """Put what there really is in the place of what a body names."""
    for name in _BODY_IDS:
        if body.get(name):
            body[name] = real[name]
    if "facts" in body:
        body["facts"] = dict(real["facts"])
    if "passcode" in body and path.endswith("/verifications"):
        body["passcode"] = real["passcode"]
    if "document" in body and body.get("format"):
        body |= {"format": real["format"], "document": real["document"]}
        body.pop("travellers", None)


@schemathesis.hook
def before_call(context: HookContext, case: Any, kwargs: dict[str, Any]) -> None:
    """Give what is valid something real to work on. What is to be refused stays as it was made."""
    if not _valid(case):
        return
    _CALLED[case.operation.label] += 1
    number = _CALLED[case.operation.label]
    _keyed(case, f"{_CALLED.total()}")
    waiting = _GIVEN["ready"].get(case.operation.definition.raw["operationId"])
    if waiting:
        # Whole, as it was prepared: it succeeds once.
        one = waiting.pop()
        case.headers["Authorization"] = f"Bearer {_GIVEN['everybody']}"
        case.path_parameters.update(one["path"])
        if one["body"] is not None:
            case.body = one["body"]
        return
    if number % _EVERY_OTHER:
        return
    real = _GIVEN["real"][number // _EVERY_OTHER % len(_GIVEN["real"])]
    for name in case.path_parameters:
        if name in real:
            case.path_parameters[name] = real[name]
    if isinstance(case.body, dict):
        _filled(case.body, real, case.operation.path)


def _keyed(case: Any, number: str) -> None:
    key = case.headers.get("Idempotency-Key")
    if key is not None:
        # Two different requests under one key are refused, rightly; the schema cannot say so.
        case.headers["Idempotency-Key"] = f"{key[:100]}.{number}"
