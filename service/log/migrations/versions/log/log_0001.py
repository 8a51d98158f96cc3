"""Events, snapshots, tracking, idempotency keys, locators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "log_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the log."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, autoincrement=False),
        sa.Column("stream", name, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="events_pkey"),
        sa.UniqueConstraint("stream", "version", name="events_stream_version_key"),
    )
    op.create_table(
        "snapshots",
        sa.Column("stream", name, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("name", name, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("stream", "version", name="snapshots_pkey"),
    )
    op.create_table(
        "tracking",
        sa.Column("application", name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("application", name="tracking_pkey"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", name, nullable=False),
        sa.Column("key", name, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="idempotency_keys_pkey"),
    )
    op.create_table(
        "locators",
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("booking_id", name, nullable=False),
        sa.PrimaryKeyConstraint("mac", "account_id", "booking_id", name="locators_pkey"),
    )


def downgrade() -> None:
    """Refuse: a log is not unmade by a command."""
    msg = "the event log is never dropped by a migration; drop the database by hand if that is what you mean"
    raise NotImplementedError(msg)
