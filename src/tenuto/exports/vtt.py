"""WebVTT subtitles: `&`, `<` and `>` are escaped, so no words can open a tag, a time line, a style or a note."""

from __future__ import annotations

from collections.abc import Callable

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.cues import Cue, make_cues
from tenuto.exports.plain import timestamp


def escape(text: str) -> str:
    """Return `text` as it may stand between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_cues(transcript: Transcript, write_lines: Callable[[Cue], str]) -> bytes:
    """Write the transcript as WebVTT; `write_lines` writes what stands in a cue."""
    blocks = ["WEBVTT\n"]
    for cue in make_cues(transcript, labelled=False):
        times = f"{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}"
        voice = f"<v {escape(cue.speaker)}>" if cue.speaker else ""
        blocks.append(f"{times}\n{voice}{write_lines(cue)}\n")
    return "\n".join(blocks).encode()


def render(transcript: Transcript) -> bytes:
    """Write the transcript as WebVTT subtitles."""
    return render_cues(transcript, lambda cue: escape("\n".join(cue.texts)))


FORMAT = Format("vtt", "vtt", "text/vtt", "subtitles for web pages", render)
