"""The paid voice through the doors: OpenAI's own client against /v1, and the command line; never without being named."""

import wave

import openai
import pytest

import openai_server
from cli_environment import Command
from server import running_server

TEXT = "Nothing is lost, and nothing is run twice."
ENGINES = '["pocketsphinx", "fake-voice", "openai-speech"]'
PRICES = '{"openai-speech": {"thousand_characters": 1}}'


@pytest.fixture
def service():
    with openai_server.openai_server() as running:
        yield running


def settings_for(service, **more):
    return {
        "TENUTO_ENGINES": ENGINES,
        "TENUTO_OPENAI_API_KEY": openai_server.KEY,
        "TENUTO_OPENAI_BASE_URL": service.url,
        "TENUTO_PRICES": PRICES,
        **more,
    }


def client_of(server):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0)


def test_names_of_openai_stay_here_and_the_paid_voice_is_named(service, tmp_path):
    with running_server(tmp_path, **settings_for(service)) as server:
        speech = client_of(server).audio.speech
        for model in ("tts-1", "gpt-4o-mini-tts", "auto"):
            assert speech.create(input=TEXT, model=model, voice="nova", instructions="Whisper.").content
        assert service.calls.total() == 0

        answer = speech.with_raw_response.create(
            input=TEXT, model="openai-speech", voice="nova", instructions="Whisper.", response_format="wav"
        )
        assert "x-tenuto-ignored" not in answer.headers
        assert answer.content[:4] == b"RIFF"
        wish = service.said[-1]
        assert (wish["model"], wish["voice"], wish["instructions"]) == ("gpt-4o-mini-tts", "nova", "Whisper.")

        speech.create(input=TEXT, model="openai-speech:tts-1-hd", voice="onyx", speed=2)
        assert (service.said[-1]["model"], service.said[-1]["speed"]) == ("tts-1-hd", 2)
        with pytest.raises(openai.NotFoundError):
            speech.create(input=TEXT, model="espeak:large", voice="onyx")
        with pytest.raises(openai.APIStatusError, match="nobody"):
            speech.create(input=TEXT, model="openai-speech", voice="nobody")
        assert service.charges.total() == 2


def test_an_operator_may_have_the_names_of_openai_mean_what_they_say(service, tmp_path):
    with running_server(tmp_path, **settings_for(service, TENUTO_OPENAI_SPEECH_FOR_V1="true")) as server:
        client_of(server).audio.speech.create(input=TEXT, model="tts-1-hd", voice="onyx")
        assert service.said[-1]["model"] == "tts-1-hd"


def test_the_command_line_says_it_with_the_voice_that_is_paid(service, tmp_path):
    command = Command(tmp_path, **settings_for(service))
    wish = ("--engine", "openai-speech", "--model", "gpt-4o-mini-tts", "--instructions", "Whisper.", "--voice", "coral")
    done = command("say", TEXT, *wish, "-o", "said.wav", "--json")
    assert done.code == 0, done.err
    assert done.json["cost"] == pytest.approx((len(TEXT) + len("Whisper.")) / 1000)
    with wave.open(str(tmp_path / "said.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (24_000, 1)
    assert (service.said[-1]["voice"], service.said[-1]["instructions"]) == ("coral", "Whisper.")
    used = command("usage", "--json").json["items"]
    assert [(row["key"], row["model"], row["requests"]) for row in used] == [("openai-speech", "gpt-4o-mini-tts", 1)]
    command.close()


def test_without_a_key_the_command_line_says_what_to_set(service, tmp_path):
    command = Command(tmp_path, TENUTO_ENGINES=ENGINES, TENUTO_OPENAI_API_KEY="", OPENAI_API_KEY="")
    done = command("say", TEXT, "--engine", "openai-speech", "-o", "said.wav")
    assert done.code != 0
    assert "TENUTO_OPENAI_API_KEY" in done.err
    assert not (tmp_path / "said.wav").exists()
    command.close()
