"""Sound brought to a loudness under a ceiling, judged by meters that are not ours."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given
from hypothesis import settings as property_settings
from hypothesis import strategies as st
from scipy import signal

from tenuto.media import limiter
from tenuto.media.edges import Edges
from tenuto.media.encoding import MASTER_FORMATS, file_ending
from tenuto.media.floats import FloatSound
from tenuto.media.mastering import master

RATE = 44_100


def written(path, sound):
    path.write_bytes(np.ascontiguousarray(sound, "<f4").tobytes())
    return FloatSound(path, RATE)


def read(path):
    return np.fromfile(path, "<f4").reshape(-1, 2)


def loudness(sound):
    return pyloudnorm.Meter(RATE).integrated_loudness(sound.astype(float))


def true_peak_db(sound):
    return 20 * np.log10(np.abs(signal.resample_poly(sound.astype(float), 8, 1)).max())


def music(seconds, level, *, clicks=0.0, seed=0):
    """Noise with a beat, and single samples that stand far out of it."""
    dice = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    sound = level * dice.normal(size=(times.size, 2)) * np.exp(-6 * (times % 0.5))[:, None]
    sound[:: RATE // 3] += clicks
    return sound.astype(np.float32)


@pytest.mark.parametrize("kind", [(0.01, 0.0), (0.3, 0.0), (0.05, 0.9), (0.2, 3.0)])
def test_the_master_is_as_loud_as_wanted_and_keeps_its_peaks(tmp_path, kind):
    level, clicks = kind
    source = written(tmp_path / "a.f32", music(6, level, clicks=clicks))
    frames = source.frames
    found = master([source])
    heard = read(source.path)
    assert len(heard) == frames
    assert loudness(heard) == pytest.approx(-16, abs=0.2)
    assert true_peak_db(heard) <= -1.0
    assert found.lufs == pytest.approx(-16, abs=0.1)


def test_sound_that_needs_no_limiter_is_only_turned_up(tmp_path):
    tone = 0.05 * np.sin(np.arange(4 * RATE) * 440 * 2 * np.pi / RATE)[:, None].repeat(2, axis=1)
    found = master([written(tmp_path / "a.f32", tone)])
    factor = 10 ** (found.gain_db / 20)
    assert found.limited_db == 0
    assert np.abs(read(tmp_path / "a.f32") - tone * factor).max() < 1e-3


def test_what_goes_along_is_changed_as_the_first_is(tmp_path):
    whole = music(5, 0.3, clicks=1.0)
    share = np.linspace(0, 1, len(whole), dtype=np.float32)[:, None]
    sounds = [
        written(tmp_path / f"{name}.f32", part)
        for name, part in (("whole", whole), ("one", whole * share), ("two", whole * (1 - share)))
    ]
    assert master(sounds).limited_db > 1
    mix, one, two = (read(sound.path) for sound in sounds)
    assert np.abs(one + two - mix).max() < 1e-6


def test_stems_are_trimmed_and_faded_where_the_mix_is(tmp_path):
    still = np.zeros((RATE, 2), np.float32)
    one, two = (np.concatenate([still, music(4, 0.2, clicks=0.5, seed=seed), still]) for seed in (1, 2))
    one[RATE - 2_000 : RATE] = 0.5  # only one of them begins so soon
    sounds = [
        written(tmp_path / f"{name}.f32", part) for name, part in (("all", one + two), ("one", one), ("two", two))
    ]
    found = master(sounds, edges=Edges(fade_in=0.5, fade_out=1.0, trim=True))
    whole, *parts = (read(sound.path) for sound in sounds)
    assert found.trimmed_start == RATE - 2_000 - round(0.05 * RATE)
    assert len(whole) == len(one) - found.trimmed_start - found.trimmed_end
    assert np.abs(sum(parts) - whole).max() < 1e-6
    assert np.abs(whole[0]).max() < 1e-4
    assert np.abs(whole[-1]).max() < 1e-4
    assert loudness(whole) == pytest.approx(-16, abs=0.2)


def test_fades_alone_keep_the_length(tmp_path):
    source = written(tmp_path / "a.f32", music(3, 0.2))
    frames = source.frames
    assert master([source], edges=Edges(fade_in=1.0, fade_out=5.0)).trimmed_end == 0
    assert source.frames == frames


def test_silence_and_a_blink_of_sound_are_left_alone(tmp_path):
    for sound in (np.zeros((RATE, 2)), music(0.1, 0.1)):
        found = master([written(tmp_path / "a.f32", sound)])
        assert found.gain_db == 0
        assert np.abs(read(tmp_path / "a.f32") - sound).max() < 1e-6


def test_another_target_and_ceiling_are_kept_too(tmp_path):
    source = written(tmp_path / "a.f32", music(5, 0.2))
    master([source], target_lufs=-23.0, ceiling_db=-6.0)
    heard = read(source.path)
    assert loudness(heard) == pytest.approx(-23, abs=0.2)
    assert true_peak_db(heard) <= -6


@property_settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.sampled_from([8_000, 44_100, 96_000]), st.data())
def test_peaks_are_found_wherever_the_pieces_are_cut(sizes, rate, data):
    channels, seed = data.draw(st.integers(1, 8)), data.draw(st.integers(0, 1000))
    sound = np.random.default_rng(seed).normal(size=(sum(sizes), channels)).astype(np.float32)
    cuts = np.split(sound, np.cumsum(sizes)[:-1])
    found, whole = limiter.peaks(cuts, rate), limiter.peaks([sound], rate)
    step = limiter.step_of(rate)
    assert len(found) == -(-len(sound) // step)
    assert np.allclose(found, whole, atol=1e-5)
    per_step = [np.abs(sound[at : at + step]).max() for at in range(0, len(sound), step)]
    assert (found >= np.array(per_step) - 1e-6).all()


def test_a_peak_between_the_samples_is_found():
    phase = np.arange(2000) * np.pi / 2 + np.pi / 4  # all samples at 0.707 of a tone of 1
    tone = np.sin(phase).astype(np.float32)[:, None].repeat(2, axis=1)
    assert np.abs(tone).max() < 0.71
    assert limiter.peaks([tone], RATE)[10:-10].min() == pytest.approx(1.0, abs=0.02)


def gains_of(peaks, ceiling, rate=RATE):
    return np.concatenate([np.zeros(0), *limiter.Limiter(np.array(peaks, np.float32), rate, 1.0, ceiling).gains()])


@property_settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 8, width=32), min_size=1, max_size=400), st.sampled_from([8_000, 44_100, 192_000]))
def test_the_gain_is_low_enough_before_a_peak_comes(peaks, rate):
    gain = gains_of(peaks, 0.5, rate)
    around = np.pad(gain, 1, "edge")
    highest = np.max([around[:-2], around[1:-1], around[2:]], axis=0)  # a line between neighbours is at most this
    assert (highest * np.array(peaks) <= 0.5 + 1e-6).all()


@property_settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 8, width=32), min_size=60, max_size=400), st.integers(20, 90))
def test_gains_are_the_same_however_many_are_made_at_once(peaks, at_once):
    whole = gains_of(peaks, 0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limiter, "CHUNK_STEPS", at_once)
        assert np.allclose(gains_of(peaks, 0.5), whole, atol=1e-9)


def test_the_gain_comes_back_as_fast_as_it_is_said():
    gain = gains_of([0.0] * 50 + [2.0] + [0.0] * 1000, 1.0)
    assert gain[50] == pytest.approx(0.5, abs=1e-6)
    later = round(limiter.RELEASE_SECONDS * RATE / limiter.step_of(RATE))
    after = 57 + 6  # the peak, and as far as it reaches
    assert (1 - gain[after + later]) / (1 - gain[after]) == pytest.approx(np.exp(-1), abs=0.01)
    assert gain[-1] == pytest.approx(1, abs=1e-3)


@property_settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=12), st.integers(0, 1000))
def test_sound_is_limited_alike_wherever_the_pieces_are_cut(sizes, seed):
    sound = np.random.default_rng(seed).normal(size=(sum(sizes), 2)).astype(np.float32)
    cuts = np.split(sound, np.cumsum(sizes)[:-1])
    found = limiter.Limiter(limiter.peaks([sound], RATE), RATE, 1.5, 0.8)
    whole, pieces = np.concatenate(list(found.limited([sound]))), list(found.limited(cuts))
    assert [len(piece) for piece in pieces] == sizes
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-5
    assert np.abs(whole).max() <= 0.8 + 1e-5


@pytest.mark.parametrize("name", MASTER_FORMATS)
def test_floats_are_written_in_every_format(tools, tmp_path, name):
    source = written(tmp_path / "a.f32", music(2, 0.05))
    target = tmp_path / f"b.{file_ending(name)}"
    tools.encode_floats(source.path, target, name, rate=RATE, tags={"title": "Noise"})
    found = tools.probe(target)
    assert found.media_type == MASTER_FORMATS[name].media_type
    assert found.duration_ms == pytest.approx(2000, abs=60)
    if name == "wav32f":
        assert (
            np.abs(
                np.frombuffer(target.read_bytes()[-source.frames * 8 :], "<f4").reshape(-1, 2) - read(source.path)
            ).max()
            == 0
        )
