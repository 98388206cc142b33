"""The shape of a voice: what is read of it, and its filter."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from tenuto import errors
from tenuto.engines.voice_measure import BANDS, band_centres
from tenuto.engines.voice_shape import VoiceShape

RATE = 22_050
SHAPE = VoiceShape(110, 40, (100.0, 95.0, 105.0, 102.0), 160)


def bent(**changes):
    return SHAPE.to_json() | changes


def test_a_shape_comes_back_from_json_as_it_was():
    assert VoiceShape.from_json(json.loads(json.dumps(SHAPE.to_json()))) == SHAPE


@pytest.mark.parametrize(
    "data",
    [
        {},
        bent(pitch=-5),
        bent(pitch="110\nroughness 9"),
        bent(pitch=float("nan")),
        bent(range=1e9),
        bent(formants=[100]),
        bent(formants=[100, 100, 100, 1e6]),
        bent(formants="abcd"),
        bent(filter_db=[0] * 39),
        bent(filter_db=[99] * BANDS),
        bent(pace=None),
        bent(version=99),
    ],
    ids=str,
)
def test_a_shape_that_is_out_of_bounds_never_reaches_the_synthesiser(data):
    with pytest.raises(errors.ValidationError, match="atch it anew"):
        VoiceShape.from_json(data)


def test_the_same_values_have_the_same_name_and_others_another():
    assert VoiceShape.from_json(SHAPE.to_json()).name == SHAPE.name
    assert VoiceShape(111, 40, SHAPE.formants, 160).name != SHAPE.name


@given(
    levels=strategies.lists(strategies.floats(-18, 18), min_size=BANDS, max_size=BANDS),
    length=strategies.integers(0, 9000),
    seed=strategies.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_the_filter_keeps_length_and_loudness_and_never_clips(levels, length, seed):
    samples = np.random.default_rng(seed).normal(0, 3000, length).clip(-32768, 32767).astype(np.int16)
    shape = VoiceShape.from_json(bent(filter_db=levels))
    made = np.frombuffer(shape.filtered(samples.tobytes(), RATE), np.int16)
    assert len(made) == length
    if length > 2000:
        before, after = (np.sqrt(np.mean(each.astype(float) ** 2)) for each in (samples, made))
        assert after <= before * 1.01
        assert after > before * 0.5


def test_the_filter_does_to_each_band_what_it_says():
    wished = np.where(band_centres() > 2000, 12.0, 0.0)
    samples = np.random.default_rng(3).normal(0, 1500, 5 * RATE).astype(np.int16)
    shape = VoiceShape.from_json(bent(filter_db=list(wished)))
    made = np.frombuffer(shape.filtered(samples.tobytes(), RATE), np.int16)
    power = [np.abs(np.fft.rfft(each)) ** 2 for each in (samples, made)]
    bins = np.fft.rfftfreq(len(samples), 1 / RATE)
    low, high = ((bins > 300) & (bins < 1500)), ((bins > 3000) & (bins < 7000))
    gained = [10 * np.log10(power[1][part].sum() / power[0][part].sum()) for part in (low, high)]
    assert gained[1] - gained[0] == pytest.approx(12, abs=0.7)


def test_the_filter_moves_no_sound_in_time():
    samples = np.zeros(8000, np.int16)
    samples[4000] = 20_000
    shape = VoiceShape.from_json(bent(filter_db=list(np.linspace(-9, 9, BANDS))))
    made = np.frombuffer(shape.filtered(samples.tobytes(), RATE), np.int16)
    assert np.abs(made).argmax() == 4000
