"""What can go wrong with the ledger. None of it is a fault that passes by itself: people have to look."""

from __future__ import annotations

from service.log.errors import LogUnavailable

__all__ = ["REMADE", "Contradicted", "Damaged", "LedgerError", "PublishedUnavailable", "PublishedUnreadable"]


REMADE = "`watchword ledger rebuild` makes the tiles anew from the log"


class LedgerError(Exception):
    """The service does not go on. Says what was found and what to do, and nothing of what is in the log."""


class Contradicted(LedgerError):
    """The log is not the one of which a checkpoint was published: a restored backup, or somebody changed it."""


class Damaged(LedgerError):
    """The tiles are not what was written."""


class PublishedUnreadable(LedgerError):
    """What is in the file of published checkpoints is none of ours, or was damaged."""


class PublishedUnavailable(LogUnavailable):
    """The file of published checkpoints cannot be read or written, so nothing can be published."""
