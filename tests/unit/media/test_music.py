"""Songs in stereo: decoding, loudness, another key or tempo, stems put together, and the formats they are written in."""

import sys
import wave

import av
import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from tenuto import errors
from tenuto.media import stretch
from tenuto.media.encoding import MUSIC_FORMATS
from tunes import RATE as TUNE_RATE
from tunes import Tune, play

RATE = 44_100


def write_stereo(path, left, right=None, rate=RATE):
    sound = np.stack([left, left if right is None else right], axis=1)
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, rate, 0, "NONE", ""))
        out.writeframes(np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype("<i2").tobytes())
    return path


def read_stereo(path):
    with wave.open(str(path)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (2, 2, RATE)
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)


def tone(seconds, hertz=440.0, level=0.4):
    return level * np.sin(np.arange(round(seconds * RATE)) * hertz * 2 * np.pi / RATE)


def noise(seconds, level=0.1, seed=0):
    return np.clip(np.random.default_rng(seed).normal(0, level, round(seconds * RATE)), -1, 1)


@pytest.mark.parametrize(
    "kind",
    [("pcm_s16le", "wav", 44_100, "mono"), ("flac", "flac", 48_000, "stereo"), ("libmp3lame", "mp3", 32_000, "mono")],
)
def test_a_song_becomes_stereo_at_44_khz_and_keeps_its_level(tools, record, tmp_path, kind):
    codec, container, rate, layout = kind
    told = []
    source = record("a", codec, container, rate=rate, layout=layout, seconds=5.0)
    found = tools.music(source, tmp_path / "a.wav", on_progress=told.append)
    sound = read_stereo(tmp_path / "a.wav")
    assert found.mono
    assert found.info.channels == (1 if layout == "mono" else 2)
    assert len(sound) == pytest.approx(5 * RATE, abs=0.06 * RATE)
    assert (sound[:, 0] == sound[:, 1]).all()
    assert np.abs(sound[RATE : 4 * RATE]).max() == pytest.approx(
        12_000, rel=0.1
    )  # a channel mixed by FFmpeg loses 3 dB
    assert told == sorted(told)
    assert told[-1] <= 1


def test_a_song_in_real_stereo_is_not_called_mono(tools, tmp_path):
    source = write_stereo(tmp_path / "in.wav", tone(2), tone(2) + 0.02 * noise(2))
    assert not tools.music(source, tmp_path / "out.wav").mono
    assert (read_stereo(tmp_path / "out.wav") == read_stereo(source)).all()


