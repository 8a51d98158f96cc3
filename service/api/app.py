"""The app: every call on its route, problems on every error, the edge around it all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.requests import Request

from service.api.calls import CALLS
from service.api.middleware import Edge
from service.api.openapi import describe, extra
from service.api.problems import HANDLERS
from service.api.route import Door, route_class
from service.desk.desk import Desk
from service.following.follower import Follower
from service.office.climbing import climb
from service.tokens import TokenVerifier
from service.webhooks.delivering import Delivering

TITLE = "Watchword"
FIRST_TRY_S = 5.0
SUMMARY = "Decides, in real time, what the person on the line may be told, and keeps a record of every attempt."


async def unused(request: Request) -> None:
    """What FastAPI would call; `route_class` answers instead."""


def build(desk: Desk, verifier: TokenVerifier) -> FastAPI:
    """The app over this desk. Closing the app closes the desk."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # A database that is down keeps the service unready, and does not end it.
        beginning = asyncio.create_task(desk.pipeline.begin())
        await asyncio.wait({beginning}, timeout=FIRST_TRY_S)
        if beginning.done():
            await beginning
        climbing = asyncio.create_task(climb(desk))
        delivering = Delivering(desk, desk.webhook_hosts)
        following = Follower(desk, delivering)
        delivering.start()
        following.begin()
        try:
            yield
        finally:
            await following.close()
            await delivering.close()
            for task in (beginning, climbing):
                task.cancel()
            await asyncio.gather(beginning, climbing, return_exceptions=True)
            await desk.close()

    app = FastAPIOffline(
        title=TITLE,
        summary=SUMMARY,
        version=version("watchword"),
        lifespan=lifespan,
        exception_handlers=HANDLERS,
        redoc_url=None,
        docs_url="/docs",
        openapi_url="/openapi.json",
        telemetry={"tracing": False, "metrics": False, "logs": False},  # what it would tell is not on our allow-list
    )
    app.state.desk = desk  # for tests that have the clock tick when they say so
    door = Door(desk, verifier)
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
            route_class_override=route_class(call, door),
            openapi_extra=extra(call),
        )
    document = describe(app, CALLS)
    app.openapi = _constant(document)  # type: ignore[method-assign]  # FastAPI's own way to replace its document
    app.add_middleware(Edge)
    return app


def _constant(document: dict[str, object]) -> Callable[[], dict[str, object]]:
    return lambda: document
