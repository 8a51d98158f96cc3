"""What lies where in a bundle: the paths under `data/`."""

from __future__ import annotations

import re

DATA = "data/"
AUTHORITY = "data/authority.pem"
PUBLIC = "data/public-checkpoint.txt"
README = "data/README.txt"
CERTIFICATE = "data/certificate.txt"
CHECKPOINT = "data/checkpoint.txt"
CONSISTENCY = "data/consistency.txt"
CUSTODY = "data/custody.json"
KEY = "data/key.txt"
TIMELINE = "data/timeline.json"
PDF = "data/timeline.pdf"
TIMESKETCH = "data/timesketch.jsonl"
ALWAYS = (README, CERTIFICATE, CHECKPOINT, CUSTODY, KEY, TIMELINE, PDF, TIMESKETCH)

ENTRY, READING, PROOF, STATE, LEAF = "entry", "json", "tlog-proof", "state", "leaf"
DIGITS = 12

_EVENT = re.compile(r"data/events/([0-9]{12})\.(entry|json|tlog-proof|state|leaf)")


def event(position: int, kind: str) -> str:
    """Where a file of the event at this position lies.

    `entry`: the leaf's bytes; `json`: the reading; `tlog-proof`; `state`: the stored bytes, where the entry has their
    digest only; `leaf`: the leaf's hash in hex, in the place of entry, reading and state, where those are withheld.
    """
    return f"data/events/{position:0{DIGITS}}.{kind}"


def of_event(path: str) -> tuple[int, str] | None:
    """Position and kind of a file of an event, None for any other path."""
    found = _EVENT.fullmatch(path)
    return None if found is None or not int(found[1]) else (int(found[1]), found[2])
