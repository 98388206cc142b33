"""Errors below /v1 as OpenAI's clients read them: what is to blame, by OpenAI's words, and whether to try again."""

import pytest

from tenuto.domain.jobs import JobStatus


@pytest.fixture
def house(make_house):
    return make_house(engines=["fake", "yandex", "fake-voice"], openai_wait_seconds=1, max_upload_mb=20)


def transcribe(client, recording, **fields):
    given = {"model": "fake", **fields}
    return client.post("/v1/audio/transcriptions", data=given, files={"file": ("a.wav", recording)})


def say(client, key="", **given):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/audio/speech", json={"input": "Hello.", "model": "fake-voice", **given}, headers=headers)


def blamed(answer):
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    return error["param"], error["code"]


def test_an_engine_without_a_key_is_not_asked_for_again_by_clients(client, recording):
    answer = transcribe(client, recording, model="yandex")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_missing")
    assert answer.headers["X-Should-Retry"] == "false"


def test_each_of_many_keywords_may_be_a_part_of_the_form(client, house, recording):
    words = [f"word{number}" for number in range(400)]
    answer = transcribe(client, recording, **{"keywords[]": words})  # nobody works on it here
    assert house.processing.get(1, answer.headers["X-Tenuto-Job-Id"]).options["hot_words"] == words


def test_many_large_fields_are_refused_before_they_fill_the_memory(client, recording):
    answer = transcribe(client, recording, **{"x[]": ["x" * 60_000] * 200})
    assert answer.status_code == 400
    assert "in all" in answer.json()["error"]["message"]


def test_a_language_that_is_none_is_named_as_openai_does(client, recording):
    assert blamed(transcribe(client, recording, language="klingonese")) == ("language", "invalid_value")


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"input": " \n "}, "input"),
        ({"input": ""}, "input"),
        ({"input": "x" * 5000}, "input"),
        ({"response_format": "gif"}, "response_format"),
        ({"speed": 9}, "speed"),
        ({"language": "¿de?"}, "language"),
    ],
)
def test_what_cannot_be_said_is_named_by_openais_field(client, wrong, param):
    assert blamed(say(client, **wrong)) == (param, "invalid_value")


def test_a_voice_that_only_the_engine_knows_to_be_none_is_named_too(client, worker):
    job = say(client, key="k", voice="nobody").headers["X-Tenuto-Job-Id"]
    worker.claim(job)
    worker.end(job, JobStatus.FAILED, error_code="invalid", error_message="There is no voice 'nobody'.")
    assert blamed(say(client, key="k", voice="nobody")) == ("voice", "invalid_value")
