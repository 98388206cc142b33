"""What a form of lyrics is, and what all readers and writers of text do alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tenuto import errors
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord
from tenuto.exports.plain import one_line

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class LyricsFormat:
    """One way to write lyrics down."""

    name: str
    extension: str  # without the dot; several forms of one kind differ in what stands before the last dot
    media_type: str
    about: str  # a few words for people who choose
    write: Callable[[Lyrics], str]
    read: Callable[[str], Lyrics] | None = None  # None for a form that is only written


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file, counted from 1, whatever ends them."""
    yield from enumerate(_LINE_END.split(text.removeprefix("\ufeff")), start=1)


def without_spare_breaks(lines: Iterable[LyricLine]) -> tuple[LyricLine, ...]:
    """Leave out empty lines at the beginning, at the end, and after another one."""
    kept: list[LyricLine] = []
    for line in lines:
        if line.text or (kept and kept[-1].text):
            kept.append(line)
    while kept and not kept[-1].text:
        kept.pop()
    return tuple(kept)


def tidied(lyrics: Lyrics) -> Lyrics:
    """The same with every text as one clean line."""
    lines = tuple(
        replace(
            line,
            text=one_line(line.text),
            words=tuple(replace(word, text=one_line(word.text)) for word in line.words),
        )
        for line in lyrics.lines
    )
    title, artist, album = map(one_line, (lyrics.title, lyrics.artist, lyrics.album))
    return replace(lyrics, lines=lines, title=title, artist=artist, album=album)


def require_synced(lyrics: Lyrics, form: str) -> None:
    """Refuse lyrics with a line that nobody timed."""
    for number, line in enumerate(lyrics.lines, start=1):
        if line.text and not line.is_timed:
            raise errors.ValidationError(
                f"Line {number} ({line.text[:40]!r}) has no time, and {form} cannot say that. "
                "Align the lyrics to the song or tap their times first."
            )


def sung_pieces(line: LyricLine) -> tuple[LyricWord, ...]:
    """The timed words of a line, or all of it as one piece where only the line is timed."""
    if line.words:
        return line.words
    start = line.start_ms or 0
    return (LyricWord(start, start if line.end_ms is None else line.end_ms, line.text),)
