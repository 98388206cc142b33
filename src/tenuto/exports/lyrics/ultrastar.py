"""UltraStar: the notes of a singing game.

A syllable is a note with a beginning, a length in beats and a pitch; a held note (`~`) lengthens the syllable before
it. Written is a beat of ten milliseconds, so no time is moved by more than five; words without a known pitch are
freestyle notes, which the game shows and does not score. The voices of a duet are read as one text, in the order they
are sung; what both sing is there once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tenuto import errors
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, closed_lines, spelled
from tenuto.domain.lyrics_limits import MAX_NAME_LETTERS, MAX_WORDS, Tally, check_time, refuse
from tenuto.exports.lyrics.base import LyricsFormat, numbered_lines, require_synced, sung_pieces
from tenuto.exports.plain import one_line

BEAT_MS = 10
BEATS_PER_MINUTE = 1_500  # the file counts quarters of these: 60,000 ms / 1,500 / 4 is one beat of ten
MIDDLE_C = 60  # pitch 0
HIGHEST = 127
NOTE = re.compile(r"\s*([:*FRG])\s*(-?\d{1,9})\s+(\d{1,9})\s+(-?\d{1,9})(?:\s(.*))?")
TAG = re.compile(r"\s*#([A-Za-z0-9]+):(.*)")
_BREAK = re.compile(r"\s*-\s*(-?\d{1,9})(?:\s+(-?\d{1,9}))?\s*")
_VOICE = re.compile(r"\s*P\s*(\d)\s*")
_SUNG = {":", "*"}
_PAIRS = (  # noqa: SIM905 - fifty pairs of quotes help nobody
    "en English de German es Spanish fr French it Italian pt Portuguese nl Dutch pl Polish ru Russian ja Japanese "
    "ko Korean zh Chinese sv Swedish no Norwegian da Danish fi Finnish cs Czech hu Hungarian tr Turkish el Greek "
    "uk Ukrainian he Hebrew ar Arabic hr Croatian ro Romanian"
).split()
_LANGUAGES = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
_CODES = {name.lower(): code for code, name in _LANGUAGES.items()}


@dataclass
class _Reading:
    """What is known while a file is read."""

    tags: dict[str, str] = field(default_factory=dict)
    beat_ms: float = 0.0
    gap_ms: float = 0.0
    relative: bool = False
    base: int = 0  # in relative files the beat that a line counts from
    notes: list[tuple[LyricWord, str]] = field(default_factory=list)  # and the text as it stands, for its spaces
    voice: int = 0
    lines: list[tuple[LyricLine, int]] = field(default_factory=list)  # and the voice that sings it
    tally: Tally = field(default_factory=Tally)


def read(text: str) -> Lyrics:
    """Read a song of the game."""
    reading = _Reading()
    where = "Line 1"
    for number, raw in numbered_lines(text):
        where = f"Line {number}"
        if raw.strip() == "E":
            break
        _read_line(reading, raw, where)
    _end_line(reading, where)
    if not reading.lines:
        raise errors.ValidationError("This UltraStar file has no notes.")
    tag = reading.tags.get
    language = _code_of(tag("LANGUAGE", ""))
    return Lyrics(_merged(reading.lines), tag("TITLE", ""), tag("ARTIST", ""), tag("ALBUM", ""), language)


def _merged(lines: list[tuple[LyricLine, int]]) -> tuple[LyricLine, ...]:
    """The lines of all voices in the order they are sung, without those that another voice sings too."""
    singers: dict[LyricLine, int] = {}
    merged = [line for line, voice in lines if singers.setdefault(line, voice) == voice]
    return tuple(sorted(merged, key=lambda line: line.start_ms or 0))


def _read_line(reading: _Reading, raw: str, where: str) -> None:
    if not raw.strip():
        return
    if tag := TAG.fullmatch(raw):
        _read_tag(reading, tag[1].upper(), one_line(tag[2]), where)
    elif note := NOTE.fullmatch(raw):
        _read_note(reading, note, where)
    elif found := _BREAK.fullmatch(raw):
        _end_line(reading, where)
        if reading.relative:
            reading.base += int(found[2] or found[1])
    elif found := _VOICE.fullmatch(raw):
        _end_line(reading, where)
        reading.voice, reading.base = int(found[1]), 0
    elif re.match(r"\s*B\s", raw):
        refuse(where, "a change of tempo within the song is not read; write the file with one tempo")
    else:
        refuse(where, f"{one_line(raw)[:40]!r} is no note, line break, tag or end of an UltraStar file")


def _read_tag(reading: _Reading, name: str, value: str, where: str) -> None:
    if len(value) > MAX_NAME_LETTERS:
        refuse(where, f"a tag may have {MAX_NAME_LETTERS} letters")
    if name == "BPM":
        tempo = _number(value, where)
        if not 1 <= tempo <= 100_000:  # noqa: PLR2004 - what a file may say with sense
            refuse(where, f"a tempo of {value[:20]} beats per minute cannot be sung")
        reading.beat_ms = 15_000 / tempo
    elif name == "GAP" and value:
        reading.gap_ms = _number(value, where)
    elif name == "RELATIVE":
        reading.relative = value.lower() == "yes"
    elif value:
        reading.tags[name] = value


def _number(value: str, where: str) -> float:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        refuse(where, f"{value[:20]!r} is no number")
    return number


def _read_note(reading: _Reading, note: re.Match[str], where: str) -> None:
    if not reading.beat_ms:
        refuse(where, "a note stands before #BPM, so nobody knows when it is sung")
    kind, beat, length, pitch = note[1], int(note[2]), int(note[3]), int(note[4])
    start = _time(reading, beat, where)
    end = _time(reading, beat + length, where)
    midi = MIDDLE_C + pitch if kind in _SUNG else None
    if midi is not None and not 0 <= midi <= HIGHEST:
        refuse(where, f"the pitch {pitch} is none that can be sung")
    raw = note[5] or ""
    text = one_line(raw)
    if text.lstrip("~"):
        reading.notes.append((LyricWord(start, end, text.lstrip("~"), midi), raw))
        if len(reading.notes) > MAX_WORDS:
            refuse(where, f"these are more than the {MAX_WORDS} timed words that lyrics may have")
    elif reading.notes:
        held, before = reading.notes[-1]
        spaced = " " if before[-1:].isspace() or raw[-1:].isspace() or raw[:1].isspace() else ""
        reading.notes[-1] = (replace(held, end_ms=max(held.end_ms, end)), before.rstrip() + spaced)


def _time(reading: _Reading, beat: int, where: str) -> int:
    return check_time(round(reading.gap_ms + (reading.base + beat) * reading.beat_ms), where)


def _end_line(reading: _Reading, where: str) -> None:
    if not reading.notes:
        return
    texts = [raw for _, raw in reading.notes] + [" "]
    words = tuple(
        replace(word, joined=not (texts[number][-1:].isspace() or texts[number + 1][:1].isspace()))
        for number, (word, _) in enumerate(reading.notes)
    )
    text = spelled(words)
    reading.tally.add(text, len(words), where)
    end = max(word.end_ms for word in words)
    reading.lines.append((LyricLine(text, words[0].start_ms, end, words), reading.voice))
    reading.notes = []


def _code_of(names: str) -> str | None:
    name = names.split(",", maxsplit=1)[0].strip().lower()
    if re.fullmatch(r"[a-z]{2,3}", name):
        return name
    return _CODES.get(name)


def write(lyrics: Lyrics, *, audio: str = "") -> str:
    """Write a song of the game; without a name of its recording the game's own custom is followed."""
    require_synced(lyrics, "UltraStar")
    lines = closed_lines(lyrics)
    title, artist = one_line(lyrics.title), one_line(lyrics.artist)
    file = one_line(audio) or f"{artist or 'Unknown'} - {title or 'Unknown'}.mp3"
    gap = min((sung_pieces(line)[0].start_ms for line in lines), default=0)
    tags = {
        "VERSION": "1.0.0",
        "TITLE": title,
        "ARTIST": artist,
        "ALBUM": one_line(lyrics.album),
        "LANGUAGE": _LANGUAGES.get(lyrics.language or "", one_line(lyrics.language or "")),
        "MP3": file,
        "AUDIO": file,
        "BPM": str(BEATS_PER_MINUTE),
        "GAP": str(gap),
    }
    out = [f"#{name}:{value}" for name, value in tags.items() if value or name in ("TITLE", "ARTIST")]
    for number, line in enumerate(lines):
        if number:
            out.append(f"- {_beat(sung_pieces(lines[number - 1])[-1].end_ms, gap)}")
        out += _notes(line, gap)
    return "\n".join([*out, "E", ""])


def _notes(line: LyricLine, gap_ms: int) -> Iterator[str]:
    pieces = [replace(piece, text=_disarmed(piece.text)) for piece in sung_pieces(line)]
    pieces = [piece for piece in pieces if piece.text]
    for number, piece in enumerate(pieces):
        start, end = _beat(piece.start_ms, gap_ms), _beat(piece.end_ms, gap_ms)
        if number + 1 < len(pieces):
            end = min(end, _beat(pieces[number + 1].start_ms, gap_ms))
        kind, pitch = ("F", 0) if piece.pitch is None else (":", piece.pitch - MIDDLE_C)
        space = "" if piece.joined or number == len(pieces) - 1 else " "
        yield f"{kind} {start} {max(1, end - start)} {pitch} {piece.text}{space}"


def _disarmed(text: str) -> str:
    """Put the mathematical sign where `~` would be read as a held note."""
    return one_line(text).replace("~", "\u223c")


def _beat(milliseconds: int, gap_ms: int) -> int:
    return round((milliseconds - gap_ms) / BEAT_MS)


FORMAT = LyricsFormat("ultrastar", "ultrastar.txt", "text/plain", "notes for singing games", write, read)
