"""Shapes of requests and answers; rows are read here and nowhere else in the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tenuto.domain.costs import amount_of
from tenuto.domain.jobs import JobStatus, eta_seconds
from tenuto.domain.transcripts import Word


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, where that still has a date."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it lies outside of the years 1 to 9999 in UTC") from error


class Given(BaseModel):
    """What a caller sends: nothing beyond what is named."""

    model_config = ConfigDict(extra="forbid", str_max_length=10_000)


class Shown(BaseModel):
    """What we answer."""

    model_config = ConfigDict(from_attributes=True)


class ProblemOut(Shown):
    """Every error."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[dict[str, str]] = []
    song_id: str | None = Field(None, description="The song that is in the way.")
    job_id: str | None = Field(None, description="The job that is in the way.")


class FileOut(Shown):
    """A recording, or a deck of slides, whose sound is all zeros."""

    id: str = Field(validation_alias="uid")
    kind: str
    name: str
    size_bytes: int
    sha256: str
    media_type: str
    container: str
    codec: str
    duration_ms: int
    sample_rate: int
    channels: int
    truncated: bool
    title: str
    warnings: list[str]
    created_at: datetime
    expires_at: datetime | None


class FileList(Shown):
    """A page of recordings and decks."""

    items: list[FileOut]
    next_cursor: str | None


class JobIn(Given):
    """A job on a recording that is here already."""

    kind: str = Field("transcribe", max_length=40)
    file_id: str | None = Field(None, max_length=36)
    song_id: str | None = Field(None, max_length=36, description="A song of the library, in place of a file.")
    prompt: str | None = Field(None, description="What to compose, in place of a file; the option of that name.")
    options: dict[str, Any] = {}
    priority: int = Field(5, ge=0, le=9)
    hold: bool = False


class ErrorOut(Shown):
    """Why a job failed."""

    code: str
    message: str


class JobOut(Shown):
    """A job as it stands."""

    id: str
    kind: str
    status: JobStatus
    stage: str
    progress: float
    message: str
    eta_seconds: float | None
    engine: str
    priority: int
    attempts: int
    cancel_requested: bool
    file_id: str | None
    file_name: str
    song_id: str | None
    presentation_id: str | None
    options: dict[str, Any]
    warnings: list[str]
    error: ErrorOut | None
    cost_estimate: float
    cost: float
    currency: str
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    updated_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, row: Any, files: Mapping[int, str], *, currency: str) -> JobOut:
        """Read a row; `files` holds the public ids of recordings, `currency` is that of all costs here."""
        same = {name: getattr(row, name) for name in cls.model_fields if name in _SAME_IN_JOBS}
        failed = row.error_code and ErrorOut(code=row.error_code, message=row.error_message or "")
        return cls(
            id=row.uid,
            file_id=files.get(row.file_id),
            song_id=row.options.get("song_id"),
            presentation_id=row.options.get("presentation_id"),
            error=failed or None,
            eta_seconds=_eta(row),
            cost_estimate=amount_of(row.cost_estimate_micros),
            cost=amount_of(row.cost_micros),
            currency=currency,
            **same,
        )


_SAME_IN_JOBS = set(JobOut.model_fields) - {
    "id", "file_id", "song_id", "presentation_id", "error", "eta_seconds", "cost_estimate", "cost", "currency",
}  # fmt: skip


def _eta(row: Any) -> float | None:
    if row.status is not JobStatus.PROCESSING or row.run_started_at is None:
        return None
    elapsed = (datetime.now(UTC) - row.run_started_at).total_seconds()
    left = eta_seconds(row.progress, row.run_started_progress, elapsed)
    return None if left is None else round(left, 1)


class JobList(Shown):
    """A page of jobs, and how many there are of each kind and status."""

    items: list[JobOut]
    next_cursor: str | None
    counts: dict[str, dict[str, int]]


class EventOut(Shown):
    """Something that happened to a job."""

    id: int
    at: datetime
    kind: str
    old_status: str | None
    new_status: str | None
    actor: str
    message: str


class StepOut(Shown):
    """A step that finished, or one part of it."""

    step: str
    part: int | None
    worker_id: str
    started_at: datetime
    finished_at: datetime

    @classmethod
    def of(cls, row: Any) -> StepOut:
        """Read a row; the record of a whole step has no part."""
        part = row.part if row.part >= 0 else None
        times = {"started_at": row.started_at, "finished_at": row.finished_at}
        return cls(step=row.step, part=part, worker_id=row.worker_id, **times)


class JobLog(Shown):
    """A job's history."""

    events: list[EventOut]
    steps: list[StepOut]


