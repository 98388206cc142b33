from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenuto.engines.pauses import FRAME_MS, LONGEST_FRAMES, PAD_FRAMES, utterances

FRAME_SAMPLES = 480


def frame(level):
    return np.full(FRAME_SAMPLES, level, np.int16).tobytes()


LOUD, SOFT, QUIET = frame(5000), frame(500), frame(0)


def cut(frames):
    return list(utterances(frames, lambda pcm: pcm != QUIET))


def length(utterance):
    return len(utterance.pcm) // (2 * FRAME_SAMPLES)


def test_silence_holds_no_utterance():
    assert cut([QUIET] * 1000) == []


def test_a_click_is_not_an_utterance():
    assert cut([QUIET] * 50 + [LOUD] * 2 + [QUIET] * 50) == []


def test_speech_between_pauses_keeps_its_time_and_some_silence():
    (utterance,) = cut([QUIET] * 100 + [LOUD] * 50 + [QUIET] * 100)
    assert 100 - PAD_FRAMES <= utterance.start_ms // FRAME_MS < 100
    assert utterance.pcm.count(LOUD) == 50
    assert utterance.pcm.startswith(QUIET)
    assert utterance.pcm.endswith(QUIET)


def test_a_long_pause_parts_two_utterances():
    first, second = cut([LOUD] * 50 + [QUIET] * 40 + [LOUD] * 50)
    assert first.start_ms == 0
    assert 80 <= second.start_ms // FRAME_MS < 90


def test_endless_speech_is_cut_where_it_is_quietest():
    frames = [LOUD] * 400 + [SOFT] * 11 + [LOUD] * 300
    first, second = cut(frames)
    assert 400 <= length(first) <= 411
    assert length(first) + length(second) == len(frames)


@given(st.lists(st.tuples(st.sampled_from([LOUD, SOFT, QUIET]), st.integers(1, 300)), max_size=12))
def test_utterances_are_stretches_of_the_sound_in_order(runs):
    frames = [piece for piece, count in runs for _ in range(count)]
    whole = b"".join(frames)
    found = cut(frames)
    for utterance in found:
        start = utterance.start_ms // FRAME_MS * 2 * FRAME_SAMPLES
        assert whole[start : start + len(utterance.pcm)] == utterance.pcm
        assert length(utterance) <= LONGEST_FRAMES
    assert all(one.start_ms // FRAME_MS + length(one) <= two.start_ms // FRAME_MS for one, two in pairwise(found))


@given(st.lists(st.tuples(st.booleans(), st.integers(4, 300)), max_size=12))
def test_no_stretch_of_speech_is_lost(runs):
    frames = [LOUD if loud else QUIET for loud, count in runs for _ in range(count)]
    assert sum(utterance.pcm.count(LOUD) for utterance in cut(frames)) == frames.count(LOUD)
