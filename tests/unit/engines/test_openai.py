"""OpenAI's engine against a server that speaks its API: formats, wishes, and answers nobody expects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgers import make_recording
from openai_server import KEY, openai_server
from tenuto import errors
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.openai import OpenAITranscriber
from tenuto.engines.openai_answers import language_of, segments_of


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("openai")
    with openai_server() as running:
        yield running


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return make_recording(tmp_path_factory.mktemp("sound") / "a.wav", 12)


@pytest.fixture
def engine(server, tmp_path):
    return OpenAITranscriber(EngineConfig(tmp_path, openai_api_key=KEY, openai_base_url=server.url))


def heard(engine, sound, **options):
    return engine.transcribe(sound, TranscribeOptions(**options), lambda _share: None)


def test_whisper_gives_words_with_times_in_segments(engine, sound):
    transcript = heard(engine, sound, model="whisper-1", language="en-US")
    assert transcript.language == "en"
    assert all(segment.words and 0 < segment.confidence < 1 for segment in transcript.segments)
    assert " ".join(word.text for segment in transcript.segments for word in segment.words) == transcript.text


def test_a_model_without_times_is_given_marked_guesses(engine, sound):
    transcript = heard(engine, sound, model="gpt-4o-transcribe")
    assert {segment.flags for segment in transcript.segments} == {("guessed_times",)}
    assert 11_000 <= transcript.segments[-1].end_ms <= transcript.duration_ms
    assert transcript.segments[0].confidence == 0.905


def test_a_model_that_tells_speakers_apart_names_them(engine, sound):
    transcript = heard(engine, sound, model="gpt-4o-transcribe-diarize", hot_words=("Tenuto",))
    assert {segment.speaker for segment in transcript.segments} == {"A", "B"}
    assert "hot words" in transcript.warnings[0]


@pytest.mark.parametrize(("model", "field"), [("whisper-1", "prompt"), ("gpt-transcribe", "keywords[]")])
def test_hot_words_go_where_the_model_reads_them(engine, server, sound, model, field):
    heard(engine, sound, model=model, hot_words=("Tenuto", "GE2E"))
    assert server.forms[-1][field] in (["Tenuto, GE2E"], ["Tenuto", "GE2E"])
    assert "temperature" in server.forms[-1]


def test_a_translation_is_made_by_the_model_that_can_and_says_so(engine, server, sound):
    transcript = heard(engine, sound, model="gpt-4o-transcribe", translate=True, language="de", hot_words=("Tenuto",))
    assert transcript.model == "whisper-1"
    assert transcript.text.startswith("Tenuto holds")
    assert transcript.segments[0].end_ms > 0
    form = server.forms[-1]
    assert (form["model"], form["prompt"], "language" in form) == (["whisper-1"], ["Tenuto"], False)


def test_a_prompt_is_no_longer_than_the_model_reads(engine, server, sound):
    heard(engine, sound, hot_words=tuple(f"word{number:03}" for number in range(500)))
    assert 700 < len(server.forms[-1]["prompt"][0]) <= 800


@pytest.mark.parametrize("fault", ["garbage", "nonsense"])
def test_an_answer_nobody_can_read_leaves_a_receipt_and_is_void_when_it_is_read(fault, engine, server, sound):
    receipt = engine.submit(sound, TranscribeOptions(model=f"whisper-1.{fault}"), key="k")
    assert receipt["requests"] == 1
    with pytest.raises(errors.RemoteNonsense) as caught:
        engine.collect(receipt, lambda _share: None)
    assert caught.value.details["void"]


def test_silence_is_not_sent(engine, server, tmp_path):
    calls = server.calls.total()
    receipt = engine.submit(make_recording(tmp_path / "a.wav", 0), TranscribeOptions(), key="k")
    assert (receipt["requests"], server.calls.total()) == (0, calls)
    assert engine.collect(receipt, lambda _share: None).segments == ()


def test_the_key_of_the_work_goes_along(engine, server, sound):
    engine.submit(sound, TranscribeOptions(), key="11112222")
    assert server.keys[-1] == "11112222"


def test_a_server_nobody_runs_is_told_apart_from_a_call_that_broke(sound, tmp_path):
    nowhere = OpenAITranscriber(EngineConfig(tmp_path, openai_api_key=KEY, openai_base_url="http://127.0.0.1:9/v1"))
    with pytest.raises(errors.RemoteDown, match="cannot be reached") as caught:
        heard(nowhere, sound)
    assert caught.value.details["unpaid"]


def test_a_wrong_key_is_refused_without_being_repeated(server, sound, tmp_path):
    wrong = OpenAITranscriber(EngineConfig(tmp_path, openai_api_key="sk-wrong-99", openai_base_url=server.url))
    with pytest.raises(errors.RemoteDenied) as caught:
        heard(wrong, sound)
    assert "sk-wrong-99" not in f"{caught.value.message} {caught.value.details}"


seconds = st.floats(-5, 500) | st.integers(-5, 500)
words = st.fixed_dictionaries({"word": st.text(max_size=8), "start": seconds, "end": seconds})
segments = st.fixed_dictionaries(
    {"text": st.text(max_size=40), "start": seconds, "end": seconds},
    optional={"speaker": st.text(max_size=3), "avg_logprob": st.floats(-9, 1)},
)
answers = st.fixed_dictionaries(
    {"text": st.text(max_size=900)},
    optional={"words": st.lists(words, max_size=20), "segments": st.lists(segments, max_size=8)},
)


speech = st.lists(st.integers(0, 400_000), max_size=20, unique=True).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(answers, st.integers(0, 400_000), speech)
def test_whatever_is_answered_the_times_are_in_order_and_inside_the_sound(answer, length, spans):
    found = segments_of(answer, length, spans)
    starts = [segment.start_ms for segment in found]
    assert starts == sorted(starts)
    for segment in found:
        assert 0 <= segment.start_ms <= segment.end_ms <= length
        assert segment.text.strip()
        assert segment.confidence is None or 0 <= segment.confidence <= 1
        assert list(segment.words) == sorted(segment.words, key=lambda word: (word.start_ms, word.end_ms))
        inner = [moment for word in segment.words for moment in (word.start_ms, word.end_ms)]
        assert all(segment.start_ms <= moment <= segment.end_ms for moment in inner)


@given(st.text(min_size=1, max_size=3000), st.integers(1, 600_000))
def test_guessed_times_lose_no_word(text, length):
    found = segments_of({"text": text}, length)
    assert "".join("".join(segment.text for segment in found).split()) == "".join(text.split())


def test_guessed_sentences_begin_and_end_where_somebody_speaks():
    text = "One two three four five. Six seven eight. And the last of them all is quite long."
    spans = [(1000, 3100), (9000, 10_000), (20_000, 23_500)]
    found = segments_of({"text": text}, 30_000, spans)
    assert [(segment.start_ms, segment.end_ms) for segment in found] == spans


@pytest.mark.parametrize(
    ("answer", "asked", "code"),
    [
        ({"language": "english"}, None, "en"),
        ({"language": "de"}, None, "de"),
        ({"languages": [{"code": "ru"}]}, None, "ru"),
        ({}, "fr", "fr"),
        ({}, None, None),
    ],
)
def test_the_language_is_a_code(answer, asked, code):
    assert language_of(answer, asked) == code
