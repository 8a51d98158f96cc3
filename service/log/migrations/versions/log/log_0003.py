"""Mentions: where in the log something of an account happened, or a decision was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "log_0003"
down_revision = "log_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. It is filled from the log by whoever follows it (`service.record.indexing`)."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "mentions",
        sa.Column("about", name, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("about", "position", name="mentions_pkey"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Refuse: a log is not unmade by a command."""
    msg = "the event log is never dropped by a migration; drop the database by hand if that is what you mean"
    raise NotImplementedError(msg)
