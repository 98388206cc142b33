"""The copy for the browser, and stopping what takes long."""

import time
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from tenuto import errors


def clicks(seconds, rate):
    sound = np.zeros(seconds * rate, np.int16)
    for second in range(1, seconds):
        sound[second * rate : second * rate + rate // 100] = 20_000
    return sound


def onsets(path):
    with wave.open(str(path)) as reader:
        sound = np.abs(np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(int))
    loud = np.flatnonzero(sound > 6_000)
    return loud[np.diff(loud, prepend=-9999) > 8000] / 16_000


@pytest.mark.parametrize(
    "kind",
    [
        ("libmp3lame", "mp3", 44_100, "stereo"),
        ("pcm_s16le", "wav", 8_000, "mono"),
        ("pcm_s16le", "wav", 96_000, "stereo"),
        ("flac", "flac", 48_000, "5.1"),
        ("libopus", "webm", 48_000, "mono"),
        ("aac", "ipod", 44_100, "stereo"),
    ],
)
def test_the_copy_keeps_the_times_of_the_decoded_sound(tools, record, tmp_path, kind):
    codec, container, rate, layout = kind
    source = record("a", codec, container, rate=rate, layout=layout, sound=clicks(6, rate))
    tools.playback_copy(source, tmp_path / "copy.m4a")
    decoded = tools.decode(source, tmp_path / "a.wav")
    copied = tools.decode(tmp_path / "copy.m4a", tmp_path / "b.wav")
    assert (copied.codec, copied.media_type) == ("aac", "audio/mp4")
    assert copied.channels == min(2, decoded.channels)
    assert copied.duration_ms == pytest.approx(decoded.duration_ms, abs=1024 * 1000 / copied.sample_rate + 2)
    assert onsets(tmp_path / "b.wav") == pytest.approx(onsets(tmp_path / "a.wav"), abs=0.004)
    assert len(onsets(tmp_path / "a.wav")) == 5


def test_the_index_of_the_copy_stands_before_the_sound(tools, record, tmp_path):
    tools.playback_copy(record("a.wav", "pcm_s16le", "wav"), tmp_path / "copy.m4a")
    data = (tmp_path / "copy.m4a").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_copy_that_fails_leaves_nothing(tools, tmp_path):
    source = tmp_path / "a.wav"
    source.write_bytes(b"RIFF\x00\x00\x00\x00WAVE")
    with pytest.raises(errors.BrokenMedia):
        tools.playback_copy(source, tmp_path / "copy.m4a")
    assert sorted(tmp_path.iterdir()) == [source]


@pytest.fixture
def long_recording(tmp_path):
    """Two hours in a small file: one stretch of FLAC frames of silence, at a rate that must be resampled."""
    path = tmp_path / "long.flac"
    with av.open(str(path), "w", format="flac") as out:
        stream = out.add_stream("flac", rate=44_100, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 4608), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 44_100
        for number in range(2 * 3600 * 44_100 // 4608):
            frame.pts = number * 4608
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def test_a_stopped_decode_ends_at_once_and_leaves_nothing(tools, long_recording, tmp_path):
    started = []
    stopped = []

    def should_stop():
        if started:
            stopped.append(time.monotonic())
        return bool(started)

    with pytest.raises(errors.Cancelled):
        tools.decode(long_recording, tmp_path / "out.wav", on_progress=started.append, should_stop=should_stop)
    assert time.monotonic() - stopped[0] < 1
    assert sorted(tmp_path.iterdir()) == [long_recording]


@pytest.mark.slow
def test_two_hours_are_decoded_in_little_memory(tools, pool, long_recording, tmp_path):
    held = []

    def note_memory(_share):
        for child in pool._busy:
            status = Path(f"/proc/{child.process.pid}/status").read_text().splitlines()
            held.extend(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))

    found = tools.decode(long_recording, tmp_path / "out.wav", on_progress=note_memory)
    assert found.duration_ms == pytest.approx(7_200_000, abs=200)
    assert tools.probe(long_recording).duration_ms == pytest.approx(7_200_000, abs=200)
    # Two hours of 16-bit samples at 16 kHz are 220 MB, and as floats twice that.
    assert held
    assert max(held) - held[0] < 40
