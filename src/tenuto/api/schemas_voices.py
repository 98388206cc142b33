"""Shapes of known voices."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from tenuto.api.schemas import Given, Shown


class KnownVoiceIn(Given):
    """A speaker of a transcript whose voice gets a name."""

    transcript_id: str = Field(max_length=36)
    speaker: str = Field(min_length=1, max_length=60, description="The speaker's label, such as S1.")
    name: str = Field(min_length=1, max_length=200)


class KnownVoiceChange(Given):
    """What may be changed about a known voice."""

    name: str = Field(min_length=1, max_length=200)


class KnownVoiceOut(Shown):
    """A known voice; what it sounds like is not told."""

    id: str = Field(validation_alias="uid")
    name: str
    model: str
    recordings: int
    speech_ms: int
    created_at: datetime
    updated_at: datetime


class KnownVoiceList(Shown):
    """A page of known voices."""

    items: list[KnownVoiceOut]
    next_cursor: str | None


class Forgotten(Shown):
    """What was erased together with a known voice."""

    speakers: int = Field(description="In transcripts; they keep the names they show.")
