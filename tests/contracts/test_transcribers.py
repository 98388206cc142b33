"""One contract for every transcriber that ships."""

import importlib.util
import itertools
import shutil

import numpy as np
import pytest

import openai_server
import yandex_server
from needs import need
from recordings import SAMPLE_RATE, as_wave, shipped_recording, write_wave
from tenuto import errors
from tenuto.engines import work
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.codec import from_json, to_json
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import transcriber
from tiny_whisper import make_model

WORDS = ["Tenuto", "holds", "every", "note", "for", "its", "full", "length."]
ENGINES = ["pocketsphinx", pytest.param("whisper", marks=pytest.mark.whisper), "openai", "yandex", "fake"]


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Speech of some ten seconds, silence, a tone, and almost nothing."""
    folder = tmp_path_factory.mktemp("sounds")
    path, _ = shipped_recording()
    whole = np.frombuffer(as_wave(path, folder / "whole.wav").read_bytes()[44:], np.int16)
    times = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    write_wave(folder / "speech.wav", whole[: 10 * SAMPLE_RATE])
    write_wave(folder / "silence.wav", np.zeros(3 * SAMPLE_RATE))
    write_wave(folder / "tone.wav", 8000 * np.sin(2 * np.pi * 440 * times))
    write_wave(folder / "blip.wav", whole[SAMPLE_RATE : SAMPLE_RATE + SAMPLE_RATE // 10])
    write_wave(folder / "nothing.wav", [])
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    with openai_server.openai_server() as openai, yandex_server.yandex_server() as yandex:
        yield EngineConfig(
            folder,
            whisper_model=str(folder / "scripted"),
            device="cpu",
            threads=1,
            openai_api_key=openai_server.KEY,
            openai_base_url=openai.url,
            yandex_api_key=yandex_server.KEY,
            yandex_endpoint=yandex.url,
            yandex_operation_endpoint=yandex.url,
        )


@pytest.fixture(scope="module", params=ENGINES)
def engine(request, config):
    if request.param == "whisper":
        need(importlib.util.find_spec("faster_whisper"), "the extra `whisper` is not installed")
        make_model(config.whisper_model, WORDS)
    return transcriber(request.param, config)


def heard(engine, path, progress=lambda _share: None, **options):
    return engine.transcribe(path, TranscribeOptions(**options), progress)


def assert_in_order(transcript):
    spans = [(segment.start_ms, segment.end_ms) for segment in transcript.segments]
    for segment in transcript.segments:
        words = [(word.start_ms, word.end_ms) for word in segment.words]
        assert words == sorted(words)
        assert all(segment.start_ms <= start <= end <= segment.end_ms for start, end in words)
        assert segment.text.strip()
        assert segment.confidence is None or 0 <= segment.confidence <= 1
        assert all(word.text and 0 <= (word.confidence or 0) <= 1 for word in segment.words)
    assert spans == sorted(spans)
    assert all(0 <= start <= end <= transcript.duration_ms for start, end in spans)


def test_speech_gives_timed_words(engine, sounds):
    transcript = heard(engine, sounds / "speech.wav")
    assert_in_order(transcript)
    assert sum(len(segment.words) for segment in transcript.segments) >= len(WORDS)
    assert (transcript.engine, transcript.duration_ms) == (engine.name, 10_000)
    assert transcript.model
    assert transcript.language == "en"


@pytest.mark.parametrize("name", ["silence", "nothing"])
def test_silence_gives_no_segments(engine, sounds, name):
    transcript = heard(engine, sounds / f"{name}.wav")
    assert transcript.segments == ()
    assert transcript.duration_ms == (3000 if name == "silence" else 0)


@pytest.mark.parametrize("name", ["tone", "blip"])
def test_sound_that_is_no_speech_does_no_harm(engine, sounds, name):
    assert_in_order(heard(engine, sounds / f"{name}.wav"))


@pytest.mark.parametrize("name", ["speech", "silence", "blip", "nothing"])
def test_progress_never_falls_and_ends_at_one(engine, sounds, name):
    shares = []
    heard(engine, sounds / f"{name}.wav", shares.append)
    assert shares[-1] == 1.0
    assert all(0 <= before <= after for before, after in itertools.pairwise(shares))


def test_a_warm_engine_hears_the_same_again(engine, sounds):
    first = heard(engine, sounds / "speech.wav")
    heard(engine, sounds / "tone.wav")
    assert heard(engine, sounds / "speech.wav") == first


def test_an_error_from_progress_stops_the_work_and_leaves_the_engine_usable(engine, sounds):
    def stop_soon(share):
        if share > 0:
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        heard(engine, sounds / "speech.wav", stop_soon)
    assert heard(engine, sounds / "speech.wav").segments


def test_any_path_will_do_and_the_sound_is_only_read(engine, sounds, tmp_path):
    path = shutil.copy(sounds / "blip.wav", tmp_path / "запись — 録音 'x'.wav")
    path.chmod(0o444)
    before = path.read_bytes()
    assert_in_order(heard(engine, path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_transcript_survives_json(engine, sounds):
    transcript = heard(engine, sounds / "speech.wav")
    assert from_json(to_json(transcript)) == transcript


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\0" * 4096, None])
def test_a_file_that_is_no_wave_is_refused_in_words(engine, tmp_path, content):
    path = tmp_path / "broken.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.EngineError, match="cannot be read"):
        heard(engine, path)


def test_it_works_as_the_target_of_a_child_process(engine, config, sounds):
    payload = {
        "engine": engine.name,
        "config": config.to_json(secrets=True),
        "audio": str(sounds / "speech.wav"),
        "options": work.options_to_json(TranscribeOptions(language="en")),
    }
    events = []
    result = work.transcribe(payload, events.append)
    assert from_json(result) == heard(engine, sounds / "speech.wav", language="en")
    assert events[-1] == {"progress": 1.0}
