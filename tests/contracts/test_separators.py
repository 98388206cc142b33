"""What every separator keeps to, and how much of a voice the embedded one finds."""

import json
import wave

import numpy as np
import pytest

import bands
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig

RATE = bands.RATE
STEREO_DB, MONO_DB = 5.0, 0.0  # how much better than the untreated mix
TARGET = "tenuto.engines.separating:separate"


@pytest.fixture(scope="module")
def pool():
    pool = ChildPool(1, Limits())
    yield pool
    pool.close()


@pytest.fixture(params=["embedded", "fake-separator"])
def engine(request, tmp_path):
    return registry.load(request.param, registry.SEPARATOR)(EngineConfig(models_dir=tmp_path))


@pytest.fixture
def embedded(tmp_path):
    return registry.load("embedded", registry.SEPARATOR)(EngineConfig(models_dir=tmp_path))


def write(path, samples, *, rate=RATE, channels=2):
    with wave.open(str(path), "wb") as writer:
        writer.setparams((channels, 2, rate, 0, "NONE", ""))
        writer.writeframes(np.ascontiguousarray(samples).astype("<i2").tobytes())
    return path


def read(path):
    with wave.open(str(path)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (RATE, 2, 2)
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)


def as_samples(sound):
    return np.rint(sound.T * 32_767).astype(np.int16)


def tune(seconds, seed=1):
    """Something with two different sides: (frames, 2) 16-bit samples."""
    rng = np.random.default_rng(seed)
    when = np.arange(int(seconds * RATE)) / RATE
    middle = np.sin(2 * np.pi * (220 * when + 2 * np.sin(2 * np.pi * 5 * when))) * 9000
    sides = rng.normal(size=(2, len(when))) * 2000
    return np.rint(middle + sides).astype(np.int16).T


def separate(engine, folder, samples, progress=lambda _share: None, model=""):
    mix = write(folder / "mix.wav", samples)
    found = engine.separate(mix, folder / "vocals.wav", folder / "band.wav", model, progress)
    return found, read(folder / "vocals.wav"), read(folder / "band.wav")


@pytest.mark.parametrize("frames", [0, 1, 500, 1024, 4097, 3 * RATE])
def test_stems_sum_to_the_mix_at_any_length(engine, tmp_path, frames):
    samples = tune(4)[:frames]
    _, vocals, band = separate(engine, tmp_path, samples)
    assert len(vocals) == len(band) == frames
    wrong = vocals.astype(int) + band - samples
    assert np.square(wrong).sum() <= 1e-6 * np.square(samples.astype(float)).sum()


