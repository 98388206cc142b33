"""The drummer: a beat with ghost strokes, fills before something new, and rolls that build up to it."""

from __future__ import annotations

from collections.abc import Iterator

from tenuto.engines.composer import patterns
from tenuto.engines.composer.dice import Dice
from tenuto.engines.composer.form import BUILD, INTRO, OUTRO, Section
from tenuto.engines.composer.patterns import CRASH, HIGH_TOM, KICK, LOW_TOM, REST, SNARE, STRENGTH, TOM
from tenuto.engines.composer.prompt import Brief
from tenuto.engines.composer.score import DRUMS, Note
from tenuto.engines.composer.theory import COMMON

PHRASE_BARS = 4
GHOSTS_FROM_ENERGY = 0.5
QUIET_AT_FIRST = frozenset((KICK, SNARE, patterns.CLAP, patterns.LOW_TOM))
# Steps of 4/4, one of which is a piece's own: there the kick answers in every second bar.
ANSWERS = (3, 7, 11, 13, 14)
ANSWERED = frozenset(("boom bap", "lazy", "trap", "rock", "pop", "breaks", "funk", "half time", "chip"))
# Styles whose beat is not to be broken by a drummer's roll.
UNBROKEN = frozenset(("jazz", "brushes", "one drop"))
FILLS = (
    {SNARE: "oxxX"},
    {HIGH_TOM: "x...", TOM: ".x..", LOW_TOM: "..xX"},
    {SNARE: "x.xx", LOW_TOM: ".x.."},
    {SNARE: "gox.", TOM: "...X"},
)


class Drummer:
    """Plays bar after bar."""

    def __init__(self, brief: Brief, chance: Dice) -> None:
        self._brief, self._dice = brief, chance
        self._beat = patterns.drums(brief.drums, brief.metre)
        self._answer = int(chance.choice(ANSWERS))

    def bar(self, section: Section, number: int) -> Iterator[Note]:
        """One bar of a section; `number` counts from its beginning."""
        last = number == section.bars - 1
        fills = (
            self._brief.drums not in UNBROKEN and section.bars > 1 and (last or number % PHRASE_BARS == PHRASE_BARS - 1)
        )
        stop = self._brief.metre.steps - (self._fill_steps(last=last) if fills else 0)
        first = section.first_bar + number
        for drum, line in self._beat.items():
            if section.name == INTRO and drum in QUIET_AT_FIRST and not (drum == KICK and number):
                continue
            for stroke in patterns.strokes(line):
                if stroke.step < stop and self._plays(stroke.mark):
                    yield self._note(first, stroke.step, drum, STRENGTH[stroke.mark] * section.strength)
        if fills:
            yield from self._fill(first, stop)
        answers = self._brief.drums in ANSWERED and self._brief.metre == COMMON and section.name != INTRO
        if answers and number % 2 and self._answer < stop and self._beat[KICK][self._answer] == REST:
            yield self._note(first, self._answer, KICK, STRENGTH["o"] * section.strength)
        if section.name == BUILD and last:
            yield from self._roll(first, stop)
        if number == 0 and section.name not in (INTRO, OUTRO) and self._brief.drums not in UNBROKEN:
            yield self._note(first, 0, CRASH, 0.7 * section.strength)

    def end(self, bar: int) -> Iterator[Note]:
        """The last stroke of a piece."""
        yield self._note(bar, 0, KICK, 0.9)
        yield self._note(bar, 0, CRASH, 0.6)

    def _plays(self, mark: str) -> bool:
        """Ghost strokes are for players with energy, and not for every bar."""
        return mark != "g" or self._brief.energy >= GHOSTS_FROM_ENERGY and self._dice.random() < self._brief.energy  # noqa: RUF021

    def _fill_steps(self, *, last: bool) -> int:
        metre = self._brief.metre
        if metre.steps % metre.steps_per_beat:
            return metre.parts[-1][1]
        return metre.steps_per_beat * (2 if last and metre.beats > 2 else 1)  # noqa: PLR2004

    def _fill(self, bar: int, start: int) -> Iterator[Note]:
        steps = self._brief.metre.steps
        for beat in range(start, steps, 4):
            for drum, line in FILLS[self._dice.integers(len(FILLS))].items():
                for stroke in patterns.strokes(line[: steps - beat]):
                    rising = 0.65 + 0.3 * (beat + stroke.step - start) / max(1, steps - start)
                    yield self._note(bar, beat + stroke.step, drum, STRENGTH[stroke.mark] * rising)

    def _roll(self, bar: int, stop: int) -> Iterator[Note]:
        """A snare that gets louder up to where something opens."""
        for step in range(0, stop, 2):
            yield self._note(bar, step, SNARE, 0.3 + 0.5 * step / self._brief.metre.steps)

    def _note(self, bar: int, step: int, drum: int, velocity: float) -> Note:
        metre = self._brief.metre
        return Note(DRUMS, bar * metre.beats + step / metre.steps_per_beat, 1 / metre.steps_per_beat, drum, velocity)
