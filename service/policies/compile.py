"""Compiling: a policy's text becomes the complete table, every cell judged once by Cedar, in processes of their own.

A crash, a hang or a hunger for memory of the engine ends a child process and rejects the policy; the service goes on.
The children get no environment, so no secret of the service is in their reach. It takes about a second: call it from
a thread.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from domain.dimension import DIMENSIONS
from domain.policy import DEFAULT_DENY, MOST_BYTES, PolicyRejected, PolicyTable, Ruling, digest_of

__all__ = ["DEFAULT_SCHEMA", "DEFAULT_TEXT", "compile_policy", "engine"]

_HERE = Path(__file__).parent
DEFAULT_TEXT: Final = (_HERE / "default.cedar").read_text(encoding="utf-8")
DEFAULT_SCHEMA: Final = (_HERE / "schema.cedarschema").read_text(encoding="utf-8")

SECONDS = 30
"""How long the engine may take, in real and in CPU time. The default policy takes about one."""

MOST_CHILDREN = 4
_CONTEXT = {dimension.__name__: dimension.__name__.lower() for dimension in DIMENSIONS[1:-1]}


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `judge.py` answers."""

    rejected: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    rulings: tuple[tuple[bool, tuple[str, ...]], ...] = ()
    cells: tuple[int, ...] = ()


def _processors() -> int:
    """How many processors this process may use; where the system does not say so, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def engine() -> str:
    """Name and version of what judges."""
    return f"cedarpy {version('cedarpy')}"


def compile_policy(text: str, schema: str = DEFAULT_SCHEMA, *, seconds: int = SECONDS) -> PolicyTable:
    """Judge every cell by a policy in Cedar. The table's version is 0 until it is adopted.

    `seconds`: a bound on the engine's time. Raises PolicyRejected with the reasons: text or schema that cannot be
    read or is too long, a schema that is not ours, a rule without an id of its own, a rule that fails validation, a
    cell in which a rule errs, an engine that crashed or took too long. Whether the table may be adopted is then asked
    of `domain.policy`.
    """
    for name, source in (("policy", text), ("schema", schema)):
        if "\0" in source or any("\ud800" <= sign <= "\udfff" for sign in source):
            raise PolicyRejected([f"the {name} is not text: it holds a NUL or half a surrogate pair"])
    if len(text.encode()) + len(schema.encode()) > MOST_BYTES:
        raise PolicyRejected([f"the policy and its schema together are over {MOST_BYTES} bytes; shorten them"])
    standings = [member.value for member in DIMENSIONS[0]]
    children = min(MOST_CHILDREN, _processors())
    size = -(-len(standings) // children)
    parts = [standings[start : start + size] for start in range(0, len(standings), size)]
    with ThreadPoolExecutor(len(parts)) as pool:
        answers = list(pool.map(lambda part: _judge(text, schema, part, seconds), parts))
    return _table(digest_of(text, schema), answers)


def expected_schema() -> str:
    """The dimensions of this release as a Cedar schema: what every schema has to say."""
    entities = "".join(
        f"entity {dimension.__name__} enum {msgspec.json.encode([member.value for member in dimension]).decode()};\n"
        for dimension in DIMENSIONS
    )
    context = ", ".join(f"{key}: {kind}" for kind, key in _CONTEXT.items())
    first, last = DIMENSIONS[0].__name__, DIMENSIONS[-1].__name__
    return (
        f"{entities}action hear appliesTo {{ principal: [{first}], resource: [{last}], context: {{ {context} }} }};\n"
    )


def _judge(text: str, schema: str, standings: Sequence[str], seconds: int) -> Answer:
    """Have one process judge the cells of some standings."""
    question = {
        "text": text,
        "schema": schema,
        "expected": expected_schema(),
        "reserved": [DEFAULT_DENY],
        "seconds": seconds,
        "dimensions": [
            (
                dimension.__name__,
                _CONTEXT.get(dimension.__name__, ""),
                standings if dimension is DIMENSIONS[0] else [member.value for member in dimension],
            )
            for dimension in DIMENSIONS
        ],
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter on our own file, no shell
            [sys.executable, "-I", "-B", str(_HERE / "judge.py")],
            input=msgspec.json.encode(question),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        raise PolicyRejected([f"the policy engine took longer than {seconds} s; simplify the policy"]) from None
    except OSError as error:
        raise PolicyRejected([f"the policy engine cannot be started: {error.strerror}"]) from None
    if done.returncode != 0:
        raise PolicyRejected([f"the policy engine stopped with status {done.returncode}; simplify the policy"])
    try:
        return msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.DecodeError:
        raise PolicyRejected(["the policy engine's answer cannot be read; is cedarpy installed whole?"]) from None


def _table(digest: str, answers: Sequence[Answer]) -> PolicyTable:
    """Put the parts together. Raises PolicyRejected."""
    rejected = dict.fromkeys(reason for answer in answers for reason in answer.rejected)
    if rejected:
        raise PolicyRejected(rejected)
    rulings: dict[Ruling, int] = {}
    cells: list[int] = []
    for answer in answers:
        numbers = [
            rulings.setdefault(Ruling(permits=permits, rules=rules or (DEFAULT_DENY,)), len(rulings))
            for permits, rules in answer.rulings
        ]
        cells.extend(numbers[number] for number in answer.cells)
    packed = struct.pack(f"<{len(cells)}H", *cells)
    return PolicyTable.of(digest, answers[0].rule_ids, tuple(rulings), packed)
