"""Shapes of narrated presentations and their slides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tenuto.api.schemas import Given, JobOut, Shown
from tenuto.domain.presentations import MAX_TITLE
from tenuto.services.presentations import MAX_NOTES

MAX_REVISION = 1 << 31
MOST_SLIDES = 10_000
Revision = Annotated[
    int, Field(ge=0, lt=MAX_REVISION, description="Of the presentation as it was seen; refused when it is another.")
]


class PresentationIn(Given):
    """A deck that was uploaded, and how it is to be filmed."""

    file_id: str = Field(min_length=1, max_length=36)
    options: dict[str, Any] = Field({}, description="See docs/presentations.md.")
    priority: int = Field(5, ge=0, le=9)
    hold: bool = Field(False, description="Wait until the job is started.")


class RenderIn(Given):
    """What is to be otherwise than in the last video."""

    options: dict[str, Any] = Field({}, description="See docs/presentations.md.")
    priority: int = Field(5, ge=0, le=9)


class PresentationChange(Given):
    """Another title."""

    revision: Revision
    title: str = Field(min_length=1, max_length=MAX_TITLE)


class SlideChange(Given):
    """What to change about a slide; what is not named stays."""

    model_config = ConfigDict(extra="forbid", str_max_length=MAX_NOTES)

    revision: Revision
    title: str = Field("", max_length=MAX_TITLE, description="The name of its chapter.")
    notes: str = Field(
        "", max_length=MAX_NOTES, description="What is said of it.", json_schema_extra={"format": "text"}
    )
    language: str = Field("", max_length=20, description="Such as de-DE; empty to go by the deck and the letters.")
    skipped: bool | None = Field(None, description="null to go by whether the deck hides it.")


class OrderIn(Given):
    """All slides by their numbers in the deck, in the order of the video."""

    revision: Revision
    order: list[Annotated[int, Field(strict=True, ge=1, le=MOST_SLIDES)]] = Field(max_length=MOST_SLIDES)


class SlideOut(Shown):
    """A slide as it is edited, and what was last made of it."""

    number: int = Field(description="In the deck; hidden slides count.")
    position: int
    title: str
    notes: str
    original_notes: str
    text: str
    hidden: bool
    skipped: bool | None
    section: str
    language: str
    renderer: str = Field(description="What drew its picture: libreoffice, render-pptx or plain.")
    flaws: list[str] = Field(description="What may be wrong with its picture.")
    start_ms: int | None = Field(description="When it is seen in the video; null while it is not.")
    duration_ms: int | None
    spoken: dict[str, Any] = Field(description="Engine, voice, loudness, and warnings about what is said.")
    thumbnail_url: str | None
    picture_url: str | None
    sound_url: str | None

    @classmethod
    def of(cls, uid: str, row: Any) -> SlideOut:
        """Read a row."""
        same = {name: getattr(row, name) for name in cls.model_fields if not name.endswith("_url")}
        place = f"/api/presentations/{uid}/slides/{row.number}"
        return cls(
            thumbnail_url=f"{place}/thumbnail" if row.picture else None,
            picture_url=f"{place}/picture" if row.picture else None,
            sound_url=f"{place}/sound" if row.sound else None,
            **same,
        )


class SlideEdited(Shown):
    """A slide after an edit, and the revision of its presentation."""

    revision: int
    slide: SlideOut


class PresentationOut(Shown):
    """A presentation with its latest job, whose status and stage are its own."""

    id: str
    title: str
    author: str
    file_id: str
    file_name: str
    status: str
    stage: str
    progress: float
    error: str | None
    voice_id: str | None
    voice_name: str | None
    engine: str
    language: str
    options: dict[str, Any]
    slides_count: int
    revision: int
    rendered_revision: int | None = Field(description="The edits that the video shows; null as long as there is none.")
    video_url: str | None
    poster_url: str | None
    video_ms: int | None
    video_bytes: int | None
    processing_seconds: float | None
    warnings: list[str]
    job: JobOut | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def of(cls, view: Any, currency: str) -> PresentationOut:
        """Read what a list shows of a presentation."""
        return cls(**_shown(view, currency))


class PresentationDetail(PresentationOut):
    """The same with all its slides, in the order of the video."""

    slides: list[SlideOut]

    @classmethod
    def whole(cls, view: Any, slides: Sequence[Any], currency: str) -> PresentationDetail:
        """Read a presentation and its slides."""
        return cls(**_shown(view, currency), slides=[SlideOut.of(view.row.uid, slide) for slide in slides])


def _shown(view: Any, currency: str) -> dict[str, Any]:
    row, file, job, voice = view.row, view.file, view.job, view.voice
    place = f"/api/presentations/{row.uid}"
    return {
        **{name: getattr(row, name) for name in PresentationOut.model_fields if hasattr(row, name)},
        "id": row.uid,
        "file_id": file.uid,
        "file_name": file.name,
        "status": job.status.value if job else "",
        "stage": job.stage if job else "",
        "progress": job.progress if job else 0.0,
        "error": job.error_message if job else None,
        "voice_id": voice.uid if voice else None,
        "voice_name": voice.name if voice else None,
        "video_url": f"{place}/video" if row.video_id else None,
        "poster_url": f"{place}/poster" if row.video_id else None,
        "job": JobOut.of(job, {file.id: file.uid}, currency=currency) if job else None,
    }


class PresentationList(Shown):
    """A page of presentations."""

    items: list[PresentationOut]
    next_cursor: str | None


class PresentationJobList(Shown):
    """A page of the jobs of a presentation."""

    items: list[JobOut]
    next_cursor: str | None
