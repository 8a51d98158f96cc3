"""Structured logs: one JSON object a line on stderr, with an allow-list of fields.

What is not on the list is not written, whoever logs it. A library's own words may hold values, so of foreign records
only their place and kind are kept, and of exceptions only the type.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec

FIELDS = ("request_id", "method", "route", "status", "ms", "reason", "where", "template", "position", "url")
OURS = "watchword"
SPEAKING = ("uvicorn.error",)  # says when it starts and stops; its exceptions are cut to their type like any other

_ENCODER = msgspec.json.Encoder()


class Lines(logging.Formatter):
    """A record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Keep the allowed fields."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.startswith(OURS):
            line["event"] = record.msg
            fields = record.__dict__
            for name in FIELDS:
                if name in fields:
                    line[name] = fields[name]
        elif record.name in SPEAKING and not record.exc_info:
            line["event"] = record.getMessage()
        else:
            line["event"] = "record of a library"
            line["where"] = f"{record.filename}:{record.lineno}"
        if record.exc_info and record.exc_info[0] is not None:
            line["reason"] = record.exc_info[0].__name__
        return _ENCODER.encode(line).decode()


def begin(level: str) -> None:
    """Send every log of this process through the allow-list."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in (OURS, *SPEAKING):
        logging.getLogger(name).setLevel(level.upper())
