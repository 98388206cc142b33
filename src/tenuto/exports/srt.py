"""SubRip subtitles.

SubRip has no escapes: `<`, `&` and `{}` stay as they were said. `-->` becomes `->`, and a time in the text gets a space
before its milliseconds, because readers take either for a line of times. UTF-8 without a byte order mark, lines end
with LF.
"""

from __future__ import annotations

import re

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.cues import make_cues
from tenuto.exports.plain import timestamp

_ARROW = re.compile("-{2,}>")
_TIME = re.compile(r"(:\d{1,2}[.,])(?=\d)")


def _disarm(text: str) -> str:
    return _TIME.sub(r"\1 ", _ARROW.sub("->", text))


def render(transcript: Transcript) -> bytes:
    """Write the transcript as SubRip subtitles."""
    blocks = []
    for number, cue in enumerate(make_cues(transcript, labelled=True, tidy=_disarm), start=1):
        times = f"{timestamp(cue.start_ms, ',')} --> {timestamp(cue.end_ms, ',')}"
        blocks.append("\n".join((str(number), times, *cue.texts, "")))
    return "\n".join(blocks).encode()


FORMAT = Format("srt", "srt", "application/x-subrip", "subtitles for players", render)
