"""How loud a recording is, each 20 ms."""

import wave

import numpy as np
import pytest

from tenuto.media.levels import levels


def write(path, samples):
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(np.asarray(samples, np.int16).tobytes())
    return path


def test_each_fiftieth_of_a_second_has_its_level(tmp_path):
    tone = np.sin(np.arange(320) * 2 * np.pi / 32)
    samples = np.concatenate([np.zeros(320), tone * 32767, tone * 3277, np.full(320, 1), np.zeros(100)])
    assert list(levels(write(tmp_path / "a.wav", samples))) == [-120, -3, -23, -90]


def test_long_recordings_are_read_in_pieces(tmp_path):
    assert set(levels(write(tmp_path / "a.wav", np.full(16_000 * 25, 3277)))) == {-20}
    assert len(levels(write(tmp_path / "b.wav", np.zeros(16_000 * 25 + 5)))) == 25 * 50


@pytest.mark.parametrize("count", [0, 1, 319])
def test_a_scrap_has_none(tmp_path, count):
    assert list(levels(write(tmp_path / "a.wav", np.zeros(count)))) == []
