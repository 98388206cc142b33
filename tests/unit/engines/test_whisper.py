import importlib.util
import pickle
from dataclasses import replace
from types import SimpleNamespace

import pytest

from needs import need
from recordings import as_wave, shipped_recording
from tenuto import errors
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.whisper import WhisperTranscriber, _segment
from tenuto.engines.whisper_models import SIZES, checked, home_of, hub_id, locate
from tiny_whisper import make_model

WORDS = ["Guten", "Morgen,", "wie", "geht", "es?"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    need(importlib.util.find_spec("faster_whisper"), "the extra `whisper` is not installed")
    return make_model(tmp_path_factory.mktemp("made") / "model", WORDS, translated=["Good", "morning."], language="de")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return as_wave(shipped_recording()[0], tmp_path_factory.mktemp("sound") / "sound.wav")


@pytest.fixture
def config(tmp_path):
    return EngineConfig(tmp_path / "models", whisper_model="small", device="cpu", threads=1)


def hear(config, sound, **options):
    return WhisperTranscriber(config).transcribe(sound, TranscribeOptions(**options), lambda _share: None)


@pytest.mark.whisper
def test_words_come_with_times_and_the_language_is_found(config, folder, sound):
    transcript = hear(replace(config, whisper_model=str(folder)), sound, hot_words=("tenuto",))
    first = transcript.segments[0]
    assert transcript.language == "de"
    assert [word.text for word in first.words] == WORDS
    assert first.text == " ".join(WORDS)
    gaps = [two.start_ms - one.start_ms for one, two in zip(first.words[1:], first.words[2:], strict=False)]
    assert all(200 <= gap <= 600 for gap in gaps)
    assert first.confidence > 0.5


@pytest.mark.whisper
def test_a_language_may_come_with_its_region(config, folder, sound):
    assert hear(config, sound, model=str(folder), language="pt-BR").language == "pt"


@pytest.mark.whisper
def test_translating_gives_english(config, folder, sound):
    transcript = hear(config, sound, model=str(folder), translate=True)
    assert transcript.language == "en"
    assert transcript.text.startswith("Good morning.")


@pytest.mark.whisper
@pytest.mark.parametrize("options", [{"language": "klingon"}])
def test_what_the_model_cannot_do_is_refused(config, folder, sound, options):
    with pytest.raises(errors.ValidationError):
        hear(config, sound, model=str(folder), **options)


@pytest.mark.whisper
def test_a_model_in_the_models_folder_is_found_by_its_size(config, folder, sound):
    home_of("small", config).parent.mkdir(parents=True)
    home_of("small", config).symlink_to(folder)
    assert WhisperTranscriber.report(config).ready
    assert hear(config, sound).model == "small"


@pytest.mark.whisper
def test_a_model_that_is_not_here_is_named_with_the_command(config, folder, sound, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(errors.EngineMissing, match="tenuto engines fetch whisper"):
        hear(config, sound)
    report = WhisperTranscriber.report(config)
    assert (report.ready, report.fetchable) == (False, True)
    assert "tenuto engines fetch whisper" in report.detail


@pytest.mark.whisper
def test_a_model_in_the_hub_cache_is_used_without_the_network(config, folder, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / f"models--{SIZES['small'].replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("c0ffee")
    (repository / "snapshots").mkdir()
    (repository / "snapshots" / "c0ffee").symlink_to(folder)
    assert locate("small", config) == repository / "snapshots" / "c0ffee"


@pytest.mark.whisper
def test_weights_that_are_no_weights_fail_in_words(config, folder, sound, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.bin").write_bytes(pickle.dumps({"weights": 1}))
    with pytest.raises(errors.EngineError, match="cannot be loaded"):
        hear(config, sound, model=str(tmp_path))


def test_without_the_extra_it_says_what_to_install(config, sound, monkeypatch):
    monkeypatch.setattr("tenuto.engines.whisper._installed", lambda: False)
    with pytest.raises(errors.EngineMissing, match=r"pip install 'tenuto\[standard\]'"):
        hear(config, sound)
    assert "pip install 'tenuto[standard]'" in WhisperTranscriber.report(config).detail
    with pytest.raises(errors.EngineMissing):
        WhisperTranscriber.fetch(config, lambda *_: None)


def test_a_folder_that_is_no_model_is_explained(tmp_path):
    with pytest.raises(errors.EngineError, match=r"model\.bin, config\.json, tokenizer\.json are missing"):
        checked(tmp_path)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(errors.EngineError, match="another kind of weights"):
        checked(tmp_path)
    with pytest.raises(errors.EngineMissing, match="no folder"):
        checked(tmp_path / "absent")


@pytest.mark.parametrize("model", ["huge", "Small", "a b"])
def test_an_unknown_size_is_refused_with_the_list(model):
    with pytest.raises(errors.ValidationError, match="large-v3"):
        hub_id(model)


@pytest.mark.parametrize("model", ["/etc", "~/x", "../x", "org/name", "a/b/c", "x" * 99, "https://host/x", "a\nb"])
def test_a_server_lets_requests_name_known_models_only(config, model):
    with pytest.raises(errors.ValidationError):
        locate(model, replace(config, any_model=False))


@pytest.mark.parametrize("model", ["x\0y", "x" * 2000])
def test_impossible_names_are_refused(config, model):
    with pytest.raises(errors.ValidationError):
        locate(model, config)


def test_times_outside_the_sound_are_put_right():
    words = [
        SimpleNamespace(start=0.5, end=0.4, word=" one", probability=1.2),
        SimpleNamespace(start=0.3, end=9.0, word=" two", probability=0.5),
    ]
    part = SimpleNamespace(start=-1.0, end=0.1, text=" one two ", words=words, avg_logprob=-0.1)
    segment = _segment(part, 100, 2000)
    assert [(word.start_ms, word.end_ms) for word in segment.words] == [(500, 500), (500, 2000)]
    assert (segment.start_ms, segment.end_ms, segment.text, segment.confidence) == (100, 2000, "one two", 0.75)


def test_a_segment_without_words_takes_its_confidence_from_the_model():
    part = SimpleNamespace(start=0.0, end=1.0, text="hm", words=None, avg_logprob=-0.5)
    assert _segment(part, 0, 2000).confidence == 0.607
    assert _segment(SimpleNamespace(text="  "), 0, 2000) is None
