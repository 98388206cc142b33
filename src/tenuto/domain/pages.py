"""Lyrics as a screen shows them: pages of a few lines that come up before they are sung, and lines that fit a width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from tenuto.domain.columns import count_columns, cut_letters
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, closed_lines, spelled

PER_PAGE = 4
LEAD_IN_MS = 2_000  # a page comes up that long before its first word, when the page before is over by then
TAIL_MS = 500  # and stays that long after its last one
BREAK_MS = 5_000  # without any words, it begins a new page, which counts down
COUNTDOWN_MS = 3_000


@dataclass(frozen=True)
class Page:
    """Lines that are on the screen together; pages follow each other and never overlap."""

    start_ms: int  # when it comes up
    end_ms: int  # when it goes
    lines: tuple[LyricLine, ...]  # each with a start and an end, the offset worked in
    countdown_ms: int = 0  # count down that long to the first word, as its lead-in: at the beginning, after a break


def pages(lyrics: Lyrics, per_page: int = PER_PAGE, *, columns: int | None = None) -> list[Page]:
    """Cut the timed lines into pages of at most `per_page` lines, none wider than `columns`."""
    groups = [group for verse in _verses(lyrics) for group in _grouped(verse, per_page, columns)]
    return _timed(groups)


def wrap_line(line: LyricLine, columns: int) -> list[LyricLine]:
    """Break a line that is wider than `columns`, into parts of about the same width, each with its own times."""
    if count_columns(line.text) <= columns and count_columns(spelled(line.words)) <= columns:
        return [line]
    pieces = [part for piece in _pieces(line) for part in _narrow(piece, columns)]
    units = list(_units(pieces, columns))
    rows = _filled(units, columns)
    for narrower in range(columns - 1, max(map(_width, units)) - 1, -1):
        tried = _filled(units, narrower)
        if len(tried) > len(rows):
            break
        rows = tried
    made = [_row(line, row) for row in rows]
    made[0] = replace(made[0], start_ms=line.start_ms)
    made[-1] = replace(made[-1], end_ms=line.end_ms)
    return made


def _verses(lyrics: Lyrics) -> Iterator[list[LyricLine]]:
    """The lines between which there is neither an empty line nor a long break."""
    closed = closed_lines(lyrics)
    breaks = _verse_starts(lyrics)
    verse: list[LyricLine] = []
    over = 0
    for line in closed:
        start, end = _span(line)
        if verse and (start in breaks or start - over > BREAK_MS):
            yield verse
            verse = []
        verse.append(line)
        over = max(over, end)
    if verse:
        yield verse


def _verse_starts(lyrics: Lyrics) -> set[int]:
    """When the lines are sung that follow an empty one."""
    shown = lyrics.shown()
    return {
        line.start_ms
        for before, line in pairwise(shown)
        if line.text and line.start_ms is not None and not before.text and not before.is_timed
    }


def _grouped(verse: Sequence[LyricLine], per_page: int, columns: int | None) -> Iterator[list[LyricLine]]:
    """The verse on as few pages as it takes, shared out evenly; a line that is broken stays on one page if it fits."""
    broken = [[line] if columns is None else wrap_line(line, columns) for line in verse]
    rows = [part[at : at + per_page] for part in broken for at in range(0, len(part), per_page)]
    total = sum(map(len, rows))
    count = -(-total // per_page)
    wanted = -(-total // count)
    page: list[LyricLine] = []
    over = 0
    for row in rows:
        # Voices that sing at once are on the screen at once, where a page has room for it.
        most = per_page if _span(row[0])[0] < over else wanted
        if page and len(page) + len(row) > most:
            yield page
            page = []
        page.extend(row)
        over = max(over, _span(row[-1])[1])
    yield page


def _timed(groups: Sequence[list[LyricLine]]) -> list[Page]:
    made: list[Page] = []
    first, over = 0, 0  # when the page's first word is sung, and when the last word so far is over
    for group in groups:
        # Where lines overlap, a part of one that was broken may be sung after the next one begins.
        first = max(first, min(_span(line)[0] for line in group))
        # Nobody knows when a song begins: its first page counts down whenever there is time to.
        countdown = COUNTDOWN_MS if first - over > BREAK_MS or (not made and first >= COUNTDOWN_MS) else 0
        start = max(0, first - (countdown or LEAD_IN_MS), min(over, first))
        if made:
            made[-1] = replace(made[-1], end_ms=min(over + TAIL_MS, start))
        over = max(over, *(_span(line)[1] for line in group))
        made.append(Page(start, over + TAIL_MS, tuple(group), countdown))
    return made


def _span(line: LyricLine) -> tuple[int, int]:
    start = line.start_ms or 0
    return start, start if line.end_ms is None else line.end_ms


def _pieces(line: LyricLine) -> list[LyricWord]:
    """What a line may be broken between; times that nobody gave are shared out by width."""
    words = line.words or (LyricWord(*_span(line), line.text),)
    return [part for word in words for part in _shared(word, word.text.split(), spaced=True)]


def _narrow(piece: LyricWord, columns: int) -> list[LyricWord]:
    """A word as parts that are no wider than `columns`."""
    if count_columns(piece.text) <= columns:
        return [piece]
    parts = [""]
    for letter in cut_letters(piece.text):
        if parts[-1] and count_columns(parts[-1] + letter) > columns:
            parts.append("")
        parts[-1] += letter
    return _shared(piece, parts, spaced=False)


def _shared(word: LyricWord, texts: Sequence[str], *, spaced: bool) -> list[LyricWord]:
    if len(texts) <= 1:
        return [word]
    edges = list(accumulate((max(1, count_columns(text)) for text in texts), initial=0))
    times = [word.start_ms + (word.end_ms - word.start_ms) * edge // edges[-1] for edge in edges]
    parts = [
        LyricWord(start, end, text, word.pitch, joined=not spaced)
        for text, (start, end) in zip(texts, pairwise(times), strict=True)
    ]
    return [*parts[:-1], replace(parts[-1], joined=word.joined)]


def _filled(units: Sequence[list[LyricWord]], columns: int) -> list[list[LyricWord]]:
    rows: list[list[LyricWord]] = []
    used = 0
    for unit in units:
        width = _width(unit)
        spaced = bool(rows) and not rows[-1][-1].joined
        if rows and used + spaced + width <= columns:
            rows[-1].extend(unit)
            used += spaced + width
        else:
            rows.append(list(unit))
            used = width
    return rows


def _units(pieces: Sequence[LyricWord], columns: int) -> Iterator[list[LyricWord]]:
    """Whole words; the syllables of one that is wider than a line by themselves."""
    unit: list[LyricWord] = []
    for piece in pieces:
        unit.append(piece)
        if not piece.joined:
            yield from _fitting(unit, columns)
            unit = []
    if unit:
        yield from _fitting(unit, columns)


def _fitting(unit: list[LyricWord], columns: int) -> list[list[LyricWord]]:
    return [unit] if _width(unit) <= columns else [[piece] for piece in unit]


def _width(row: Sequence[LyricWord]) -> int:
    return count_columns(spelled(row))


def _row(line: LyricLine, pieces: Sequence[LyricWord]) -> LyricLine:
    words = tuple(pieces) if line.words else ()
    return LyricLine(spelled(pieces), pieces[0].start_ms, pieces[-1].end_ms, words, line.confidence)
