"""Every table, as SQLAlchemy Core sees it. Alembic makes them; a test compares the two.

The log and the wrapped keys are two databases (and two MetaData): an old backup of the log must not bring back a key
that was destroyed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

__all__ = [
    "events",
    "idempotency_keys",
    "keys_metadata",
    "locators",
    "log_metadata",
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

subject_keys = Table(
    "subject_keys",
    keys_metadata,
    Column("subject", Name, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", Float(53), nullable=False),
)
