"""The melody: a motif that comes again, a little changed, with notes of the chord where the beat is strong."""

from __future__ import annotations

from collections.abc import Iterator

from tenuto.engines.composer import patterns
from tenuto.engines.composer.dice import Dice
from tenuto.engines.composer.prompt import Brief
from tenuto.engines.composer.score import LEAD, Note
from tenuto.engines.composer.theory import DOMINANT, LEAD_BASE, MINOR, Chord

LOWEST, HIGHEST, HOME = 4, 14, 7  # degrees of the scale
LEADING = 6
LIFT = 3  # degrees that the second half of a drop begins higher
LEAPS = (-2, -1, -1, 1, 1, 2)
SPARSE_STEPS = 6
# The second half of a motif's bars answers the first; the last bar of four ends early, so that the phrase breathes.
QUESTION, ANSWER, BREATH = (0, 2), (1,), 3


class Melody:
    """Sings bar after bar."""

    def __init__(self, brief: Brief, chance: Dice) -> None:
        self._brief, self._dice = brief, chance
        motifs = patterns.motifs(brief.metre)
        self._rhythms = [motifs[number] for number in chance.permutation(len(motifs))[:2]]
        self._contour = [int(step) for step in chance.choice(LEAPS, size=8)]
        self._place = HOME

    def bar(self, at: int, number: int, chord: Chord, *, strength: float, lifted: bool) -> Iterator[Note]:
        """The bar `at` of the piece, `number` of its section, over a chord; a lifted one begins higher."""
        phrase = number % (BREATH + 1)
        strokes = patterns.strokes(self._rhythms[1 if phrase in ANSWER else 0])
        if self._brief.style.sparse:
            strokes = strokes[:2]
        if phrase == BREATH:
            strokes = strokes[: max(1, len(strokes) - 2)]
        if phrase in QUESTION:
            self._place = HOME + chord.degree % 3 + (LIFT if lifted else 0)
        metre = self._brief.metre
        for index, stroke in enumerate(strokes):
            self._place += self._contour[(index + 3 * (phrase == BREATH)) % len(self._contour)]
            self._place = min(max(self._place, LOWEST), HIGHEST)
            strong = stroke.step % metre.steps_per_beat == 0 or index == len(strokes) - 1
            if strong:
                self._place = self._nearest(chord)
            steps = max(stroke.steps, SPARSE_STEPS) if self._brief.style.sparse else stroke.steps
            beat = (at * metre.steps + stroke.step) / metre.steps_per_beat
            velocity = (0.78 if strong else 0.66) * strength
            yield Note(LEAD, beat, 0.92 * steps / metre.steps_per_beat, self._pitch(chord), velocity)

    def _nearest(self, chord: Chord) -> int:
        tones = [place for place in range(LOWEST, HIGHEST + 1) if (place - chord.degree) % 7 in (0, 2, 4)]
        return min(tones, key=lambda place: (abs(place - self._place), place))

    def _pitch(self, chord: Chord) -> int:
        raised = self._brief.scale.mode == MINOR and chord.degree % 7 == DOMINANT and self._place % 7 == LEADING
        return self._brief.scale.pitch(self._place, LEAD_BASE) + int(raised)
