"""Every table, as SQLAlchemy Core sees it. Alembic makes them; a test compares the two.

The log and the wrapped keys are two databases (and two MetaData): an old backup of the log must not bring back a key
that was destroyed. The ledger is a third, that its writes do not wait for the lock that decisions are written under;
on PostgreSQL, where they would not, its tables may stand beside the log's.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

__all__ = [
    "events",
    "heeded",
    "idempotency_keys",
    "keys_metadata",
    "ledger_checkpoints",
    "ledger_metadata",
    "ledger_tiles",
    "locators",
    "log_metadata",
    "mentions",
    "snapshots",
    "subject_keys",
    "tracking",
]

NAMES = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}

log_metadata = MetaData(naming_convention=NAMES)
keys_metadata = MetaData(naming_convention=NAMES)
ledger_metadata = MetaData(naming_convention=NAMES)

# Compared byte by byte on both databases: the order of a locale is slower, and may change under an index.
Name = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite's INTEGER PRIMARY KEY is the row's own number: rows lie in the order of the log.
Position = BigInteger().with_variant(Integer, "sqlite")

events = Table(
    "events",
    log_metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("stream", Name, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("name", Name, nullable=False),
    Column("state", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version"),
)

snapshots = Table(
    "snapshots",
    log_metadata,
    Column("stream", Name, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Name, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

tracking = Table(
    "tracking",
    log_metadata,
    Column("application", Name, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    log_metadata,
    Column("actor", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Index("idempotency_keys_created_at_idx", "created_at"),
)

locators = Table(
    "locators",
    log_metadata,
    Column("mac", LargeBinary, primary_key=True),
    Column("account_id", Name, primary_key=True),
    Column("booking_id", Name, primary_key=True),
)

# Where in the log something of an account happened, or a decision was made: the record's index, which follows the log.
mentions = Table(
    "mentions",
    log_metadata,
    Column("about", Name, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

subject_keys = Table(
    "subject_keys",
    keys_metadata,
    Column("subject", Name, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", Float(53), nullable=False),
)

# Up to which position of the log these keys have heeded every forgetting: an older copy of them has heeded fewer.
heeded = Table(
    "heeded",
    keys_metadata,
    Column("what", Name, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

ledger_tiles = Table(
    "ledger_tiles",
    ledger_metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

ledger_checkpoints = Table(
    "ledger_checkpoints",
    ledger_metadata,
    Column("kind", Name, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("signed_at", Float(53), nullable=False),
)
