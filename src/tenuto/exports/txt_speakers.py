"""Plain text as minutes: a line a paragraph, each with its time and who speaks."""

from __future__ import annotations

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.document import Paragraph, paragraphs_of
from tenuto.exports.plain import clock_time


def _line(paragraph: Paragraph) -> str:
    label = f"{paragraph.speaker}: " if paragraph.speaker else ""
    return f"[{clock_time(paragraph.start_ms)}] {label}{paragraph.text}\n"


def render(transcript: Transcript) -> bytes:
    """Write the transcript as lines with time and speaker."""
    return "".join(map(_line, paragraphs_of(transcript))).encode()


FORMAT = Format("txt-speakers", "speakers.txt", "text/plain", "minutes: time and speaker before each paragraph", render)
