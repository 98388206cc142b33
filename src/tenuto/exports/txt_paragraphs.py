"""Plain text as prose: paragraphs with an empty line between them, and nothing beside what was said."""

from __future__ import annotations

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.document import paragraphs_of


def render(transcript: Transcript) -> bytes:
    """Write the transcript as paragraphs."""
    return "\n".join(f"{paragraph.text}\n" for paragraph in paragraphs_of(transcript)).encode()


FORMAT = Format("txt-paragraphs", "paragraphs.txt", "text/plain", "prose: paragraphs without names or times", render)
