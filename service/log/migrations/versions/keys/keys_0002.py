"""Several keys for a data subject, one after the other; and how much of the log's forgetting these keys have heeded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "keys_0002"
down_revision = "keys_0001"
branch_labels = None
depends_on = None

_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """What there is becomes everybody's first key; whose key was destroyed is forgotten for good (generation 0)."""
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("subject_keys", sa.Column("generation", sa.Integer, nullable=False, server_default="1"))
        op.alter_column("subject_keys", "generation", server_default=None)
        op.drop_constraint("subject_keys_pkey", "subject_keys", type_="primary")
        op.create_primary_key("subject_keys_pkey", "subject_keys", ["subject", "generation"])
    else:
        op.execute("PRAGMA secure_delete = ON")  # the old table's pages must not keep what is destroyed later
        op.rename_table("subject_keys", "subject_keys_before")
        op.create_table(
            "subject_keys",
            sa.Column("subject", _NAME, nullable=False),
            sa.Column("generation", sa.Integer, nullable=False),
            sa.Column("wrapped", sa.LargeBinary, nullable=False),
            sa.Column("created_at", sa.Float(53), nullable=False),
            sa.PrimaryKeyConstraint("subject", "generation", name="subject_keys_pkey"),
        )
        op.execute(
            "INSERT INTO subject_keys (subject, generation, wrapped, created_at)"
            " SELECT subject, 1, wrapped, created_at FROM subject_keys_before"
        )
        op.drop_table("subject_keys_before")
    op.execute(
        "INSERT INTO subject_keys (subject, generation, wrapped, created_at)"
        " SELECT subject, 0, wrapped, created_at FROM subject_keys WHERE length(wrapped) = 0"
    )
    op.create_table(
        "heeded",
        sa.Column("what", _NAME, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("what", name="heeded_pkey"),
    )


def downgrade() -> None:
    """Refuse: of several keys one would have to go, and with it what it opens."""
    msg = "wrapped keys are never dropped by a migration; drop the database by hand if that is what you mean"
    raise NotImplementedError(msg)