class WordOut(Shown):
    """A word and its time."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None
    guessed: bool = False  # its time was shared out by letters, not heard


class SegmentOut(Shown):
    """A stretch of speech."""

    position: int
    start_ms: int
    end_ms: int
    text: str
    confidence: float | None
    speaker: str | None  # the name to show
    speaker_label: str | None
    flags: list[str]
    words: list[WordOut]

    @classmethod
    def of(cls, row: Any, speakers: Mapping[int, Any]) -> SegmentOut:
        """Read a row; `speakers` holds the rows of who speaks."""
        words = [WordOut.model_validate(Word(*word)) for word in row.words]
        same = {name: getattr(row, name) for name in ("position", "start_ms", "end_ms", "text", "confidence")}
        who = speakers.get(row.speaker_id)
        shown, label = (who.display_name or who.label, who.label) if who else (None, None)
        return cls(**same, speaker=shown, speaker_label=label, flags=row.flags or [], words=words)


class SegmentList(Shown):
    """Some segments; ask again with `after` set to `next_after`."""

    items: list[SegmentOut]
    next_after: int | None


class SpeakerOut(Shown):
    """One voice: its share of all speech and how fast it speaks."""

    label: str
    display_name: str
    speech_ms: int
    words: int
    turns: int = Field(description="How often this one takes the word.")
    share: float
    words_per_minute: float
    known_voice_id: str | None = None


class SpeakerList(Shown):
    """The voices of a transcript."""

    items: list[SpeakerOut]

    @classmethod
    def of(cls, rows: Sequence[Any]) -> SpeakerList:
        """Read rows."""
        total = sum(row.speech_ms for row in rows) or 1
        found = []
        for row in rows:
            same = {name: getattr(row, name) for name in ("label", "display_name", "speech_ms", "words", "turns")}
            pace = row.words * 60_000 / row.speech_ms if row.speech_ms else 0.0
            numbers = {"share": round(row.speech_ms / total, 4), "words_per_minute": round(pace, 1)}
            found.append(SpeakerOut(**same, **numbers, known_voice_id=row.known_voice_uid))
        return cls(items=found)


class TranscriptOut(Shown):
    """A transcript without its segments."""

    id: str
    job_id: str | None
    file_id: str | None
    title: str
    language: str | None
    engine: str
    model: str
    original_text: str
    processed_text: str | None
    duration_ms: int
    word_count: int
    confidence: float | None
    warnings: list[str]
    details: dict[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any, parents: tuple[Mapping[int, str], Mapping[int, str]]) -> TranscriptOut:
        """Read a row; `parents` holds public ids of jobs and of files."""
        same = {name: getattr(row, name) for name in cls.model_fields if name not in ("id", "job_id", "file_id")}
        return cls(id=row.uid, job_id=parents[0].get(row.job_id), file_id=parents[1].get(row.file_id), **same)


class TranscriptItem(Shown):
    """A transcript in a list: without its text."""

    id: str
    job_id: str | None
    file_id: str | None
    title: str
    language: str | None
    engine: str
    duration_ms: int
    word_count: int
    confidence: float | None
    created_at: datetime
    updated_at: datetime


class TranscriptList(Shown):
    """A page of transcripts."""

    items: list[TranscriptItem]
    next_cursor: str | None


class TranscriptChange(Given):
    """What may be changed about a transcript."""

    title: str = Field(min_length=1, max_length=300)


class JobResult(Shown):
    """All a job found out."""

    job_id: str
    transcript_id: str
    status: JobStatus
    title: str
    original_text: str
    processed_text: str | None
    language: str | None
    engine: str
    model: str
    confidence: float | None
    duration_ms: int
    word_count: int
    details: dict[str, Any]
    warnings: list[str]
    segments: list[SegmentOut]
    speakers: list[SpeakerOut]


class ComponentOut(Shown):
    """How one part of the server is."""

    name: str
    status: str
    detail: str
    latency_ms: float


class HealthOut(Shown):
    """How the server is."""

    status: str
    version: str
    components: list[ComponentOut]


class EngineOut(Shown):
    """An engine on offer."""

    name: str
    ready: bool
    detail: str
    model: str
    fetchable: bool
    licence: str


class EngineList(Shown):
    """The engines on offer, and the one a job gets that names none."""

    items: list[EngineOut]
    default: str
    reason: str
    hint: str


class CleanupOut(Shown):
    """What a sweep did, or would do."""

    dry_run: bool
    scanned: int
    deleted: int
    failed: int
    freed_bytes: int
    strays: int
    errors: list[str]
