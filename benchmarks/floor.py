"""The floor: a FastAPI endpoint with a pydantic body and return model of the bytes of a disclosure, and nothing in it.

Started by `server`, on a listening socket it inherits: `python -m benchmarks.floor FD ANSWER`. uvicorn's defaults, its
access log included.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

PATH = "/disclosures"


class Question(BaseModel):
    """A disclosure's question."""

    classes: list[Literal["E", "I", "L", "C", "P", "F", "D", "N"]]
    locator: str = ""
    booking_id: str = ""
    purpose: Literal["service", "operations"] = "service"


class Answer(BaseModel):
    """A disclosure's answer."""

    decision_id: str
    outcome: Literal["disclosed", "withheld"]
    document: dict[str, Any] | None
    say: str
    next_step: str
    expires_at: str


def app(answer: dict[str, Any]) -> FastAPI:
    """The app: it answers every question with a model of this answer."""
    floor = FastAPI()

    @floor.post(PATH)
    async def ask(question: Question) -> Answer:  # noqa: ARG001 - parsed, that is all
        return Answer(**answer)

    return floor


def main() -> None:
    """Serve until told to stop."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    answer = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    uvicorn.Server(uvicorn.Config(app(answer))).run(sockets=[listening])


if __name__ == "__main__":
    main()
