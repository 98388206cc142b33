"""Files are recordings or decks of slides; only a recording has sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; both databases know these statements, so that no table others refer to is made anew."""
    op.add_column("files", sa.Column("kind", sa.String(length=20), nullable=True))
    op.execute("ALTER TABLE files DROP CONSTRAINT ck_files_sound")
    # Decks are there already when this version was here before.
    op.execute("UPDATE files SET kind = CASE WHEN container = 'pptx' THEN 'deck' ELSE 'recording' END")
    op.execute("UPDATE files SET sample_rate = 0, channels = 0 WHERE kind = 'deck'")
    op.execute("ALTER TABLE files ALTER COLUMN kind SET NOT NULL")
    op.execute("ALTER TABLE files ADD CONSTRAINT ck_files_kind_known CHECK (kind IN ('recording', 'deck'))")
    op.execute(
        "ALTER TABLE files ADD CONSTRAINT ck_files_sound"
        " CHECK (kind <> 'recording' OR (channels > 0 AND sample_rate > 0))"
    )


def downgrade() -> None:
    """Go back; a deck stays, and looks like a recording that nothing can open."""
    op.execute("ALTER TABLE files DROP CONSTRAINT ck_files_sound")
    op.execute("ALTER TABLE files DROP CONSTRAINT ck_files_kind_known")
    op.execute("UPDATE files SET sample_rate = 8000, channels = 1 WHERE kind = 'deck'")
    op.execute("ALTER TABLE files DROP COLUMN kind")
    op.execute("ALTER TABLE files ADD CONSTRAINT ck_files_sound CHECK (channels > 0 AND sample_rate > 0)")
