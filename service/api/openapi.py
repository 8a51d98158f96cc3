"""The OpenAPI document: FastAPI's own, with the shapes of our bodies, answers, parameters and problems in it.

`python -m service.api.openapi` writes it to openapi/openapi.json; with `--check` it only compares, and exits 1 where
they differ.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request

from service.api.calls import CALLS
from service.api.needs import NEEDS, PUBLIC
from service.api.problems import MEDIA_TYPE, TITLES
from service.api.route import JSON, Call

TITLE = "Watchword"
SUMMARY = "Decides, in real time, what the person on the line may be told, and keeps a record of every attempt."
VERSION = version("watchword")
WHERE = Path(__file__).parents[2] / "openapi" / "openapi.json"


ID, REST = "^[0-9A-Za-z_-]{1,64}$", "^[0-9a-z./]{1,64}$"


class ProblemBody(msgspec.Struct, frozen=True, rename={"kind": "type"}):
    """An error (RFC 9457).

    `place` names the part of the request. The neutral line comes where nothing can be disclosed.
    """

    kind: str
    title: str
    status: int
    detail: str
    instance: str
    place: str | msgspec.UnsetType = msgspec.UNSET
    outcome: str | msgspec.UnsetType = msgspec.UNSET
    say: str | msgspec.UnsetType = msgspec.UNSET
    next_step: str | msgspec.UnsetType = msgspec.UNSET


def shapes(calls: tuple[Call, ...]) -> dict[str, Any]:
    """JSON Schema components of every body and answer, by name."""
    types = [each for call in calls for each in (call.body, call.answer, call.query) if each not in (None, str, bytes)]
    _, components = msgspec.json.schema_components([*types, ProblemBody], ref_template="#/components/schemas/{name}")
    components["ProblemBody"]["title"] = "Problem"
    return components


def _ref(shape: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _shape(call: Call) -> dict[str, str]:
    if call.media == JSON:
        return _ref(call.answer)
    return {"type": "string"} if call.answer is str else {"type": "string", "contentEncoding": "binary"}


def _others(call: Call) -> dict[str, Any]:
    """The other formats that a call offers."""
    return {media: {"schema": {"type": "string"}} for media in call.offers.values() if media != call.media}


def extra(call: Call) -> dict[str, Any]:
    """What a call adds to FastAPI's account of its route."""
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": REST if name == call.rest else ID},
        }
        for name in re.findall(r"{(\w+)}", call.path)
    ]
    if call.query is not None:
        shape = msgspec.json.schema(call.query)["$defs"][call.query.__name__]
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    if call.keyed or call.operation_id == "ask_disclosure":
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    parameters.append({"$ref": "#/components/parameters/RequestId"})
    statuses = {call.status, *call.problems}
    responses: dict[str, Any] = {
        str(call.status): {
            "description": "As asked.",
            "content": {call.media: {"schema": _shape(call)}} | _others(call),
            "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}},
        }
    }
    public = call.operation_id in PUBLIC
    statuses |= set() if public else {401, 403, 503}
    statuses |= {413, 415, 422, 503} if call.body is not None else set()
    statuses |= {422} if call.query is not None or call.keyed else set()
    statuses |= {404} if "{" in call.path else set()
    for status in sorted(statuses - {call.status}):
        responses[str(status)] = {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": _ref(ProblemBody)}}}
    found: dict[str, Any] = {"parameters": parameters, "responses": responses}
    if call.body is not None:
        content: dict[str, Any] = {"schema": _ref(call.body)}
        if call.example is not None:
            content["example"] = call.example
        found["requestBody"] = {"required": True, "content": {JSON: content}}
    if not public:
        need = NEEDS[call.operation_id]
        found["security"] = [{"bearer": []}]
        least = need.tier or need.agent_tier
        tier = f", {'an agent of ' if need.agent_tier else ''}tier {least} or above" if least else ""
        found["description"] = f"Roles: {', '.join(sorted(need.roles))}{tier}."
    else:
        found["security"] = []
        found["description"] = "Without a token."
    return found


async def unused(request: Request) -> None:
    """What FastAPI would call; `route_class` answers instead."""


@cache
def document() -> dict[str, Any]:
    """The whole document. It says nothing of an installation, so every app of a process has the same."""
    app = FastAPI(title=TITLE, version=VERSION, summary=SUMMARY)
    for call in CALLS:
        app.router.add_api_route(
            call.path,
            unused,
            methods=[call.method],
            operation_id=call.operation_id,
            summary=call.summary,
            tags=[call.tag],
            status_code=call.status,
            response_model=None,
            openapi_extra=extra(call),
        )
    told = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
    )
    components = told.setdefault("components", {})
    components["schemas"] = shapes(CALLS)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    components["parameters"] = {
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key sends the same write again: it is done once. What is disclosed, accepted or "
            "proved is decided anew.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        },
        "RequestId": {
            "name": "X-Request-ID",
            "in": "header",
            "required": False,
            "description": "Your id for this request; it is echoed, recorded as the cause and written to the log.",
            "schema": {"type": "string"},
        },
    }
    components["headers"] = {
        "RequestId": {"description": "The request's id, yours or a new one.", "schema": {"type": "string"}}
    }
    return told


def text(document: dict[str, Any]) -> str:
    """The document as it is committed."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the document, or compare it."""
    now = text(document())
    if "--check" not in arguments:
        WHERE.write_text(now, encoding="utf-8")
        return 0
    then = WHERE.read_text(encoding="utf-8") if WHERE.exists() else ""
    if now == then:
        return 0
    lines = difflib.unified_diff(
        then.splitlines(), now.splitlines(), "openapi/openapi.json", "the app", lineterm="", n=1
    )
    sys.stdout.write(
        "\n".join(lines) + "\nopenapi/openapi.json differs from the app: run python -m service.api.openapi\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
