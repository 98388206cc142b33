"""Tables of narrated presentations: voices by a sample, decks with their slides, and the jobs of a deck."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenuto.db.base import OwnedRow, new_uid, now

LONGEST_SAMPLE_MS = 300_000


class VoiceCloneRow(OwnedRow):
    """A voice that narrates: a sample of it, with the consent of whoever speaks. One shaped by it is no clone."""

    __tablename__ = "voice_clones"
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("consent <> ''", name="has_consent"),
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint(f"duration_ms > 0 AND duration_ms <= {LONGEST_SAMPLE_MS}", name="duration_range"),
        CheckConstraint("sample_rate > 0 AND channels > 0", name="sound"),
        CheckConstraint("media_type = 'audio/wav'", name="is_wav"),
        UniqueConstraint("owner_id", "name"),
        Index("ix_voice_clones_owner_id_id", "owner_id", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    name: Mapped[str] = mapped_column(String(200))
    storage_key: Mapped[str] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100), default="audio/wav")
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    sample_rate: Mapped[int]
    channels: Mapped[int]
    source_name: Mapped[str] = mapped_column(Text, default="")  # of the recording as it was brought
    consent: Mapped[str] = mapped_column(Text)  # what whoever speaks has agreed to, and how that is known
    consent_at: Mapped[datetime]
    shape: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # what an engine made of the sample; empty until one did
    distances: Mapped[dict[str, Any]] = mapped_column(default=dict)  # between sample and voice, before and after
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class PresentationRow(OwnedRow):
    """A deck and the video last made of it, once `PresentationJob`. Status and stage are those of its latest job."""

    __tablename__ = "presentations"
    __table_args__ = (
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("slides_count >= 0 AND revision >= 0", name="counts_not_negative"),
        CheckConstraint("video_ms > 0 AND video_bytes > 0", name="video_positive"),
        CheckConstraint("processing_seconds >= 0", name="processing_not_negative"),
        CheckConstraint(
            "completed_at IS NULL OR (video_id IS NOT NULL AND video_ms IS NOT NULL AND video_bytes IS NOT NULL)",
            name="completed_has_video",
        ),
        CheckConstraint(
            "completed_at IS NULL OR (started_at IS NOT NULL AND completed_at >= started_at)",
            name="completed_after_start",
        ),
        Index("ix_presentations_owner_id_id", "owner_id", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    title: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text, default="")
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), unique=True)  # no deck goes while it is presented
    voice_id: Mapped[int | None] = mapped_column(ForeignKey("voice_clones.id"), default=None, index=True)
    engine: Mapped[str] = mapped_column(String(60), default="")  # that spoke the video
    language: Mapped[str] = mapped_column(String(20), default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the next video is made with
    slides_count: Mapped[int] = mapped_column(default=0)  # 0 as long as nobody has read the deck
    revision: Mapped[int] = mapped_column(default=0)  # one more with each edit
    rendered_revision: Mapped[int | None] = mapped_column(default=None)  # that the video shows
    video_id: Mapped[int | None] = mapped_column(ForeignKey("artifacts.id"), default=None, index=True)
    video_ms: Mapped[int | None] = mapped_column(BigInteger, default=None)
    video_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    processing_seconds: Mapped[float | None] = mapped_column(Float, default=None)
    warnings: Mapped[list[str]] = mapped_column(default=list)  # of the deck itself
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    completed_at: Mapped[datetime | None] = mapped_column(default=None)


class SlideRow(OwnedRow):
    """A slide of a presentation: what the deck says, what became of it by edits, and what was made of it."""

    __tablename__ = "presentation_slides"
    __table_args__ = (
        CheckConstraint("number > 0 AND position > 0", name="numbered_from_one"),
        CheckConstraint("start_ms >= 0 AND duration_ms >= 0", name="times_not_negative"),
        UniqueConstraint("presentation_id", "number"),
        UniqueConstraint("presentation_id", "position"),
    )

    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentations.id", ondelete="CASCADE"))
    number: Mapped[int]  # in the deck, hidden slides counted; it stays whatever the order
    position: Mapped[int]  # in the video
    title: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    original_notes: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    hidden: Mapped[bool] = mapped_column(default=False)
    section: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    skipped: Mapped[bool | None] = mapped_column(default=None)  # None to go by whether it is hidden
    renderer: Mapped[str] = mapped_column(String(40), default="")
    flaws: Mapped[list[str]] = mapped_column(default=list)
    picture: Mapped[str] = mapped_column(String(40), default="")  # kinds of the deck's artifacts
    sound: Mapped[str] = mapped_column(String(40), default="")
    start_ms: Mapped[int | None] = mapped_column(BigInteger, default=None)  # in the video
    duration_ms: Mapped[int | None] = mapped_column(BigInteger, default=None)
    spoken: Mapped[dict[str, Any]] = mapped_column(default=dict)  # how it was spoken, and what sounds wrong


class PresentationJobRow(OwnedRow):
    """A job that makes a video of a presentation."""

    __tablename__ = "presentation_jobs"
    __table_args__ = (Index("ix_presentation_jobs_presentation_id_job_id", "presentation_id", "job_id"),)

    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentations.id", ondelete="CASCADE"))
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
