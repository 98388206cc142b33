"""Measures of voices against sounds whose pitch, resonances and pace are known."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from tenuto import errors
from tenuto.engines.voice_measure import RATE, at_rate, band_centres, distance, measure

RESONANCES = ((700, 90), (1200, 110), (2600, 160), (3500, 220), (4500, 300))


def voice(pitch=120.0, *, seconds=2.5, resonances=RESONANCES, syllables=4.0, glide=0.0):
    """Buzzing vocal cords, as a sum of harmonics under the resonances of a throat, in syllables."""
    moments = np.arange(int(seconds * RATE)) / RATE
    semitones = glide / 2 * np.sin(2 * np.pi * 0.5 * moments)
    phase = 2 * np.pi * np.cumsum(pitch * 2 ** (semitones / 12)) / RATE
    sound = np.zeros_like(moments)
    for number in range(1, int(7500 / (pitch * 2 ** (glide / 24))) + 1):
        hertz = number * pitch
        gain = 1.0
        for middle, width in resonances:
            gain *= middle**2 / np.hypot(middle**2 - hertz**2, width * hertz)
        sound += gain * np.cos(number * phase)
    loud = np.where((moments * syllables) % 1 < 0.7, 1.0, 0.02)
    smooth = np.convolve(loud, np.hanning(400) / np.hanning(400).sum(), mode="same")
    return (sound * smooth / np.abs(sound).max() * 0.5).astype(np.float32)


@given(pitch=strategies.floats(80, 350))
@settings(max_examples=10, deadline=None)
def test_the_pitch_of_a_voice_is_found_within_a_third_of_a_semitone(pitch):
    found = measure(voice(pitch)).pitch_hz
    assert abs(12 * np.log2(found / pitch)) < 0.34


def test_a_voice_that_moves_more_has_a_wider_range():
    still, lively = measure(voice(150)), measure(voice(150, glide=6))
    assert still.range_semitones < 0.5
    assert 3 < lively.range_semitones < 7


def test_resonances_are_found_where_they_are():
    found = measure(voice(110)).formants_hz
    assert found == pytest.approx([700, 1200, 2600, 3500], rel=0.08)


def test_a_longer_throat_has_lower_resonances():
    lower = [(0.85 * middle, width) for middle, width in RESONANCES]
    ratios = np.array(measure(voice(resonances=lower)).formants_hz) / measure(voice()).formants_hz
    assert ratios == pytest.approx([0.85] * 4, abs=0.05)


def test_syllables_are_counted():
    assert measure(voice(seconds=6, syllables=3)).syllables == pytest.approx(3 / 0.7, rel=0.35)
    assert measure(voice(syllables=6)).syllables > 1.4 * measure(voice(syllables=3)).syllables


@given(gain=strategies.floats(0.01, 1.9))
@settings(max_examples=10, deadline=None)
def test_how_loud_a_sample_is_changes_nothing(gain):
    found, usual = measure(voice() * np.float32(gain)), measure(voice())
    near = distance(found, usual)
    assert max(near.pitch_semitones, near.formants_percent, near.timbre_db, near.pace_percent) < 0.5


def test_a_brighter_voice_has_more_above():
    sound = voice()
    bright = np.diff(sound, prepend=0)
    gained = np.array(measure(bright).timbre_db) - np.array(measure(sound).timbre_db)
    assert gained[band_centres() > 4000].mean() > 5 + gained[band_centres() < 500].mean()


def test_a_long_sample_is_measured_from_all_over_it():
    first, last = np.tile(voice(100), 28), np.tile(voice(200), 28)
    found = measure(np.concatenate([first, last]))
    assert found.voiced_seconds < 61
    assert found.range_semitones > 10


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(5 * RATE, np.float32),
        np.zeros(0, np.float32),
        np.random.default_rng(1).normal(0, 0.1, 5 * RATE).astype(np.float32),
        voice(seconds=0.4),
    ],
    ids=["silence", "nothing", "noise", "too short"],
)
def test_what_holds_no_voice_is_refused_with_what_to_bring(sound):
    with pytest.raises(errors.ValidationError, match="a recording of one person"):
        measure(sound)


def test_another_rate_keeps_the_pitch():
    sound = voice(130).astype(np.float64)
    moments = np.arange(len(sound) * 22_050 // RATE) / 22_050
    faster = np.interp(moments, np.arange(len(sound)) / RATE, sound)
    assert measure(at_rate(faster, 22_050, RATE).astype(np.float32)).pitch_hz == pytest.approx(130, rel=0.02)
