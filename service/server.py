"""The server: the service on a socket, and what a newcomer is told when it is up."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable

import msgspec
import uvicorn

from service import composition, logs
from service.ledger import Ledger
from service.settings import Settings

# Switching threads every 0.3 ms instead of 5 lets the log's writer go on while the loop is busy; measured in
# docs/adr/0003.
SWITCH_INTERVAL_S = 0.0003


def serve(settings: Settings, *, began: Callable[[Settings], None]) -> None:
    """Serve until told to stop. `began` is called with the settings as they came to be, once the port is bound.

    Raises LedgerError, before the port is bound or at the end, where the log is not what was published of it.
    """
    logs.begin(settings.log_level)
    if settings.database_url.startswith("sqlite"):
        composition.prepare(settings)
    composition.compare(settings)
    listening = socket.create_server((settings.host, settings.port), backlog=1024, reuse_port=False)
    settings = _with_port(settings, listening.getsockname()[1])
    app = composition.service(settings)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    began(settings)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=10)
    running = uvicorn.Server(config)
    ledger: Ledger = app.state.desk.ledger

    def end() -> None:
        running.should_exit = True

    ledger.ended = end
    try:
        running.run(sockets=[listening])
    finally:
        listening.close()
    if ledger.error is not None:
        raise ledger.error


def _with_port(settings: Settings, port: int) -> Settings:
    public = settings.public_url
    if public == f"http://{settings.host}:{settings.port}":
        public = f"http://{settings.host}:{port}"
    return msgspec.structs.replace(settings, port=port, public_url=public)
