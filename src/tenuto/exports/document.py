"""A transcript as a document to read: a title, what is known about it, and paragraphs.

A paragraph ends where the speaker changes, at a long pause, and at the end of a sentence once it is long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenuto.domain.transcripts import Transcript
from tenuto.exports.plain import Passage, clock_time, join_texts, one_line, passages

PAUSE_MS = 2000
LONG_LETTERS = 700
UNKNOWN = "Unknown speaker"
UNTITLED = "Transcript"

_ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟", "۔")  # noqa: RUF001  the full-width forms are meant


@dataclass(frozen=True)
class Paragraph:
    """What one speaker says in one go."""

    start_ms: int
    speaker: str  # empty when nobody in the transcript is known
    text: str


def title_of(transcript: Transcript) -> str:
    """Return the transcript's title, or what to write in its place."""
    return one_line(transcript.title) or UNTITLED


def facts_of(transcript: Transcript) -> list[tuple[str, str]]:
    """Return what a reader should know, as names and values."""
    engine, model = one_line(transcript.engine), one_line(transcript.model)
    found = [
        ("Language", one_line(transcript.language or "")),
        ("Length", clock_time(transcript.duration_ms) if transcript.duration_ms else ""),
        ("Written down by", f"{engine} ({model})" if engine and model else engine or model),
        *(("Warning", one_line(warning)) for warning in transcript.warnings),
    ]
    return [(name, value) for name, value in found if value]


def paragraphs_of(transcript: Transcript) -> list[Paragraph]:
    """Return what was said, in the order it starts."""
    said = passages(transcript)
    unknown = UNKNOWN if any(passage.speaker for passage in said) else ""
    return [
        Paragraph(
            group[0].segment.start_ms,
            group[0].speaker or unknown,
            join_texts(passage.text for passage in group),
        )
        for group in _groups(said)
    ]


def _groups(said: list[Passage]) -> Iterator[list[Passage]]:
    group: list[Passage] = []
    letters, end_ms = 0, 0
    for passage in said:
        full = letters >= LONG_LETTERS and group[-1].text.endswith(_ENDS)
        if group and (full or passage.speaker != group[0].speaker or passage.segment.start_ms - end_ms >= PAUSE_MS):
            yield group
            group, letters, end_ms = [], 0, 0
        group.append(passage)
        letters += len(passage.text)
        end_ms = max(end_ms, passage.segment.end_ms)
    if group:
        yield group
