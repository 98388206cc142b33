"""The parts of the embedded separator: spectra, filters, pitch, net and its weights."""

import zipfile
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.engines import embedded_separator_cues as cues
from tenuto.engines.embedded_separator_net import LAYERS, WEIGHTS, shipped_weights, voice_shares
from tenuto.engines.embedded_separator_pitch import follow_pitch, near_harmonics
from tenuto.engines.embedded_separator_stft import mean_over, to_samples, to_spectra

RATE = cues.SAMPLE_RATE


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9000), st.sampled_from([64, 256, 4096]), st.integers(0, 1000))
def test_spectra_turn_back_into_the_same_sound(length, frame, seed):
    samples = np.random.default_rng(seed).normal(size=length).astype(np.float32)
    again = to_samples(to_spectra(samples, frame), frame, length)
    assert again.dtype == np.float32
    assert np.abs(again - samples).max(initial=0) < 1e-5


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.sampled_from([1, 3, 5, 7, 17, 23, 41]), st.sampled_from([0, 1]))
def test_a_mean_is_that_of_the_neighbours_there_are(length, width, axis):
    rows = np.random.default_rng(length).random((length, 3)).astype(np.float32)
    half = width // 2
    wanted = np.array([rows[max(0, at - half) : at + half + 1].mean(axis=0) for at in range(length)])
    found = mean_over(rows if axis == 0 else np.ascontiguousarray(rows.T), width, axis)
    assert np.allclose(found if axis == 0 else found.T, wanted, atol=1e-5)


@pytest.mark.parametrize("hertz", [110.0, 220.0, 523.3])
def test_a_voice_that_wavers_is_followed(hertz):
    when = np.arange(3 * RATE) / RATE
    true = hertz * (1 + 0.01 * np.sin(2 * np.pi * 5 * when))
    phase = 2 * np.pi * np.cumsum(true) / RATE
    sound = sum(np.sin(number * phase) / number for number in range(1, 9)).astype(np.float32)
    sound += np.random.default_rng(1).normal(size=len(sound)).astype(np.float32) * 0.1
    track = follow_pitch(np.abs(to_spectra(sound, cues.FRAME)[:, : cues.BINS]), cues.HERTZ[1])
    inside = track.hertz[5:-5]
    assert np.abs(np.log2(inside / hertz)).max() < 1 / 24
    assert track.certainty[5:-5].min() > 0.9
    comb = near_harmonics(track, cues.HERTZ).mean(axis=0)
    assert comb[round(3 * hertz / cues.HERTZ[1])] > 0.9
    assert comb[round(2.5 * hertz / cues.HERTZ[1])] < 0.5


def test_what_is_in_the_middle_is_told_from_what_is_not():
    rng = np.random.default_rng(3)
    middle, left = rng.normal(size=(2, 2 * RATE)).astype(np.float32)
    values = {}
    for name, sound in (("middle", np.stack([middle, middle])), ("left", np.stack([left, left * 0.1]))):
        found = cues.read_cues(sound).values
        assert np.isfinite(found).all()
        values[name] = dict(zip(cues.CUES, found.mean(axis=1), strict=True))
    for cue in ("centre", "wide centre", "panning", "mono"):
        assert values["middle"][cue] > values["left"][cue] + 0.3
    assert values["left"]["silent side"] > values["middle"]["silent side"] + 0.3


def test_what_comes_again_and_again_does_not_stand_out():
    bar = np.random.default_rng(4).normal(size=3 * RATE // 4) * np.linspace(1, 0, 3 * RATE // 4) ** 4
    again = np.tile(bar, 24)
    once = np.zeros_like(again)
    once[9 * RATE : 10 * RATE] = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * 3
    spectra = [
        np.abs(to_spectra(sound.astype(np.float32), cues.FRAME)[:, : cues.BINS]) for sound in (again, again + once)
    ]
    frames, tone = slice(9 * 44, 10 * 44 - 6), round(440 / cues.HERTZ[1])
    repeated, stands_out = (cues._repeats(size)[frames, tone].mean() for size in spectra)
    assert stands_out > 0.9
    assert repeated < 0.5


def test_the_net_is_the_plain_formula():
    sound = np.random.default_rng(5).normal(size=(2, RATE)).astype(np.float32)
    found, weights = cues.read_cues(sound), shipped_weights()
    values = np.concatenate([found.values, np.tile(cues.bands(), (len(found.middle), 1)).T]).T
    for layer in range(1, LAYERS + 1):
        values = (np.maximum(values, 0) if layer > 1 else values) @ weights[f"weight_{layer}"] + weights[
            f"bias_{layer}"
        ]
    wanted = 1 / (1 + np.exp(-values))
    middle, side = voice_shares(found, weights)
    assert np.allclose(middle.ravel(), wanted[:, 0], atol=1e-4)
    assert np.allclose(side.ravel(), wanted[:, 1], atol=1e-4)


def test_the_weights_are_few_and_plain_numbers():
    path = files("tenuto.engines").joinpath(WEIGHTS)
    assert path.stat().st_size < 20_000
    with path.open("rb") as stream, zipfile.ZipFile(stream) as stored:
        assert all(info.filename.endswith(".npy") for info in stored.infolist())
    weights = shipped_weights()
    assert weights["weight_1"].shape[0] == len(cues.CUES) + len(cues.BAND_CENTRES)
    assert weights[f"weight_{LAYERS}"].shape[1] == 2
    assert all(np.isfinite(value).all() for value in weights.values())
