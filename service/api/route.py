"""Routes: how a call comes in and its answer goes out. Token, need, body, key, then the command, then bytes.

Bodies are msgspec structs, strict: an unknown field is refused and the place named. FastAPI keeps the routing table
and the OpenAPI
document; its own parsing of parameters is passed by, since it costs more than the decision (see docs/adr/0007).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.event import Actor
from service.api.needs import NEEDS, PUBLIC
from service.api.problems import Problem
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Replay
from service.desk.file import File
from service.tokens import Caller, TokenRejected, TokenVerifier

JSON = "application/json"
_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_KEY = re.compile(r"[!-~]{1,128}")
_ENCODER = msgspec.json.Encoder()


class Call(msgspec.Struct, frozen=True):
    """One operation: what it is called, what it takes, what it runs and what it answers.

    `run(desk, asker, path, body, key)` returns a Draft, or the answer itself where the body of it must never be kept.
    `anew`: a key that comes again is answered by what is true then (see `service.desk.repeating`).
    `media`: what the answer is, where that is text or bytes. `rest`: the last part of the path, where it is no id and
    may hold slashes; the command looks at it. `offers`: the media type of each `format` that its query may name.
    """

    operation_id: str
    method: str
    path: str
    summary: str
    tag: str
    answer: type
    run: Callable[..., Awaitable[Any]]
    body: type | None = None
    status: int = 200
    keyed: bool = False
    query: type | None = None
    problems: tuple[int, ...] = ()
    example: Any = None
    anew: bool = False
    media: str = JSON
    rest: str = ""
    offers: Mapping[str, str] = {}


class Door:
    """What every call passes: the token, then the table of needs."""

    def __init__(self, desk: Desk, verifier: TokenVerifier) -> None:
        """Let in whom this verifier knows."""
        self.desk = desk
        self.verifier = verifier

    async def asker(self, request: Request, operation_id: str) -> Asker:
        """Who asks. Raises Problem 401 without a valid token, 403 without the role and tier."""
        if operation_id in PUBLIC:
            return Asker(Actor("customer", "customer"), request.scope["request_id"])
        caller = await self._caller(request)
        need = NEEDS[operation_id]
        roles = need.met(caller.roles, caller.tier)
        if not roles:
            raise Problem(403, "forbidden", "ask somebody whose role and tier may do this")
        role = min(roles)
        tier = caller.tier if role == "agent" else 0  # the portal and the others have none, whatever their token says
        return Asker(Actor(caller.subject, role, tier, caller.site), request.scope["request_id"], caller.team)

    async def _caller(self, request: Request) -> Caller:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not token:
            raise Problem(401, "no_token", "send a bearer token", headers={"WWW-Authenticate": "Bearer"})
        try:
            return self.verifier.remembered(token) or await self.verifier.verify(token)
        except TokenRejected as error:
            challenge = f'Bearer error="invalid_token", error_description="{error.reason}"'
            raise Problem(401, "bad_token", "get a new token", headers={"WWW-Authenticate": challenge}) from None


def route_class(call: Call, door: Door) -> type[APIRoute]:
    """The route of one call. Its handler is the whole way from request to response."""
    decoder: msgspec.json.Decoder[Any] | None = None if call.body is None else msgspec.json.Decoder(call.body)

    async def handle(request: Request) -> Response:
        asker = await door.asker(request, call.operation_id)
        arguments = _path(request, call.rest)
        raw = b""
        if decoder is not None:
            raw = await _json(request)
            arguments.append(decoded(decoder, raw))
        elif call.query is not None:
            arguments.append(_accepted(call, request, queried(call.query, request)))
        key = None if call.method == "GET" else _key(door.desk, request, raw)
        if not call.keyed:
            answer = await call.run(door.desk, asker, *arguments)
            return _sent(call, answer)
        try:
            if key is not None and not call.anew:
                await door.desk.pipeline.replay(asker.actor.subject, key)
            draft: Draft[Any] = await call.run(door.desk, asker, *arguments, key)
        except Replay as replay:
            return Response(replay.body, replay.status, {"Idempotency-Replayed": "true"}, JSON)
        return Response(_ENCODER.encode(draft.answer), draft.status, media_type=JSON)

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    class OneRoute(APIRoute):
        """FastAPI's route, which would open two exit stacks for dependencies that we do not have."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.app = run

    return OneRoute


def _sent(call: Call, answer: Any) -> Response:
    """An answer that is not kept: JSON, or what the command made of it."""
    if isinstance(answer, File):
        named = {"Content-Disposition": f'attachment; filename="{answer.name}"'}
        return Response(answer.content, call.status, named, answer.media)
    if isinstance(answer, Response):  # a file, which is not read into memory
        return answer
    if call.media != JSON:
        return Response(answer, call.status, media_type=call.media)
    return Response(_ENCODER.encode(answer), call.status, media_type=JSON)


def _accepted(call: Call, request: Request, query: Any) -> Any:
    """The query, in the format that the Accept header names first of those on offer, where the query names none."""
    if not call.offers or "format" in request.query_params:
        return query
    formats = {media: name for name, media in call.offers.items()}
    for part in request.headers.get("accept", "").split(","):
        media = part.partition(";")[0].strip().casefold()
        if media in formats:
            return msgspec.structs.replace(query, format=formats[media])
    return query


def _path(request: Request, rest: str) -> list[Any]:
    """The ids of the path. Raises Problem 404 for one that cannot be an id."""
    for place, value in request.path_params.items():
        if place != rest and not _IDENTIFIER.fullmatch(value):
            raise Problem(404, f"unknown_{place.removesuffix('_id')}", "there is nothing of this id", place=place)
    return [*request.path_params.values()]


async def _json(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != JSON:
        raise Problem(415, "not_json", "send the body as application/json", headers={"Accept": JSON})
    return await request.body()


def decoded(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    """A body as its struct. Raises Problem 422 that names the place and never the value."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        raise Problem(422, "bad_body", _valueless(reason), place=place.rstrip("`") or "$") from None
    except msgspec.DecodeError:
        raise Problem(422, "bad_body", "the body is not well-formed JSON", place="$") from None
    except RecursionError:
        raise Problem(422, "bad_body", "the body is nested too deeply", place="$") from None


def _valueless(reason: str) -> str:
    """A reason without values: msgspec quotes one only where an enum or a literal has none like it."""
    return reason.partition(" value ")[0] + " value" if reason.startswith("Invalid enum value") else reason


def queried(shape: type, request: Request) -> Any:
    """The query as its struct. Raises Problem 422 naming the parameter."""
    pairs = request.query_params.multi_items()
    if len({name for name, _ in pairs}) != len(pairs):
        raise Problem(422, "bad_query", "give each parameter once", place="query")
    try:
        return msgspec.convert(dict(pairs), shape, strict=False)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        raise Problem(
            422, "bad_query", _valueless(reason), place=f"query.{place.rstrip('`')}" if place else "query"
        ) from None


def _key(desk: Desk, request: Request, raw: bytes) -> Key | None:
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise Problem(422, "bad_key", "use 1 to 128 visible ASCII characters", place="Idempotency-Key")
    return Key(given, desk.marks.fingerprint(request.method.encode(), request.url.path.encode(), raw))
