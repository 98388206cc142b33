"""Every form of lyrics by name, and which one a file is in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tenuto import errors
from tenuto.domain.lyrics import Lyrics
from tenuto.domain.lyrics_limits import MAX_CHARACTERS, MAX_FILE_LINES, check_lyrics
from tenuto.exports.lyrics import ass, lrc, lyrics_json, plain, ultrastar
from tenuto.exports.lyrics.base import LyricsFormat, numbered_lines

AUTO = "auto"
FORMATS: Mapping[str, LyricsFormat] = MappingProxyType(
    {
        found.name: found
        for found in (plain.FORMAT, lrc.FORMAT, lrc.ENHANCED, ultrastar.FORMAT, ass.FORMAT, lyrics_json.FORMAT)
    }
)
_JSON = re.compile(r'\s*\{\s*("|\})')
_SUBTITLES = re.compile(r"\[Script Info\]|WEBVTT\b|[\d:.,]+ --> [\d:.,]+")


def find_format(name: str) -> LyricsFormat:
    """Return the form called `name`."""
    found = FORMATS.get(name)
    if found is None:
        known = ", ".join(FORMATS)
        raise errors.ValidationError(f"There is no form of lyrics {name[:40]!r}. Choose one of: {known}.", known=known)
    return found


def detect(text: str) -> str:
    """Name the form a file is in; what is none of the others is plain text."""
    _check_size(text)
    text = text.removeprefix("\ufeff")
    if _JSON.match(text):
        return lyrics_json.FORMAT.name
    lines = [line for _, line in numbered_lines(text)]
    if any(ultrastar.TAG.match(line) for line in lines) and any(ultrastar.NOTE.fullmatch(line) for line in lines):
        return ultrastar.FORMAT.name
    stamps = [(line, lrc.leading_stamps(line)) for line in lines]
    if any(lrc.STAMP.search(line, end) for line, end in stamps):
        return lrc.ENHANCED.name
    return lrc.FORMAT.name if any(end for _, end in stamps) else plain.FORMAT.name


def read(text: str, form: str = AUTO) -> Lyrics:
    """Read lyrics; `auto` tells the form from the text."""
    _check_size(text)
    found = find_format(detect(text) if form == AUTO else form)
    if found.read is None:
        raise errors.ValidationError(f"Lyrics are written as {found.name}, and not read from it.")
    if found is plain.FORMAT and any(_SUBTITLES.match(line.strip()) for _, line in numbered_lines(text)):
        raise errors.ValidationError("These are subtitles, not lyrics: convert them to LRC, or paste the words alone.")
    lyrics = found.read(text)
    if not any(line.text for line in lyrics.lines):
        raise errors.ValidationError("There are no words in these lyrics.")
    return check_lyrics(lyrics)


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise errors.ValidationError(
            f"These lyrics have {len(text)} characters; a file of lyrics may have {MAX_CHARACTERS}."
        )
    if (count := max(text.count("\n"), text.count("\r")) + 1) > MAX_FILE_LINES:
        raise errors.ValidationError(f"This file has {count} lines; a file of lyrics may have {MAX_FILE_LINES}.")


def write(lyrics: Lyrics, form: str) -> str:
    """Write lyrics in the form called `form`."""
    return find_format(form).write(lyrics)
