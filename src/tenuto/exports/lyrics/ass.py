"""Karaoke subtitles in ASS: two lines on the screen, each filled with colour as it is sung.

A line takes the place of the one before the last as soon as that was sung, so there is always one to read ahead; a wide
line is broken into several. Braces and backslashes, which would open a tag, become parentheses and slashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenuto.domain.lyrics import LyricLine, Lyrics, closed_lines
from tenuto.domain.pages import BREAK_MS, wrap_line
from tenuto.exports.lyrics.base import LyricsFormat, require_synced, sung_pieces
from tenuto.exports.plain import one_line

AHEAD_MS = 4_000  # a line is shown that long before it is sung, where there is room
TAIL_MS = 400
PLACES = ("Upper", "Lower")
_STYLE_FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    "StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, "
    "Encoding"
)
_DISARM = str.maketrans({"{": "(", "}": ")", "\\": "/"})


@dataclass(frozen=True)
class Look:
    """How the lines look; colours are RRGGBB."""

    width: int = 1920
    height: int = 1080
    font: str = "Arial"
    size: int = 80
    sung: str = "FFDC00"
    unsung: str = "FFFFFF"
    outline: str = "101018"
    columns: int = 36  # of the widest line


@dataclass(frozen=True)
class _Shown:
    """A line, its place, and when it is on the screen."""

    line: LyricLine
    place: int
    start_ms: int
    end_ms: int


def write(lyrics: Lyrics, *, look: Look | None = None) -> str:
    """Write karaoke subtitles."""
    require_synced(lyrics, "ASS")
    chosen = look or Look()
    rows = [row for line in closed_lines(lyrics) for row in wrap_line(line, chosen.columns)]
    events = [_event(shown) for shown in _placed(sorted(rows, key=lambda row: row.start_ms or 0))]
    return "\n".join([*_head(one_line(lyrics.title), chosen), *events, ""])


def _placed(rows: Sequence[LyricLine]) -> list[_Shown]:
    shown: list[_Shown] = []
    free = [0, 0]  # when the line in each place was sung
    place, over = 0, 0
    for row in rows:
        start, end = row.start_ms or 0, row.end_ms or 0
        if start - over > BREAK_MS:
            place = 0
        begins = min(start, max(0, start - AHEAD_MS, free[place]))
        shown.append(_Shown(row, place, begins, end))
        free[place] = end
        over = max(over, end)
        place = 1 - place
    return list(_with_tails(shown))


def _with_tails(shown: Sequence[_Shown]) -> Iterator[_Shown]:
    """Each line stays a moment after it was sung, unless the next one needs its place."""
    following: dict[int, int] = {}
    stayed = []
    for item in reversed(shown):
        end = min(item.end_ms + TAIL_MS, max(item.end_ms, following.get(item.place, item.end_ms + TAIL_MS)))
        stayed.append(_Shown(item.line, item.place, item.start_ms, end))
        following[item.place] = item.start_ms
    return reversed(stayed)


def _event(shown: _Shown) -> str:
    style = PLACES[shown.place]
    text = "".join(_filled(shown.line, _hundredths(shown.start_ms)))
    return f"Dialogue: 0,{_time(shown.start_ms)},{_time(shown.end_ms)},{style},,0,0,0,,{text}"


def _filled(line: LyricLine, now: int) -> Iterator[str]:
    """The text with a tag before each piece that says how long it is filled; `now` counts hundredths of a second."""
    pieces = sung_pieces(line)
    for number, piece in enumerate(pieces):
        start, end = max(now, _hundredths(piece.start_ms)), _hundredths(piece.end_ms)
        if start > now:
            yield f"{{\\k{start - now}}}"
        now = max(start, end)
        space = "" if piece.joined or number == len(pieces) - 1 else " "
        yield f"{{\\kf{now - start}}}{_disarmed(piece.text)}{space}"


def _disarmed(text: str) -> str:
    return one_line(text).translate(_DISARM)


def _head(title: str, look: Look) -> Iterator[str]:
    yield from (
        "[Script Info]",
        f"Title: {title}",
        "ScriptType: v4.00+",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        f"PlayResX: {look.width}",
        f"PlayResY: {look.height}",
        "",
        "[V4+ Styles]",
        f"Format: {_STYLE_FIELDS}",
    )
    colours = ",".join((_colour(look.sung), _colour(look.unsung), _colour(look.outline), "&H80000000"))
    lowest = look.height // 12
    for place, margin in zip(PLACES, (lowest + look.size * 3 // 2, lowest), strict=True):
        yield f"Style: {place},{look.font},{look.size},{colours},-1,0,0,0,100,100,0,0,1,4,2,2,60,60,{margin},1"
    yield from ("", "[Events]", "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text")


def _colour(rgb: str) -> str:
    """ASS says blue, green, red."""
    return f"&H00{rgb[4:6]}{rgb[2:4]}{rgb[0:2]}"


def _hundredths(milliseconds: int) -> int:
    return (milliseconds + 5) // 10


def _time(milliseconds: int) -> str:
    seconds, hundredths = divmod(_hundredths(milliseconds), 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{hundredths:02}"


FORMAT = LyricsFormat("ass", "ass", "text/x-ssa", "karaoke subtitles that fill as they are sung", write)
