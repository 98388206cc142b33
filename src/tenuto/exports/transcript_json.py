"""All that is known about a transcript, as JSON that can be read back.

What comes back equals what went in, but for what JSON cannot say: lone surrogates become U+FFFD, and a confidence that
is no finite number becomes null. `confidence` and `text` of the whole are there for the reader and not read back.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.exports.base import Format
from tenuto.exports.plain import mend_surrogates

SCHEMA_VERSION = 1

Fields = dict[str, Any]


def render(transcript: Transcript) -> bytes:
    """Write the transcript as JSON."""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "title": transcript.title,
        "language": transcript.language,
        "duration_ms": transcript.duration_ms,
        "engine": transcript.engine,
        "model": transcript.model,
        "confidence": _finite(transcript.confidence),
        "warnings": list(transcript.warnings),
        "speakers": {mend_surrogates(label): name for label, name in transcript.speakers.items()},
        "text": transcript.text,
    }
    # A line for each field and each segment reads well; the indenting of `json` would take ten times as long.
    lines = [f"{_dump(name)}: {_dump(value)},\n" for name, value in fields.items()]
    segments = ",\n".join(_dump(_segment_fields(segment)) for segment in transcript.segments)
    return mend_surrogates(f'{{\n{"".join(lines)}"segments": [\n{segments}\n]\n}}\n').encode()


def parse(data: bytes) -> Transcript:
    """Read back what `render` wrote."""
    try:
        fields = json.loads(data, parse_constant=_refuse_constant)
        version = fields["schema_version"]
        if version != SCHEMA_VERSION:
            raise errors.ValidationError(
                f"The transcript is of schema version {version!r}; this tenuto reads {SCHEMA_VERSION}.",
            )
        return Transcript(
            segments=tuple(_read_segment(segment) for segment in fields["segments"]),
            language=fields["language"],
            duration_ms=fields["duration_ms"],
            engine=fields["engine"],
            model=fields["model"],
            title=fields["title"],
            warnings=tuple(fields["warnings"]),
            speakers=dict(fields["speakers"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise errors.ValidationError(f"This is not a transcript that tenuto exported as JSON: {error!r}.") from error


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _word_fields(word: Word) -> Fields:
    times = {"start_ms": word.start_ms, "end_ms": word.end_ms}
    return {**times, "text": word.text, "confidence": _finite(word.confidence)}


def _segment_fields(segment: Segment) -> Fields:
    return {
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "confidence": _finite(segment.confidence),
        "speaker": segment.speaker,
        "words": [_word_fields(word) for word in segment.words],
        "flags": [mend_surrogates(flag) for flag in segment.flags],
    }


def _read_word(fields: Fields) -> Word:
    return Word(fields["start_ms"], fields["end_ms"], fields["text"], fields["confidence"])


def _read_segment(fields: Fields) -> Segment:
    times, words = (fields["start_ms"], fields["end_ms"]), tuple(_read_word(word) for word in fields["words"])
    flags = tuple(fields.get("flags", ()))  # Exports of the first version have none.
    return Segment(*times, fields["text"], fields["confidence"], fields["speaker"], words, flags)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


FORMAT = Format("json", "json", "application/json", "all that is known, words with their times included", render)
