"""Heeding: whoever was forgotten, by whatever replica, is forgotten by this process and by these keys too.

The log says whom. Each process reads it as it grows, lets go of the keys it holds, and destroys them once more; what
was destroyed already costs a look. The database of keys remembers how far it has heeded the log: one that was brought
back from before a forgetting remembers less, and heeds it again before anything is decided.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from eventsourcing.persistence import Notification

from domain.event import Recorded
from domain.forgetting import NAMES, ForgettingCompleted, ForgettingConfirmed
from service.following.priming import readable, rows
from service.log import EventLog
from service.sealing import Codec, KeyRing

__all__ = ["Heeding"]


class Heeding:
    """One process's. Blocking, and safe to use from several threads."""

    def __init__(self, log: EventLog, codec: Codec, keys: KeyRing) -> None:
        """Heed what is on record in this log."""
        self._log = log
        self._codec = codec
        self._keys = keys
        self._working = threading.Lock()
        self.dropped: Callable[[Iterable[str]], None] = _nothing

    def catch_up(self, *, anew: bool = False) -> int:
        """Heed all there is that these keys have not heeded; returns how many keys that destroyed.

        `anew`: from the first event on. Raises LogUnavailable, KeysUnavailable.
        """
        with self._working:
            last, heeded = self._log.last_position(), self._keys.store.heeded()
            begin = 0 if anew or heeded > last else heeded
            destroyed = 0
            for some in rows(self._log, NAMES, gt=begin, lte=last):
                for recorded in readable(self._codec, some):
                    destroyed += self._heed(recorded)
            self._keys.store.heed(last, back=heeded > last)
            return destroyed

    def heed(self, notification: Notification) -> None:
        """Heed an event as it comes, if it is one to heed. Raises KeysUnavailable, EventShapeError, CorruptEvent."""
        if notification.topic not in NAMES:
            return
        with self._working:
            self._heed(self._codec.recorded(notification))
            self._keys.store.heed(notification.id)

    def _heed(self, recorded: Recorded) -> int:
        happened = recorded.event
        if not isinstance(happened, ForgettingConfirmed | ForgettingCompleted):
            return 0
        subjects = [each.subject for each in happened.gone]
        destroyed = self._keys.destroy(*happened.gone) if happened.gone else 0
        self._codec.drop()
        self.dropped(subjects)
        return destroyed


def _nothing(_subjects: Iterable[str]) -> None:
    return
