"""Yandex's engine against a server on the official stubs: what it asks for and how its results are read."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("yandex.cloud.ai.stt.v3.stt_pb2")

from ledgers import make_recording
from tenuto import errors
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.yandex import YandexTranscriber
from tenuto.engines.yandex_answers import language_code, segments_of
from yandex_server import KEY, results, stt, yandex_server


@pytest.fixture(scope="module")
def server():
    with yandex_server() as running:
        yield running


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return make_recording(tmp_path_factory.mktemp("sound") / "a.wav", 12)


@pytest.fixture
def engine(server, tmp_path):
    config = EngineConfig(
        tmp_path, yandex_api_key=KEY, yandex_endpoint=server.url, yandex_operation_endpoint=server.url
    )
    return YandexTranscriber(config)


def test_refined_text_with_the_times_of_the_words_and_speakers(engine, sound):
    transcript = engine.transcribe(sound, TranscribeOptions(), lambda _share: None)
    assert transcript.text.startswith("Tenuto holds every note for its full length.")
    assert {segment.speaker for segment in transcript.segments} == {"0", "1"}
    assert transcript.language == "en"
    assert all(segment.words for segment in transcript.segments)


def test_the_request_names_language_model_and_container(engine, server, sound):
    receipt = engine.submit(sound, TranscribeOptions(language="ru", model="general.ok"), key="0b1c")
    asked = server.requests[-1]
    assert (asked.model, list(asked.language_restriction.language_code)) == ("general.ok", ["ru-RU"])
    assert asked.audio_format.container_audio.container_audio_type == stt.ContainerAudio.WAV
    assert server.keys[-1] == "0b1c"
    assert set(receipt) >= {"operation", "duration_ms", "model"}


def test_results_are_read_as_often_as_needed_and_deleted_when_told(engine, server, sound):
    receipt = engine.submit(sound, TranscribeOptions(model="general.ok-again"), key="k")
    first, second = (engine.collect(receipt, lambda _share: None) for _ in range(2))
    engine.forget(receipt)
    assert first == second
    assert server.charges["general.ok-again"] == 1
    assert receipt["operation"] in server.deleted


def test_a_recognition_the_service_lost_is_void(engine, sound):
    receipt = engine.submit(sound, TranscribeOptions(), key="k")
    engine.forget(receipt)
    with pytest.raises(errors.RemoteRefused, match="no longer knows") as caught:
        engine.collect(receipt, lambda _share: None)
    assert caught.value.details["void"]


def test_stopping_while_it_waits_leaves_the_recognition_to_be_read_later(engine, server, sound):
    receipt = engine.submit(sound, TranscribeOptions(), key="k")

    def stop(_share):
        raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        engine.collect(receipt, stop)
    assert engine.collect(receipt, lambda _share: None).segments


def test_a_wrong_key_is_not_repeated_in_the_message(server, sound, tmp_path):
    config = EngineConfig(tmp_path, yandex_api_key="AQVN-wrong", yandex_endpoint=server.url)
    with pytest.raises(errors.RemoteDenied) as caught:
        YandexTranscriber(config).submit(sound, TranscribeOptions(), key="k")
    assert "AQVN-wrong" not in caught.value.message


def test_nobody_at_the_address_cannot_have_charged(sound, tmp_path):
    config = EngineConfig(tmp_path, yandex_api_key=KEY, yandex_endpoint="http://127.0.0.1:9", remote_timeout_seconds=5)
    with pytest.raises(errors.RemoteDown) as caught:
        YandexTranscriber(config).submit(sound, TranscribeOptions(), key="k")
    assert caught.value.details["unpaid"]


@pytest.mark.parametrize("seed", range(20))
def test_results_in_any_order_and_twice_over_give_the_same(seed):
    group = [{"word": "One", "start": 0.0, "end": 0.4}, {"word": "two.", "start": 0.5, "end": 0.9}]
    later = [{"word": "Three", "start": 1.0, "end": 1.4}]
    stream = [*results(0, group, "0"), *results(1, later, "1")]
    mixed = [*stream, *stream]
    random.Random(seed).shuffle(mixed)
    assert segments_of(mixed, 2000, speakers=True) == segments_of(stream, 2000, speakers=True)


@pytest.mark.parametrize(("asked", "code"), [(None, "auto"), ("ru", "ru-RU"), ("en-US", "en-US"), ("tt", "tt")])
def test_languages_have_the_services_names(asked, code):
    assert language_code(asked) == code


moments = st.integers(-1000, 20_000)
spoken = st.lists(st.builds(stt.Word, text=st.text(max_size=5), start_time_ms=moments, end_time_ms=moments), max_size=6)
alternatives = st.builds(
    stt.Alternative,
    words=spoken,
    text=st.text(max_size=20),
    start_time_ms=moments,
    end_time_ms=moments,
    confidence=st.floats(-1, 2),
)


@given(st.lists(alternatives, max_size=6), st.integers(0, 15_000))
def test_whatever_is_answered_the_times_are_in_order_and_inside_the_sound(heard, length):
    stream = [
        stt.StreamingResponse(
            audio_cursors=stt.AudioCursors(final_index=number), final=stt.AlternativeUpdate(alternatives=[alternative])
        )
        for number, alternative in enumerate(heard)
    ]
    found, _ = segments_of(stream, length, speakers=True)
    assert [segment.start_ms for segment in found] == sorted(segment.start_ms for segment in found)
    for segment in found:
        inner = [(word.start_ms, word.end_ms) for word in segment.words]
        assert inner == sorted(inner)
        assert all(segment.start_ms <= start <= end <= segment.end_ms for start, end in inner)
        assert 0 <= segment.start_ms <= segment.end_ms <= length
        assert segment.confidence is None or 0 <= segment.confidence <= 1
