"""Every kind of recording that is taken, opened and decoded."""

import wave

import av
import numpy as np
import pytest

from tenuto import errors

KINDS = {
    "wav": ("pcm_s16le", "wav", 44_100, "stereo", "audio/wav"),
    "float wav": ("pcm_f32le", "wav", 48_000, "stereo", "audio/wav"),
    "double wav": ("pcm_f64le", "wav", 48_000, "mono", "audio/wav"),
    "24-bit wav": ("pcm_s24le", "wav", 96_000, "stereo", "audio/wav"),
    "surround wav": ("pcm_s16le", "wav", 48_000, "5.1", "audio/wav"),
    "mu-law wav": ("pcm_mulaw", "wav", 8_000, "mono", "audio/wav"),
    "adpcm wav": ("adpcm_ima_wav", "wav", 22_050, "mono", "audio/wav"),
    "odd rate wav": ("pcm_s16le", "wav", 37_123, "mono", "audio/wav"),
    "w64": ("pcm_s16le", "w64", 44_100, "stereo", "audio/x-w64"),
    "aiff": ("pcm_s16be", "aiff", 44_100, "stereo", "audio/aiff"),
    "au": ("pcm_s16be", "au", 22_050, "mono", "audio/basic"),
    "caf": ("pcm_s16le", "caf", 44_100, "stereo", "audio/x-caf"),
    "mp3": ("libmp3lame", "mp3", 44_100, "stereo", "audio/mpeg"),
    "8 kHz mp3": ("libmp3lame", "mp3", 8_000, "mono", "audio/mpeg"),
    "mp2": ("mp2", "mp2", 44_100, "stereo", "audio/mpeg"),
    "flac": ("flac", "flac", 48_000, "stereo", "audio/flac"),
    "ogg flac": ("flac", "ogg", 48_000, "stereo", "audio/ogg"),
    "opus": ("libopus", "ogg", 48_000, "stereo", "audio/ogg"),
    "7.1 opus": ("libopus", "ogg", 48_000, "7.1", "audio/ogg"),
    "m4a": ("aac", "ipod", 44_100, "stereo", "audio/mp4"),
    "surround m4a": ("aac", "ipod", 48_000, "5.1", "audio/mp4"),
    "alac": ("alac", "ipod", 44_100, "stereo", "audio/mp4"),
    "mov": ("pcm_s16le", "mov", 44_100, "stereo", "audio/mp4"),
    "3gp": ("libopencore_amrnb", "3gp", 8_000, "mono", "audio/mp4"),
    "aac": ("aac", "adts", 44_100, "stereo", "audio/aac"),
    "amr": ("libopencore_amrnb", "amr", 8_000, "mono", "audio/amr"),
    "webm": ("libopus", "webm", 48_000, "stereo", "audio/webm"),
    "mkv": ("flac", "matroska", 48_000, "stereo", "audio/x-matroska"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_opened_and_decoded(tools, record, tmp_path, kind):
    codec, container, rate, layout, media_type = KINDS[kind]
    source, target = record("upload", codec, container, rate=rate, layout=layout), tmp_path / "out.wav"
    found, decoded = tools.probe(source), tools.decode(source, target)
    assert (found.media_type, found.sample_rate) == (media_type, rate)
    assert found.channels == {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]
    assert found.duration_ms == pytest.approx(7000, abs=50)
    assert decoded.duration_ms == pytest.approx(7000, abs=50)
    assert not found.truncated
    assert not decoded.warnings
    with wave.open(str(target)) as reader:
        assert reader.getparams()[:3] == (1, 2, 16_000)
        assert reader.getnframes() == pytest.approx(decoded.duration_ms * 16, abs=16)
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    assert 5_000 < np.abs(samples[16_000:32_000].astype(int)).max() < 26_000


def test_the_name_decides_nothing(tools, record):
    for name, codec, container in (("a.mp3", "pcm_s16le", "wav"), ("a.exe", "flac", "flac"), ("a.m3u8", "aac", "adts")):
        assert tools.probe(record(name, codec, container)).duration_ms == pytest.approx(7000, abs=50)


def test_the_title_is_read_and_cleaned(tools, record):
    assert (
        tools.probe(record("a.mp3", "libmp3lame", "mp3", title="A\x1b[31m\nfine\u202e day")).title == "A [31m fine day"
    )
    assert len(tools.probe(record("a.flac", "flac", "flac", title="x" * 5000)).title) == 300


def test_a_film_without_sound_is_refused(tools, tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(stream.encode(None))
    with pytest.raises(errors.UnsupportedMedia, match="no sound"):
        tools.probe(path)


def test_the_sound_of_a_film_is_taken(tools, tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        for number in range(20):
            out.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
            for part in range(5):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 48_000, (number * 5 + part) * 1024
                out.mux(audio.encode(frame))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))
    found = tools.probe(path)
    assert (found.codec, found.media_type) == ("aac", "audio/mp4")
    assert found.duration_ms == pytest.approx(2133, abs=50)


def test_progress_rises_to_the_end(tools, record, tmp_path):
    shares = []
    tools.decode(record("a.wav", "pcm_s16le", "wav", seconds=60), tmp_path / "out.wav", on_progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert shares[-1] > 0.95
