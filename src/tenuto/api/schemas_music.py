"""Shapes of generated music and its prompts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tenuto import errors
from tenuto.api.schemas import Given, JobOut, Shown
from tenuto.domain.jobs import JobStatus
from tenuto.services.generations import MOST_AT_ONCE, MusicWish, music_name

Prompt = Annotated[str, Field(max_length=10_000)]
OPTIONS = "The options of a job that composes, such as `seconds`, `seed` and `format`, stand beside or in `options`."


class MusicIn(Given):
    """How music is to be; options may stand beside what is named here."""

    model_config = ConfigDict(extra="allow", str_max_length=10_000, json_schema_extra={"description": OPTIONS})

    prompt: Prompt | None = None
    takes: int | None = Field(None, ge=1, le=MOST_AT_ONCE, description="So many variations, each with its own seed.")
    options: dict[str, Any] = Field(default_factory=dict)
    priority: int = Field(5, ge=0, le=9)
    hold: bool = False

    def wish(self, key: str | None, request_id: str) -> MusicWish:
        """As the service knows it."""
        return MusicWish(
            prompts=self.all_prompts(),
            takes=self.takes,
            options=self.all_options(),
            priority=self.priority,
            hold=self.hold,
            idempotency_key=key,
            request_id=request_id,
        )

    def all_prompts(self) -> list[str]:
        """One or none."""
        return [] if self.prompt is None else [self.prompt]

    def all_options(self) -> dict[str, Any]:
        """Those in `options` and those beside it; refuses what would be left out."""
        beside = self.model_extra or {}
        if "prompt" in self.options:
            raise errors.ValidationError("The prompt stands beside options, not in it.", field="options.prompt")
        if twice := sorted(beside.keys() & self.options.keys()):
            name = twice[0][:60]
            raise errors.ValidationError(f"{name!r} stands beside options and in it; say it once.", field=name)
        return {**self.options, **beside}


class GenerationsIn(MusicIn):
    """Music of one prompt, or of several."""

    prompts: list[Prompt] = Field([], max_length=1000, description=f"At most {MOST_AT_ONCE} pieces in all.")

    def all_prompts(self) -> list[str]:
        """One or many."""
        return [*super().all_prompts(), *self.prompts]


class GenerationOut(Shown):
    """A piece of music that was asked for, and what came of it; its status is that of its job."""

    id: str
    status: JobStatus
    prompt: str = Field(description="As it was sent.")
    prompt_id: str
    parent_id: str | None = Field(description="The piece it is to be like; it may be gone.")
    take: int
    engine: str
    model: str
    licence: str | None = Field(description="Of the engine's weights, where it has any.")
    seed: int | None
    format: str
    seconds: float | None
    sample_rate: int | None
    channels: int | None
    size_bytes: int | None
    generation_ms: int | None
    requested_bpm: float | None
    requested_key: str | None
    composed_bpm: float | None
    composed_key: str | None
    measured_bpm: float | None
    measured_key: str | None
    loudness_lufs: float | None
    true_peak_db: float | None
    details: dict[str, Any]
    music_url: str | None = Field(description="Where the music is, once it is.")
    created_at: datetime
    composed_at: datetime | None
    job: JobOut

    @classmethod
    def of(cls, row: Any, currency: str, files: Mapping[int, str] = {}) -> GenerationOut:
        """Read a row that came with its job and its prompt; music is made of no file."""
        same = {name: getattr(row, name) for name in cls.model_fields if name in _SAME_IN_GENERATIONS}
        made = f"/api/jobs/{row.job.uid}/artifacts/{music_name(row)}" if row.composed_at else None
        return cls(
            id=row.uid,
            prompt=row.job.options["prompt"],
            prompt_id=row.prompt.uid,
            parent_id=row.parent_uid,
            music_url=made,
            job=JobOut.of(row.job, files, currency=currency),
            **same,
        )


_SAME_IN_GENERATIONS = set(GenerationOut.model_fields) - {"id", "prompt", "prompt_id", "parent_id", "music_url", "job"}


class GenerationsOut(Shown):
    """What was accepted."""

    items: list[GenerationOut]


class GenerationList(Shown):
    """A page of music, and how many pieces there are in each status."""

    items: list[GenerationOut]
    next_cursor: str | None
    counts: dict[str, int]


class PromptOut(Shown):
    """A text that music was asked for with."""

    id: str = Field(validation_alias="uid")
    text: str
    used_count: int
    first_used_at: datetime
    last_used_at: datetime


class PromptList(Shown):
    """A page of prompts."""

    items: list[PromptOut]
    next_cursor: str | None
