"""Sound without pictures, decoded and measured again: as loud as podcasts are, with a chapter for each scene."""

from dataclasses import replace

import av
import numpy as np
import pytest

from scenes import make_scene, store
from tenuto import errors
from tenuto.domain.films import RATE, Film

LOOK = Film(title="A deck", author="A Speaker")


def voice(seconds, level):
    """A buzz that comes and goes as words do."""
    when = np.arange(round(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 130 * number * when) / number for number in range(1, 20))
    return (buzz * level * np.abs(np.sin(when * 5))).clip(-32_768, 32_767)


@pytest.fixture
def scenes(tmp_path):
    scenes = [make_scene(tmp_path, number, 1) for number in range(3)]
    sounds = [store(tmp_path / f"v{number}.wav", voice(2.5 + number, 4000)) for number in range(3)]
    return [replace(scene, sound=sound) for scene, sound in zip(scenes, sounds, strict=True)]


@pytest.mark.parametrize(("name", "media_type"), [("m4a", "audio/mp4"), ("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
def test_a_podcast_has_chapters_and_the_loudness_of_podcasts(tools, scenes, tmp_path, name, media_type):
    target = tmp_path / f"cast.{name}"
    made = tools.podcast(scenes, target, LOOK, name)
    assert (made.duration_ms, made.media_type, made.warnings) == (10_500, media_type, ())
    measured = tools.loudness.hear(target).loudness
    assert measured.integrated_lufs == pytest.approx(-16, abs=0.5)
    assert measured.integrated_lufs == pytest.approx(made.loudness_lufs, abs=0.3)
    with av.open(str(target)) as opened:
        chapters = [(float(one["start"] * one["time_base"]), one["metadata"]["title"]) for one in opened.chapters()]
        assert opened.duration / 1e6 == pytest.approx(10.5, abs=0.1)
        told = {**opened.metadata, **opened.streams.audio[0].metadata}
        assert {key.lower(): text for key, text in told.items()}["title"] == "A deck"
    assert [title for _, title in chapters] == ["Scene 0", "Scene 1", "Scene 2"]
    assert [start for start, _ in chapters] == pytest.approx([0, 2.5, 6], abs=0.001)


def test_peaks_that_leave_no_room_are_told(tools, scenes, tmp_path):
    sound = np.zeros(4 * RATE)
    sound[::RATE] = 30_000
    sound += voice(4, 50)
    made = tools.podcast(
        [replace(scenes[0], sound=store(tmp_path / "peaks.wav", sound))], tmp_path / "a.mp3", LOOK, "mp3"
    )
    assert made.true_peak_db <= -1
    assert made.loudness_lufs < -17
    assert "LUFS instead of -16" in made.warnings[0]


def test_silence_stays_silence(tools, scenes, tmp_path):
    quiet = replace(scenes[0], sound=store(tmp_path / "quiet.wav", np.zeros(RATE)))
    made = tools.podcast([quiet], tmp_path / "a.m4a", LOOK, "m4a")
    assert (made.loudness_lufs, made.gain_db) == (None, 0)


def test_an_unknown_format_is_refused(tools, scenes, tmp_path):
    with pytest.raises(errors.ValidationError, match="m4a, mp3, opus"):
        tools.podcast(scenes, tmp_path / "a.wma", LOOK, "wma")
