"""Tables of generated music: the prompts people wrote, and what was composed from them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tenuto.db.base import OwnedRow, new_uid, now
from tenuto.db.models_songs import Term
from tenuto.domain.jobs import JobStatus

if TYPE_CHECKING:
    from tenuto.db.models import JobRow


class PromptRow(OwnedRow):
    """A text that music was asked for with, each once, and how often that was."""

    __tablename__ = "prompts"
    __table_args__ = (
        CheckConstraint("text <> ''", name="has_text"),
        CheckConstraint("used_count >= 1", name="was_used"),
        CheckConstraint("last_used_at >= first_used_at", name="times_in_order"),
        UniqueConstraint("owner_id", "text_sha256"),  # Of the text itself an index could be too long.
        Index("ix_prompts_owner_id_id", "owner_id", "id"),
        Index("ix_prompts_owner_id_used_count_id", "owner_id", "used_count", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    used_count: Mapped[int] = mapped_column(BigInteger)
    first_used_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)


class PromptTermRow(OwnedRow):
    """A word a prompt is found by; folded, each once."""

    __tablename__ = "prompt_terms"
    __table_args__ = (
        UniqueConstraint("prompt_id", "term"),
        Index("ix_prompt_terms_owner_id_term_prompt_id", "owner_id", "term", "prompt_id"),
    )

    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompts.id", ondelete="CASCADE"))
    term: Mapped[str] = mapped_column(Term)


class GenerationRow(OwnedRow):
    """A piece of music that was asked for, and what came of it. Its status is that of its job, and nowhere else."""

    __tablename__ = "generations"
    __table_args__ = (
        CheckConstraint("take >= 1", name="takes_begin_at_one"),
        CheckConstraint("seed >= 0", name="seed_not_negative"),
        CheckConstraint("seconds > 0 AND sample_rate > 0 AND channels > 0", name="sound"),
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("generation_ms >= 0", name="generation_time_not_negative"),
        CheckConstraint("requested_bpm > 0 AND composed_bpm > 0 AND measured_bpm > 0", name="tempi_positive"),
        CheckConstraint(
            "(composed_at IS NULL) = (seconds IS NULL) AND (composed_at IS NULL) = (size_bytes IS NULL)",
            name="composed_is_whole",
        ),
        Index("ix_generations_owner_id_job_id", "owner_id", "job_id"),
        Index("ix_generations_owner_id_prompt_id_job_id", "owner_id", "prompt_id", "job_id"),
        Index("ix_generations_owner_id_parent_uid", "owner_id", "parent_uid"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompts.id"))  # no prompt goes while its music is there
    parent_uid: Mapped[str | None] = mapped_column(String(36), default=None)  # outlives the generation it names
    take: Mapped[int] = mapped_column(default=1)  # its number among those that were asked for together
    engine: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(300), default="")
    licence: Mapped[str | None] = mapped_column(String(300), default=None)  # of the engine's weights, if it has any
    seed: Mapped[int | None] = mapped_column(BigInteger, default=None)  # the one that was asked for, then the one used
    format: Mapped[str] = mapped_column(String(20), default="")
    seconds: Mapped[float | None] = mapped_column(Float, default=None)
    sample_rate: Mapped[int | None] = mapped_column(default=None)
    channels: Mapped[int | None] = mapped_column(default=None)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)  # of the music without stems
    generation_ms: Mapped[int | None] = mapped_column(BigInteger, default=None)
    requested_bpm: Mapped[float | None] = mapped_column(Float, default=None)
    requested_key: Mapped[str | None] = mapped_column(String(20), default=None)
    composed_bpm: Mapped[float | None] = mapped_column(Float, default=None)
    composed_key: Mapped[str | None] = mapped_column(String(20), default=None)
    measured_bpm: Mapped[float | None] = mapped_column(Float, default=None)
    measured_key: Mapped[str | None] = mapped_column(String(20), default=None)
    loudness_lufs: Mapped[float | None] = mapped_column(Float, default=None)
    true_peak_db: Mapped[float | None] = mapped_column(Float, default=None)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # all that is known, as composition.json has it
    created_at: Mapped[datetime] = mapped_column(default=now)
    composed_at: Mapped[datetime | None] = mapped_column(default=None)

    job: Mapped[JobRow] = relationship(lazy="raise", viewonly=True)
    prompt: Mapped[PromptRow] = relationship(lazy="raise", viewonly=True)

    @property
    def status(self) -> JobStatus:
        """Where its job stands."""
        return self.job.status

    @property
    def is_pending(self) -> bool:
        """Whether nobody has begun to compose it."""
        return self.status in PENDING

    @property
    def is_processing(self) -> bool:
        """Whether it is being composed."""
        return self.status is JobStatus.PROCESSING

    @property
    def is_completed(self) -> bool:
        """Whether there is music."""
        return self.status is JobStatus.COMPLETED

    @property
    def is_failed(self) -> bool:
        """Whether composing failed."""
        return self.status is JobStatus.FAILED

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens unless a person asks for it."""
        return self.status.is_finished


PENDING = (JobStatus.UPLOADED, JobStatus.QUEUED)
