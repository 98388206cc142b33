"""What a server answers, as dataclasses. Fields a newer server adds are passed over, missing ones have a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

FINISHED = ("completed", "failed", "cancelled")
ShapeT = TypeVar("ShapeT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True)
class Problem:
    """Why a job failed."""

    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Job:
    """A piece of work and what became of it."""

    id: str
    kind: str = ""
    status: str = ""
    stage: str = ""
    progress: float = 0.0
    message: str = ""
    eta_seconds: float | None = None
    engine: str = ""
    priority: int = 5
    attempts: int = 0
    cancel_requested: bool = False
    file_id: str | None = None
    file_name: str = ""
    song_id: str | None = None
    presentation_id: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    error: Problem | None = None
    cost_estimate: float = 0.0
    cost: float = 0.0
    currency: str = ""
    created_at: str | None = None
    queued_at: str | None = None
    started_at: str | None = None
    updated_at: str | None = None
    completed_at: str | None = None
    expires_at: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens unless a person asks for it."""
        return self.status in FINISHED


@dataclass(frozen=True)
class Estimate:
    """What a job would cost."""

    engine: str
    cost_estimate: float = 0.0
    currency: str = ""
    expected: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class File:
    """A recording or a deck of slides that somebody brought."""

    id: str
    kind: str = "recording"
    name: str = ""
    size_bytes: int = 0
    sha256: str = ""
    media_type: str = ""
    container: str = ""
    codec: str = ""
    duration_ms: int = 0
    sample_rate: int = 0
    channels: int = 0
    truncated: bool = False
    title: str = ""
    warnings: list[str] = field(default_factory=list)
    created_at: str | None = None
    expires_at: str | None = None


@dataclass(frozen=True)
class Word:
    """One word with its time."""

    start_ms: int = 0
    end_ms: int = 0
    text: str = ""
    confidence: float | None = None
    guessed: bool = False


@dataclass(frozen=True)
class Segment:
    """A stretch of speech."""

    position: int = 0
    start_ms: int = 0
    end_ms: int = 0
    text: str = ""
    confidence: float | None = None
    speaker: str | None = None  # the name to show
    words: list[Word] = field(default_factory=list)
    speaker_label: str | None = None
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Transcript:
    """What was said in a recording; lists come without its texts."""

    id: str
    job_id: str | None = None
    file_id: str | None = None
    title: str = ""
    language: str | None = None
    engine: str = ""
    model: str = ""
    duration_ms: int = 0
    word_count: int = 0
    confidence: float | None = None
    original_text: str = ""
    processed_text: str | None = None
    warnings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    created_at: str | None = None
    updated_at: str | None = None


@dataclass(frozen=True)
class Event:
    """One thing that happened to a job."""

    id: int = 0
    at: str | None = None
    kind: str = ""
    old_status: str | None = None
    new_status: str | None = None
    actor: str = ""
    message: str = ""


@dataclass(frozen=True)
class StepRecord:
    """A step, or a part of one, that finished."""

    step: str = ""
    part: int | None = None
    worker_id: str = ""
    started_at: str | None = None
    finished_at: str | None = None


@dataclass(frozen=True)
class JobLog:
    """A job's history and the steps it finished."""

    events: list[Event] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)


@dataclass(frozen=True)
class Export:
    """A transcript in some format."""

    data: bytes
    media_type: str
    filename: str


@dataclass(frozen=True)
class Page(Generic[ItemT]):
    """Some of the rows, newest first, and the cursor that leads to the rest."""

    items: list[ItemT]
    next_cursor: str | None = None


def read(kind: type[ShapeT], data: Mapping[str, Any]) -> ShapeT:
    """Make a shape from JSON."""
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in data.items() if name in known})


def read_job(data: Mapping[str, Any]) -> Job:
    """Make a job from JSON; its error is a shape of its own."""
    error = data.get("error")
    return read(Job, {**data, "error": read(Problem, error) if error else None})


def read_segment(data: Mapping[str, Any]) -> Segment:
    """Make a segment from JSON, with its words."""
    return read(Segment, {**data, "words": [read(Word, word) for word in data.get("words", [])]})
