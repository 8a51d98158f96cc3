"""Wrapped keys, one for each data subject, in a database of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "keys_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of wrapped keys."""
    op.create_table(
        "subject_keys",
        sa.Column("subject", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="subject_keys_pkey"),
    )


def downgrade() -> None:
    """Refuse: dropping the keys would forget everybody."""
    msg = "wrapped keys are never dropped by a migration; drop the database by hand if that is what you mean"
    raise NotImplementedError(msg)
