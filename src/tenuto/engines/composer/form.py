"""The form of a piece: sections that begin, rise, open up, breathe and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

INTRO, BUILD, DROP, BREAK, OUTRO = "intro", "build", "drop", "break", "outro"
SHORT_BARS, MIDDLE_BARS, LONG_BARS = 8, 16, 48
SHORT_UNIT, UNIT, LONG_UNIT = 2, 4, 8
ENDS_FROM_BARS = 4  # shorter music is a loop and does not end, it stops
# Who plays, and how hard.
CAST = {
    INTRO: (("chords", "drums"), 0.7),
    BUILD: (("chords", "drums", "bass"), 0.82),
    DROP: (("chords", "drums", "bass", "lead"), 1.0),
    BREAK: (("chords", "lead"), 0.72),
    OUTRO: (("chords", "drums", "bass"), 0.78),
}


@dataclass(frozen=True)
class Section:
    """Some bars with one character."""

    name: str
    first_bar: int
    bars: int

    @property
    def cast(self) -> tuple[str, ...]:
        """The parts that play."""
        return CAST[self.name][0]

    @property
    def strength(self) -> float:
        """How hard they play."""
        return CAST[self.name][1]


def form(bars: int) -> list[Section]:
    """Sections that fill so many bars.

    What does not fit into a round of them lengthens the last drop, and where that gets long, it breathes in between.
    """
    if bars < SHORT_BARS:
        return _laid([(DROP, bars)])
    unit = SHORT_UNIT if bars < MIDDLE_BARS else UNIT if bars < LONG_BARS else LONG_UNIT
    edge = max(SHORT_UNIT, unit // 2)
    body = bars - 2 * edge
    rounds = max(0, body - 3 * unit) // (edge + 3 * unit)
    middle = [(BUILD, unit), (DROP, 2 * unit)] + [(BREAK, edge), (BUILD, unit), (DROP, 2 * unit)] * rounds
    rest = body - sum(length for _, length in middle)
    if rest >= edge + unit:
        middle += [(BREAK, edge), (DROP, rest - edge)]
    else:
        middle[-1] = (DROP, middle[-1][1] + rest)
    return _laid([(INTRO, edge), *middle, (OUTRO, edge)])


def _laid(sections: Iterable[tuple[str, int]]) -> list[Section]:
    found: list[Section] = []
    bar = 0
    for name, bars in sections:
        found.append(Section(name, bar, bars))
        bar += bars
    return found
