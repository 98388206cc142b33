"""The parts of the lyrics aligner: where a voice is, where lines may stand, what is listened for, how sure it is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import SAMPLE_RATE, write_wave
from tenuto.domain.alignment import Timed
from tenuto.engines.lyrics_aligner_confidence import NOT_HEARD, Evidence, confidence, score_of
from tenuto.engines.lyrics_aligner_places import evenly, place, syllables
from tenuto.engines.lyrics_aligner_search import GOES_ON_SKIPPING, SKIPS, grammar
from tenuto.engines.lyrics_aligner_strays import gathered
from tenuto.engines.lyrics_aligner_voice import Voice, find_voice, gated, runs
from tenuto.engines.sound import open_wave

WEIGHTS = st.lists(st.integers(1, 30), min_size=1, max_size=40)


def tones(*spans, seconds=10, hiss=20):
    """A tone in each (start, end), in seconds, over a faint hiss."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    on = np.sum([(times >= start) & (times < end) for start, end in spans], axis=0)
    return np.sin(2 * np.pi * 440 * times) * 8000 * on + np.random.default_rng(0).normal(0, hiss, times.size)


def voice_in(samples, folder):
    with open_wave(write_wave(folder / "voice.wav", samples)) as reader:
        return find_voice(reader)


def sings(pattern, hop=50):
    """A voice from (sings, hops) pairs."""
    flags = np.concatenate([np.full(count * hop // 10, on, np.bool_) for on, count in pattern])
    return Voice(np.where(flags, 20, -20).astype(np.float32), flags)


def test_a_voice_is_found_where_it_is(tmp_path):
    found = voice_in(tones((2, 4), (6, 7)), tmp_path)
    spans = [(first / 100, last / 100) for first, last in runs(found.sings)]
    assert spans == [
        (pytest.approx(2, abs=0.06), pytest.approx(4, abs=0.06)),
        (
            pytest.approx(6, abs=0.06),
            pytest.approx(7, abs=0.06),
        ),
    ]
    assert found.share(2100, 3900) == 1
    assert found.share(4500, 5500) == 0
    assert found.share(3000, 5000) == pytest.approx(0.5, abs=0.05)


def test_a_short_gap_belongs_to_the_singing_and_a_click_does_not(tmp_path):
    found = voice_in(tones((2, 3), (3.1, 4), (7, 7.02)), tmp_path)
    assert len(runs(found.sings)) == 1


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(3), np.zeros(SAMPLE_RATE), tones(seconds=3, hiss=2)])
def test_silence_has_no_voice(tmp_path, samples):
    found = voice_in(samples, tmp_path)
    assert found.is_silent
    assert found.share(0, 500) == 0


def test_the_gate_keeps_the_voice_and_hushes_the_rest(tmp_path):
    samples = tones((2, 4), hiss=300).astype(np.int16)
    heard = np.frombuffer(gated(samples.tobytes(), voice_in(samples, tmp_path)), np.int16).astype(float)
    assert heard.size == samples.size
    assert np.abs(heard[:SAMPLE_RATE]).max() < 30
    assert np.abs(heard[5 * SAMPLE_RATE :]).max() < 30
    middle = slice(int(2.1 * SAMPLE_RATE), int(3.9 * SAMPLE_RATE))
    assert np.abs(heard[middle] - samples[middle]).max() < 30


def test_a_first_word_on_the_wrong_side_of_a_pause_comes_home():
    voice = sings([(True, 40), (False, 40), (True, 60)])  # 0 to 2 s, 4 to 7 s
    lines = {0: ((0, 900), (900, 1800)), 2: ((1800, 2000), (4200, 5000), (5000, 7000))}
    found = gathered(lines, voice)
    assert found[0] == lines[0]
    assert found[2] == ((pytest.approx(4000, abs=20), 4200), *lines[2][1:])


def test_a_last_word_on_the_wrong_side_of_a_pause_comes_home():
    voice = sings([(True, 40), (False, 40), (True, 60)])
    lines = {0: ((0, 900), (900, 1800), (4000, 4200)), 1: ((4200, 5000), (5000, 7000))}
    found = gathered(lines, voice)
    assert found[0] == (*lines[0][:2], (1800, 1950))
    assert found[1] == lines[1]


def test_a_word_that_stands_apart_of_both_lines_stays():
    voice = sings([(True, 40), (False, 40), (True, 4), (False, 20), (True, 60)])
    lines = {0: ((0, 900), (900, 1900)), 1: ((4000, 4200), (5300, 7000))}
    assert gathered(lines, voice) == lines


@settings(max_examples=60, deadline=None)
@given(
    pattern=st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=12),
    weights=WEIGHTS,
    cut=st.tuples(st.integers(0, 5000), st.integers(0, 20_000)),
)
def test_places_are_in_order_and_inside(pattern, weights, cut):
    voice = sings(pattern)
    start, end = cut[0], min(cut[0] + cut[1], max(cut[0], len(voice.level) * 10))
    places = place(voice, weights, start, end)
    assert len(places) == len(weights)
    assert all(start <= first <= last <= end for first, last in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))


