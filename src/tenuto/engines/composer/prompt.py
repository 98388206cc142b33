"""Reading a prompt: what was understood of it, what was not, and what the seed decides where it says nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from tenuto.engines.composer import vocabulary as words
from tenuto.engines.composer.dice import dice
from tenuto.engines.composer.styles import DEFAULT, STYLES, Style
from tenuto.engines.composer.theory import COMMON, MAJOR, MINOR, Metre, Scale

SLOWEST_BPM, FASTEST_BPM = 40.0, 220.0
SHORTEST_SECONDS, DEFAULT_SECONDS, LONGEST_SECONDS = 1.0, 16.0, 1200.0
LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
SHARPS = ("#", "♯", "sharp")
WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)
Meaning = TypeVar("Meaning")
USUAL_ENERGY, HIGH_ENERGY, LOW_ENERGY = 0.65, 0.95, 0.35


@dataclass(frozen=True)
class Brief:
    """What is to be composed."""

    style: Style
    bpm: float
    scale: Scale
    metre: Metre
    seconds: float
    seed: int
    energy: float
    drums: str  # a beat; empty for none
    instruments: Mapping[str, str]  # part → instrument, of the parts that play
    understood: Mapping[str, str] = field(default_factory=dict)  # what → in which words
    ignored: tuple[str, ...] = ()


def seed_of(prompt: str) -> int:
    """The seed of a prompt that came without one: the same prompt sounds the same."""
    return int.from_bytes(hashlib.sha256(" ".join(prompt.lower().split()).encode()).digest()[:4], "little")


def read(prompt: str, *, seconds: float | None = None, seed: int | None = None) -> Brief:
    """Make a brief of free text; `seconds` counts more than what the text says."""
    text = _Text(prompt)
    seed = seed_of(prompt) if seed is None else seed
    chance = dice(seed, "prompt")
    without = {part for pattern, part in words.WITHOUT if text.find("without", pattern)}
    metre = text.first("metre", words.METRE_WORDS) or COMMON
    length = _length(text)
    tempo = _tempo(text)
    named_key = _key(text)
    instruments = _instruments(text)
    style = STYLES.get(text.first("style", words.STYLE_WORDS) or "", DEFAULT)
    mood = text.first("mood", words.MOOD_WORDS)
    energy = _energy(text)
    played = {"chords": style.chords[0], "bass": style.bass[0], "lead": style.lead} | instruments
    wanted = {part for pattern, part in words.WITH if text.find("parts", pattern)}
    drums = style.drums or ("brushes" if "drums" in wanted else "")
    return Brief(
        style=style,
        bpm=tempo or _usual_tempo(text, style.bpm / metre.quarters, chance),
        scale=_scale(named_key, mood or style.mode, chance),
        metre=metre,
        seconds=seconds or length or DEFAULT_SECONDS,
        seed=seed,
        energy=energy,
        drums="" if "drums" in without else drums,
        instruments={part: name for part, name in played.items() if part not in without},
        understood=text.understood,
        ignored=tuple(text.left_over()),
    )


class _Text:
    """A prompt, and which of its letters somebody has made sense of."""

    def __init__(self, prompt: str) -> None:
        self._text = " ".join(prompt.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
        self._taken = [False] * len(self._text)
        self.understood: dict[str, str] = {}

    def search(self, pattern: str) -> re.Match[str] | None:
        """Where the pattern stands in words that are nobody's yet."""
        for match in re.finditer(rf"(?<![\w#])(?:{pattern})(?![\w#])", self._text):
            if not any(self._taken[match.start() : match.end()]):
                return match
        return None

    def take(self, what: str, match: re.Match[str]) -> None:
        """These words are understood."""
        self._taken[match.start() : match.end()] = [True] * (match.end() - match.start())
        said = match.group().strip()
        self.understood[what] = f"{self.understood[what]}, {said}" if what in self.understood else said

    def find(self, what: str, pattern: str) -> bool:
        """Whether it is said, every time it is said."""
        found = False
        while (match := self.search(pattern)) is not None:
            self.take(what, match)
            found = True
        return found

    def first(self, what: str, meanings: Iterable[tuple[str, Meaning]]) -> Meaning | None:
        """The first of the meanings that is said; all words that say it are understood."""
        for pattern, meaning in meanings:
            if self.find(what, pattern):
                return meaning
        return None

    def left_over(self) -> Iterator[str]:
        """Words that nobody understood, as they came."""
        for match in re.finditer(r"[^\s,.;:!?()\"]+", self._text):
            if not any(self._taken[match.start() : match.end()]) and not re.fullmatch(words.FILLERS, match.group()):
                yield match.group()


def _tempo(text: _Text) -> float | None:
    for pattern in words.TEMPO:
        match = text.search(pattern)
        if match and SLOWEST_BPM <= float(match[1]) <= FASTEST_BPM:
            text.take("tempo", match)
            return float(match[1])
    return None


def _usual_tempo(text: _Text, usual_bpm: float, chance: np.random.Generator) -> float:
    """The usual tempo, with a little of the seed's own; slower or faster where it is said."""
    bpm = usual_bpm * chance.uniform(0.96, 1.04)
    if text.find("tempo", words.SLOW):
        bpm *= words.SLOWER
    elif text.find("tempo", words.FAST):
        bpm *= words.FASTER
    return float(round(bpm))


def _key(text: _Text) -> tuple[int, str] | None:
    """Tonic and mode; the mode is empty where only the note was said."""
    for pattern in words.KEY:
        match = text.search(pattern)
        if match is None:
            continue
        text.take("key", match)
        sign = (match[2] or "").strip(" -")
        raised = 0 if not sign else 1 if sign in SHARPS else -1
        mode = (match[3] or "")[:3]
        return (LETTERS[match[1]] + raised) % 12, MINOR if mode in ("min", "m") else MAJOR if mode else ""
    return None


def _scale(named: tuple[int, str] | None, mode: str, chance: np.random.Generator) -> Scale:
    tonic = int(chance.choice(WHITE_KEYS))
    return Scale(tonic, mode) if named is None else Scale(named[0], named[1] or mode)


def _length(text: _Text) -> float | None:
    for pattern, unit in words.LENGTH:
        match = text.search(pattern)
        if match is None:
            continue
        seconds = float(match[1]) * unit + (float(match[2]) if match.re.groups > 1 else 0.0)
        if SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            text.take("length", match)
            return seconds
    return None


def _instruments(text: _Text) -> dict[str, str]:
    """Part → instrument; the first one that is said of a part plays it."""
    found: dict[str, str] = {}
    for pattern, part, instrument in words.INSTRUMENT_WORDS:
        if text.search(pattern) and part not in found:
            text.find("instruments", pattern)
            found[part] = instrument
    return found


def _energy(text: _Text) -> float:
    if text.find("energy", words.LOUD):
        return HIGH_ENERGY
    return LOW_ENERGY if text.find("energy", words.SOFT) else USUAL_ENERGY
