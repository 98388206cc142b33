"""Plain text: one passage a line; who speaks is named at each change, after an empty line."""

from __future__ import annotations

from itertools import groupby

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.plain import passages


def render(transcript: Transcript) -> bytes:
    """Write the transcript as text to read."""
    turns = []
    for speaker, turn in groupby(passages(transcript), key=lambda passage: passage.speaker):
        label = f"{speaker}: " if speaker else ""
        turns.append(label + "".join(f"{passage.text}\n" for passage in turn))
    return "\n".join(turns).encode()


FORMAT = Format("txt", "txt", "text/plain", "a line a passage, speakers named at each change", render)
