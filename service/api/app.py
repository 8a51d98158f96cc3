"""The app: every call on its route, problems on every error, the edge around it all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.responses import JSONResponse, Response

from service.api.calls import CALLS
from service.api.middleware import Edge
from service.api.openapi import SUMMARY, TITLE, VERSION, document, unused
from service.api.problems import HANDLERS
from service.api.route import JSON, Door, route_class
from service.bundle.exporting import Exporting
from service.desk.desk import Desk
from service.following.follower import Follower
from service.office.climbing import climb
from service.record.finishing import finish_all
from service.tokens import TokenVerifier
from service.webhooks.delivering import Delivering

FIRST_TRY_S = 5.0


def build(desk: Desk, verifier: TokenVerifier) -> FastAPI:
    """The app over this desk. Closing the app closes the desk."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # A database that is down keeps the service unready, and does not end it.
        desk.ledger.begin()
        beginning = asyncio.create_task(desk.begin())
        await asyncio.wait({beginning}, timeout=FIRST_TRY_S)
        if beginning.done():
            await beginning
        climbing = asyncio.create_task(climb(desk))
        forgetting = asyncio.create_task(finish_all(desk))
        delivering = Delivering(desk, desk.webhook_hosts)
        following = Follower(desk, delivering)
        delivering.start()
        following.begin()
        desk.mentions.begin()
        exporting = Exporting(desk)
        exporting.start()
        try:
            yield
        finally:
            await exporting.close()
            await following.close()
            await delivering.close()
            for task in (beginning, climbing, forgetting):
                task.cancel()
            await asyncio.gather(beginning, climbing, forgetting, return_exceptions=True)
            await desk.close()

    app = FastAPIOffline(
        title=TITLE,
        summary=SUMMARY,
        version=VERSION,
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
            call.path.replace(f"{{{call.rest}}}", f"{{{call.rest}:path}}") if call.rest else call.path,
            unused,
            methods=[call.method],
            response_model=None,
            response_class=JSONResponse if call.media == JSON else Response,  # for the document alone
            route_class_override=route_class(call, door),
        )
    document()  # made now, so that who asks for it first keeps nobody waiting
    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to replace its document
    app.add_middleware(Edge)
    return app
