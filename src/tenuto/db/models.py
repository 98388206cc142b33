"""The tables. Every row a person can own carries its owner; what must hold is a constraint, not a habit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tenuto.db.base import BigId, OwnedRow, Row, Status, UTCDateTime, new_uid, now
from tenuto.db.models_money import BudgetRow, ReservationRow, SpendingRow, UsageRow
from tenuto.db.models_music import GenerationRow, PromptRow, PromptTermRow
from tenuto.db.models_presentations import PresentationJobRow, PresentationRow, SlideRow, VoiceCloneRow
from tenuto.db.models_songs import SongJobRow, SongLyricsRow, SongRow, SongTermRow
from tenuto.db.models_speech import KnownVoiceRow, LexiconRow, LexiconRuleRow, TranscriptEditRow
from tenuto.db.models_webhooks import DeliveryRow, WebhookRow
from tenuto.domain.jobs import JobStatus
from tenuto.domain.media import RECORDING

__all__ = [
    "BUILT_IN_OWNER",
    "NOW_EPOCH",
    "ArtifactRow",
    "BigId",
    "BudgetRow",
    "CountRow",
    "DeliveryRow",
    "FileRow",
    "GenerationRow",
    "JobEventRow",
    "JobRow",
    "JobStepRow",
    "KnownVoiceRow",
    "LexiconRow",
    "LexiconRuleRow",
    "OwnedRow",
    "OwnerRow",
    "PresentationJobRow",
    "PresentationRow",
    "PromptRow",
    "PromptTermRow",
    "ReservationRow",
    "Row",
    "SegmentRow",
    "SlideRow",
    "SongJobRow",
    "SongLyricsRow",
    "SongRow",
    "SongTermRow",
    "SpeakerRow",
    "SpendingRow",
    "Status",
    "TranscriptEditRow",
    "TranscriptRow",
    "UTCDateTime",
    "UploadRow",
    "UsageRow",
    "VoiceCloneRow",
    "WebhookRow",
    "WorkerRow",
    "new_uid",
    "now",
]


class OwnerRow(Row):
    """Somebody who owns things; the first is the built-in owner of single-user mode."""

    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class FileRow(OwnedRow):
    """A recording or a deck of slides that somebody brought."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("duration_ms >= 0", name="duration_not_negative"),
        CheckConstraint("kind IN ('recording', 'deck')", name="kind_known"),
        CheckConstraint("kind <> 'recording' OR (channels > 0 AND sample_rate > 0)", name="sound"),
        Index("ix_files_owner_id_id", "owner_id", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    name: Mapped[str] = mapped_column(Text)
    storage_key: Mapped[str] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    container: Mapped[str] = mapped_column(String(40))
    codec: Mapped[str] = mapped_column(String(40))
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    sample_rate: Mapped[int]
    channels: Mapped[int]
    truncated: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(Text, default="")
    warnings: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    kind: Mapped[str] = mapped_column(String(20), default=RECORDING)


class JobRow(OwnedRow):
    """The ledger: one piece of work, what became of it and why."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("progress >= 0 AND progress <= 100", name="progress_in_percent"),
        CheckConstraint("priority >= 0 AND priority <= 9", name="priority_range"),
        CheckConstraint("attempts >= 0 AND takeovers >= 0", name="counts_not_negative"),
        CheckConstraint(
            "(status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)",
            name="finished_has_time",
        ),
        CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="failed_has_error"),
        CheckConstraint("status <> 'completed' OR progress = 100", name="completed_is_whole"),
        CheckConstraint("(status = 'processing') = (worker_id IS NOT NULL)", name="processing_has_worker"),
        CheckConstraint("completed_at IS NULL OR completed_at >= created_at", name="ends_after_start"),
        UniqueConstraint("owner_id", "idempotency_key"),
        Index("ix_jobs_owner_id_id", "owner_id", "id"),
        Index("ix_jobs_owner_id_status_id", "owner_id", "status", "id"),
        Index("ix_jobs_owner_id_kind_id", "owner_id", "kind", "id"),
        Index("ix_jobs_status_id", "status", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[JobStatus] = mapped_column(Status, default=JobStatus.QUEUED)
    stage: Mapped[str] = mapped_column(String(60), default="")
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    message: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    takeovers: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=5)
    lane: Mapped[str] = mapped_column(String(60), default="cpu")
    engine: Mapped[str] = mapped_column(String(60), default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"), default=None, index=True)
    file_name: Mapped[str] = mapped_column(Text, default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(200), default=None)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False, server_default=false())
    worker_id: Mapped[str | None] = mapped_column(String(120), default=None, index=True)
    run_started_at: Mapped[datetime | None] = mapped_column(default=None)
    run_started_progress: Mapped[float] = mapped_column(Float, default=0.0)
    error_code: Mapped[str | None] = mapped_column(String(60), default=None)
    error_message: Mapped[str | None] = mapped_column(Text, default=None)
    warnings: Mapped[list[str]] = mapped_column(default=list)
    cost_estimate_micros: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    cost_micros: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=now)
    queued_at: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None, index=True)

    file: Mapped[FileRow | None] = relationship(lazy="raise", viewonly=True)


class JobEventRow(OwnedRow):
    """One thing that happened to a job: who, what, when, why."""

    __tablename__ = "job_events"
    __table_args__ = (Index("ix_job_events_job_id_id", "job_id", "id"),)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    kind: Mapped[str] = mapped_column(String(20))  # status, step, retry, takeover, warning
    old_status: Mapped[str | None] = mapped_column(String(20), default=None)
    new_status: Mapped[str | None] = mapped_column(String(20), default=None)
    actor: Mapped[str] = mapped_column(String(120))
    message: Mapped[str] = mapped_column(Text, default="")


class JobStepRow(OwnedRow):
    """A step, or one part of a step, that finished; the unique key is what makes it happen once."""

    __tablename__ = "job_steps"
    __table_args__ = (UniqueConstraint("job_id", "step", "part"),)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(60))
    part: Mapped[int] = mapped_column(default=0)
    worker_id: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime] = mapped_column(default=now)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CountRow(Row):
    """How many things an owner has, kept beside every change so that no list and no page has to count them."""

    __tablename__ = "counts"
    __table_args__ = (CheckConstraint("count >= 0 AND bytes >= 0", name="not_negative"),)

    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True)
    noun: Mapped[str] = mapped_column(String(20), primary_key=True)  # job, file, song
    kind: Mapped[str] = mapped_column(
        String(40), primary_key=True
    )  # the job's, the file's container, the song's source
    status: Mapped[str] = mapped_column(String(20), primary_key=True)  # the job's status, the day a file came
    count: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class ArtifactRow(OwnedRow):
    """Bytes made by tenuto: a playback copy or peaks of a file, an export of a job."""

    __tablename__ = "artifacts"
    __table_args__ = (
        CheckConstraint("(file_id IS NULL) <> (job_id IS NULL)", name="one_parent"),
        UniqueConstraint("file_id", "kind", "name"),
        UniqueConstraint("job_id", "kind", "name"),
    )

    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), default=None)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), default=None)
    kind: Mapped[str] = mapped_column(String(40))  # playback, peaks, export
    name: Mapped[str] = mapped_column(String(120), default="")
    storage_key: Mapped[str] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)


class TranscriptRow(OwnedRow):
    """What was said in a file. `original_text` is what the engine heard and is never overwritten."""

    __tablename__ = "transcripts"
    __table_args__ = (
        CheckConstraint("duration_ms >= 0", name="duration_not_negative"),
        Index("ix_transcripts_owner_id_id", "owner_id", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"), default=None, index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(20), default=None)
    engine: Mapped[str] = mapped_column(String(60))
    model: Mapped[str] = mapped_column(String(300), default="")
    original_text: Mapped[str] = mapped_column(Text)
    processed_text: Mapped[str | None] = mapped_column(Text, default=None)
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    word_count: Mapped[int] = mapped_column(default=0)
    confidence: Mapped[float | None] = mapped_column(Float, default=None)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # how it was made: speakers, alignment ...
    warnings: Mapped[list[str]] = mapped_column(default=list)
    revision: Mapped[int] = mapped_column(default=0, server_default="0")  # one more with each edit, undo and redo
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class SpeakerRow(OwnedRow):
    """One voice in a transcript."""

    __tablename__ = "speakers"
    __table_args__ = (UniqueConstraint("transcript_id", "label"),)

    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(String(60))
    display_name: Mapped[str] = mapped_column(String(200), default="")
    speech_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    words: Mapped[int] = mapped_column(default=0)
    turns: Mapped[int] = mapped_column(default=0)
    voice: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)  # 32-bit floats: what the voice is like
    voice_model: Mapped[str | None] = mapped_column(String(60), default=None)  # what made `voice`
    known_voice_uid: Mapped[str | None] = mapped_column(String(36), default=None)  # outlives the voice it names


class SegmentRow(OwnedRow):
    """A stretch of speech that reads as one piece."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("transcript_id", "position"),
        CheckConstraint("start_ms >= 0 AND end_ms >= start_ms", name="times_in_order"),
    )

    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    position: Mapped[int]
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float | None] = mapped_column(Float, default=None)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id", ondelete="SET NULL"), default=None)
    words: Mapped[list[Any]] = mapped_column(default=list)  # as domain.transcripts.Word keeps itself
    flags: Mapped[list[str] | None] = mapped_column(default=None)  # of domain.transcripts.FLAGS