@pytest.mark.parametrize("kind", ["loudest", "against", "noise"])
def test_stems_of_a_mix_at_full_scale_still_sum_to_it(embedded, tmp_path, kind):
    square = np.where(np.arange(2 * RATE) // 100 % 2, 32_767, -32_768)
    right = {
        "loudest": square,
        "against": -1 - square,
        "noise": np.random.default_rng(1).integers(-32_768, 32_768, 2 * RATE),
    }
    samples = np.stack([square, right[kind]], axis=1)
    _, vocals, band = separate(embedded, tmp_path, samples)
    assert (vocals.astype(int) + band == samples).all()


def test_progress_rises_to_the_end(engine, tmp_path):
    told = []
    separate(engine, tmp_path, tune(3), told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_work_stops_when_it_is_cancelled(engine, tmp_path):
    def stop(_share):
        raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        separate(engine, tmp_path, tune(1), stop)


def test_a_child_at_work_is_ended(pool, tmp_path):
    heard = []
    mix = write(tmp_path / "mix.wav", np.tile(tune(20), (6, 1)))
    with pytest.raises(errors.Cancelled):
        call(pool, mix, tmp_path, on_event=heard.append, should_stop=lambda: bool(heard))
    assert heard[-1]["progress"] < 0.5


def test_what_a_child_answers_is_plain(pool, tmp_path):
    found = call(pool, write(tmp_path / "mix.wav", tune(2)), tmp_path)
    assert (found["method"], found["model"], found["details"]["mono"]) == ("vocal reduction", "cues-1", False)
    assert json.loads(json.dumps(found)) == found


def test_silence_stays_silent(embedded, tmp_path):
    found, vocals, band = separate(embedded, tmp_path, np.zeros((RATE, 2), np.int16))
    assert not vocals.any()
    assert not band.any()
    assert (found.details["vocals_db"], found.warnings) == (None, ())


def test_a_mono_mix_is_said_to_be_one(embedded, tmp_path):
    samples = np.repeat(tune(2)[:, :1], 2, axis=1)
    found, vocals, _ = separate(embedded, tmp_path, samples)
    assert found.details["mono"]
    assert any("mono" in warning for warning in found.warnings)
    assert (vocals[:, 0] == vocals[:, 1]).all()


def test_noise_at_the_sides_is_no_voice(embedded, tmp_path):
    noise = np.random.default_rng(2).normal(size=RATE * 2) * 4000
    found, _, _ = separate(embedded, tmp_path, np.rint(np.stack([noise, -noise], axis=1)).astype(np.int16))
    assert any("Hardly any voice" in warning for warning in found.warnings)


def test_the_same_mix_gives_the_same_stems(embedded, tmp_path):
    _, first, _ = separate(embedded, tmp_path, tune(2))
    _, second, _ = separate(embedded, tmp_path, tune(2))
    assert (first == second).all()


@pytest.mark.parametrize(
    ("rate", "channels", "told"), [(48_000, 2, "at 48000 Hz"), (RATE, 1, "1 channels")], ids=["rate", "channels"]
)
def test_another_kind_of_sound_is_refused(embedded, tmp_path, rate, channels, told):
    mix = write(tmp_path / "mix.wav", np.zeros((10, channels)), rate=rate, channels=channels)
    with pytest.raises(errors.EngineError, match=told):
        embedded.separate(mix, tmp_path / "a.wav", tmp_path / "b.wav", "", lambda _share: None)
    (tmp_path / "text.wav").write_text("words")
    with pytest.raises(errors.EngineError, match="cannot be read"):
        embedded.separate(tmp_path / "text.wav", tmp_path / "a.wav", tmp_path / "b.wav", "", lambda _share: None)


def test_a_model_it_does_not_have_is_refused(embedded, tmp_path):
    with pytest.raises(errors.ValidationError, match="cues-1"):
        separate(embedded, tmp_path, tune(1), model="../other")


@pytest.mark.slow
@pytest.mark.parametrize("name", bands.PLANS)
@pytest.mark.parametrize("kind", ["stereo", "mono"])
def test_voice_and_band_come_out_better_than_untouched(pool, tmp_path, name, kind):
    song = bands.song(name) if kind == "stereo" else bands.song(name).mono
    call(pool, write(tmp_path / "mix.wav", as_samples(song.mix)), tmp_path)
    stems = {"vocals": read(tmp_path / "vocals.wav").T / 32_767, "band": read(tmp_path / "band.wav").T / 32_767}
    cancelled = dict(zip(("vocals", "band"), bands.centre_cancelled(song.mix), strict=True))
    for stem, found in stems.items():
        true = getattr(song, stem)
        ratio, untouched, trick = (bands.distortion_ratio(true, each) for each in (found, song.mix, cancelled[stem]))
        print(f"{name} {kind} {stem}: {ratio:+.1f} dB, untouched {untouched:+.1f}, left less right {trick:+.1f}")
        assert ratio >= untouched + (STEREO_DB if kind == "stereo" else MONO_DB)
        assert ratio > trick


def call(pool, mix, folder, **options):
    payload = {
        "engine": "embedded",
        "config": EngineConfig(models_dir=folder).to_json(),
        "mix": str(mix),
        "vocals": str(folder / "vocals.wav"),
        "instrumental": str(folder / "band.wav"),
        "model": "",
    }
    return pool.call("embedded", TARGET, payload, timeout_seconds=240, **options)
