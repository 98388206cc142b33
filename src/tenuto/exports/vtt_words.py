"""WebVTT subtitles that say when each word starts, as pages need it that show words as they are said.

Only times that were heard are written: words of an engine without word times have none. A time that is not after the
one before it, or not within its cue, is left out, because WebVTT does not allow it.
"""

from __future__ import annotations

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.cues import Cue
from tenuto.exports.plain import timestamp
from tenuto.exports.vtt import escape, render_cues


def _write_words(cue: Cue) -> str:
    lines, before_ms = [], cue.start_ms
    for pieces in cue.lines:
        line = ""
        for piece in pieces:
            line += " " if piece.spaced and line else ""
            if piece.heard and piece.spaced and before_ms < piece.start_ms < cue.end_ms:
                before_ms = piece.start_ms
                line += f"<{timestamp(before_ms, '.')}>"
            line += escape(piece.text)
        lines.append(line)
    return "\n".join(lines)


def render(transcript: Transcript) -> bytes:
    """Write the transcript as WebVTT subtitles with the times of words."""
    return render_cues(transcript, _write_words)


FORMAT = Format("vtt-words", "words.vtt", "text/vtt", "subtitles for web pages, with the time of each word", render)