def test_what_is_no_song_is_refused_and_leaves_nothing(tools, tmp_path):
    source = tmp_path / "a.mp3"
    source.write_bytes(b"#EXTM3U\nhttp://127.0.0.1:1/a.mp3\n")
    for call in (lambda: tools.music(source, tmp_path / "a.wav"), lambda: tools.loudness.hear(source)):
        with pytest.raises(errors.RejectedFile):
            call()
    with pytest.raises(errors.BrokenMedia):
        tools.measure_music(source)
    assert sorted(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("kind", ["tune", "noise", "quiet", "loud parts"])
def test_loudness_and_true_peak_agree_with_others(tools, tmp_path, kind, rate):
    left, right = noise(12, 0.05, seed=1), noise(12, 0.08, seed=2)
    if kind == "tune":
        left = signal.resample_poly(play(Tune(seconds=12)), RATE, TUNE_RATE)
        right = 0.5 * left
    elif kind == "quiet":
        left, right = 0.02 * left, 0.02 * right
    elif kind == "loud parts":
        left = left * np.repeat([1, 0.05, 3], left.size // 3)
    path = write_stereo(tmp_path / "a.wav", left, right, rate)
    with wave.open(str(path)) as reader:
        sound = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2) / 32_768
    found = tools.loudness.hear(path).loudness
    assert found.integrated_lufs == pytest.approx(pyloudnorm.Meter(rate).integrated_loudness(sound), abs=0.1)
    peak = np.abs(signal.resample_poly(sound, 4, 1, axis=0)).max()
    assert found.true_peak_db == pytest.approx(20 * np.log10(peak), abs=0.25)
    assert found.true_peak_db >= 20 * np.log10(np.abs(sound).max()) - 0.01


def test_a_peak_between_the_samples_is_found(tools, tmp_path):
    """A tone at a quarter of the rate, hit at 45 degrees: the samples stay 3 dB below the peak."""
    sound = 0.5 * np.sin(np.arange(RATE) * np.pi / 2 + np.pi / 4) * np.hanning(RATE)
    found = tools.loudness.hear(write_stereo(tmp_path / "a.wav", sound)).loudness
    assert np.abs(sound).max() == pytest.approx(0.354, abs=0.001)
    assert found.true_peak_db == pytest.approx(-6.02, abs=0.1)


@pytest.mark.parametrize(
    ("sound", "has_peak"), [(np.zeros(RATE * 5), False), (noise(0.3), True), (np.zeros(0), False), (noise(0.05), True)]
)
def test_silence_and_very_short_sounds_have_no_facts(tools, tmp_path, sound, has_peak):
    facts = tools.measure_music(write_stereo(tmp_path / "a.wav", sound))
    assert (facts.tempo_bpm, facts.key, facts.loudness_lufs, facts.loudness_range) == (None,) * 4
    assert (facts.tempo_confidence, facts.key_confidence) == (0, 0)
    assert (facts.true_peak_db is not None) == has_peak


def test_all_facts_of_a_song_are_measured(tools, tmp_path):
    told = []
    sound = signal.resample_poly(play(Tune(bpm=124, tonic=2, loop=1, seed=1)), RATE, TUNE_RATE)
    facts = tools.measure_music(write_stereo(tmp_path / "a.wav", sound), on_progress=told.append)
    assert facts.tempo_bpm == pytest.approx(124, rel=0.01)
    assert facts.key == "D major"
    assert min(facts.tempo_confidence, facts.key_confidence) > 0.4
    assert -40 < facts.loudness_lufs < facts.true_peak_db < 1
    assert facts.loudness_range >= 0
    assert told == sorted(told)
    assert told[-1] > 0.98


def loudest_hertz(sound):
    """The frequency of a tone, to a cent."""
    middle = sound[len(sound) // 4 : len(sound) // 4 + 2 * RATE].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size), 16 * middle.size))
    return np.argmax(spectrum) * RATE / (16 * middle.size)


@pytest.mark.parametrize(
    ("semitones", "tempo"), [(3, 1.0), (-12, 1.0), (12, 1.0), (0, 0.5), (0, 2.0), (-5, 1.25), (7, 0.8), (0.5, 1.0)]
)
def test_key_and_tempo_change_apart_from_each_other(tools, tmp_path, semitones, tempo):
    source = write_stereo(tmp_path / "a.wav", tone(12), 0.5 * tone(12))
    tools.retune(source, tmp_path / "b.wav", semitones, tempo)
    sound = read_stereo(tmp_path / "b.wav")
    assert len(sound) == round(12 * RATE / tempo)
    cents = 1200 * np.log2(loudest_hertz(sound[:, 0]) / 440) - 100 * semitones
    assert abs(cents) < 10
    middle = sound[RATE:-RATE].astype(float)
    assert np.abs(middle).max() == pytest.approx(0.4 * 32_768, rel=0.1)
    assert np.std(middle[:, 1]) == pytest.approx(0.5 * np.std(middle[:, 0]), rel=0.02)


def test_what_is_not_changed_stays_as_it_is(tools, tmp_path):
    source = write_stereo(tmp_path / "a.wav", noise(3), noise(3, seed=1))
    tools.retune(source, tmp_path / "b.wav", 0, 1)
    assert (read_stereo(tmp_path / "b.wav") == read_stereo(source)).all()


@pytest.mark.parametrize(("semitones", "tempo"), [(2, 1.0), (0, 0.9), (-3, 1.3)])
def test_long_music_has_no_seams(tools, tmp_path, monkeypatch, semitones, tempo):
    monkeypatch.setattr(stretch, "BLOCK_SECONDS", 1)
    source = write_stereo(tmp_path / "a.wav", tone(6, 443.7))
    stretch.retune(source, tmp_path / "b.wav", semitones, tempo, lambda _share: None)
    sound = read_stereo(tmp_path / "b.wav")[:, 0].astype(float)
    loud = np.abs(sound[: len(sound) // 441 * 441]).reshape(-1, 441).max(axis=1)[50:-50] / (0.4 * 32_768)
    assert loud.min() > 0.9
    assert loud.max() < 1.1
    # Where a tone jumps, it bends far more than a tone does.
    bends = np.abs(np.diff(sound[RATE // 2 : -RATE // 2], n=2)) / (0.4 * 32_768)
    assert bends.max() < 2 * (2 * np.pi * 443.7 * 2 ** (semitones / 12) / RATE) ** 2


@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 2.0])
def test_beats_come_when_the_tempo_says(tools, tmp_path, monkeypatch, tempo):
    monkeypatch.setattr(stretch, "BLOCK_SECONDS", 2)
    sound = np.zeros(8 * RATE)
    for second in range(1, 8):
        sound[second * RATE : second * RATE + 200] = noise(1, 0.3)[:200]
    source = write_stereo(tmp_path / "a.wav", sound)
    stretch.retune(source, tmp_path / "b.wav", 0, tempo, lambda _share: None)
    power = np.convolve(np.square(read_stereo(tmp_path / "b.wav")[:, 0] / 32_768), np.ones(300), "same")
    for second in range(1, 8):
        start = round((second - 0.4) * RATE / tempo)
        found = start + int(np.argmax(power[start : round((second + 0.4) * RATE / tempo)]))
        assert found * tempo / RATE == pytest.approx(second, abs=0.03)


def test_retuned_music_does_not_clip(tools, tmp_path):
    source = write_stereo(tmp_path / "a.wav", np.sign(tone(4, 110)) * 0.999)
    tools.retune(source, tmp_path / "b.wav", 4, 1)
    sound = np.abs(read_stereo(tmp_path / "b.wav").astype(int))
    assert (sound >= 32_767).sum() <= 2


@pytest.mark.parametrize(
    ("semitones", "tempo"), [(13, 1), (-12.5, 1), (0, 0.49), (0, 2.01), (float("nan"), 1), (0, float("nan"))]
)
def test_changes_that_cannot_be_made_are_refused(tools, tmp_path, semitones, tempo):
    with pytest.raises(errors.ValidationError, match=r"semitones|tempo"):
        tools.retune(tmp_path / "a.wav", tmp_path / "b.wav", semitones, tempo)


def test_without_the_stretcher_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    source = write_stereo(tmp_path / "a.wav", tone(1))
    with pytest.raises(errors.EngineMissing, match=r"tenuto\[stretch\]"):
        stretch.retune(source, tmp_path / "b.wav", 1, 1, lambda _share: None)


@pytest.mark.parametrize("guide_db", [-6.0, 0.0, 6.0, None])
def test_a_mixdown_is_the_exact_sum(tools, tmp_path, guide_db):
    band = write_stereo(tmp_path / "band.wav", noise(2, 0.05), noise(2, 0.05, seed=1))
    voice = write_stereo(tmp_path / "voice.wav", noise(2.5, 0.05, seed=2), noise(2.5, 0.05, seed=3))
    assert tools.mixdown(band, voice, tmp_path / "mix.wav", guide_db) == 0
    level = 0 if guide_db is None else 10 ** (guide_db / 20)
    wanted = level * read_stereo(voice).astype(float)
    wanted[: 2 * RATE] += read_stereo(band)
    assert np.abs(read_stereo(tmp_path / "mix.wav") - wanted).max() <= 0.5


def test_a_mixdown_that_would_clip_is_turned_down_as_a_whole(tools, tmp_path):
    band, voice = (write_stereo(tmp_path / name, tone(2, level=0.9)) for name in ("band.wav", "voice.wav"))
    turned_down = tools.mixdown(band, voice, tmp_path / "mix.wav", 0)
    assert turned_down == pytest.approx(20 * np.log10(1.8), abs=0.01)
    sound = read_stereo(tmp_path / "mix.wav")
    assert np.abs(sound.astype(int)).max() == 32_767
    wanted = 2.0 * read_stereo(band) * 10 ** (-turned_down / 20)
    assert np.abs(sound - wanted).max() < 3


def test_a_guide_nobody_means_is_refused(tools, tmp_path):
    for level in (12.5, -61, float("nan")):
        with pytest.raises(errors.ValidationError, match="guiding voice"):
            tools.mixdown(tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "c.wav", level)


@pytest.mark.parametrize("name", MUSIC_FORMATS)
def test_music_is_written_in_formats_that_others_read(tools, tmp_path, name):
    left, right = tone(3, 440), tone(3, 880)
    source = write_stereo(tmp_path / "a.wav", left, right)
    target = tmp_path / f"b.{name}"
    tools.encode_music(source, target, name, tags={"title": "Fünf Töne", "artist": "Nobody"})
    with av.open(str(target)) as opened:
        tags = {**opened.metadata, **opened.streams.audio[0].metadata}
        assert {key.lower(): value for key, value in tags.items()}["title"] == "Fünf Töne"
    assert tools.probe(target).media_type == MUSIC_FORMATS[name].media_type
    tools.music(target, tmp_path / "c.wav")
    sound = read_stereo(tmp_path / "c.wav")
    assert len(sound) == pytest.approx(3 * RATE, abs=0.05 * RATE)
    if name in ("wav", "flac"):
        assert (sound == read_stereo(source)).all()
    assert loudest_hertz(sound[:, 0]) == pytest.approx(440, abs=0.5)
    assert loudest_hertz(sound[:, 1]) == pytest.approx(880, abs=0.5)


def test_a_format_nobody_knows_is_refused(tools, tmp_path):
    with pytest.raises(errors.ValidationError, match="wav, flac, mp3, opus, m4a"):
        tools.encode_music(tmp_path / "a.wav", tmp_path / "b.wma", "wma")


def test_a_stopped_change_leaves_nothing(tools, tmp_path):
    source = write_stereo(tmp_path / "a.wav", noise(100))
    told = []
    with pytest.raises(errors.Cancelled):
        tools.retune(source, tmp_path / "b.wav", 1, 1, on_progress=told.append, should_stop=lambda: bool(told))
    assert sorted(tmp_path.iterdir()) == [source]
