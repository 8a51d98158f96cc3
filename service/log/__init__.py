"""The event log: facts in, in order, durable before anybody hears of them.

How an append travels::

    EventLog.submit -> Writer (queue, one thread) -> Group (settles each append) -> Sqlite | Postgres (one flush)
                                                                                          |
    EventLog.read, read_all, ... <- Reader (own connections, read-only) <-----------------+
    Subscription <- Reader, woken by the Bell <- Writer, Listener (LISTEN/NOTIFY) <-------+

``append``      what is asked to be written, and its outcome
``group``       pure: which appends of a group may be written, and as what rows
``writer``      the thread, the transaction, what happens when it fails; ``pruning`` what goes along: old keys
``database``    what the two databases have to offer; ``sqlite``, ``postgres`` (and ``packed``, its arrays) offer it
``reading``     every question; ``subscription`` follows the log as it grows
``log``         :class:`EventLog`, the facade over all of these
``tables``      SQLAlchemy Core; ``schema`` and ``migrations`` make them with Alembic
``recorder``    the ``eventsourcing`` library's recorders on this log; ``factory`` is its PERSISTENCE_MODULE
``errors``      what can be said of a failure without saying what was in it
"""

from service.log.append import Append, IdempotencyKey, LocatorEntry, Mention, Snapshot
from service.log.errors import Conflict, KeyTaken, LogError, LogUnavailable, Refused
from service.log.log import EventLog
from service.log.reading import Row
from service.log.schema import migrate, migrate_keys, migrate_ledger
from service.log.subscription import Subscription

__all__ = [
    "Append",
    "Conflict",
    "EventLog",
    "IdempotencyKey",
    "KeyTaken",
    "LocatorEntry",
    "LogError",
    "LogUnavailable",
    "Mention",
    "Refused",
    "Row",
    "Snapshot",
    "Subscription",
    "migrate",
    "migrate_keys",
    "migrate_ledger",
]
