import re
from pathlib import Path

import pytest

from recordings import as_wave, real_clips, shipped_recording, word_error_rate, word_errors
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.domain.transcripts import Word
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.codec import from_json
from tenuto.engines.config import EngineConfig
from tenuto.engines.pocketsphinx import LONGEST_SEGMENT_MS, PocketsphinxTranscriber, _segments


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return PocketsphinxTranscriber(EngineConfig(tmp_path_factory.mktemp("models")))


def hear(engine, path, **options):
    return engine.transcribe(path, TranscribeOptions(**options), lambda _share: None)


def test_the_shipped_recording_is_heard_well(engine, tmp_path):
    recording, text = shipped_recording()
    transcript = hear(engine, as_wave(recording, tmp_path / "sound.wav"))
    assert word_error_rate(text, transcript.text) <= 0.10
    assert len(transcript.segments) >= len(text.splitlines())


@pytest.mark.parametrize(("collection", "worst"), [("librivox", 0.40), ("cards", 0.25)])
@pytest.mark.slow
def test_real_voices_are_heard_tolerably(engine, collection, worst):
    results = [word_errors(text, hear(engine, path).text) for path, text in real_clips(collection)]
    wrong, words = map(sum, zip(*results, strict=True))
    assert wrong / words <= worst


@pytest.mark.slow
def test_a_process_stays_small(tmp_path):
    recording, _ = shipped_recording()
    sound = as_wave(recording, tmp_path / "sound.wav")
    pool = ChildPool(1, Limits())
    payload = {
        "engine": "pocketsphinx",
        "config": EngineConfig(tmp_path).to_json(),
        "audio": str(sound),
        "options": {},
    }
    try:
        transcript = from_json(pool.call("one", "tenuto.engines.work:transcribe", payload))
        (_, child), *_ = pool._idle
        status = Path(f"/proc/{child.process.pid}/status").read_text()
    finally:
        pool.close()
    assert transcript.segments
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < 200 * 1024


@pytest.mark.parametrize("language", ["de", "ru", "zh-CN"])
def test_another_language_is_refused_by_name(engine, tmp_path, language):
    with pytest.raises(errors.ValidationError, match=f"English only, not '{language}'"):
        hear(engine, tmp_path / "unused.wav", language=language)


def test_another_model_is_refused(engine, tmp_path):
    with pytest.raises(errors.ValidationError, match="one model"):
        hear(engine, tmp_path / "unused.wav", model="large")


@pytest.mark.parametrize("language", ["en", "EN", "en-GB", "en_us", "english"])
def test_english_by_any_name_will_do(engine, language, tmp_path):
    with pytest.raises(errors.EngineError, match="cannot be read"):
        hear(engine, tmp_path / "absent.wav", language=language)


def test_hot_words_it_cannot_use_are_warned_of(engine, tmp_path):
    recording, _ = shipped_recording()
    sound = as_wave(recording, tmp_path / "sound.wav")
    sound.write_bytes(sound.read_bytes()[:44])
    assert "hot words" in hear(engine, sound, hot_words=("tenuto",)).warnings[0]


def test_a_long_pause_begins_a_new_segment():
    words = [Word(0, 500, "one", 1.0), Word(600, 900, "two", 0.5), Word(1700, 2000, "three", None)]
    first, second = _segments(words)
    assert (first.text, first.start_ms, first.end_ms, first.confidence) == ("one two", 0, 900, 0.75)
    assert (second.text, second.confidence) == ("three", None)


def test_no_segment_grows_too_long():
    words = [Word(number * 500, number * 500 + 490, "word", 1.0) for number in range(100)]
    segments = _segments(words)
    assert all(segment.end_ms - segment.start_ms <= LONGEST_SEGMENT_MS for segment in segments)
    assert sum(len(segment.words) for segment in segments) == 100
