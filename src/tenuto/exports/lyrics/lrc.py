"""LRC, a time before each line, and enhanced LRC, a time before each word.

Written are `ti`, `ar`, `al` and `la`, and hundredths of a second; minutes grow beyond 99. A stamp with nothing behind
it is a pause: it ends the line before. The offset is worked into the times, as not every player reads the tag. Read is
what people have: several stamps before a line that is sung several times, two or three digits after a point, a comma or
a colon, hours, stamps within lines in either kind of brackets. `[offset:500]` shows the lyrics half a second *earlier*,
as in most players. Tags nobody knows are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from tenuto import errors
from tenuto.domain.columns import count_columns
from tenuto.domain.lyrics import MAX_OFFSET_MS, LyricLine, Lyrics, LyricWord
from tenuto.domain.lyrics_limits import (
    MAX_LANGUAGE_LETTERS,
    MAX_LINES,
    MAX_NAME_LETTERS,
    MAX_WORDS,
    Tally,
    check_time,
    refuse,
)
from tenuto.exports.lyrics.base import LyricsFormat, numbered_lines, without_spare_breaks
from tenuto.exports.plain import one_line

_TIME = r"(?P<sign>-?)(?P<a>\d+):(?P<b>\d{1,2})(?::(?P<c>\d{1,3}))?(?:[.,](?P<fraction>\d+))?"
STAMP = re.compile(rf"\[{_TIME}\]|<{_TIME.replace('?P<', '?P<w_')}>")
_LINE_STAMP = re.compile(rf"\s*\[{_TIME}\]")
_TAG = re.compile(r"\[(?P<name>[A-Za-z#][A-Za-z0-9_#]*):(?P<value>.*)\]")
_STAMP_LIKE = re.compile(r"([\[<])(?=-?\d+:\d)")
_MOST_DIGITS = 9
_OPEN = -1  # the end of a word that nobody stamped
_NAMES = {"ti": "title", "ar": "artist", "al": "album", "la": "language"}
_TAGS = {**_NAMES, "title": "title", "artist": "artist", "album": "album", "lang": "language", "language": "language"}
_GUESSED_MS_PER_COLUMN, _LONGEST_GUESS_MS = 120, 3_000


@dataclass
class _Entry:
    """A line or a pause at its time, and what stands behind it without one."""

    start_ms: int
    line: LyricLine | None = None
    after: list[LyricLine] = field(default_factory=list)


def read(text: str) -> Lyrics:
    """Read LRC of either kind."""
    fields: dict[str, Any] = {}
    first: list[LyricLine] = []
    entries: list[_Entry] = []
    tally = Tally()
    for number, written in numbered_lines(text):
        raw, where = one_line(written), f"Line {number}"
        found = list(_entries(raw, where, tally))
        entries += found
        if found:
            continue
        tag = _TAG.fullmatch(raw)
        if tag:
            fields.update(_tagged(tag, where))
            continue
        if raw:
            tally.add(raw, 0, where)
        (entries[-1].after if entries else first).append(LyricLine(raw))
    entries.sort(key=lambda entry: entry.start_ms)
    return Lyrics(without_spare_breaks([*first, *_ended(entries)]), **fields)


def leading_stamps(line: str) -> int:
    """Where the stamps before a line end; 0 where there are none."""
    at = 0
    while found := _LINE_STAMP.match(line, at):
        at = found.end()
    return at


def _entries(raw: str, where: str, tally: Tally) -> Iterator[_Entry]:
    """The line once for each stamp before it, or nothing where there is no stamp."""
    stamps = []
    at = 0
    while found := _LINE_STAMP.match(raw, at):
        stamps.append(_milliseconds(found, where))
        at = found.end()
        if len(stamps) > MAX_LINES:
            refuse(where, f"these are more than the {MAX_LINES} lines that lyrics may have")
    text, words = _words(raw[at:], stamps[0] if stamps else 0, where)
    if not stamps and words:
        stamps = [words[0].start_ms]
    base = max((stamp for stamp in stamps if words and stamp <= words[0].start_ms), default=min(stamps, default=0))
    for stamp in stamps:
        if not text:
            yield _Entry(stamp)
            continue
        tally.add(text, len(words), where)
        moved = tuple(_moved(word, stamp - base, where) for word in words)
        end = moved[-1].end_ms if moved and moved[-1].end_ms != _OPEN else None
        yield _Entry(stamp, LyricLine(text, stamp, None if end is None else max(stamp, end), moved))


def _words(rest: str, start_ms: int, where: str) -> tuple[str, tuple[LyricWord, ...]]:
    """The text of a line, and its words where there are stamps between them."""
    marks = list(islice(STAMP.finditer(rest), MAX_WORDS + 1))
    if len(marks) > MAX_WORDS:
        refuse(where, f"these are more than the {MAX_WORDS} timed words that lyrics may have")
    if not marks:
        return one_line(rest), ()
    times = [start_ms, *(_milliseconds(mark, where) for mark in marks)]
    edges = [0, *(edge for mark in marks for edge in mark.span()), len(rest)]
    chunks = [rest[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]
    words: list[LyricWord] = []
    now = 0
    parted = True  # whether white space stood behind the word before
    for number, chunk in enumerate(chunks):
        text = one_line(chunk)
        parted = parted or chunk[:1].isspace()
        if text:
            if words:
                words[-1] = replace(words[-1], joined=not parted)
            now = max(now, times[number])
            ending = max(now, times[number + 1]) if number + 1 < len(times) else _OPEN
            words.append(LyricWord(now, ending, text))
            parted = False
        parted = parted or chunk[-1:].isspace()
    whole = one_line("".join(chunks))
    return whole, tuple(words)


def _moved(word: LyricWord, by_ms: int, where: str) -> LyricWord:
    end = word.end_ms if word.end_ms == _OPEN else check_time(word.end_ms + by_ms, where)
    return replace(word, start_ms=check_time(word.start_ms + by_ms, where), end_ms=end)


def _milliseconds(mark: re.Match[str], where: str) -> int:
    groups = {name.removeprefix("w_"): value for name, value in mark.groupdict().items() if value is not None}
    if len(groups["a"]) > _MOST_DIGITS:
        refuse(where, f"{mark.group()[:20]}… is no time of a song")
    first, second, third = int(groups["a"]), int(groups["b"]), groups.get("c")
    fraction = groups.get("fraction")
    if third is not None and fraction is None:
        fraction = third  # mm:ss:xx
    elif third is not None:
        first, second = first * 60 + second, int(third)  # hh:mm:ss.xx
    milliseconds = (first * 60 + second) * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    return check_time(-milliseconds if groups["sign"] else milliseconds, where)


def _tagged(tag: re.Match[str], where: str) -> dict[str, Any]:
    name, value = tag["name"].lower(), one_line(tag["value"])
    if name == "offset" and value:
        if not re.fullmatch(r"[+-]?\d{1,9}", value) or abs(int(value)) > MAX_OFFSET_MS:
            refuse(where, f"{value[:20]!r} is no offset: it is a number of milliseconds up to {MAX_OFFSET_MS}")
        return {"offset_ms": -int(value)}
    if name in _TAGS and value:
        if len(value) > MAX_NAME_LETTERS:
            refuse(where, f"a name may have {MAX_NAME_LETTERS} letters")
        if _TAGS[name] == "language" and len(value) > MAX_LANGUAGE_LETTERS:
            return {}  # A sentence about the language is none.
        return {_TAGS[name]: value}
    return {}


def _ended(entries: list[_Entry]) -> Iterator[LyricLine]:
    """The lines in order, each with the end that a pause before the next one, or its last stamp, gives it."""
    made: list[LyricLine] = []
    following: _Entry | None = None
    next_line_ms: int | None = None
    for entry in reversed(entries):
        made += reversed(entry.after)
        if entry.line is not None:
            line = entry.line
            if line.words and line.words[-1].end_ms == _OPEN:
                line = _closed(line, following)
            pause_ms = following.start_ms if following is not None and following.line is None else None
            if pause_ms is not None and (next_line_ms is None or pause_ms < next_line_ms):
                line = replace(line, end_ms=pause_ms)
            made.append(line)
            next_line_ms = entry.start_ms
        following = entry
    return reversed(made)


def _closed(line: LyricLine, following: _Entry | None) -> LyricLine:
    """The line with an end for its last word, which is that of the line or, in a long pause, a guess."""
    last = line.words[-1]
    end = last.start_ms + min(_LONGEST_GUESS_MS, max(500, count_columns(last.text) * _GUESSED_MS_PER_COLUMN))
    if following is not None:
        end = max(last.start_ms, following.start_ms if following.line is None else min(end, following.start_ms))
    return replace(line, words=(*line.words[:-1], replace(last, end_ms=end)))


def write(lyrics: Lyrics) -> str:
    """Write a time before each line."""
    return _write(lyrics, enhanced=False)


def write_enhanced(lyrics: Lyrics) -> str:
    """Write a time before each word where it is known."""
    return _write(lyrics, enhanced=True)


def _write(lyrics: Lyrics, *, enhanced: bool) -> str:
    if not any(line.is_timed and line.text for line in lyrics.lines):
        raise errors.ValidationError(
            "No line of these lyrics has a time: write them as plain text, align them to the song, or tap their times."
        )
    tags = {name: _disarmed(getattr(lyrics, member) or "") for name, member in _NAMES.items()}
    out = [f"[{name}:{value}]" for name, value in tags.items() if value]
    first, entries = _in_order(lyrics)
    out += [_untimed(line) for line in first]
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        out += _written(entry.line or LyricLine(""), following, enhanced=enhanced)
        out += [_untimed(line) for line in entry.after]
    return "\n".join(out).rstrip("\n") + "\n"


def _in_order(lyrics: Lyrics) -> tuple[list[LyricLine], list[_Entry]]:
    first: list[LyricLine] = []
    entries: list[_Entry] = []
    for line in lyrics.shown():
        if line.start_ms is not None:
            entries.append(_Entry(line.start_ms, line))
        else:
            (entries[-1].after if entries else first).append(line)
    return first, sorted(entries, key=lambda entry: entry.start_ms)


def _written(line: LyricLine, following: _Entry | None, *, enhanced: bool) -> Iterator[str]:
    start = line.start_ms or 0
    words = [word for word in line.words if one_line(word.text)] if enhanced else []
    text = _disarmed(line.text) if not words else "".join(_stamped(words))
    yield f"[{_stamp(start)}]{text}"
    if line.end_ms is None:
        return
    end = _hundredths(max(start, line.end_ms))
    said = bool(words) and end == _hundredths(words[-1].end_ms)
    if not said and (following is None or end < _hundredths(following.start_ms)):
        yield f"[{_stamp(max(start, line.end_ms))}]"


def _stamped(words: list[LyricWord]) -> Iterator[str]:
    now = 0
    for number, word in enumerate(words):
        last = number == len(words) - 1
        start = max(now, word.start_ms)
        now = max(start, word.end_ms if last else min(word.end_ms, words[number + 1].start_ms))
        gap = last or _hundredths(now) < _hundredths(words[number + 1].start_ms)
        end = f"<{_stamp(now)}>" if gap else ""
        yield f"<{_stamp(start)}>{_disarmed(word.text)}{end}{'' if last or word.joined else ' '}"


def _untimed(line: LyricLine) -> str:
    text = _disarmed(line.text)
    return f"[ {text[1:]}" if _TAG.fullmatch(text) else text


def _disarmed(text: str) -> str:
    """Part a bracket from a time, which readers would take for a stamp."""
    return _STAMP_LIKE.sub(r"\1 ", one_line(text))


def _hundredths(milliseconds: int) -> int:
    return (milliseconds + 5) // 10


def _stamp(milliseconds: int) -> str:
    seconds, hundredths = divmod(_hundredths(milliseconds), 100)
    return f"{seconds // 60:02}:{seconds % 60:02}.{hundredths:02}"


FORMAT = LyricsFormat("lrc", "lrc", "text/plain", "a time before each line, for most players", write, read)
ENHANCED = LyricsFormat("elrc", "words.lrc", "text/plain", "a time before each word too", write_enhanced, read)
