"""Blocks of a mix fade into each other without a trace."""

import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.engines import stems


def write(path, samples):
    with wave.open(str(path), "wb") as writer:
        writer.setparams((2, 2, 44_100, 0, "NONE", ""))
        writer.writeframes(samples.astype("<i2").tobytes())
    return path


def read(path):
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)


def parted(folder, samples, find_voice, told=None):
    mix = write(folder / "mix.wav", samples)
    tell = (told if told is not None else []).append
    measured = stems.part(mix, folder / "vocals.wav", folder / "band.wav", find_voice, tell)
    return measured, read(folder / "vocals.wav"), read(folder / "band.wav")


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(stems, "BLOCK_SECONDS", 1000 / stems.SAMPLE_RATE)
    monkeypatch.setattr(stems, "OVERLAP_SECONDS", 100 / stems.SAMPLE_RATE)


@pytest.mark.parametrize("frames", [0, 1, 99, 100, 999, 1000, 1001, 1050, 1900, 1901, 2800, 5003])
@pytest.mark.usefixtures("small_blocks")
def test_a_voice_that_is_half_of_the_mix_is_so_everywhere(tmp_path, frames):
    samples = np.random.default_rng(frames).integers(-30_000, 30_000, (frames, 2)).astype(np.int16)
    seen, told = [], []
    measured, vocals, band = parted(
        tmp_path, samples, lambda block, tell: seen.append(block.shape[1]) or tell(0.5) or block / 2, told
    )
    assert np.abs(vocals - samples / 2).max(initial=0) <= 1
    assert (vocals.astype(int) + band == samples).all()
    assert measured.frames == frames
    assert max(seen, default=0) <= 1000
    assert told == sorted(told)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_that_disagree_fade_into_each_other(tmp_path):
    levels = iter((0.0, 0.8))
    samples = np.full((1900, 2), 10_000, np.int16)
    _, vocals, _ = parted(tmp_path, samples, lambda block, _tell: np.full_like(block, next(levels) * 10_000 / 32_768))
    steps = np.diff(vocals[:, 0].astype(int))
    assert (vocals[0, 0], vocals[-1, 0]) == (0, 8000)
    assert (steps >= 0).all()
    assert steps.max() <= 82


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-32_768, 32_767), st.floats(-3, 3)), min_size=1, max_size=50))
def test_any_voice_leaves_a_rest_that_fits(pairs):
    mix = np.array([[sample, sample] for sample, _ in pairs], np.int16)
    voice = np.array([[share, share] for _, share in pairs], np.float32)
    found = stems._limited(voice, mix)
    rest = mix.astype(int) - found
    assert rest.min() >= -32_768
    assert rest.max() <= 32_767
    assert (mix - found == rest).all()


@pytest.mark.usefixtures("small_blocks")
def test_a_file_that_ends_before_it_says_gives_what_it_holds(tmp_path):
    mix = write(tmp_path / "mix.wav", np.full((3000, 2), 7, np.int16))
    mix.write_bytes(mix.read_bytes()[:-4002])
    measured = stems.part(mix, tmp_path / "a.wav", tmp_path / "b.wav", lambda block, _tell: block, lambda _share: None)
    assert measured.frames == 1999
    assert len(read(tmp_path / "a.wav")) == 1999


def test_what_was_measured_is_in_decibels():
    measured = stems.Measured()
    assert (measured.voice_db, measured.warnings()) == (None, ())
    mix = np.full((100, 2), 1000, np.int16)
    measured.note(mix, mix // 10)
    assert (measured.mono, measured.voice_db) == (True, -20.0)
    measured.note(mix * [1, -1], mix // 10)
    assert not measured.mono
