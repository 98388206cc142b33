import itertools

import numpy as np
import pytest

from recordings import SAMPLE_RATE, write_wave
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.fake import FakeTranscriber
from tenuto.engines.work import options_to_json

TARGET = "tenuto.engines.work:transcribe"


@pytest.fixture
def sound(tmp_path):
    noise = np.random.default_rng(3).integers(-9000, 9000, 4 * SAMPLE_RATE)
    return write_wave(tmp_path / "noise.wav", noise)


@pytest.fixture
def engine(tmp_path):
    return FakeTranscriber(EngineConfig(tmp_path))


@pytest.fixture
def pool():
    pool = ChildPool(1, Limits())
    yield pool
    pool.close()


def hear(engine, sound, progress=lambda _share: None, **extra):
    return engine.transcribe(sound, TranscribeOptions(extra=extra), progress)


def payload(sound, **extra):
    return {
        "engine": "fake",
        "config": EngineConfig(sound.parent).to_json(),
        "audio": str(sound),
        "options": options_to_json(TranscribeOptions(extra=extra)),
    }


def test_it_says_that_it_is_a_fake(engine, sound):
    transcript = hear(engine, sound)
    assert "fake" in transcript.model
    assert "fake" in transcript.text
    assert "fake" in transcript.warnings[0]


def test_the_words_follow_from_the_sound(engine, sound, tmp_path):
    other = write_wave(tmp_path / "other.wav", np.random.default_rng(4).integers(-9000, 9000, 4 * SAMPLE_RATE))
    assert hear(engine, sound) == hear(engine, sound)
    assert hear(engine, sound).text != hear(engine, other).text
    assert sum(len(segment.words) for segment in hear(engine, sound).segments) == 10


@pytest.mark.parametrize("code", ["engine_failed", "engine_missing", "unavailable", "too_large"])
def test_it_fails_with_any_error_it_is_told_to(engine, sound, code):
    with pytest.raises(errors.BY_CODE[code]) as caught:
        hear(engine, sound, fail=code)
    assert caught.value.code == code


def test_it_fails_after_the_share_it_is_told(engine, sound):
    shares = []
    with pytest.raises(errors.EngineError):
        hear(engine, sound, shares.append, fail="engine_failed", at=0.5)
    assert shares[-1] == 0.5


@pytest.mark.parametrize("extra", [{"fail": "sulk"}, {"seconds": "long"}, {"seconds": True}])
def test_what_it_does_not_understand_is_refused(engine, sound, extra):
    with pytest.raises(errors.ValidationError):
        hear(engine, sound, **extra)


def test_it_works_as_long_as_configured(sound, tmp_path, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    hear(FakeTranscriber(EngineConfig(tmp_path, fake_seconds_per_minute=30)), sound)
    assert sum(slept) == pytest.approx(2.0)


def test_every_call_leaves_a_mark(engine, sound, tmp_path):
    marks = tmp_path / "marks"
    for _ in range(3):
        hear(engine, sound, mark_file=str(marks))
    assert len(marks.read_text().splitlines()) == 3


def test_a_crash_costs_one_child_only(pool, sound):
    with pytest.raises(errors.EngineCrashed, match="SIGABRT"):
        pool.call("fake", TARGET, payload(sound, fail="crash"))
    assert pool.call("fake", TARGET, payload(sound))["segments"]


@pytest.mark.parametrize("how", ["hang", "spin"])
def test_one_that_hangs_can_be_stopped(pool, sound, how):
    events = []
    with pytest.raises(errors.Cancelled):
        pool.call(
            "fake",
            TARGET,
            payload(sound, fail=how, at=0.5),
            on_event=events.append,
            should_stop=lambda: any(event["progress"] >= 0.5 for event in events),
        )


def test_progress_crosses_the_process(pool, sound):
    events = []
    pool.call("fake", TARGET, payload(sound), on_event=events.append)
    shares = [event["progress"] for event in events]
    assert shares[-1] == 1.0
    assert all(one < two for one, two in itertools.pairwise(shares))
