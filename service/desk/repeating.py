"""Repeating: what is decided anew whenever its idempotency key comes again, and yet done once.

What was true when a key was first used may be true no more: an answer from before a protection is not had again by its
key. The key only says that it was done, so that nothing is done or counted twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader, Replay

T = TypeVar("T")


async def carry_out_anew(
    desk: Desk,
    asker: Asker,
    decide: Callable[[bytes | None, Reader], Draft[T]],
    *,
    key: Key | None,
    on_beat: bool = False,
) -> Draft[T]:
    """Decide on what is true now. `decide` is given what was answered under the key, None where it was not used yet.

    Raises as `Pipeline.carry_out`, and never Replay.
    """
    before: bytes | None = None
    try:
        if key is not None:
            await desk.pipeline.replay(asker.actor.subject, key)
        return await desk.pipeline.carry_out(asker, partial(decide, None), key=key, on_beat=on_beat)
    except Replay as replay:  # before now, or by another replica meanwhile
        before = replay.body
    return await desk.pipeline.carry_out(asker, partial(decide, before), on_beat=on_beat)
