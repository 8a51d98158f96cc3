"""Idempotency keys are found by their age, to be pruned."""

from __future__ import annotations

from alembic import op

revision = "log_0002"
down_revision = "log_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("idempotency_keys_created_at_idx", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    """Refuse: a log is not unmade by a command."""
    msg = "the event log is never dropped by a migration; drop the database by hand if that is what you mean"
    raise NotImplementedError(msg)
