"""Songs are counted beside every change, as files and jobs are."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.execute(
        "INSERT INTO counts (owner_id, noun, kind, status, count, bytes)"
        " SELECT owner_id, 'song', source, '', count(*), 0 FROM songs GROUP BY owner_id, source"
    )


def downgrade() -> None:
    """Go back."""
    op.execute("DELETE FROM counts WHERE noun = 'song'")
