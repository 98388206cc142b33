"""The words alone: a line each, an empty line between verses."""

from __future__ import annotations

from tenuto.domain.lyrics import LyricLine, Lyrics
from tenuto.domain.lyrics_limits import Tally
from tenuto.exports.lyrics.base import LyricsFormat, numbered_lines, without_spare_breaks
from tenuto.exports.plain import one_line


def read(text: str) -> Lyrics:
    """Read words that nobody timed."""
    tally = Tally()
    lines = []
    for number, raw in numbered_lines(text):
        line = one_line(raw)
        if line:
            tally.add(line, 0, f"Line {number}")
        lines.append(LyricLine(line))
    return Lyrics(without_spare_breaks(lines))


def write(lyrics: Lyrics) -> str:
    """Write the words."""
    lines = without_spare_breaks(LyricLine(one_line(line.text)) for line in lyrics.lines)
    return "".join(line.text + "\n" for line in lines)


FORMAT = LyricsFormat("plain", "txt", "text/plain", "the words alone", write, read)
