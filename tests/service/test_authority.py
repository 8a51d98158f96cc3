"""Authority as it is published: the schema is the shape's own, and the example and the default fit it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from domain.grant import AuthorityDocument
from service.authority import DEFAULT
from service.authority.schema import EXAMPLE, schema_text

PUBLISHED = (Path(__file__).parents[2] / "openapi" / "authority.schema.json").read_text("utf-8")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(PUBLISHED))


def test_the_published_schema_is_the_shapes_own() -> None:
    assert schema_text() == PUBLISHED, "run: python -m service.authority.schema > openapi/authority.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads(PUBLISHED))


@pytest.mark.parametrize("document", [EXAMPLE, json.loads(msgspec.json.encode(DEFAULT))], ids=["example", "default"])
def test_what_is_shipped_fits_it_and_is_read(document: dict[str, object]) -> None:
    VALIDATOR.validate(document)
    assert msgspec.convert(document, AuthorityDocument).grants


@pytest.mark.parametrize(
    "wrong",
    [
        {**EXAMPLE, "doubt": True},
        {**EXAMPLE, "grants": [{"id": "g", "tier": 4, "action": "change"}]},
        {**EXAMPLE, "grants": [{"id": "g", "tier": 1, "action": "change", "hours": [{"from": "9", "until": "15:00"}]}]},
        {**EXAMPLE, "grants": [{"id": "g", "tier": 1, "action": "Change it!"}]},
    ],
)
def test_what_the_schema_refuses_is_not_read(wrong: dict[str, object]) -> None:
    assert list(VALIDATOR.iter_errors(wrong))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(wrong), type=AuthorityDocument)
