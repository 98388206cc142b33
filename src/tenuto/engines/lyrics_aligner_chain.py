"""The best way of a song's lines through a sound into which a band leaks: exact, with no beam to fall out of.

Unlike the decoder's search it weighs what it hears against how sure it is that somebody sings there. No frame can speak
against a phone by more than so much, so a drum beat does not throw a line out of its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tenuto.engines.base import Progress

VOWELS = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
)  # what is held when it is sung
PHONE_WEIGHT, WORST = 0.5, -6.0  # of a step's score, and the most that it can speak against a phone
VOICE_WEIGHT = 4.0
PAUSE = -2.0  # a step without voice within a line
BEGINS_PAUSE, ENDS, NO_BREATH, SKIPS = -4.0, -1.0, -6.0, -60.0
HOLDS, LASTS = -0.1, -1.0  # another step of a vowel, of a consonant
VOWEL_STEPS = 3
MOST_WAYS = 2
NO_WAY = -1e9
BLOCK = 512  # steps whose ways back are kept at once

Floats = npt.NDArray[np.float32]
Place = tuple[int, int]
"""The first step of a word, and one past its last."""


@dataclass
class Chain:
    """States, what each of them sounds like, which word it belongs to, and from where it is reached at what cost."""

    sound: list[int] = field(default_factory=list)
    word: list[tuple[int, int] | None] = field(default_factory=list)
    comes_from: list[list[tuple[int, float]]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(
        self,
        sound: int,
        comes_from: Sequence[tuple[int, float]],
        word: tuple[int, int] | None = None,
        stays: float | None = None,
    ) -> int:
        """Add a state; `stays` is the cost of another step in it."""
        state = len(self.sound)
        self.sound.append(sound)
        self.word.append(word)
        self.comes_from.append([*comes_from, *([] if stays is None else [(state, stays)])])
        return state


def find_words(
    lines: Sequence[dict[int, list[str]]], scores: Floats, sung: Floats, names: Sequence[str], progress: Progress
) -> list[dict[int, Place]]:
    """For each line the steps of its words; a line that was left out has none.

    `lines` hold, for each word, the ways it may be said, `scores` a column for each phone of `names`.
    """
    chain = build_chain(lines, names)
    rest, pause = np.zeros((len(scores), 1), np.float32), np.full((len(scores), 1), PAUSE, np.float32)
    heard = np.maximum(PHONE_WEIGHT * scores, WORST) + VOICE_WEIGHT * sung[:, None]
    found: list[dict[int, Place]] = [{} for _ in lines]
    path = best_path(chain, np.concatenate([heard, rest, pause], axis=1), progress)
    for step, state in enumerate(path):
        belongs = chain.word[state]
        if belongs is not None:
            line, word = belongs
            found[line][word] = (found[line].get(word, (step, step))[0], step + 1)
    return found


def build_chain(lines: Sequence[dict[int, list[str]]], names: Sequence[str]) -> Chain:
    """A chain of all lines; behind each of them somebody may rest, and beside it is a way around it."""
    numbers = {name: number for number, name in enumerate(names)}
    rest, pause = len(names), len(names) + 1
    chain = Chain()
    rested = chain.add(rest, (), stays=0.0)
    exits = [(rested, 0.0)]
    for number, words in enumerate(lines):
        if not words:
            continue
        entries = list(exits)
        for place, (word, ways) in enumerate(words.items()):
            if place:
                apart = chain.add(pause, [(state, cost + BEGINS_PAUSE) for state, cost in entries], stays=0.0)
                entries = [*entries, (apart, 0.0)]
            said = ([numbers[phone] for phone in way.split()] for way in ways[:MOST_WAYS])
            entries = [(_add_way(chain, way, entries, names, (number, word)), 0.0) for way in said]
        rested = chain.add(rest, [*((state, cost + ENDS) for state, cost in entries), (rested, SKIPS)], stays=0.0)
        exits = [(rested, 0.0), *((state, NO_BREATH) for state, _ in entries)]
    chain.ends = [state for state, _ in exits]
    return chain


def _add_way(
    chain: Chain,
    phones: Sequence[int],
    entries: Sequence[tuple[int, float]],
    names: Sequence[str],
    word: tuple[int, int],
) -> int:
    """Add one way to say a word; its last state."""
    before = list(entries)
    for phone in phones:
        first = chain.add(phone, before, word)
        if names[phone] in VOWELS:
            held = chain.add(phone, [(first, 0.0)], word, stays=HOLDS)
            for _ in range(VOWEL_STEPS - 2):
                held = chain.add(phone, [(held, 0.0)], word)
            before = [(held, 0.0)]
        else:
            before = [(chain.add(phone, [(first, 0.0)], word, stays=LASTS), 0.0)]
    return before[0][0]


def best_path(chain: Chain, emitted: Floats, progress: Progress) -> npt.NDArray[np.int32]:
    """The state of each step on the way of the highest sum; none when the sound is too short for any way.

    Only the sums at every so many steps are kept; on the way back each block is gone through once more. Its memory
    grows with the song and with the words, not with their product.
    """
    states = len(chain.sound)
    width = max(map(len, chain.comes_from))
    sources, costs = np.zeros((width, states), np.int32), np.full((width, states), NO_WAY, np.float32)
    for state, arcs in enumerate(chain.comes_from):
        for number, (source, cost) in enumerate(arcs):
            sources[number, state], costs[number, state] = source, cost
    sound = np.array(chain.sound)
    sums = np.full(states, NO_WAY, np.float32)
    sums[0] = 0.0
    starts = range(0, len(emitted), BLOCK)
    kept = []
    for first in starts:
        kept.append(sums)
        sums, _ = _through(emitted[first : first + BLOCK], sums, sound, sources=sources, costs=costs)
        progress(min(1.0, (first + BLOCK) / len(emitted)))
    path = np.zeros(len(emitted), np.int32)
    state = max(chain.ends, key=lambda end: float(sums[end]))
    if sums[state] < NO_WAY / 2:
        return path[:0]
    for first, sums in zip(reversed(starts), reversed(kept), strict=True):
        _, choices = _through(emitted[first : first + BLOCK], sums, sound, sources=sources, costs=costs)
        for step in range(len(choices) - 1, -1, -1):
            path[first + step] = state
            state = int(sources[choices[step, state], state])
    return path


def _through(
    emitted: Floats, sums: Floats, sound: npt.NDArray[np.int_], *, sources: npt.NDArray[np.int32], costs: Floats
) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """The sums behind some steps, and for each step and state the number of the arc that was taken."""
    choices = np.zeros((len(emitted), len(sums)), np.uint8)
    for step, row in enumerate(emitted):
        best = sums[sources[0]] + costs[0]
        for number in range(1, len(sources)):
            other = sums[sources[number]] + costs[number]
            choices[step][other > best] = number
            np.maximum(best, other, out=best)
        sums = best + row[sound]
    return sums, choices
