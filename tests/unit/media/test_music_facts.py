"""Tempo and key of songs that are known, and of what has neither."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.domain.music import MODES, NOTES
from tenuto.media.keys import KeyMeter
from tenuto.media.tempo import TempoMeter
from tunes import GROOVES, LOOPS, RATE, Tune, play


def heard(meter, sound, piece=RATE * 10):
    for start in range(0, len(sound), piece):
        meter.hear(sound[start : start + piece])
    return meter


def tempo_of(tune):
    return heard(TempoMeter(RATE), play(tune)).tempo()


def key_of(tune):
    return heard(KeyMeter(RATE), play(tune)).key()


@pytest.mark.parametrize("bpm", [88, 92, 94.5, 98, 104.2, 110, 117, 123, 128, 133.7, 140, 146])
def test_the_tempo_of_a_rock_song_is_found(bpm):
    found = tempo_of(Tune(bpm=bpm, seed=round(bpm)))
    assert found.bpm == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("groove", GROOVES)
@pytest.mark.parametrize("bpm", [64, 90, 120, 150, 178])
def test_the_tempo_is_the_true_one_or_half_or_twice_of_it(groove, bpm):
    found = tempo_of(Tune(bpm=bpm, groove=groove, tonic=5, seed=bpm))
    assert min(abs(found.bpm / bpm / factor - 1) for factor in (0.5, 1, 2)) < 0.02


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_is_found(tonic, mode):
    found = key_of(Tune(tonic=tonic, mode=mode, loop=1, seed=tonic))
    assert found.name == f"{NOTES[tonic]} {mode}"


def test_most_songs_are_in_the_key_that_is_found():
    tunes = [
        Tune(bpm=100 + 7 * loop, tonic=5 * loop % 12, mode=mode, loop=loop, seed=loop, seconds=16)
        for mode in MODES
        for loop in range(len(LOOPS[mode]))
    ]
    right = [getattr(key_of(tune), "name", "") == f"{NOTES[tune.tonic]} {tune.mode}" for tune in tunes]
    assert sum(right) >= 0.75 * len(right)


@pytest.mark.parametrize("cents", [-40, -20, 20, 40])
def test_a_song_out_of_tune_keeps_its_key(cents):
    assert key_of(Tune(tonic=9, cents=cents, seed=2)).name == "A major"


@settings(max_examples=6, deadline=None)
@given(level=st.floats(0.003, 1.0), piece=st.integers(500, 300_000))
def test_neither_level_nor_the_size_of_the_pieces_matters(level, piece):
    sound = play(Tune(bpm=104, tonic=7, seed=3, seconds=12)) * np.float32(level)
    assert heard(TempoMeter(RATE), sound, piece).tempo().bpm == pytest.approx(104, rel=0.01)
    assert heard(KeyMeter(RATE), sound, piece).key().name == "G major"


def nothing_musical():
    dice = np.random.default_rng(0)
    return {
        "nothing": np.zeros(0),
        "silence": np.zeros(RATE * 20),
        "a steady tone": 0.3 * np.sin(np.arange(RATE * 20) * 440 * 2 * np.pi / RATE),
        "noise": dice.normal(0, 0.1, RATE * 20),
        "noise at the last bit": dice.normal(0, 2e-5, RATE * 20),
        "one click": np.eye(1, RATE * 20, RATE)[0],
        "too short a song": play(Tune())[: 2 * RATE],
    }


@pytest.mark.parametrize("name", nothing_musical())
def test_what_has_no_tempo_and_no_key_gets_none(name):
    sound = nothing_musical()[name].astype(np.float32)
    assert heard(TempoMeter(RATE), sound).tempo() is None
    assert heard(KeyMeter(RATE), sound).key() is None


def test_an_uncertain_key_says_so():
    """Only the notes that C major and G major share: nobody can tell."""
    sure = key_of(Tune(loop=1, seed=4)).confidence
    notes = [16.352 * 2 ** (4 + note / 12) for note in (0, 2, 4, 7, 9, 11)]
    sound = np.sum([np.sin(np.arange(RATE * 10) * hertz * 2 * np.pi / RATE) for hertz in notes], axis=0) / 8
    found = heard(KeyMeter(RATE), sound.astype(np.float32)).key()
    assert found is None or found.confidence < 0.5 < sure
