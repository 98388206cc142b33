"""Transcripts as plain JSON and back, without loss: they cross processes and lie in storage this way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word


def to_json(transcript: Transcript) -> dict[str, Any]:
    """The transcript as dictionaries, lists and plain values."""
    data = asdict(transcript)
    data["warnings"] = list(transcript.warnings)
    data["segments"] = [
        {**segment, "words": list(segment["words"]), "flags": list(segment["flags"])} for segment in data["segments"]
    ]
    return data


def from_json(data: Mapping[str, Any]) -> Transcript:
    """Read what `to_json` wrote."""
    try:
        segments = tuple(_segment(segment) for segment in data["segments"])
        rest = {name: value for name, value in data.items() if name not in ("segments", "warnings")}
        return Transcript(segments=segments, warnings=tuple(data.get("warnings", ())), **rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.ValidationError(f"This is not a transcript in tenuto's own form: {error}.") from error


def _segment(data: Mapping[str, Any]) -> Segment:
    words = tuple(Word(**word) for word in data.get("words", ()))
    return Segment(**{**data, "words": words, "flags": tuple(data.get("flags", ()))})
