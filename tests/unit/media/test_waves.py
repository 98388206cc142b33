"""Our own WAV files: blocks, cuts and outlines."""

import tempfile
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.media import Block

RATE = 16_000


def write_wav(path, sound, rate=RATE):
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(np.asarray(sound, "<i2").tobytes())
    return path


def read_wav(path):
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2")


def speech(parts, *, seed=0):
    """Noise and silence in turns, each of so many milliseconds."""
    dice = np.random.default_rng(seed)
    loud = [dice.integers(-9000, 9000, ms * 16) * (index % 2 == 0) for index, ms in enumerate(parts)]
    return np.concatenate([*loud, np.zeros(0)]).astype(np.int16)


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.integers(0, 3000), max_size=14),
    extra=st.integers(0, 40),
    target=st.floats(0.3, 8.0),
)
def test_blocks_cover_the_recording_without_gap_or_overlap(tools, parts, extra, target):
    with tempfile.TemporaryDirectory() as folder:
        sound = np.concatenate([speech(parts), np.ones(extra, np.int16)])
        path = write_wav(Path(folder) / "a.wav", sound)
        blocks = tools.plan_blocks(path, target_seconds=target)
        assert [block.index for block in blocks] == list(range(len(blocks)))
        edges = [0, *(block.end_ms for block in blocks)]
        assert [block.start_ms for block in blocks] == edges[:-1]
        assert edges[-1] == -(-sound.size // 16)
        assert all(block.end_ms - block.start_ms <= target * 1200 + 1 for block in blocks)
        assert all(block.end_ms - block.start_ms >= target * 300 - 1 for block in blocks[1:])
        cut = Path(folder) / "b.wav"
        whole = []
        for block in blocks:
            tools.cut(path, block, cut)
            whole.append(read_wav(cut))
        assert np.array_equal(np.concatenate([*whole, np.zeros(0, np.int16)]), sound)


def test_a_cut_falls_into_the_silence_near_the_target(tools, tmp_path):
    path = write_wav(tmp_path / "a.wav", speech([9000, 800, 11_000, 700, 8500]))
    blocks = tools.plan_blocks(path, target_seconds=10)
    assert 9150 <= blocks[0].end_ms <= 9650
    assert 20_950 <= blocks[1].end_ms <= 21_350


def test_the_pause_nearest_to_the_target_is_taken(tools, tmp_path):
    path = write_wav(tmp_path / "a.wav", speech([8500, 600, 600, 600, 12_000]))
    assert 9850 <= tools.plan_blocks(path, target_seconds=10)[0].end_ms <= 10_150


def test_a_short_recording_is_one_block(tools, tmp_path):
    path = write_wav(tmp_path / "a.wav", speech([1000]))
    assert tools.plan_blocks(path, target_seconds=600) == [Block(0, 0, 1000)]


def test_a_target_of_nothing_is_refused(tools, tmp_path):
    with pytest.raises(errors.ValidationError):
        tools.plan_blocks(write_wav(tmp_path / "a.wav", []), target_seconds=0)


def test_a_damaged_wav_is_refused_and_leaves_nothing(tools, tmp_path):
    path, target = tmp_path / "a.wav", tmp_path / "b"
    path.write_bytes(b"RIFF")
    for attempt in (tools.peaks, lambda wav, target: tools.cut(wav, Block(0, 0, 10), target)):
        with pytest.raises(errors.BrokenMedia):
            attempt(path, target)
    assert not target.exists()


def test_stereo_is_not_taken_for_decoded_sound(tools, tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", ""))
        out.writeframes(bytes(400))
    with pytest.raises(errors.BrokenMedia, match="not 16-bit mono"):
        tools.plan_blocks(path, target_seconds=1)


def test_peaks_are_pairs_of_the_lowest_and_highest_sample(tools, tmp_path):
    sound = np.zeros(RATE * 70 + 100, np.int16)
    sound[5], sound[6] = -32_768, 32_767
    sound[320 * 3 : 320 * 4] = np.linspace(-12_800, 6_400, 320)
    sound[-1] = 256
    tools.peaks(write_wav(tmp_path / "a.wav", sound), tmp_path / "peaks")
    pairs = np.fromfile(tmp_path / "peaks", np.int8).reshape(-1, 2)
    assert len(pairs) == 70 * 50 + 1
    assert pairs[0].tolist() == [-128, 127]
    assert pairs[3].tolist() == [-50, 25]
    assert pairs[-1].tolist() == [0, 1]
    assert not pairs[4:-1].any()
