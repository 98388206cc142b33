"""What a narrator reads: the notes of a slide as sentences to say and pauses to keep, with what cues in them ask for.

Cues stand in square brackets: `[pause 2s]`, `[slow]…[/slow]`, `[fast]…[/fast]`, `[skip]…[/skip]`, and
`[say tenuto as ten-oo-toh]`. What is in other brackets is read out like everything else, and reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tenuto.domain.lexicons import Change, Finder
from tenuto.domain.reading_out import Reading, pronounced, readings
from tenuto.domain.sentences import Span, sentences
from tenuto.domain.sight import JOINERS

LONGEST_NOTES = 50_000
LONGEST_SENTENCE = 300  # characters
PAUSE_MS, PARAGRAPH_MS, LONGEST_PAUSE_MS = 700, 600, 30_000
LONGEST_PAUSES_MS = 300_000  # of one text
SLOW, FAST = 0.8, 1.25
LOOKED_AT = 2_000
LIKELY = {"LATIN": "en", "CYRILLIC": "ru"}
MOST_NAMED = 5  # cues in one warning
WRAPPED_LINE = 40  # characters: a line that long which goes on in lower case was wrapped by an editor

BRACKETS = re.compile(r"\[([^\[\]\n]{1,200})\]")
PAUSE = re.compile(r"pause:?(?:\s*(\d{1,6}(?:[.,]\d{1,3})?)\s*(ms|milliseconds?|s|secs?|seconds?)?)?", re.IGNORECASE)
SAY = re.compile(r"say[:\s]\s*(\S.*?)\s+as\s+(\S.*)", re.IGNORECASE)
SPEEDS = {"slow": SLOW, "fast": FAST}
LINE_ENDS = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+")
BULLET = re.compile(r"[•‣▪▫◦●○■□➢➤✓*\u2013\u2014-]\s+(?=\S)")
MARK = re.compile(rf"\n|{BRACKETS.pattern}")


@dataclass(frozen=True)
class Say:
    """A sentence: what captions show, what an engine is given, and which words of the one are which of the other."""

    readings: tuple[Reading, ...]
    speed: float = 1.0

    @property
    def text(self) -> str:
        """As it is shown."""
        return " ".join(reading.shown for reading in self.readings)

    @property
    def spoken(self) -> str:
        """As an engine is given it."""
        return " ".join(reading.spoken for reading in self.readings if reading.spoken)


@dataclass(frozen=True)
class Pause:
    """Silence between what is said."""

    ms: int


@dataclass(frozen=True)
class Script:
    """What is to be said and kept silent, in order; and what in the notes was not understood."""

    pieces: tuple[Say | Pause, ...]
    warnings: tuple[str, ...] = ()

    @property
    def says(self) -> tuple[Say, ...]:
        """What is said, without the pauses."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Say))

    @property
    def text(self) -> str:
        """All that captions will show."""
        return " ".join(say.text for say in self.says)


def script_of(notes: str, *, language: str | None = None, finders: Iterable[Finder] = ()) -> Script:
    """Read notes; `finders` are a lexicon of pronunciations, which change what is spoken and not what is shown."""
    reader = _Reader((language or _likely_language(notes)).lower().partition("-")[0], list(finders))
    reader.read(notes)
    return Script(tuple(reader.pieces), tuple(reader.warnings()))


