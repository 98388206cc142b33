"""The ground."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BUILT_IN_OWNER = 1


def Moment() -> sa.DateTime:  # noqa: N802 - stands where a type stands
    """A moment in UTC."""
    return sa.DateTime(timezone=True)


def BigId() -> sa.types.TypeEngine[int]:  # noqa: N802 - stands where a type stands
    """A 64-bit id; SQLite numbers rows by itself only in an INTEGER."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _create_owners() -> None:
    op.create_table(
        "owners",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owners")),
        sa.UniqueConstraint("name", name=op.f("uq_owners_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_owners_uid")),
    )


def _create_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("executor_id", sa.String(length=120), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.Float(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.Column("dead", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("executor_id", name=op.f("pk_workers")),
    )


def _create_counts() -> None:
    op.create_table(
        "counts",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("count >= 0 AND bytes >= 0", name=op.f("ck_counts_not_negative")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_counts_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner_id", "noun", "kind", "status", name=op.f("pk_counts")),
    )


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("container", sa.String(length=40), nullable=False),
        sa.Column("codec", sa.String(length=40), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("channels > 0 AND sample_rate > 0", name=op.f("ck_files_sound")),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_files_duration_not_negative")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_files_size_positive")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_files_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("uid", name=op.f("uq_files_uid")),
    )
    op.create_index(op.f("ix_files_expires_at"), "files", ["expires_at"], unique=False)
    op.create_index("ix_files_owner_id_id", "files", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_files_storage_key"), "files", ["storage_key"], unique=False)


def _job_rules() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name=op.f("ck_jobs_failed_has_error")),
        sa.CheckConstraint(
            "(status = 'processing') = (worker_id IS NOT NULL)", name=op.f("ck_jobs_processing_has_worker")
        ),
        sa.CheckConstraint(
            "(status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)",
            name=op.f("ck_jobs_finished_has_time"),
        ),
        sa.CheckConstraint("status <> 'completed' OR progress = 100", name=op.f("ck_jobs_completed_is_whole")),
        sa.CheckConstraint("attempts >= 0 AND takeovers >= 0", name=op.f("ck_jobs_counts_not_negative")),
        sa.CheckConstraint("completed_at IS NULL OR completed_at >= created_at", name=op.f("ck_jobs_ends_after_start")),
        sa.CheckConstraint("priority >= 0 AND priority <= 9", name=op.f("ck_jobs_priority_range")),
        sa.CheckConstraint("progress >= 0 AND progress <= 100", name=op.f("ck_jobs_progress_in_percent")),
    ]


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "uploaded",
                "queued",
                "processing",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("takeovers", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=60), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("file_id", BigId(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("worker_id", sa.String(length=120), nullable=True),
        sa.Column("run_started_at", Moment(), nullable=True),
        sa.Column("run_started_progress", sa.Float(), nullable=False),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("queued_at", Moment(), nullable=True),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("completed_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        *_job_rules(),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_jobs_file_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_jobs_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("owner_id", "idempotency_key", name=op.f("uq_jobs_owner_id_idempotency_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_jobs_uid")),
    )


def _index_jobs() -> None:
    op.create_index(op.f("ix_jobs_expires_at"), "jobs", ["expires_at"], unique=False)
    op.create_index(op.f("ix_jobs_file_id"), "jobs", ["file_id"], unique=False)
    op.create_index("ix_jobs_owner_id_id", "jobs", ["owner_id", "id"], unique=False)
    op.create_index("ix_jobs_owner_id_status_id", "jobs", ["owner_id", "status", "id"], unique=False)
    op.create_index("ix_jobs_owner_id_kind_id", "jobs", ["owner_id", "kind", "id"], unique=False)
    op.create_index("ix_jobs_status_id", "jobs", ["status", "id"], unique=False)
    op.create_index(op.f("ix_jobs_worker_id"), "jobs", ["worker_id"], unique=False)


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("file_id", BigId(), nullable=True),
        sa.Column("job_id", BigId(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("storage_key", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(file_id IS NULL) <> (job_id IS NULL)", name=op.f("ck_artifacts_one_parent")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_artifacts_file_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_artifacts_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_artifacts_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifacts")),
        sa.UniqueConstraint("file_id", "kind", "name", name=op.f("uq_artifacts_file_id_kind_name")),
        sa.UniqueConstraint("job_id", "kind", "name", name=op.f("uq_artifacts_job_id_kind_name")),
    )
    op.create_index(op.f("ix_artifacts_storage_key"), "artifacts", ["storage_key"], unique=False)


def _create_job_events() -> None:
    op.create_table(
        "job_events",
        sa.Column("job_id", BigId(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("old_status", sa.String(length=20), nullable=True),
        sa.Column("new_status", sa.String(length=20), nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_events_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_job_events_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_events")),
    )
    op.create_index("ix_job_events_job_id_id", "job_events", ["job_id", "id"], unique=False)


def _create_job_steps() -> None:
    op.create_table(
        "job_steps",
        sa.Column("job_id", BigId(), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(length=120), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_steps_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_job_steps_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_steps")),
        sa.UniqueConstraint("job_id", "step", "part", name=op.f("uq_job_steps_job_id_step_part")),
    )


def _create_transcripts() -> None:
    op.create_table(
        "transcripts",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("job_id", BigId(), nullable=False),
        sa.Column("file_id", BigId(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("original_text", sa.Text(), nullable=False),
        sa.Column("processed_text", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_transcripts_duration_not_negative")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_transcripts_file_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_transcripts_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_transcripts_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcripts")),
        sa.UniqueConstraint("job_id", name=op.f("uq_transcripts_job_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_transcripts_uid")),
    )
    op.create_index(op.f("ix_transcripts_file_id"), "transcripts", ["file_id"], unique=False)
    op.create_index("ix_transcripts_owner_id_id", "transcripts", ["owner_id", "id"], unique=False)


def _create_speakers() -> None:
    op.create_table(
        "speakers",
        sa.Column("transcript_id", BigId(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("speech_ms", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_speakers_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name=op.f("fk_speakers_transcript_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speakers")),
        sa.UniqueConstraint("transcript_id", "label", name=op.f("uq_speakers_transcript_id_label")),
    )


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("transcript_id", BigId(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("speaker_id", BigId(), nullable=True),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("id", BigId(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("start_ms >= 0 AND end_ms >= start_ms", name=op.f("ck_segments_times_in_order")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_segments_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speakers.id"], name=op.f("fk_segments_speaker_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name=op.f("fk_segments_transcript_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("transcript_id", "position", name=op.f("uq_segments_transcript_id_position")),
    )


def upgrade() -> None:
    """Go forward."""
    _create_owners()
    _create_workers()
    _create_counts()
    _create_files()
    _create_jobs()
    _index_jobs()
    _create_artifacts()
    _create_job_events()
    _create_job_steps()
    _create_transcripts()
    _create_speakers()
    _create_segments()
    owners = sa.table(
        "owners",
        sa.column("id"),
        sa.column("uid"),
        sa.column("name"),
        sa.column("is_active"),
        sa.column("created_at", Moment()),
    )
    owner = {
        "id": BUILT_IN_OWNER,
        "uid": str(uuid4()),
        "name": "local",
        "is_active": True,
        "created_at": datetime.now(UTC),
    }
    op.bulk_insert(owners, [owner])
    # The id was given, so PostgreSQL's own numbering must be told where to go on.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('owners', 'id'), 1)")


def downgrade() -> None:
    """Go back."""
    for table in (
        "segments",
        "speakers",
        "transcripts",
        "job_steps",
        "job_events",
        "artifacts",
        "jobs",
        "files",
        "counts",
        "workers",
        "owners",
    ):
        op.drop_table(table)
