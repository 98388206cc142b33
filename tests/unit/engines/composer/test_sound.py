"""What is heard of a score: a mix that pumps, that is not mud, that ends, and that stands in a room."""

import itertools

import numpy as np
import pytest

from tenuto.engines.composer.arrangement import arrange
from tenuto.engines.composer.instruments import INSTRUMENTS, render
from tenuto.engines.composer.mix import mix
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.styles import STYLES

RATE = 22_050


def heard(folder, prompt, *parts, seconds=10.0, seed=3):
    targets = {name: folder / f"{name or 'mix'}.f32" for name in ("", *parts)}
    mix(arrange(read(prompt, seconds=seconds, seed=seed)), targets, rate=RATE, progress=lambda _share: None)
    return [np.fromfile(path, "<f4").reshape(-1, 2).astype(float) for path in targets.values()]


def power(sound):
    return float(np.square(sound).mean())


@pytest.mark.parametrize("style", STYLES)
def test_a_mix_has_lows_middles_and_highs_and_no_constant(style, tmp_path):
    sound = heard(tmp_path, style)[0]
    spectrum = np.square(np.abs(np.fft.rfft(sound, axis=0))).sum(axis=1)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    edges = (20, 120, 500, 2000, RATE / 2)
    bands = [
        spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum() for low, high in itertools.pairwise(edges)
    ]
    lows, muddy, middles, highs = 10 * np.log10(bands)
    assert -13 < lows < -1.5
    assert -9 < muddy < -2
    assert -16 < middles < -1.5
    assert -26 < highs < -6
    assert abs(sound.mean()) < 0.02 * np.sqrt(power(sound))
    assert 10 < 20 * np.log10(np.abs(sound).max() / np.sqrt(power(sound))) < 22


@pytest.mark.parametrize("style", ["ambient", "classical", "pop", "house", "chiptune"])
def test_a_mix_is_as_wide_as_its_style(style, tmp_path):
    sound = heard(tmp_path, style)[0]
    width = power(sound[:, 0] - sound[:, 1]) / power(sound[:, 0] + sound[:, 1])
    low, high = {"ambient": (0.1, 0.5), "classical": (0.08, 0.5), "chiptune": (0, 0.03)}.get(style, (0.015, 0.2))
    assert low < width < high


@pytest.mark.parametrize(("style", "least_db"), [("house", 4.0), ("edm", 4.0), ("techno", 2.0)])
def test_the_kick_pushes_the_others_back(style, least_db, tmp_path):
    """Right after a kick chords are softer than just before the next one."""
    score = arrange(read(f"{style} with pads at 120 bpm", seconds=24.0, seed=3))
    pads = heard(tmp_path, f"{style} with pads at 120 bpm", "chords", seconds=24.0)[1]
    beat = RATE // 2
    drop = next(section for section in score.sections if section.name == "drop")
    first = drop.first_bar * 4 * beat
    beats = pads[first : first + 8 * beat].reshape(8, beat, 2)
    after, before = (
        power(beats[:, int(0.06 * RATE) : int(0.12 * RATE)]),
        power(beats[:, int(0.4 * RATE) : int(0.46 * RATE)]),
    )
    assert 10 * np.log10(before / after) > least_db


@pytest.mark.parametrize("style", ["pop", "techno", "ambient", "classical"])
def test_a_piece_ends_and_is_not_cut(style, tmp_path):
    sound = heard(tmp_path, style, seconds=12.0)[0]
    end, whole = power(sound[-RATE // 20 :]), power(sound)
    assert end < 1e-4 * whole
    assert power(sound[-RATE:]) > 1e-4 * whole, "it was silent before it ended"


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_plays_the_note_it_is_asked_for_and_ends_without_a_click(name):
    pitch, rate = 57, 44_100
    sound = render(name, pitch, 0.6, rate)
    assert np.isfinite(sound).all()
    assert abs(float(sound.mean())) < 0.01
    assert np.abs(sound[:, -20:]).max() < 0.02
    middle = sound.sum(axis=0)[int(0.2 * rate) : int(0.6 * rate)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size), 1 << 17))
    comb = [
        spectrum[[round(k * 220 * 2 ** (off / 1200) / rate * (1 << 17)) for k in (1, 2, 3)]].sum()
        for off in range(-200, 201, 10)
    ]
    assert abs(int(np.argmax(comb)) * 10 - 200) <= 20
