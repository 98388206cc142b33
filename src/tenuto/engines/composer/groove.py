"""What tells players from a machine: swing, strokes that stray a little, and a hand that is never twice as strong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenuto.engines.composer.dice import dice
from tenuto.engines.composer.prompt import Brief
from tenuto.engines.composer.score import BASS, DRUMS, Note

MOST_STRAY = 2.0  # times what is usual
UNEVEN = 0.06  # of the velocity
# Drums keep the time that others lean on.
STEADINESS = {DRUMS: 0.5, BASS: 0.7}
NEAR = 1e-6
SOFTEST, HARDEST = 0.05, 1.0


def humanised(notes: Iterable[Note], brief: Brief) -> Iterator[Note]:
    """The same notes as people play them."""
    chance = dice(brief.seed, "groove")
    loose = brief.style.loose_ms / 1000 * brief.bpm / 60
    for note in notes:
        stray = min(max(float(chance.normal()), -MOST_STRAY), MOST_STRAY) * STEADINESS.get(note.part, 1.0)
        beat = max(0.0, swung(note.beat, brief) + loose * stray)
        velocity = note.velocity * (1 + UNEVEN * float(chance.normal()))
        yield note._replace(beat=beat, velocity=min(max(velocity, SOFTEST), HARDEST))


def swung(beat: float, brief: Brief) -> float:
    """A beat where the style's swing puts it; bars of whole beats swing here."""
    if not brief.metre.even:
        return beat
    unit = brief.style.swung_steps / brief.metre.steps_per_beat
    place = beat / unit
    whole = int(place + NEAR)
    return beat + brief.style.swing * unit if whole % 2 and place - whole < NEAR else beat
