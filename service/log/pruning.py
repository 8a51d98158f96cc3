"""Pruning: idempotency keys are kept for seven days, and then go a few at a time, beside the new ones.

Each second in which keys are written takes at most twice as many old ones along as came since, and 64: no transaction
gets long by it, and the table stays as large as a week's writes. A key has to be that old by the desk's clock and by
the database's: a clock that runs ahead takes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KEPT_S", "PRUNE_KEYS", "Pruning"]

KEPT_S = 7 * 86_400.0
EVERY_S = 1.0
LEAST = 64
# Also by the database's own time: a replica whose clock runs ahead would else take everybody's fresh ones.
PRUNE_KEYS = f"""
DELETE FROM idempotency_keys WHERE (actor, key) IN
(SELECT actor, key FROM idempotency_keys WHERE created_at < ? AND created_at < NOW - {KEPT_S}
ORDER BY created_at LIMIT ?)"""  # noqa: S608 - our own figure; NOW: see `Database.now`


class Pruning:
    """When to prune, by the times of the keys themselves: the desk's, which do not go back."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self._since = 0
        self._at = 0.0

    def due(self, created: Sequence[float]) -> tuple[float, int] | None:
        """Before which time keys go, in seconds since 1970, and how many at most; None where it is too soon.

        ``created``: the times of the keys that are being written, at least one.
        """
        newest = max(created)
        self._since += len(created)
        if newest < self._at + EVERY_S:
            return None
        most, self._since, self._at = 2 * self._since + LEAST, 0, newest
        return newest - KEPT_S, most
