"""The contract: the committed OpenAPI document is the app's, reads well, and its examples are true."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from service.api.calls import CALLS
from service.api.needs import NEEDS, PUBLIC
from tests.calling import Service

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "openapi" / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
VERBS = {
    *("open", "add", "import", "read", "start", "confirm", "declare", "bind", "try", "list", "ask", "request"),
    *(
        "give",
        "report",
        "remove",
        "replay",
        "allow",
        "approve",
        "refuse",
        "review",
        "change",
        "correct",
        "decide",
        "end",
    ),
    *(
        "extend",
        "forget",
        "lift",
        "issue",
        "offer",
        "take",
        "refresh",
        "release",
        "renew",
        "resume",
        "route",
        "stop",
        "withdraw",
    ),
    *("place", "join", "leave", "close", "choose", "adopt", "record", "raise", "make", "answer", "accept", "escalate"),
}


def resolved(schema: Any) -> Any:
    """A schema of the document that stands by itself."""
    return {**schema, "components": DOCUMENT["components"]}


def test_the_committed_document_is_the_apps() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "service.api.openapi", "--check"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "")


async def test_the_document_is_served(service: Service) -> None:
    assert (await service.client.get("/openapi.json")).json() == DOCUMENT


def test_every_call_is_in_it_and_nothing_else() -> None:
    assert {name: (method.upper(), path) for name, (method, path, _) in OPERATIONS.items()} == {
        call.operation_id: (call.method, call.path) for call in CALLS
    }


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_reads_well_as_a_method_of_a_client(name: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
    assert not keyword.iskeyword(name)
    assert name.partition("_")[0] in VERBS or name in {"healthz", "readyz"}
    _, _, operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["tags"]
    assert operation["description"].startswith("Without a token" if name in PUBLIC else "Roles: ")
    if name in NEEDS:
        assert all(role in operation["description"] for role in NEEDS[name].roles)
        assert {"401", "403"} <= operation["responses"].keys()


def test_operation_ids_are_unique() -> None:
    assert len(OPERATIONS) == len(CALLS)


@pytest.mark.parametrize("name", sorted(name for name, (_, _, o) in OPERATIONS.items() if "requestBody" in o))
def test_an_example_fits_its_schema(name: str) -> None:
    content = OPERATIONS[name][2]["requestBody"]["content"]["application/json"]
    jsonschema.Draft202012Validator(resolved(content["schema"])).validate(content["example"])


def test_examples_of_fields_fit_their_schemas() -> None:
    tried = 0

    def walk(schema: Any) -> None:
        nonlocal tried
        if isinstance(schema, dict):
            for example in schema.get("examples", ()):
                jsonschema.Draft202012Validator(resolved(schema)).validate(example)
                tried += 1
            for value in schema.values():
                walk(value)
        elif isinstance(schema, list):
            for value in schema:
                walk(value)

    walk(DOCUMENT["components"]["schemas"])
    assert tried > 5


def test_every_body_forbids_what_it_does_not_know() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for call in CALLS:
        if call.body is not None:
            assert schemas[call.body.__name__]["additionalProperties"] is False, call.operation_id


def test_every_error_is_a_problem() -> None:
    for name, (_, _, operation) in OPERATIONS.items():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (name, status)
