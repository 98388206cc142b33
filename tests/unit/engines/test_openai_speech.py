"""OpenAI's voices against a server that speaks its API: what is sent, what is left to us, and answers nobody can hear."""

import struct
import wave

import numpy as np
import pytest

import openai_voice
from needs import need
from openai_server import KEY, openai_server
from tenuto import errors
from tenuto.domain.spoken_length import expected_ms, longest_ms
from tenuto.engines import openai_speech, pace, registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.openai_speech import OpenAINarrator
from tenuto.engines.streamed_wave import read_wave

TEXT = "Nothing is lost, and nothing is run twice."
WORDS_MS = 8 * (openai_voice.WORD_MS + openai_voice.GAP_MS)


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("openai")
    with openai_server() as running:
        yield running


@pytest.fixture
def engine(server, tmp_path):
    return OpenAINarrator(EngineConfig(tmp_path, openai_api_key=KEY, openai_base_url=server.url))


def said(engine, tmp_path, text=TEXT, **options):
    """What became of one call, and the seconds that were written."""
    answer = engine.submit(text, NarrateOptions(**options), key="the-key")
    target = tmp_path / "said.wav"
    found = engine.collect(answer.receipt, answer.sound, target)
    with wave.open(str(target)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert found.duration_ms == sound.getnframes() * 1000 // sound.getframerate()
    return answer.receipt, found


def test_a_call_says_what_is_asked_and_its_receipt_what_is_paid(engine, server, tmp_path):
    receipt, found = said(engine, tmp_path, voice="nova", instructions="Whisper.")
    assert server.said[-1] == {
        "input": TEXT,
        "model": "gpt-4o-mini-tts",
        "voice": "nova",
        "response_format": "wav",
        "instructions": "Whisper.",
    }
    assert server.keys[-1] == "the-key"
    billed = {name: receipt[name] for name in ("model", "requests", "characters", "duration_ms")}
    assert billed == {
        "model": "gpt-4o-mini-tts",
        "requests": 1,
        "characters": len(TEXT) + len("Whisper."),
        "duration_ms": WORDS_MS,
    }
    assert (found.voice, found.model, found.duration_ms, found.warnings) == ("nova", "gpt-4o-mini-tts", WORDS_MS, ())


def test_a_model_that_takes_a_speed_is_told_it_and_no_instructions(engine, server, tmp_path):
    _, found = said(engine, tmp_path, model="tts-1-hd", speed=2.0, instructions="Whisper.")
    assert (server.said[-1]["speed"], server.said[-1]["model"]) == (2.0, "tts-1-hd")
    assert found.duration_ms == pytest.approx(WORDS_MS / 2, abs=2)
    assert found.warnings == ("The model tts-1-hd takes no instructions; they changed nothing.",)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.6])
def test_a_model_that_ignores_speed_is_brought_to_its_pace_here(speed, engine, tmp_path):
    need(pace.can_change_pace(), "the extra `stretch` is not installed")
    receipt, found = said(engine, tmp_path, speed=speed)
    assert receipt["duration_ms"] == WORDS_MS  # what is paid is what came
    assert found.duration_ms == pytest.approx(WORDS_MS / speed, abs=3)
    assert found.warnings == ()


def test_speech_keeps_its_pitch_and_its_moments_at_another_pace():
    need(pace.can_change_pace(), "the extra `stretch` is not installed")
    rate = 24_000
    at = np.arange(2 * rate) / rate
    tone = (np.sin(2 * np.pi * 220 * at) * 12_000 * ((at > 0.5) & (at < 1.5))).astype("<i2")
    slow = np.frombuffer(pace.at_pace(tone.tobytes(), rate, 0.8), "<i2")
    heard = np.flatnonzero(np.abs(slow) > 1_000) / rate
    assert (heard[0], heard[-1]) == pytest.approx((0.625, 1.875), abs=0.05)
    middle = slow[rate : rate + 8192] * np.hanning(8192)
    assert np.argmax(np.abs(np.fft.rfft(middle))) * rate / 8192 == pytest.approx(220, abs=4)


