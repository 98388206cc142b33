"""The pictures of a karaoke video, looked at: what is sung has another colour, and everything plays to the end."""

import sys
import wave

import av
import numpy as np
import pytest

from tenuto import errors
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, plain
from tenuto.domain.media import MediaLimits
from tenuto.media.karaoke_fonts import library
from tenuto.media.karaoke_look import Look
from tenuto.media.tools import MediaTools, sandbox_pool

RATE, FPS = 44_100, 10
LOOK = Look(width=480, height=270, fps=FPS, title="Song", artist="Singer")


@pytest.fixture(scope="module")
def media():
    pool = sandbox_pool(1)
    yield MediaTools(pool, MediaLimits())
    pool.close()


def line(text, start, *lengths):
    """A line whose words last so long, one after the other."""
    edges = np.cumsum([start, *lengths]).tolist()
    words = tuple(LyricWord(edges[at], edges[at + 1], word) for at, word in enumerate(text.split()))
    return LyricLine(text, start, edges[-1], words)


def make_sound(path, seconds):
    noise = np.random.default_rng(1).normal(0, 1, round(seconds * RATE))
    smooth = np.convolve(noise, np.ones(32) / 32, "same")
    stereo = np.stack([smooth, -smooth], axis=1) * 20_000
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(stereo.clip(-32_768, 32_767).astype("<i2").tobytes())
    return stereo[:, 0]


def frames_of(path):
    with av.open(str(path)) as video:
        return [frame.to_ndarray(format="rgb24") for frame in video.decode(video.streams.video[0])]


def yellow(picture):
    """The columns in which something is sung."""
    red, green, blue = (picture[..., at].astype(int) for at in range(3))
    return np.flatnonzero(((red > 180) & (green > 130) & (blue < 140)).any(axis=0))


def white(picture):
    return np.flatnonzero((picture.min(axis=2) > 200).any(axis=0))


def test_words_are_filled_at_their_times_from_the_side_they_are_read_from(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 10.0)
    lyrics = Lyrics((line("one two", 2000, 1000, 1000), LyricLine(""), line("אחת שתים", 7000, 1000, 1000)))
    made = media.karaoke(lyrics, tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert (made.width, made.height, made.duration_ms, made.frames, made.warnings) == (480, 270, 10_000, 100, ())
    frames = frames_of(tmp_path / "made.mp4")
    assert len(frames) == 100
    before, first, second, after = (frames[round(at * FPS)] for at in (1.9, 2.5, 3.5, 4.1))
    left, right = white(before)[0], white(before)[-1]
    assert not yellow(before).size
    assert left - 4 <= yellow(first).min()
    assert yellow(first).max() < left + (right - left) * 0.4
    assert left + (right - left) * 0.45 < yellow(second).max() < right - 4
    assert yellow(after).max() == pytest.approx(right, abs=4)
    assert not white(after[:, left + 4 : right - 4]).size
    backwards = frames[round(7.5 * FPS)]
    assert yellow(backwards).min() > backwards.shape[1] / 2


def test_the_sound_is_that_of_the_source_and_a_video_can_be_sought(media, tmp_path):
    given = make_sound(tmp_path / "sound.wav", 11.03)
    media.karaoke(Lyrics((line("la", 1000, 500),)), tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    with av.open(str(tmp_path / "made.mp4")) as video:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in video.decode(video.streams.audio[0])])
        assert (video.metadata["title"], video.metadata["artist"]) == ("Song", "Singer")
    assert sound.size == pytest.approx(given.size, abs=1024)
    common = min(sound.size, given.size)
    assert np.corrcoef(sound[:common], given[:common])[0, 1] > 0.98
    with av.open(str(tmp_path / "made.mp4")) as video:
        packets = [packet for packet in video.demux(video.streams.video[0]) if packet.size]
        keys = [float(packet.pts * packet.time_base) for packet in packets if packet.is_keyframe]
        assert len(packets) == 111
    assert max(np.diff([*keys, 11.03])) <= 5.1
    assert (tmp_path / "made.mp4").read_bytes().index(b"moov") < 4096


def test_lyrics_without_times_are_refused_and_lines_without_are_told(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 2.0)
    with pytest.raises(errors.ValidationError, match="no times"):
        media.karaoke(plain("Some words"), tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert not (tmp_path / "made.mp4").exists()
    some = Lyrics((line("timed", 500, 500), LyricLine("not timed"), LyricLine("nor this")))
    made = media.karaoke(some, tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert any("2 lines have no times" in warning for warning in made.warnings)


def test_letters_that_no_font_has_are_told_and_the_rest_is_drawn(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 0.1)
    odd = Lyrics((line("sing \U0001faa8 \u0007 " + "wide" * 500, 0, 10, 10, 10, 10),))
    made = media.karaoke(odd, tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert any("No font of this machine has" in warning for warning in made.warnings)
    assert len(frames_of(tmp_path / "made.mp4")) == 1


def test_without_the_package_that_draws_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(errors.EngineMissing, match=r"install tenuto\[video\]"):
        library()
