"""Forms of OpenAI's clients become options of a job."""

import pytest

from tenuto import errors
from tenuto.api.v1.wishes import read_wish
from tenuto.engines.config import EngineConfig
from tenuto.services.engines import EngineService


@pytest.fixture
def engines(tmp_path):
    return EngineService(EngineConfig(tmp_path, offered=("pocketsphinx", "whisper", "fake")))


def wish(engines, translate=False, **fields):
    lists = {name: value if isinstance(value, list) else [value] for name, value in {"model": "fake", **fields}.items()}
    return read_wish(lists, engines, translate=translate)


@pytest.mark.parametrize(
    ("name", "engine", "model"),
    [
        ("whisper-1", "auto", ""),
        ("gpt-transcribe", "auto", ""),
        ("gpt-4o-mini-transcribe-2025-12-15", "auto", ""),
        ("auto", "auto", ""),
        ("pocketsphinx", "pocketsphinx", ""),
        ("whisper:small", "whisper", "small"),
        ("whisper:owner/model", "whisper", "owner/model"),
        ("large-v3", "whisper", "large-v3"),
    ],
)
def test_a_models_name_means_an_engine(engines, name, engine, model):
    options = wish(engines, model=name).options
    assert (options["engine"], options["model"]) == (engine, model)


@pytest.mark.parametrize(
    "name", ["gpt-9", "owner/model", "fake-voice", "tts-1", "whisper-2", "Whisper", ":small", "a" * 900]
)
def test_other_names_do_not_exist(engines, name):
    with pytest.raises(errors.ModelNotFound):
        wish(engines, model=name)


def test_prompt_keywords_and_our_own_become_hot_words(engines):
    given = {"prompt": "Ada Lovelace, tenuto;  Babbage\n", "keywords": ["note", "rest"], "hotwords": '["a b", "note"]'}
    assert wish(engines, **given).options["hot_words"] == ["a b", "note", "rest", "Ada Lovelace", "tenuto", "Babbage"]


def test_hot_words_come_with_commas_too(engines):
    assert wish(engines, hot_words="one, two").options["hot_words"] == ["one", "two"]


@pytest.mark.parametrize(
    ("given", "code"), [("de", "de"), ("German", "de"), ("haitian creole", "ht"), ("pt-BR", "pt-BR")]
)
def test_a_language_is_a_code_or_a_name(engines, given, code):
    assert wish(engines, language=given).options["language"] == code


def test_of_several_languages_the_first_counts_and_that_is_said(engines):
    found = wish(engines, languages=["fr", "en"])
    assert found.options["language"] == "fr"
    assert found.ignored == ("languages",)


@pytest.mark.parametrize(
    ("fields", "speakers"),
    [
        ({}, "off"),
        ({"response_format": "diarized_json"}, "auto"),
        ({"model": "gpt-4o-transcribe-diarize"}, "auto"),
        ({"response_format": "diarized_json", "speakers": "3"}, "3"),
        ({"speakers": "2-4"}, "2-4"),
    ],
)
def test_voices_are_told_apart_where_that_is_asked(engines, fields, speakers):
    assert wish(engines, **fields).options["speakers"] == speakers


def test_a_client_cannot_name_engine_or_translation_beside_the_model(engines):
    fields = {"model": ["fake"], "engine": ["whisper"], "translate": ["true"]}
    options = read_wish(fields, engines, translate=False).options
    assert options["engine"] == "fake"
    assert "translate" not in options


def test_translating_needs_an_engine_that_can(engines):
    assert wish(engines, translate=True).options["translate"] is True
    with pytest.raises(errors.ValidationError, match=r"cannot translate.*whisper, fake"):
        wish(engines, translate=True, model="pocketsphinx")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", ""),
        ("response_format", "docx"),
        ("stream", "maybe"),
        ("temperature", "hot"),
        ("temperature", "-1"),
        ("timestamp_granularities", ["word", "letter"]),
    ],
)
def test_what_cannot_be_used_is_named(engines, field, value):
    with pytest.raises(errors.ValidationError) as caught:
        wish(engines, **{field: value})
    assert caught.value.details["field"] == field


def test_subtitles_are_no_stream(engines):
    with pytest.raises(errors.ValidationError, match="stream"):
        wish(engines, stream="true", response_format="srt")