class _Reader:
    """Goes through notes once, from cue to cue."""

    def __init__(self, language: str, finders: Sequence[Finder]) -> None:
        self._language, self._finders = language, finders
        self.pieces: list[Say | Pause] = []
        self._parts: list[str] = []  # the text since the last cue that parts sentences
        self._length = 0
        self._given: list[Change] = []  # and where in it the notes say how it is spoken
        self._lasting: dict[str, bool] = {}  # open cue → whether it lasts beyond the paragraph, until it is closed
        self._new_paragraph = False
        self._silence_ms = 0
        self._told: dict[str, list[str]] = {}

    def read(self, notes: str) -> None:
        """Read all of it."""
        text = _unwrapped(notes)
        marks = list(MARK.finditer(text))
        closed = _closed_later(marks)
        at = 0
        for number, mark in enumerate(marks):
            self._add(text[at : mark.start()])
            at = mark.end()
            if mark[0] == "\n":
                self._end_paragraph()
            else:
                self._obey(mark[1], lasts=closed[number])
        self._add(text[at:])
        self._flush()

    def warnings(self) -> Iterator[str]:
        """What was not understood or not done, a sentence for each kind of trouble."""
        for what, cues in self._told.items():
            named = list(dict.fromkeys(cues))
            more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
            yield f"{what}: {', '.join(f'[{cue}]' for cue in named[:MOST_NAMED])}{more}."

    def _obey(self, cue: str, *, lasts: bool) -> None:
        name = " ".join(unicodedata.normalize("NFKC", cue).split()).casefold()
        pause, said = PAUSE.fullmatch(name), SAY.fullmatch(cue.strip())
        if "skip" in self._lasting and name != "/skip":
            return
        if pause:
            self._pause(cue, _milliseconds(pause))
        elif said:
            self._add(said[1], spoken=said[2])
        elif name in (*SPEEDS, "skip"):
            self._flush()
            self._lasting[name] = lasts
            if name == "skip" and not lasts:
                self._tell("A part that is not to be spoken is not closed, and ends with its paragraph", cue)
        elif name.startswith("/") and name[1:] in (*SPEEDS, "skip"):
            self._flush()
            if self._lasting.pop(name[1:], None) is None:
                self._tell("A cue ends what has not begun", cue)
        else:
            self._tell("These are no cues, and were read out without their brackets", cue)
            self._add(cue)

    def _pause(self, cue: str, ms: int) -> None:
        self._flush()
        if ms > LONGEST_PAUSE_MS:
            self._tell(f"A pause lasts {LONGEST_PAUSE_MS // 1000} s at most", cue)
        ms = min(ms, LONGEST_PAUSE_MS)
        if self._silence_ms + ms > LONGEST_PAUSES_MS:
            self._tell(f"The pauses of one text last {LONGEST_PAUSES_MS // 1000} s at most; left out", cue)
            return
        self._silence_ms += ms
        self._new_paragraph = False
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, Pause):
            ms += last.ms
            self.pieces.pop()
        self.pieces.append(Pause(ms))

    def _tell(self, what: str, cue: str) -> None:
        self._told.setdefault(what, []).append(" ".join(cue.split()))

    def _end_paragraph(self) -> None:
        if self._lasting.get("skip"):
            return
        self._flush()
        self._lasting = {name: lasts for name, lasts in self._lasting.items() if lasts}
        self._new_paragraph = bool(self.pieces) and isinstance(self.pieces[-1], Say)

    def _add(self, text: str, spoken: str | None = None) -> None:
        if "skip" in self._lasting or not text:
            return
        if spoken is not None:
            self._given.append(Change(self._length, text, spoken, -1))
        self._parts.append(text)
        self._length += len(text)

    def _flush(self) -> None:
        """Make sentences of the text that was gathered."""
        text = "".join(self._parts)
        speed = next((SPEEDS[name] for name in reversed(self._lasting) if name in SPEEDS), 1.0)
        said = list(_sentences(text, self._given, self._finders, self._language)) if text.strip() else []
        self._parts, self._length, self._given = [], 0, []
        if not said:
            return
        if self._new_paragraph:
            self.pieces.append(Pause(PARAGRAPH_MS))
            self._new_paragraph = False
        self.pieces += [Say(readings, speed) for readings in said]


def _unwrapped(notes: str) -> str:
    """The notes with a line for each paragraph, without what nobody can see."""
    lines: list[list[str]] = []
    for line in LINE_ENDS.split(notes):
        plain = "".join(sign for sign in line if sign.isspace() or is_visible(sign)).strip()
        plain = BULLET.sub("", plain, count=1) if BULLET.match(plain) else plain
        before = lines[-1][-1] if lines else ""
        wrapped = len(before) >= WRAPPED_LINE and (before[-1].isalnum() or before[-1] in ",;") and plain[:1].islower()
        if wrapped:
            lines[-1].append(plain)
        elif plain:
            lines.append([plain])
    return "\n".join(" ".join(parts) for parts in lines)


def _likely_language(notes: str) -> str:
    """Russian for Cyrillic letters, English for Latin ones; no language that is known for others."""
    letters = [sign for sign in notes[:LOOKED_AT] if sign.isalpha()]
    scripts = Counter(unicodedata.name(sign, "").partition(" ")[0] for sign in letters)
    return LIKELY.get(scripts.most_common(1)[0][0], "") if scripts else "en"


def is_visible(character: str) -> bool:
    """Whether it is more than a sign that steers something; joiners within words are kept."""
    return unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn", "Cf") or character in JOINERS


def _closed_later(marks: Sequence[re.Match[str]]) -> list[bool]:
    """For each cue whether the next one of its name closes it."""
    following: dict[str, bool] = {}
    found = []
    for mark in reversed(marks):
        name = (mark[1] or "").strip().casefold()
        found.append(following.get(name, False))
        following[name.removeprefix("/")] = name.startswith("/")
    return found[::-1]


def _milliseconds(pause: re.Match[str]) -> int:
    if pause[1] is None:
        return PAUSE_MS
    number = float(pause[1].replace(",", "."))
    return round(number if (pause[2] or "s").startswith("m") else number * 1000)


def _sentences(
    text: str, given: Sequence[Change], finders: Sequence[Finder], language: str
) -> Iterator[tuple[Reading, ...]]:
    """The sentences of a text as readings; what nobody reads out stands with the sentence before it."""
    changes = pronounced(text, given, finders, language)
    spans = sentences(text, language, [Span(change.start, change.end) for change in changes], most=LONGEST_SENTENCE)
    held: tuple[Reading, ...] = ()
    for found in readings(text, spans, changes):
        if held and (not is_said(found) or not is_said(held)):
            held += found
        else:
            if held:
                yield held
            held = found
    if is_said(held):
        yield held


def is_said(parts: Sequence[Reading]) -> bool:
    """Whether there is anything to speak."""
    return any(sign.isalnum() for part in parts for sign in part.spoken)
