"""Drawing in a process of its own: seconds of processor time that no answer on a line waits for.

`python -m service.timeline.drawing` reads a timeline and who made it from stdin (msgpack) and writes the PDF to stdout.
It gets no environment, so no secret of the service is in its reach, and no more of the incident than it is to draw.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
from msgspec.structs import replace

from projections.entry import Timeline
from service.timeline.pdf import Made, drawn

SECONDS = 300
AT_ONCE = 2
_ROOT = Path(__file__).parents[2]
_room = asyncio.Semaphore(AT_ONCE)


class Order(msgspec.Struct, frozen=True):
    """What is to be drawn."""

    timeline: Timeline
    made: Made


class NotDrawn(RuntimeError):
    """The process ended without a document. Nothing of what it was given is repeated."""


async def pdf(timeline: Timeline, made: Made) -> bytes:
    """The timeline as a PDF. Raises NotDrawn."""
    order = msgspec.msgpack.encode(Order(replace(timeline, recorded=()), made))
    async with _room:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, cwd=_ROOT, env={},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            document, _ = await asyncio.wait_for(process.communicate(order), SECONDS)
        except TimeoutError:
            raise NotDrawn("drawing took too long") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0 or not document.startswith(b"%PDF"):
        raise NotDrawn(f"drawing ended with {process.returncode}")
    return document


def main() -> None:
    """Draw what comes in."""
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(drawn(order.timeline, order.made))


if __name__ == "__main__":
    main()
