"""Lyrics: lines of words, timed as far as somebody or something timed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenuto import errors
from tenuto.domain.columns import count_columns

MAX_MS = 24 * 3600 * 1000  # no song is longer
MAX_OFFSET_MS = 600_000
DOUBTFUL = 0.5
_GUESSED_MS_PER_COLUMN, _SHORTEST_GUESS_MS, _LONGEST_GUESS_MS = 120, 1_000, 6_000


@dataclass(frozen=True)
class LyricWord:
    """A word or a syllable that is sung."""

    start_ms: int
    end_ms: int
    text: str  # a syllable that the next one belongs to ends without a space, any other piece is a word
    pitch: int | None = None  # a MIDI note, where somebody wrote it down
    joined: bool = False  # the next piece goes on with this word


@dataclass(frozen=True)
class LyricLine:
    """A line as it is shown."""

    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    words: tuple[LyricWord, ...] = ()
    confidence: float | None = None  # 0 to 1, from what timed it; None for times that a person gave

    @property
    def is_timed(self) -> bool:
        """Whether it is known when the line is sung."""
        return self.start_ms is not None


@dataclass(frozen=True)
class Lyrics:
    """The words of a song, in the order they are sung."""

    lines: tuple[LyricLine, ...] = ()
    title: str = ""
    artist: str = ""
    album: str = ""
    language: str | None = None
    offset_ms: int = 0  # added to every time when it is shown or written out; the times themselves stay

    @property
    def text(self) -> str:
        """The words alone, a line each."""
        return "\n".join(line.text for line in self.lines)

    @property
    def is_synced(self) -> bool:
        """Whether every line that has words is timed."""
        sung = [line for line in self.lines if line.text]
        return bool(sung) and all(line.is_timed for line in sung)

    def settled(self) -> Lyrics:
        """The same with the offset worked into the times; nothing begins before the song."""
        if not self.offset_ms:
            return self
        return replace(self, lines=tuple(_moved(line, self.offset_ms) for line in self.lines), offset_ms=0)

    def shown(self) -> tuple[LyricLine, ...]:
        """The lines with the times they are shown at."""
        return self.settled().lines

    def with_offset(self, offset_ms: int) -> Lyrics:
        """The same, to be shown that much later, or earlier below zero."""
        if abs(offset_ms) > MAX_OFFSET_MS:
            raise errors.ValidationError(
                f"An offset of {offset_ms} ms is too much: lyrics can be moved by up to {MAX_OFFSET_MS // 1000} s."
            )
        return replace(self, offset_ms=offset_ms)


@dataclass(frozen=True)
class Quality:
    """How far the times of lyrics can be trusted."""

    sung: int  # lines with words
    timed: int  # of those, how many have times
    doubtful: int  # of those, how many were timed with a confidence below `DOUBTFUL`
    confidence: float | None  # the mean, over the lines that have one


def quality(lyrics: Lyrics) -> Quality:
    """Measure how far the times can be trusted."""
    sung = [line for line in lyrics.lines if line.text]
    known = [line.confidence for line in sung if line.is_timed and line.confidence is not None]
    return Quality(
        sung=len(sung),
        timed=sum(line.is_timed for line in sung),
        doubtful=sum(confidence < DOUBTFUL for confidence in known),
        confidence=sum(known) / len(known) if known else None,
    )


def closed_lines(lyrics: Lyrics) -> list[LyricLine]:
    """The timed lines as they are shown, in the order they begin, each with an end.

    An end nobody knows is that of the last word, or a guess from the length of the text that never goes beyond the
    beginning of what follows. Lines without words, which are pauses, are left out.
    """
    shown = sorted((line for line in lyrics.shown() if line.start_ms is not None), key=_start)
    bounds = [*map(_start, shown), 2 * MAX_MS][1:]
    return [_closed(line, following) for line, following in zip(shown, bounds, strict=True) if line.text]


def spelled(words: Sequence[LyricWord]) -> str:
    """The text that words or syllables make."""
    parts = [word.text if word.joined else word.text + " " for word in words]
    return "".join(parts).rstrip(" ")


def plain(text: str) -> Lyrics:
    """Lyrics nobody timed; an empty line parts verses."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")]
    return Lyrics(tuple(LyricLine(line) for line in lines))


def to_json(lyrics: Lyrics) -> dict[str, Any]:
    """Lyrics as plain values."""
    return {
        "title": lyrics.title,
        "artist": lyrics.artist,
        "album": lyrics.album,
        "language": lyrics.language,
        "offset_ms": lyrics.offset_ms,
        "lines": [line_to_json(line) for line in lyrics.lines],
    }


def line_to_json(line: LyricLine) -> dict[str, Any]:
    """One line as plain values."""
    words = [[word.start_ms, word.end_ms, word.text, word.pitch, word.joined] for word in line.words]
    return {
        "text": line.text,
        "start_ms": line.start_ms,
        "end_ms": line.end_ms,
        "confidence": line.confidence,
        "words": words,
    }


def from_json(data: Mapping[str, Any]) -> Lyrics:
    """Read what `to_json` wrote."""
    try:
        rest = {name: value for name, value in data.items() if name != "lines"}
        return Lyrics(lines=lines_from_json(data["lines"]), **rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.ValidationError(f"These are not lyrics in tenuto's own form: {error}.") from error


def lines_from_json(lines: Sequence[Mapping[str, Any]]) -> tuple[LyricLine, ...]:
    """Read lines that `line_to_json` wrote."""
    return tuple(
        LyricLine(**{**line, "words": tuple(LyricWord(*word) for word in line.get("words", ()))}) for line in lines
    )


def _moved(line: LyricLine, by_ms: int) -> LyricLine:
    words = tuple(
        replace(word, start_ms=max(0, word.start_ms + by_ms), end_ms=max(0, word.end_ms + by_ms)) for word in line.words
    )
    start = None if line.start_ms is None else max(0, line.start_ms + by_ms)
    end = None if line.end_ms is None else max(0, line.end_ms + by_ms)
    return replace(line, start_ms=start, end_ms=end, words=words)


def _start(line: LyricLine) -> int:
    return line.start_ms or 0


def _closed(line: LyricLine, following_ms: int) -> LyricLine:
    start = _start(line)
    end = line.end_ms
    if end is None and line.words:
        end = line.words[-1].end_ms
    if end is None:
        guess = count_columns(line.text) * _GUESSED_MS_PER_COLUMN
        end = min(following_ms, start + min(max(guess, _SHORTEST_GUESS_MS), _LONGEST_GUESS_MS))
    return replace(line, end_ms=max(start, end))
