"""The pictures of a karaoke video, looked at: what is sung has another colour, and everything plays to the end."""

import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from tenuto import errors
from tenuto.children import Child, Limits
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, plain, to_json
from tenuto.domain.media import MediaLimits
from tenuto.media.karaoke_fonts import library
from tenuto.media.karaoke_look import Look
from tenuto.media.karaoke_planes import Box, Planes
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


@pytest.mark.slow
def test_a_long_song_takes_no_more_memory_than_a_short_one_and_plays_to_its_end(tmp_path):
    small = {"width": 160, "height": 144, "fps": 10, "title": "Song", "artist": "Singer"}
    child = Child(Limits())
    peaks = []
    for seconds in (20, 300):
        sound, target = tmp_path / f"{seconds}.wav", tmp_path / f"{seconds}.mp4"
        with wave.open(str(sound), "wb") as file:
            file.setparams((2, 2, RATE, 0, "NONE", ""))
            file.writeframes(bytes(4 * RATE * seconds))
        lyrics = Lyrics(tuple(line("la la la la", start, *[500] * 4) for start in range(4000, seconds * 1000, 2500)))
        payload = {"source": str(sound), "target": str(target), "look": small, "lyrics": to_json(lyrics)}
        child.call("tenuto.media.karaoke_sandbox:karaoke", payload)
        status = Path(f"/proc/{child.process.pid}/status").read_text()
        peaks.append(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        with av.open(str(target)) as video:
            ends = [float(stream.duration * stream.time_base) for stream in video.streams]
        assert ends == [pytest.approx(seconds, abs=0.03)] * 2
    child.kill()
    assert peaks[1] - peaks[0] < 24, peaks


def test_lyrics_without_times_are_refused_and_lines_without_are_told(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 2.0)
    with pytest.raises(errors.ValidationError, match="no times"):
        media.karaoke(plain("Some words"), tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert not (tmp_path / "made.mp4").exists()
    some = Lyrics((line("timed", 500, 500), LyricLine("not timed"), LyricLine("nor this")))
    made = media.karaoke(some, tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert made.warnings == ("2 lines (2, 3) have no times and cannot be in the video: tap them or align them.",)


def lit(picture):
    """How many rows of the picture hold letters."""
    return int((picture.min(axis=2) > 200).any(axis=1).sum())


def test_the_names_are_shown_before_the_words_and_behind_them(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 9.0)
    media.karaoke(Lyrics((line("la", 5000, 500),)), tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    frames = frames_of(tmp_path / "made.mp4")
    before, dots, word, after = (frames[round(at * FPS)] for at in (1.0, 2.5, 5.6, 8.5))
    assert lit(before) == lit(after) > lit(dots) > 0
    assert np.abs(before.astype(int) - after).mean() < 1
    assert not lit(word)
    assert yellow(dots).size
    assert not yellow(frames[round(1.9 * FPS)]).size


def test_words_stay_large_in_a_narrow_picture(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 4.0)
    narrow = Look(width=270, height=480, fps=FPS, title="Song " * 30, artist="Singer")
    words = line("so many words that they need several lines", 3500, *[50] * 8)
    media.karaoke(Lyrics((words,)), tmp_path / "sound.wav", tmp_path / "made.mp4", narrow)
    shown = frames_of(tmp_path / "made.mp4")[20]
    assert lit(shown) > 30
    assert 10 < white(shown)[0] < white(shown)[-1] < 260


def test_lines_behind_the_end_of_the_song_are_told(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 2.0)
    late = Lyrics((line("here", 500, 500), line("gone", 2000, 500)))
    made = media.karaoke(late, tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert len(made.warnings) == 1
    assert made.warnings[0].startswith("Line 2 has times behind the end of the song")


def test_colours_are_those_of_the_look(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 2.0)
    media.karaoke(Lyrics((line("MMMM", 0, 200),)), tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    with av.open(str(tmp_path / "made.mp4")) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.colorspace, stream.codec_context.color_primaries) == (1, 1)
        frame = list(video.decode(stream))[4]
    picture = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().reshape(-1, 3).astype(int)
    assert np.abs(picture - LOOK.sung).max(axis=1).min() <= 8


def test_a_part_of_a_picture_is_pasted_into_another():
    dice = np.random.default_rng(1)
    mine, other = (Planes.of(dice.integers(0, 255, (10, 14, 3), np.uint8)) for _ in range(2))
    before = mine.frame().to_ndarray(format="yuv420p")
    made = mine.copy()
    made.paste(other, Box(2, 6, 4, 9))
    now, wanted = made.data, other.data
    assert (now[2:6, 4:9] == wanted[2:6, 4:9]).all()
    assert (now[:2] == before[:2]).all()
    assert (now[2:6, 9:] == before[2:6, 9:]).all()
    made.paste(other, Box(0, 10, 0, 14))
    assert (made.data == other.data).all()
    assert (mine.data == before).all()


@pytest.mark.parametrize("box", [Box(3, 9, 5, 14), Box(0, 7, 1, 40), Box(11, 30, 17, 18)])
def test_a_part_of_a_picture_is_turned_as_the_whole_would_be(box):
    dice = np.random.default_rng(2)
    before = dice.integers(0, 255, (30, 40, 3), np.uint8)
    changed = before.copy()
    part = np.s_[box.top : box.bottom, box.left : box.right]
    changed[part] = dice.integers(0, 255, changed[part].shape, np.uint8)
    planes = Planes.of(before)
    planes.draw(changed, box)
    far = np.abs(planes.data.astype(int) - Planes.of(changed).data)
    assert far[:30].max() == 0
    inner = box.grown(0, 30, 40)
    for colour in far[30:].reshape(2, 15, 20):
        assert colour[inner.top // 2 : inner.bottom // 2, inner.left // 2 : inner.right // 2].max() == 0


def test_letters_that_no_font_has_are_told_and_the_rest_is_drawn(media, tmp_path):
    make_sound(tmp_path / "sound.wav", 0.1)
    odd = Lyrics((line("sing \U0001faa8 \u0007 " + "wide" * 500, 0, 10, 10, 10, 10),))
    made = media.karaoke(odd, tmp_path / "sound.wav", tmp_path / "made.mp4", LOOK)
    assert any("No font of this machine has" in warning for warning in made.warnings)
    assert len(frames_of(tmp_path / "made.mp4")) == 1


def test_without_the_package_that_draws_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(errors.EngineMissing, match=r"pip install 'tenuto\[video\]'"):
        library()