class WorkerRow(Row):
    """A worker that is or was alive, seen on the database's clock."""

    __tablename__ = "workers"

    executor_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    pid_started: Mapped[float] = mapped_column(Float)
    last_seen: Mapped[float] = mapped_column(Float)
    dead: Mapped[bool] = mapped_column(default=False, server_default=false())
    started_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[str] = mapped_column(String(40), default="")
    judging_until: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    lanes: Mapped[list[str] | None] = mapped_column(default=None)  # that it takes jobs from; None is any


class PaceRow(Row):
    """When an engine may be called next, over all workers, on the database's clock."""

    __tablename__ = "paces"

    engine: Mapped[str] = mapped_column(String(60), primary_key=True)
    next_at: Mapped[float] = mapped_column(Float)


class SweepRow(Row):
    """When the last sweep was, and since when sweeps follow each other as they should, on the database's clock."""

    __tablename__ = "sweeps"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    steady_since: Mapped[float] = mapped_column(Float)


class UploadRow(OwnedRow):
    """A recording that comes in pieces; its last byte is counted only together with the file it became."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("offset_bytes >= 0 AND offset_bytes <= length_bytes", name="offset_range"),
        CheckConstraint("(file_uid IS NOT NULL) = (offset_bytes = length_bytes)", name="whole_has_file"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")  # the client's metadata, as it was sent
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64), default=None)  # once all bytes had come
    file_uid: Mapped[str | None] = mapped_column(String(36), default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


BUILT_IN_OWNER = 1
NOW_EPOCH = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())::float8"),
}