def test_nobody_is_told_of_a_speed_that_was_not_kept(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(pace, "PACKAGE", "a_package_that_is_not_there")
    _, found = said(engine, tmp_path, speed=0.8)
    assert found.duration_ms == WORDS_MS
    assert "spoke at its usual pace" in found.warnings[0]
    assert "pip install 'tenuto[stretch]'" in found.warnings[0]


@pytest.mark.parametrize("text", ["", "...", "— ? —"])
def test_what_has_no_words_is_not_sent(text, engine, server, tmp_path):
    calls = server.calls.total()
    receipt, found = said(engine, tmp_path, text)
    assert (receipt["requests"], receipt["characters"], server.calls.total()) == (0, 0, calls)
    assert 0 < found.duration_ms < 500


@pytest.mark.parametrize("fault", ["mute", "garbage", "nonsense"])
def test_an_answer_nobody_can_hear_is_paid_and_void_when_it_is_read(fault, engine, server, tmp_path):
    model = f"gpt-4o-mini-tts.{fault}"
    if fault == "nonsense":
        server.voice = lambda _text: (1_000, np.zeros(4_000))  # a rate that nobody speaks at
        model = "gpt-4o-mini-tts.ok-nonsense"
    answer = engine.submit(TEXT, NarrateOptions(model=model), key="k")
    server.voice = openai_voice.tones
    assert (answer.receipt["requests"], answer.receipt["duration_ms"]) == (1, expected_ms(TEXT))
    with pytest.raises(errors.RemoteNonsense, match="no speech") as caught:
        engine.collect(answer.receipt, answer.sound, tmp_path / "said.wav")
    assert caught.value.details["void"]


def test_a_text_longer_than_a_request_takes_is_not_sent(engine, server):
    calls = server.calls.total()
    with pytest.raises(errors.EngineError, match="4,096 characters") as caught:
        engine.submit("word " * 1_000, NarrateOptions(), key="k")
    assert (caught.value.details["unpaid"], server.calls.total()) == (True, calls)


def test_a_long_text_is_said_in_pieces_that_a_request_takes(engine, server, tmp_path):
    before, text = len(server.said), (TEXT + " ") * 120
    found = engine.narrate(text, tmp_path / "said.wav", NarrateOptions(), lambda _share: None)
    asked = [wish["input"] for wish in server.said[before:]]
    assert len(asked) == 3
    assert all(len(piece) <= openai_speech.MOST_CHARACTERS and piece.endswith("twice.") for piece in asked)
    assert " ".join(asked) == text.strip()
    assert found.duration_ms == pytest.approx(120 * WORDS_MS, rel=0.01)


def test_voices_of_a_customer_go_by_their_id_and_those_of_other_servers_by_name(engine, server, tmp_path):
    said(engine, tmp_path, voice="voice_1234")
    assert server.said[-1]["voice"] == {"id": "voice_1234"}
    assert said(engine, tmp_path, voice="af_bella")[1].voice == "af_bella"


def test_a_voice_openai_does_not_have_is_refused_before_it_is_asked(tmp_path):
    theirs = OpenAINarrator(EngineConfig(tmp_path, openai_api_key=KEY))
    with pytest.raises(errors.ValidationError, match="alloy, ash") as caught:
        theirs.submit(TEXT, NarrateOptions(voice="af_bella"), key="k")
    assert caught.value.details["unpaid"]


def test_the_shape_of_a_sample_is_refused(engine):
    with pytest.raises(errors.ValidationError, match="the engine espeak can"):
        engine.submit(TEXT, NarrateOptions(shape={"version": 1}), key="k")


def test_a_wrong_key_is_refused_without_being_repeated(server, tmp_path):
    wrong = OpenAINarrator(EngineConfig(tmp_path, openai_api_key="sk-wrong-99", openai_base_url=server.url))
    with pytest.raises(errors.RemoteDenied) as caught:
        wrong.submit(TEXT, NarrateOptions(), key="k")
    assert "sk-wrong-99" not in f"{caught.value.message} {caught.value.details}"


def test_auto_never_takes_the_voice_that_is_paid(tmp_path, monkeypatch):
    config = EngineConfig(tmp_path, openai_api_key=KEY)
    monkeypatch.setattr(registry, "offered_of", lambda _kind, _config: ["openai-speech"])
    assert registry.choose_narrator("openai-speech", config) == "openai-speech"
    with pytest.raises(errors.EngineMissing, match="Nothing here can speak"):
        registry.choose_narrator("auto", config)


def test_a_paid_voice_is_offered_where_the_settings_offer_it(tmp_path):
    with pytest.raises(errors.ValidationError, match="There is no voice engine"):
        registry.choose_narrator("openai-speech", EngineConfig(tmp_path, offered=("pocketsphinx",)))
    offered = EngineConfig(tmp_path, offered=("pocketsphinx", "openai-speech"))
    assert "openai-speech" in registry.offered_narrators(offered)
    with pytest.raises(errors.EngineMissing, match="TENUTO_OPENAI_API_KEY"):
        registry.require_set_up("openai-speech", offered, registry.NARRATOR)


def test_a_wave_is_read_whether_its_header_knows_its_length_or_not():
    rate, samples = openai_voice.tones("one two")
    for size in (0xFFFFFFFF, 0x7FFFFFFF, 0, 2 * len(samples)):
        assert read_wave(openai_voice.streamed(rate, samples, size=size)) == (rate, samples.tobytes())


def test_two_channels_become_one():
    both = np.array([100, 300, -200, -400], "<i2")
    assert read_wave(openai_voice.streamed(24_000, both, channels=2)) == (24_000, struct.pack("<hh", 200, -300))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "does not begin"),
        (b"ID3\x04 an mp3", "does not begin"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no samples"),
        (b"RIFF\x00\x00\x00\x00WAVEdata\x02\x00\x00\x00\x01\x00", "before what they are"),
        (openai_voice.streamed(24_000, np.ones(10), size=4_000), "ends before its end"),
        (openai_voice.streamed(400_000, np.ones(10)), "400000 Hz"),
        (openai_voice.streamed(24_000, np.ones(10), channels=6), "6 channels"),
    ],
)
def test_what_is_no_such_wave_says_why(data, told):
    with pytest.raises(ValueError, match=told):
        read_wave(data)


def test_how_long_a_text_takes_is_reckoned_by_its_signs():
    assert expected_ms("Nothing is lost.") == 13 * 80
    assert expected_ms("1999") == 4 * 320
    assert expected_ms("东京", speed=2) == 250
    assert longest_ms("") == 1_000
    assert longest_ms(TEXT) > WORDS_MS
