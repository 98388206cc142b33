"""Which lanes each worker serves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; of workers that run now nobody knows."""
    op.add_column("workers", sa.Column("lanes", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("workers", "lanes")
