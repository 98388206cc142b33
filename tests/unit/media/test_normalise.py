"""Recordings written at another loudness, judged by meters that are not ours, and the ends of sounds."""

from dataclasses import asdict, dataclass

import mutagen
import numpy as np
import pyloudnorm
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as property_settings
from hypothesis import strategies as st
from scipy import signal

from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.media.edges import Edges, shape
from tenuto.media.encoding import MASTER_FORMATS, encode_frames, file_ending
from tenuto.media.floats import FloatSound, audio_frames
from tenuto.media.loudness_sandbox import Passes, measure, normalise
from tenuto.media.recording import Recording

LIMITS = MediaLimits()
LAYOUTS = {1: "mono", 2: "stereo", 5: "5.0", 6: "5.1", 8: "7.1"}
RATES = (16_000, 22_050, 44_100, 48_000, 96_000)
HERE = property_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def noise(seconds, channels, level, *, rate=44_100, clicks=0.0, seed=0):
    """Noise with a beat, another one in each channel, and single samples that stand far out of it."""
    dice = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    sound = level * dice.normal(size=(times.size, channels)) * np.exp(-3 * (times % 0.5))[:, None]
    sound[rate // 7 :: rate // 3] += clicks
    return sound.astype(np.float32)


def written(path, sound, *, rate=44_100, form="wav32f", layout="", **tags):
    layout = layout or LAYOUTS[sound.shape[1]]
    frames = audio_frames(iter([sound]), rate=rate, layout=layout)
    encode_frames(frames, path, MASTER_FORMATS[form], rate=rate, layout=layout, tags=tags)
    return path


def read(path, rate, layout):
    return np.concatenate(list(Recording(path, rate, layout, LIMITS).pieces()))


def brought(source, target, *, lufs=-16.0, peak=-1.0, form="wav32f", **edges):
    """Measured and written anew; what was told of both."""
    common = {"source": str(source), "limits": asdict(LIMITS), "target_lufs": lufs, "ceiling_db": peak}
    heard = measure(common, lambda _event: None)
    known = {"rate": heard["info"]["sample_rate"], "layout": heard["layout"], "tags": heard["tags"]}
    wishes = {"target": str(target), "format": form, "lufs": heard["loudness"]["integrated_lufs"], "edges": edges}
    return heard, normalise(common | known | wishes, lambda _event: None)


def loudness(sound, rate):
    return pyloudnorm.Meter(rate).integrated_loudness(sound.astype(float))


def true_peak_db(sound):
    return 20 * np.log10(np.abs(signal.resample_poly(sound.astype(float), 4, 1)).max())


@dataclass(frozen=True)
class Case:
    """A recording and what is wished of it."""

    level: float
    clicks: float
    seconds: float
    rate: int
    channels: int
    lufs: float


CASES = st.builds(
    Case,
    level=st.floats(0.003, 0.5),
    clicks=st.sampled_from([0.0, 0.3, 0.9]),
    seconds=st.floats(1.5, 3.0),
    rate=st.sampled_from(RATES),
    channels=st.sampled_from([1, 2, 5]),
    lufs=st.sampled_from([-23.0, -16.0, -14.0]),
)


@property_settings(HERE, max_examples=15)
@given(CASES)
def test_any_recording_comes_out_as_loud_as_wanted_under_the_ceiling(tmp_path, case):
    rate, channels, lufs = case.rate, case.channels, case.lufs
    sound = noise(case.seconds, channels, case.level, rate=rate, clicks=case.clicks)
    source = written(tmp_path / "a.wav", sound, rate=rate)
    heard, found = brought(source, tmp_path / "b.wav", lufs=lufs)
    assert heard["loudness"]["integrated_lufs"] == pytest.approx(loudness(sound, rate), abs=0.2)
    made = read(tmp_path / "b.wav", rate, LAYOUTS[channels])
    assert made.shape == sound.shape
    assert heard["outlook"]["reached_lufs"] == pytest.approx(lufs, abs=0.1)
    assert found["loudness"]["integrated_lufs"] == pytest.approx(lufs, abs=0.3)
    assert loudness(made, rate) == pytest.approx(lufs, abs=0.5)
    assert true_peak_db(made) <= -1.0
    # One gain for all channels: nothing moves from one side to the other.
    assert np.abs(made * sound[:, :1] - made[:, :1] * sound).max() < 1e-4


@pytest.mark.parametrize("form", MASTER_FORMATS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_format_holds_the_target_after_it_was_encoded(tmp_path, form, channels):
    if form == "mp3" and channels > 2:
        pytest.skip("MP3 has two channels")
    source = written(tmp_path / "a.wav", noise(4, channels, 0.2, clicks=0.8))
    target = tmp_path / f"b.{file_ending(form)}"
    found = brought(source, target, form=form)[1]
    rate = found["sample_rate"]
    made = read(target, rate, LAYOUTS[channels])
    assert rate == (48_000 if form == "opus" else 44_100)
    assert made.shape[1] == channels
    assert len(made) / rate == pytest.approx(4, abs=0.1)
    assert found["loudness"]["integrated_lufs"] == pytest.approx(-16, abs=0.5)
    assert found["loudness"]["true_peak_db"] <= -1
    assert true_peak_db(made) <= -0.9  # by a filter of its own


def test_what_an_encoder_adds_to_the_peaks_is_taken_away_again(tmp_path):
    source = written(tmp_path / "a.wav", noise(4, 2, 0.2, clicks=0.9))
    found = brought(source, tmp_path / "b.mp3", form="mp3", lufs=-12.0)[1]
    assert found["encodings"] > 1
    assert found["loudness"]["true_peak_db"] <= -1


def test_a_target_that_cannot_be_met_is_said_and_come_near_to(tmp_path):
    sound = np.zeros((5 * 44_100, 1), np.float32)
    sound[::4410] = 0.9  # nothing but peaks
    heard, found = brought(written(tmp_path / "a.wav", sound), tmp_path / "b.wav", lufs=-14.0, peak=-6.0)
    assert heard["outlook"]["reached_lufs"] < -20
    assert found["loudness"]["integrated_lufs"] == pytest.approx(heard["outlook"]["reached_lufs"], abs=0.1)
    assert found["loudness"]["true_peak_db"] <= -6


@pytest.mark.parametrize("sound", [np.zeros((44_100, 2), np.float32), noise(0.2, 2, 0.1)])
def test_silence_and_a_blink_of_sound_have_no_loudness_and_stay_as_they_are(tmp_path, sound):
    heard, found = brought(written(tmp_path / "a.wav", sound), tmp_path / "b.wav")
    assert heard["loudness"]["integrated_lufs"] is None
    assert heard["outlook"] == {"gain_db": None, "limited_db": 0.0, "reached_lufs": None}
    assert (found["gain_db"], found["loudness"]["integrated_lufs"]) == (0.0, None)
    assert np.abs(read(tmp_path / "b.wav", 44_100, "stereo") - sound).max() < 1e-6


def test_a_file_without_sound_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\0\0\0\0"
    )
    with pytest.raises(errors.BrokenMedia):
        brought(tmp_path / "a.wav", tmp_path / "b.wav")


@pytest.mark.parametrize("form", ["flac", "mp3", "opus", "m4a"])
def test_tags_are_kept(tmp_path, form):
    tags = {"title": "A song", "artist": "Somebody", "album": "All", "date": "1999", "genre": "Jazz", "bpm": "97"}
    source = written(tmp_path / "a.flac", noise(1, 2, 0.1), form="flac", **tags, encoder="not kept")
    target = tmp_path / f"b.{form}"
    brought(source, target, form=form)
    found = mutagen.File(target, easy=True)
    assert {name: found[name] for name in tags} == {name: [text] for name, text in tags.items()}


def test_progress_grows_to_the_end(tmp_path):
    source = written(tmp_path / "a.wav", noise(9, 2, 0.2, clicks=0.9))
    told = []
    payload = {"source": str(source), "limits": asdict(LIMITS), "target_lufs": -14.0, "ceiling_db": -1.0}
    measure(payload, lambda event: told.append(event["progress"]))
    assert told == sorted(told)
    assert 0.3 < told[-1] <= 1
    assert len(told) > 5


def test_each_pass_is_a_part_of_the_progress():
    told = []
    passes = Passes(told.append)
    for share in (0.1, 0.6, 1.0, 0.2, 1.0, 0.5):
        passes.along(share)
    assert passes.done == 2
    assert told == sorted(told)
    assert told[-1] == pytest.approx(2.5 / 6)


def test_work_that_is_cancelled_leaves_nothing(tools, tmp_path):
    source, target = written(tmp_path / "a.wav", noise(1, 2, 0.1)), tmp_path / "b.wav"
    known = {"rate": 44_100, "layout": "stereo", "lufs": -20.0, "tags": {}, "edges": {}}
    wishes = known | {"format": "wav", "target_lufs": -16.0, "ceiling_db": -1.0}
    for work in (tools.loudness.hear, lambda path, **stop: tools.loudness.normalise(path, target, wishes, **stop)):
        with pytest.raises(errors.Cancelled):
            work(source, should_stop=lambda: True)
    assert not target.exists()
    assert tools.loudness.hear(source).loudness.integrated_lufs is not None


@pytest.fixture
def sound_of(tmp_path):
    def make(sound):
        (tmp_path / "a.f32").write_bytes(np.ascontiguousarray(sound, "<f4").tobytes())
        return FloatSound(tmp_path / "a.f32", 8_000, sound.shape[1])

    return make


def shaped(sound, **edges):
    found = shape(sound, Edges(**edges))
    return np.concatenate([np.zeros((0, 1), np.float32), *found.pieces()]), found


def test_fades_are_half_a_cosine_and_nothing_between_them_changes(sound_of):
    made, _ = shaped(sound_of(np.ones((40_000, 1))), fade_in=1.0, fade_out=2.0)
    heights = made[:, 0]
    assert (len(heights), heights[8_000:24_000].min()) == (40_000, 1)
    assert heights[4_000] == pytest.approx(0.5, abs=1e-3)
    assert heights[-8_000] == pytest.approx(0.5, abs=1e-3)
    assert max(heights[0], heights[-1]) < 1e-6
    assert np.abs(np.diff(heights)).max() < np.pi / 2 / 8_000 + 1e-6  # the steepest of half a cosine: no click
    assert (np.diff(heights[:8_000]) >= 0).all()
    assert (np.diff(heights[-16_000:]) <= 0).all()


@HERE
@given(before=st.integers(0, 9_000), loud=st.integers(1, 9_000), after=st.integers(0, 9_000))
def test_silence_is_trimmed_but_for_a_twentieth_of_a_second(sound_of, before, loud, after):
    sound = np.concatenate([np.full(before, 0.0009), np.full(loud, 0.002), np.zeros(after)])[:, None]
    made, found = shaped(sound_of(sound), trim=True)
    assert (made[:, 0] > 0.001).sum() == loud
    assert found.first == max(0, before - 400)
    assert len(made) == loud + min(before, 400) + min(after, 400)


def test_what_is_silent_all_along_is_not_trimmed_away(sound_of):
    made, found = shaped(sound_of(np.full((900, 1), 0.0009)), trim=True)
    assert (len(made), found.first) == (900, 0)


@HERE
@given(frames=st.integers(1, 70_000), fade_in=st.floats(0, 30), fade_out=st.floats(0, 30))
def test_fades_never_change_the_length(sound_of, frames, fade_in, fade_out):
    made, _ = shaped(sound_of(np.ones((frames, 1))), fade_in=fade_in, fade_out=fade_out)
    assert len(made) == frames
    assert (made >= 0).all()
    assert (made <= 1).all()


def test_a_recording_is_trimmed_before_it_is_measured(tmp_path):
    sound = np.concatenate([np.zeros((44_100, 2)), noise(3, 2, 0.1), np.zeros((22_050, 2))]).astype(np.float32)
    source = written(tmp_path / "a.wav", sound)
    found = brought(source, tmp_path / "b.wav", trim=True, fade_out=1.0)[1]
    assert (found["trimmed_start_ms"], found["trimmed_end_ms"]) == (950, 450)
    made = read(tmp_path / "b.wav", 44_100, "stereo")
    assert len(made) == len(sound) - round(1.4 * 44_100)
    assert loudness(made, 44_100) == pytest.approx(-16, abs=0.5)
