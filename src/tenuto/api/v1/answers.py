"""Transcripts in the shapes that OpenAI answers with."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from tenuto.api.v1.languages import language_name
from tenuto.api.v1.wishes import Wish
from tenuto.domain.transcripts import Segment, Transcript

NOBODY = "unknown"
LEAST_CONFIDENCE = 1e-4


def answer(transcript: Transcript, wish: Wish, *, translated: bool) -> Response:
    """The whole answer; subtitles are exports and rendered as such."""
    shape = wish.response_format
    if shape == "text":
        return Response(f"{transcript.text}\n", media_type="text/plain")
    if shape == "verbose_json":
        return _json(_verbose(transcript, wish, translated=translated))
    if shape == "diarized_json":
        return _json(_diarized(transcript))
    return _json({"text": transcript.text, "languages": _languages(transcript), "usage": usage(transcript)})


def usage(transcript: Transcript) -> dict[str, Any]:
    """What is billed: seconds of sound, begun ones included."""
    return {"type": "duration", "seconds": math.ceil(transcript.duration_ms / 1000)}


def done_event(transcript: Transcript) -> dict[str, Any]:
    """The last event of a stream."""
    # Streams count tokens, which no engine here has; the sound's length stands beside them.
    tokens = {"type": "tokens", "input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    found = {"type": "transcript.text.done", "text": transcript.text, "languages": _languages(transcript)}
    return {**found, "usage": {**tokens, "seconds": usage(transcript)["seconds"]}}


def speech_segments(transcript: Transcript) -> Iterator[dict[str, Any]]:
    """Who said what when."""
    for number, segment in enumerate(transcript.segments):
        yield {
            "id": f"seg_{number:03}",
            "type": "transcript.text.segment",
            "start": segment.start_ms / 1000,
            "end": segment.end_ms / 1000,
            "text": segment.text,
            "speaker": transcript.speakers.get(segment.speaker or "") or segment.speaker or NOBODY,
        }


def _verbose(transcript: Transcript, wish: Wish, *, translated: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "task": "translate" if translated else "transcribe",
        "language": language_name(transcript.language),
        "duration": transcript.duration_ms / 1000,
        "text": transcript.text,
    }
    if wish.words:
        found["words"] = [
            {"word": word.text, "start": word.start_ms / 1000, "end": word.end_ms / 1000}
            for segment in transcript.segments
            for word in segment.words
        ]
    if wish.segments:
        found["segments"] = [_segment(number, segment) for number, segment in enumerate(transcript.segments)]
    return {**found, "usage": usage(transcript)}


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    """A segment with all that clients insist on; what engines here do not measure is 0 or empty."""
    sure = max(LEAST_CONFIDENCE, segment.confidence) if segment.confidence is not None else None
    data = segment.text.encode(errors="replace")
    found: dict[str, Any] = {
        "id": number,
        "seek": 0,
        "start": segment.start_ms / 1000,
        "end": segment.end_ms / 1000,
        "text": segment.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0 if sure is None else round(math.log(min(1.0, sure)), 4),
        "compression_ratio": round(len(data) / len(zlib.compress(data)), 4),
        "no_speech_prob": 0.0,
    }
    return found | ({"speaker": segment.speaker} if segment.speaker else {})


def _diarized(transcript: Transcript) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "duration": transcript.duration_ms / 1000,
        "text": transcript.text,
        "segments": list(speech_segments(transcript)),
        "usage": usage(transcript),
    }


def _languages(transcript: Transcript) -> list[dict[str, str]]:
    return [{"code": transcript.language}] if transcript.language else []


def _json(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document), media_type="application/json")
