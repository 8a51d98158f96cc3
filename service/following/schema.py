"""Schema: the JSON Schema (draft 2020-12) of a rule book, made from the rules themselves.

It is published as `openapi/rules.schema.json`, which is written anew by
`python -m service.following.schema > openapi/rules.schema.json`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from domain.rule import DEFAULT, RuleBook

__all__ = ["schema", "schema_text"]


def schema() -> dict[str, Any]:
    """Describe what `POST /v1/rules` takes as `book`. It cannot say that every rule has an id of its own."""
    described = msgspec.json.schema(RuleBook)
    definitions = described["$defs"]
    root = definitions.pop("RuleBook")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:watchword:rules",
        **root,
        "title": "Watchword rules",
        "examples": [msgspec.to_builtins(DEFAULT)],
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
