"""Shapes of voices that narrate."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from tenuto.api.schemas import Given, Shown, in_utc
from tenuto.services.voice_clones import MAX_CONSENT, MAX_NAME, VoiceDetails

METHOD = "voice matching"
"""What becomes of a sample where nothing else is said: the embedded voice is brought nearer to it; no clone."""


def _moment(given: date | datetime) -> datetime:
    """A moment in UTC; a date is its midnight there, and so is what names no zone."""
    moment = given if isinstance(given, datetime) else datetime.combine(given, time())
    return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


class VoiceForm(Given):
    """What a form says of a sample beside its file."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    consent: str = Field(
        min_length=1, max_length=MAX_CONSENT, description="What whoever speaks has agreed to, and how you know."
    )
    consent_at: Annotated[date | datetime, AfterValidator(_moment)] = Field(
        description="When that was: a date such as 2026-03-01, or a moment."
    )

    def details(self) -> VoiceDetails:
        """As the service knows them."""
        return VoiceDetails(self.name, self.consent, _moment(self.consent_at))


class VoiceIn(VoiceForm):
    """A recording that was uploaded, as a sample."""

    file_id: str = Field(min_length=1, max_length=36)


class VoiceOut(Shown):
    """A voice by its sample."""

    id: str
    name: str
    method: str = Field(
        description="What the voice may be called: voice matching, which is no clone, or voice cloning."
    )
    shaped: bool = Field(description="Whether an engine has made a voice of the sample yet.")
    distances: dict[str, Any] = Field(description="How far the voice is from the sample, before and after.")
    source_name: str
    media_type: str
    duration_ms: int
    sample_rate: int
    channels: int
    size_bytes: int
    sha256: str
    consent: str
    consent_at: datetime
    sample_url: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> VoiceOut:
        """Read a row."""
        same = {name: getattr(row, name) for name in cls.model_fields if name in _SAME_IN_VOICES}
        return cls(
            id=row.uid,
            method=row.distances.get("method") or METHOD,
            shaped=bool(row.shape),
            sample_url=f"/api/voices/{row.uid}/sample",
            **same,
        )


_SAME_IN_VOICES = set(VoiceOut.model_fields) - {"id", "method", "shaped", "sample_url"}


class VoiceList(Shown):
    """A page of voices."""

    items: list[VoiceOut]
    next_cursor: str | None
