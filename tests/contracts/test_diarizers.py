"""What every diarizer keeps to, and how well the embedded one tells voices apart."""

from itertools import pairwise

import numpy as np
import pytest

from conversations import FLITE_VOICES, converse, error_rate, flite_voice, real_voices
from recordings import write_wave
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.engines import registry, speech
from tenuto.engines.config import EngineConfig
from tenuto.engines.sound import open_wave
from tenuto.engines.speech import silero_path

MOST_WRONG = 0.05
DETECTORS = ("silero", "webrtc")


@pytest.fixture(scope="module")
def pool():
    pool = ChildPool(1, Limits())
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flite")
    return {voice: flite_voice(voice, folder) for voice in FLITE_VOICES}


@pytest.fixture(params=DETECTORS)
def detector(request, monkeypatch):
    if request.param == "silero" and silero_path() is None:
        pytest.skip("the extra `whisper` brings Silero")
    return request.param


def diarize(pool, samples, folder, detector="", **options):
    payload = {
        "engine": "ge2e",
        "config": EngineConfig(models_dir=folder, speech_detector=detector).to_json(),
        "audio": str(write_wave(folder / "said.wav", samples)),
        "options": options,
    }
    return pool.call("ge2e", "tenuto.engines.work:diarize", payload, timeout_seconds=240)


def as_seconds(found):
    return [(turn["start_ms"] / 1000, turn["end_ms"] / 1000, turn["speaker"]) for turn in found["turns"]]


def check_shape(found, samples):
    starts = [turn["start_ms"] for turn in found["turns"]]
    assert starts == sorted(starts)
    assert all(0 <= turn["start_ms"] < turn["end_ms"] <= samples.size / 16 + 1 for turn in found["turns"])
    assert all(turn["end_ms"] <= after["start_ms"] for turn, after in pairwise(found["turns"]))
    assert len(found["voices"]) == len({turn["speaker"] for turn in found["turns"]})
    assert list(dict.fromkeys(turn["speaker"] for turn in found["turns"])) == list(range(len(found["voices"])))


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3, 4])
def test_synthetic_voices_are_told_apart(pool, synthetic, detector, tmp_path, number):
    clips = {voice: synthetic[voice] for voice in FLITE_VOICES[:number]}
    samples, truth = converse(clips, 14)
    for known in ({"number": number}, {}):
        found = diarize(pool, samples, tmp_path, detector, **known)
        check_shape(found, samples)
        assert found["detector"] == detector
        assert found["separation"] > 0.3
        wrong = error_rate(truth, as_seconds(found))
        print(f"DER {number} flite voices, {detector}, number {'told' if known else 'guessed'}: {wrong:.2%}")
        assert wrong <= MOST_WRONG


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3, 4])
def test_real_voices_are_told_apart(pool, synthetic, detector, tmp_path, number):
    clips = dict(list(real_voices().items())[:number])
    if number == 4:  # Debian ships clips of three people who are surely three.
        clips["machine"] = synthetic["slt"]
    samples, truth = converse(clips, 14)
    found = diarize(pool, samples, tmp_path, detector, number=number)
    wrong = error_rate(truth, as_seconds(found))
    print(f"DER {number} real voices, {detector}: {wrong:.2%}")
    assert wrong <= MOST_WRONG


def test_one_voice_is_one_speaker(pool, detector, tmp_path):
    samples, truth = converse({"reader": real_voices()["reader"]}, 5)
    found = diarize(pool, samples, tmp_path, detector)
    assert len(found["voices"]) == 1
    assert found["separation"] is None
    assert error_rate(truth, as_seconds(found)) <= MOST_WRONG


def test_bounds_are_kept(pool, tmp_path):
    samples, _ = converse({"reader": real_voices()["reader"]}, 5)
    assert len(diarize(pool, samples, tmp_path, at_least=2)["voices"]) >= 2
    voices = real_voices()
    samples, _ = converse(voices, 9)
    assert len(diarize(pool, samples, tmp_path, at_most=2)["voices"]) <= 2


@pytest.mark.parametrize("seconds", [0, 0.01, 0.5, 3])
def test_silence_has_no_speakers(pool, detector, tmp_path, seconds):
    found = diarize(pool, np.zeros(int(seconds * 16_000), np.int16), tmp_path, detector, number=2)
    assert (found["turns"], found["voices"]) == ([], [])


def test_less_speech_than_voices_asked_for_is_no_failure(pool, tmp_path):
    samples = real_voices()["cards"][0]
    found = diarize(pool, samples, tmp_path, number=12)
    assert 1 <= len(found["voices"]) <= 12
    check_shape(found, samples)


def test_the_same_sound_gives_the_same_turns(pool, tmp_path):
    samples, _ = converse(real_voices(), 6)
    assert diarize(pool, samples, tmp_path) == diarize(pool, samples, tmp_path)


def test_the_scorer_counts_what_is_wrong():
    truth = [(0.0, 10.0, "a"), (10.0, 20.0, "b")]
    assert error_rate(truth, [(0.0, 10.0, 1), (10.0, 20.0, 0)]) == 0
    assert error_rate(truth, [(0.0, 20.0, 0)]) == pytest.approx(0.5, abs=0.01)
    assert error_rate(truth, [(0.0, 10.0, 0)]) == pytest.approx(0.5, abs=0.01)
    assert error_rate(truth, [(0.0, 10.0, 0), (10.0, 20.0, 1), (0.0, 10.0, 2)]) == pytest.approx(0.5, abs=0.01)
    assert error_rate(truth, []) == 1


def test_both_detectors_find_the_speech_and_only_that(detector, tmp_path):
    samples, truth = converse({"reader": real_voices()["reader"]}, 5)
    path = write_wave(tmp_path / "said.wav", samples)
    with open_wave(path) as reader:
        found = speech.find_speech(reader, lambda _share: None, detector=detector)
    assert error_rate([(a, b, "x") for a, b, _ in truth], [(s.start, s.end, "x") for s in found.spans]) < MOST_WRONG
    assert 0 < found.rms < 1


def test_what_is_not_installed_says_what_to_do(tmp_path):
    config = EngineConfig(models_dir=tmp_path)
    report = registry.report("pyannote", config)
    assert report.ready or "pip install" in report.detail
    if not report.ready:
        with pytest.raises(errors.EngineMissing, match=r"tenuto\[pyannote\]"):
            registry.diarizer("pyannote", config).diarize(tmp_path / "x.wav", None, lambda _share: None)