def test_lines_stand_where_somebody_sings():
    pattern = [(False, 40), (True, 40), (False, 30), (True, 60), (False, 200), (True, 40), (False, 40)]
    places = place(sings(pattern), [8, 12, 8], 0, 22_500)
    truth = [(2000, 4000), (5500, 8500), (18_500, 20_500)]
    for found, real in zip(places, truth, strict=True):
        assert found == pytest.approx(real, abs=400)


@given(weights=WEIGHTS, start=st.integers(0, 10_000), length=st.integers(0, 100_000))
def test_even_shares_fill_the_stretch(weights, start, length):
    shares = evenly(weights, start, start + length)
    assert shares[0][0] == start
    assert shares[-1][1] == start + length
    assert all(before[1] == after[0] for before, after in pairwise(shares))


@pytest.mark.parametrize(
    ("line", "number"), [("over the hills", 4), ("Für Elise", 4), ("", 1), ("привет", 3), ("strč prst", 4)]
)
def test_syllables_are_counted_roughly(line, number):
    assert syllables(line) == pytest.approx(number, abs=1)


def walks(ways):
    """Every way through the grammar: (price, words), found by going on from each state."""
    steps, last = grammar(ways)
    found, waiting = [], [(0, 1.0, ())]
    while waiting:
        state, price, words = waiting.pop()
        if state == last:
            found.append((price, words))
        for begin, end, cost, *word in steps:
            if begin == state:
                waiting.append((end, price * cost, (*words, *word)))
    return found


def test_any_line_may_be_left_out_and_none_be_turned_around():
    prices = {words: price for price, words in sorted(walks([{0: ["AA"], 1: ["B"]}, {}, {0: ["S"]}, {1: ["T"]}]))}
    assert prices == pytest.approx(
        {
            ("l0w0", "l0w1", "l2w0", "l3w1"): 1,
            ("l2w0", "l3w1"): SKIPS,
            ("l0w0", "l0w1", "l3w1"): SKIPS,
            ("l0w0", "l0w1", "l2w0"): SKIPS,
            ("l3w1",): SKIPS * GOES_ON_SKIPPING,
            ("l0w0", "l0w1"): SKIPS * GOES_ON_SKIPPING,
            ("l2w0",): SKIPS * SKIPS,
            (): SKIPS * GOES_ON_SKIPPING**2,
        }
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_the_whole_song_is_the_cheapest_way(sizes):
    ways = [{word: ["AA"] for word in range(size)} for size in sizes]
    price, words = max(walks(ways))
    assert price == 1
    assert words == tuple(f"l{line}w{word}" for line, size in enumerate(sizes) for word in range(size))


def test_a_better_sound_is_surer():
    scores = [confidence(Evidence(score, 1.0, 3.0)) for score in (-40.0, -24.0, -20.0, -15.0, -5.0)]
    assert scores == sorted(scores)
    assert scores[0] < 0.05
    assert scores[-1] > 0.9


@given(
    score=st.one_of(st.none(), st.floats(-1e6, 0)),
    voice=st.floats(0, 1),
    pace=st.floats(0, 1e6),
)
def test_confidence_is_a_share(score, voice, pace):
    assert 0 <= confidence(Evidence(score, voice, pace)) <= 1
    assert confidence(Evidence(None, voice, pace)) <= NOT_HEARD


def test_a_line_over_silence_or_at_an_impossible_pace_is_not_believed():
    assert confidence(Evidence(-10.0, 0.05, 3.0)) < 0.2
    assert confidence(Evidence(-10.0, 1.0, 30.0)) < 0.2
    assert confidence(Evidence(-10.0, 1.0, 3.0)) > 0.9


def test_long_words_weigh_more():
    assert score_of([]) is None
    assert score_of([Timed(0, 100)]) is None
    assert score_of([Timed(0, 900, -10.0), Timed(900, 1000, -30.0), Timed(1000, 1100)]) == pytest.approx(-12)
