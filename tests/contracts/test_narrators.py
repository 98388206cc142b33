"""One contract for every voice engine that ships."""

import dataclasses
import importlib.util
import itertools
import shutil
import wave

import numpy as np
import pytest
from hypothesis import given, strategies
from hypothesis import settings as property_settings

from needs import need, need_neural
from openai_server import KEY, openai_server
from tenuto import errors
from tenuto.engines import narration, registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.speaking import OPENAI_VOICES
from tiny_pocket import make_model

TEXT = "Tenuto holds every note for its full length. Nothing is lost, and nothing is run twice!"


@pytest.fixture(scope="module", params=["espeak", "flite", "pocket-tts", "openai-speech", "fake-voice"])
def name(request):
    if request.param == "espeak":
        need(importlib.util.find_spec("espeakng_loader"), "the extra `speech` is not installed")
    if request.param == "flite":
        need(shutil.which("flite"), "the program flite is not installed")
    if request.param == "pocket-tts":
        need_neural("torch", "pocket_tts")
    if request.param == "openai-speech":
        need(importlib.util.find_spec("openai"), "the extra `openai` is not installed")
    return request.param


@pytest.fixture(scope="module")
def config(name, tmp_path_factory):
    """What an engine needs to work here; those far away find a server on loopback."""
    known = EngineConfig(models_dir="/nowhere")
    if name == "openai-speech":
        with openai_server() as running:
            yield dataclasses.replace(known, openai_api_key=KEY, openai_base_url=running.url)
    elif name == "pocket-tts":
        model = make_model(tmp_path_factory.mktemp("pocket") / "tiny")
        yield dataclasses.replace(known, pocket_models={"en": str(model)}, device="cpu")
    else:
        yield known


@pytest.fixture(scope="module")
def engine(name, config):
    return registry.narrator(name, config)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spoken")


def said(engine, folder, text=TEXT, progress=lambda _share: None, **options):
    """What was spoken, and its samples and rate."""
    target = folder / "said.wav"
    found = engine.narrate(text, target, NarrateOptions(**options), progress)
    with wave.open(str(target), "rb") as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        assert found.duration_ms == len(samples) * 1000 // sound.getframerate()
    return found, samples, sound.getframerate()


def test_a_text_becomes_sound(engine, folder):
    found, samples, _ = said(engine, folder)
    assert 2_000 < found.duration_ms < 15_000
    assert np.abs(samples).max() > 1000
    assert found.voice


def test_words_lie_in_order_inside_the_sound(engine, folder):
    found, _, _ = said(engine, folder)
    spans = [(word.start_ms, word.end_ms) for word in found.words]
    assert all(start <= end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert all(end <= found.duration_ms for _, end in spans)
    if engine.name not in ("flite", "pocket-tts", "openai-speech"):  # They do not tell.
        assert [word.text for word in found.words] == TEXT.split()


@pytest.mark.parametrize("text", ["", " \n", "...", "—", "\x00\x01"])
def test_nothing_to_say_gives_a_short_silence(engine, folder, text):
    found, samples, _ = said(engine, folder, text)
    assert 0 < found.duration_ms < 500
    assert not samples.any()
    assert found.words == ()


def test_a_faster_voice_needs_less_time(engine, folder):
    usual, fast = (said(engine, folder, speed=speed)[0].duration_ms for speed in (1.0, 2.0))
    assert 0.35 < fast / usual < 0.75


def test_the_same_text_takes_the_same_time_again(engine, folder):
    first = said(engine, folder)[0]
    said(engine, folder, "Something else.")
    assert said(engine, folder)[0].duration_ms == pytest.approx(first.duration_ms, rel=0.02)


@pytest.mark.parametrize("voice", OPENAI_VOICES)
def test_the_names_of_openai_are_voices(engine, folder, voice):
    assert said(engine, folder, "Hello.", voice=voice)[0].duration_ms > 100


@pytest.mark.parametrize("language", ["en-US", "en-GB", "en-AU"])
def test_a_language_may_come_with_its_region(engine, folder, language):
    assert said(engine, folder, "Hello.", language=language)[0].duration_ms > 100


@pytest.mark.parametrize("voice", ["nobody-at-all", "../../etc/passwd", "-o", "a" * 5000, "en-us\x00"])
def test_a_voice_nobody_has_is_refused(engine, folder, voice):
    if engine.name == "fake-voice":
        return  # It has no voice, so none is wrong.
    with pytest.raises((errors.ValidationError, errors.RemoteRefused)):  # Servers elsewhere know their own.
        said(engine, folder, voice=voice)


@pytest.mark.parametrize(
    "text", ["<voice name='x'>Hi</voice>", "\x0150P hello", "[[foo]] bar", "-o /tmp/x", "%s %n $(id)"]
)
def test_a_text_is_spoken_and_never_obeyed(engine, folder, text, tmp_path):
    said(engine, tmp_path, text)
    assert [path.name for path in tmp_path.iterdir()] == ["said.wav"]


@property_settings(max_examples=15)
@given(text=strategies.text(alphabet=strategies.characters(max_codepoint=0x2FFF), max_size=300))
def test_any_text_is_spoken_or_refused(engine, folder, text):
    try:
        assert said(engine, folder, text)[0].duration_ms > 0
    except errors.ValidationError:
        assert engine.name in ("flite", "pocket-tts")  # English only.


def test_progress_never_falls_and_ends_at_one(engine, folder):
    shares = []
    said(engine, folder, TEXT * 20, shares.append)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert len(shares) > 2
    assert shares == sorted(shares)


def test_an_error_from_progress_stops_it_and_leaves_it_usable(engine, folder):
    def stop_soon(share):
        if share > 0:
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        said(engine, folder, TEXT * 20, stop_soon)
    assert said(engine, folder)[0].duration_ms > 1000


def test_it_works_as_the_target_of_a_child_process(engine, config, folder, tmp_path):
    options = {"voice": "alloy", "language": None, "speed": 1.0}
    payload = {"engine": engine.name, "config": config.to_json(secrets=True), "text": TEXT, "options": options}
    events = []
    result = narration.narrate({**payload, "target": str(tmp_path / "запись 'x'.wav")}, events.append)
    assert result["duration_ms"] == pytest.approx(said(engine, folder, voice="alloy")[0].duration_ms, rel=0.02)
    assert events[-1] == {"progress": 1.0}


def test_the_report_says_that_it_is_ready(engine, config):
    report = registry.report(engine.name, config)
    assert (report.name, report.ready) == (engine.name, True)
    assert report.licence
