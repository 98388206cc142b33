"""Narrated presentations: voices by a sample, decks with their slides, and their jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward."""
    _voice_clones()
    _presentations()
    _presentation_jobs()
    _presentation_slides()


def _voice_clones() -> None:
    """Voices by a sample."""
    op.create_table(
        "voice_clones",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shape", sa.JSON(), nullable=False),
        sa.Column("distances", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("consent <> ''", name=op.f("ck_voice_clones_has_consent")),
        sa.CheckConstraint("media_type = 'audio/wav'", name=op.f("ck_voice_clones_is_wav")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_voice_clones_has_name")),
        sa.CheckConstraint("duration_ms > 0 AND duration_ms <= 300000", name=op.f("ck_voice_clones_duration_range")),
        sa.CheckConstraint("sample_rate > 0 AND channels > 0", name=op.f("ck_voice_clones_sound")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_voice_clones_size_positive")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_voice_clones_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_clones")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_voice_clones_owner_id_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_voice_clones_uid")),
    )
    op.create_index("ix_voice_clones_owner_id_id", "voice_clones", ["owner_id", "id"], unique=False)
    op.create_index("ix_voice_clones_storage_key", "voice_clones", ["storage_key"], unique=False)


def _presentations() -> None:
    """Decks and the videos made of them."""
    op.create_table(
        "presentations",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("file_id", BIG_ID, nullable=False),
        sa.Column("voice_id", BIG_ID, nullable=True),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("slides_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rendered_revision", sa.Integer(), nullable=True),
        sa.Column("video_id", BIG_ID, nullable=True),
        sa.Column("video_ms", sa.BigInteger(), nullable=True),
        sa.Column("video_bytes", sa.BigInteger(), nullable=True),
        sa.Column("processing_seconds", sa.Float(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("title <> ''", name=op.f("ck_presentations_has_title")),
        sa.CheckConstraint(
            "completed_at IS NULL OR (started_at IS NOT NULL AND completed_at >= started_at)",
            name=op.f("ck_presentations_completed_after_start"),
        ),
        sa.CheckConstraint(
            "completed_at IS NULL OR (video_id IS NOT NULL AND video_ms IS NOT NULL AND video_bytes IS NOT NULL)",
            name=op.f("ck_presentations_completed_has_video"),
        ),
        sa.CheckConstraint("processing_seconds >= 0", name=op.f("ck_presentations_processing_not_negative")),
        sa.CheckConstraint("slides_count >= 0 AND revision >= 0", name=op.f("ck_presentations_counts_not_negative")),
        sa.CheckConstraint("video_ms > 0 AND video_bytes > 0", name=op.f("ck_presentations_video_positive")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_presentations_file_id")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_presentations_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["video_id"], ["artifacts.id"], name=op.f("fk_presentations_video_id")),
        sa.ForeignKeyConstraint(["voice_id"], ["voice_clones.id"], name=op.f("fk_presentations_voice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentations")),
        sa.UniqueConstraint("file_id", name=op.f("uq_presentations_file_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_presentations_uid")),
    )
    op.create_index("ix_presentations_owner_id_id", "presentations", ["owner_id", "id"], unique=False)
    op.create_index("ix_presentations_video_id", "presentations", ["video_id"], unique=False)
    op.create_index("ix_presentations_voice_id", "presentations", ["voice_id"], unique=False)


def _presentation_jobs() -> None:
    """Which job is about which presentation."""
    op.create_table(
        "presentation_jobs",
        sa.Column("presentation_id", BIG_ID, nullable=False),
        sa.Column("job_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_presentation_jobs_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_presentation_jobs_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["presentation_id"],
            ["presentations.id"],
            name=op.f("fk_presentation_jobs_presentation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentation_jobs")),
        sa.UniqueConstraint("job_id", name=op.f("uq_presentation_jobs_job_id")),
    )
    op.create_index(
        "ix_presentation_jobs_presentation_id_job_id", "presentation_jobs", ["presentation_id", "job_id"], unique=False
    )


def _presentation_slides() -> None:
    """Their slides."""
    op.create_table(
        "presentation_slides",
        sa.Column("presentation_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("original_notes", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("skipped", sa.Boolean(), nullable=True),
        sa.Column("renderer", sa.String(length=40), nullable=False),
        sa.Column("flaws", sa.JSON(), nullable=False),
        sa.Column("picture", sa.String(length=40), nullable=False),
        sa.Column("sound", sa.String(length=40), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("spoken", sa.JSON(), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0 AND position > 0", name=op.f("ck_presentation_slides_numbered_from_one")),
        sa.CheckConstraint(
            "start_ms >= 0 AND duration_ms >= 0", name=op.f("ck_presentation_slides_times_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_presentation_slides_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["presentation_id"],
            ["presentations.id"],
            name=op.f("fk_presentation_slides_presentation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentation_slides")),
        sa.UniqueConstraint("presentation_id", "number", name=op.f("uq_presentation_slides_presentation_id_number")),
        sa.UniqueConstraint(
            "presentation_id", "position", name=op.f("uq_presentation_slides_presentation_id_position")
        ),
    )


def downgrade() -> None:
    """Go back; decks and videos stay as files, samples of voices are gone."""
    op.drop_table("presentation_slides")
    op.drop_index("ix_presentation_jobs_presentation_id_job_id", table_name="presentation_jobs")
    op.drop_table("presentation_jobs")
    op.drop_index("ix_presentations_voice_id", table_name="presentations")
    op.drop_index("ix_presentations_video_id", table_name="presentations")
    op.drop_index("ix_presentations_owner_id_id", table_name="presentations")
    op.drop_table("presentations")
    op.drop_index("ix_voice_clones_storage_key", table_name="voice_clones")
    op.drop_index("ix_voice_clones_owner_id_id", table_name="voice_clones")
    op.drop_table("voice_clones")
