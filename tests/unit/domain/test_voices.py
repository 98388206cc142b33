"""Voices as vectors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.voices import KnownVoice, Voice, likeness, pack, recognise, together, unpack

VECTORS = st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4).filter(lambda v: math.hypot(*v) > 0.1)


@given(VECTORS)
def test_a_stored_voice_comes_back(vector):
    assert list(unpack(pack(vector))) == vector
    assert likeness(vector, vector) == pytest.approx(1)


@given(VECTORS, VECTORS)
def test_likeness_is_a_cosine(first, second):
    assert likeness(first, second) == pytest.approx(likeness(second, first))
    assert -1.000001 <= likeness(first, second) <= 1.000001


def test_what_cannot_be_compared_is_not_alike():
    assert likeness((1.0, 0.0), (1.0, 0.0, 0.0)) == 0
    assert likeness((0.0, 0.0), (1.0, 0.0)) == 0


def test_the_mean_of_two_leans_to_the_heavier():
    mean = together((1.0, 0.0), 3000, (0.0, 1.0), 1000)
    assert likeness(mean, (1.0, 0.0)) > likeness(mean, (0.0, 1.0))
    assert math.hypot(*mean) == pytest.approx(1)


def test_each_known_voice_is_one_speaker_at_most():
    ada, bob = KnownVoice("a", "Ada", "m", (1.0, 0.0)), KnownVoice("b", "Bob", "m", (0.0, 1.0))
    voices = [Voice("S1", (0.99, 0.1), "m"), Voice("S2", (0.9, 0.2), "m"), Voice("S3", (0.1, 0.9), "m")]
    found = recognise(voices, [ada, bob])
    assert {label: known.name for label, (known, _) in found.items()} == {"S1": "Ada", "S3": "Bob"}
    assert found["S1"][1] == pytest.approx(likeness((0.99, 0.1), (1.0, 0.0)))


def test_voices_of_another_model_are_never_recognised():
    ada = KnownVoice("a", "Ada", "other", (1.0, 0.0))
    assert not recognise([Voice("S1", (1.0, 0.0), "m")], [ada])


def test_a_stranger_is_not_recognised():
    ada = KnownVoice("a", "Ada", "m", (1.0, 0.0))
    assert not recognise([Voice("S1", (0.6, 0.8), "m")], [ada])
