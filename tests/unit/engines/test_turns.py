"""Who speaks when, from the likeness of windows to voices."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.speakers import Turn
from tenuto.engines.speech import Span
from tenuto.engines.turns import merged, most_likely_path, numbered, share_out


@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 10_000), st.floats(0, 3))
def test_the_path_is_the_best_of_all(steps, states, seed, cost):
    gains = np.random.default_rng(seed).normal(size=(steps, states))

    def worth(path):
        changes = sum(a != b for a, b in itertools.pairwise(path))
        return sum(gains[step, state] for step, state in enumerate(path)) - cost * changes

    best = max(worth(path) for path in itertools.product(range(states), repeat=steps))
    assert np.isclose(worth(most_likely_path(gains, cost).tolist()), best)


def test_a_short_doubt_does_not_change_the_speaker():
    middles = np.arange(0.8, 9.3, 0.4, dtype=np.float32)
    scores = np.stack([np.where(middles < 5, 0.9, 0.4), np.where(middles < 5, 0.4, 0.9)], axis=1)
    scores[3] = (0.6, 0.75)
    turns = share_out([Span(0.0, 10.0)], [middles], [scores])
    assert [turn.speaker for turn in turns] == [0, 1]
    assert abs(turns[0].end_ms - 5000) <= 300
    assert (turns[0].start_ms, turns[1].start_ms, turns[1].end_ms) == (0, turns[0].end_ms, 10_000)


def test_voices_are_numbered_as_they_are_first_heard():
    turns = [Turn(0, 1, 7), Turn(1, 2, 3), Turn(2, 3, 7)]
    assert [turn.speaker for turn in numbered(turns)] == [0, 1, 0]


def test_turns_that_touch_are_one():
    turns = [Turn(0, 10, 0), Turn(10, 20, 0), Turn(25, 30, 0), Turn(30, 40, 1)]
    assert list(merged(turns)) == [Turn(0, 20, 0), Turn(25, 30, 0), Turn(30, 40, 1)]
    assert list(merged(turns, within_ms=5)) == [Turn(0, 30, 0), Turn(30, 40, 1)]
