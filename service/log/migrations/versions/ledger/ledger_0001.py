"""Tiles of the Merkle tree over the log, and the checkpoints signed of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "ledger_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of tiles and checkpoints."""
    op.create_table(
        "ledger_tiles",
        sa.Column("level", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name="ledger_tiles_pkey"),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("kind", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("signed_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("kind", "size", name="ledger_checkpoints_pkey"),
    )


def downgrade() -> None:
    """Refuse: signed checkpoints are not unmade by a command."""
    msg = "the ledger is never dropped by a migration; drop the database by hand if that is what you mean"
    raise NotImplementedError(msg)
