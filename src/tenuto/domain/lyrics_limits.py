"""What lyrics may be: how many lines, how long, and which times. Whatever comes from outside is checked here."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NoReturn

from tenuto import errors
from tenuto.domain.lyrics import MAX_MS, MAX_OFFSET_MS, LyricLine, Lyrics, LyricWord

MAX_CHARACTERS = 2_000_000  # of a file, with all its times
MAX_FILE_LINES = 60_000  # in some forms each syllable is one
MAX_LINES = 5_000
MAX_WORDS = 20_000
MAX_LINE_LETTERS = 5_000
MAX_LETTERS = 500_000
MAX_NAME_LETTERS = 1_000
MAX_LANGUAGE_LETTERS = 20
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Tally:
    """Counts lines while they are read, so that no file can grow beyond measure on its way in."""

    def __init__(self) -> None:
        self._lines = self._words = self._letters = 0

    def add(self, text: str, words: int, where: str) -> None:
        """Count a line, or refuse it; `where` names its place for who reads the message."""
        self._lines += 1
        self._words += words
        self._letters += len(text)
        if len(text) > MAX_LINE_LETTERS:
            refuse(where, f"the line has {len(text)} letters, and a line may have {MAX_LINE_LETTERS}")
        if self._lines > MAX_LINES:
            refuse(where, f"these are more than the {MAX_LINES} lines that lyrics may have")
        if self._words > MAX_WORDS:
            refuse(where, f"these are more than the {MAX_WORDS} timed words that lyrics may have")
        if self._letters > MAX_LETTERS:
            refuse(where, f"these are more than the {MAX_LETTERS} letters that lyrics may have")


def refuse(where: str, why: str) -> NoReturn:
    """Raise the error that names the place and the reason."""
    raise errors.ValidationError(f"{where}: {why}.", where=where)


def check_time(milliseconds: int, where: str) -> int:
    """Return a time that a song can have."""
    if milliseconds < 0:
        refuse(where, f"{milliseconds / 1000:.2f} s is before the song begins")
    if milliseconds > MAX_MS:
        refuse(where, f"a time beyond {MAX_MS // 3_600_000} hours is no time of a song")
    return milliseconds


def check_lyrics(lyrics: Lyrics) -> Lyrics:
    """Return lyrics that hold what they promise; refuse others and name the line, counted from 1."""
    for name in ("title", "artist", "album", "language"):
        value = getattr(lyrics, name)
        if name == "language" and value is None:
            continue
        _check_text(value, name)
        if len(value) > (most := MAX_LANGUAGE_LETTERS if name == "language" else MAX_NAME_LETTERS):
            refuse(name, f"this may have {most} letters")
    if not _is_whole(lyrics.offset_ms) or abs(lyrics.offset_ms) > MAX_OFFSET_MS:
        refuse("offset_ms", f"this has to be a whole number of milliseconds up to {MAX_OFFSET_MS} either way")
    tally = Tally()
    for number, line in enumerate(lyrics.lines, start=1):
        where = f"Line {number}"
        _check_line(line, where)
        tally.add(line.text, len(line.words), where)
    return lyrics


def _check_line(line: LyricLine, where: str) -> None:
    _check_text(line.text, where)
    _check_span(line.start_ms, line.end_ms, where)
    confidence = line.confidence
    numeric = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if confidence is not None and not (numeric and math.isfinite(confidence) and 0 <= confidence <= 1):
        refuse(where, "its confidence has to be a number from 0 to 1")
    if line.words and line.start_ms is None:
        refuse(where, "its words are timed and the line is not")
    _check_words(line.words, where)


def _check_words(words: Sequence[LyricWord], where: str) -> None:
    before = 0
    for number, word in enumerate(words, start=1):
        place = f"{where}, word {number}"
        _check_text(word.text, place)
        if not isinstance(word.joined, bool):
            refuse(place, "`joined` has to be true or false")
        if word.pitch is not None and not (_is_whole(word.pitch) and 0 <= word.pitch <= 127):  # noqa: PLR2004 - MIDI
            refuse(place, "its pitch has to be a MIDI note from 0 to 127")
        if word.start_ms is None or word.end_ms is None:
            refuse(place, "it has no time")
        _check_span(word.start_ms, word.end_ms, place)
        if word.start_ms < before:
            refuse(place, "it begins before the word before it")
        before = word.start_ms


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str):
        refuse(where, "its text has to be a text")
    if _UNWRITABLE.search(text):
        refuse(where, "its text holds a line break, a control character or half a character")


def _check_span(start_ms: int | None, end_ms: int | None, where: str) -> None:
    for value in (start_ms, end_ms):
        if value is not None and not _is_whole(value):
            refuse(where, f"{value!r:.40} is no whole number of milliseconds")
        if value is not None:
            check_time(value, where)
    if end_ms is not None and start_ms is None:
        refuse(where, "it has an end and no beginning")
    if start_ms is not None and end_ms is not None and end_ms < start_ms:
        refuse(where, "it ends before it begins")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
