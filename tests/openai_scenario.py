"""What a user of OpenAI's own client does, run as a program so that any version of the client can be under it.

`python openai_scenario.py URL RECORDING` prints the name of each check with "ok" or what went wrong, as JSON.
"""

import asyncio
import base64
import io
import json
import pathlib
import sys
import traceback

import openai

URL, RECORDING = sys.argv[1], pathlib.Path(sys.argv[2])
MODERN = not openai.__version__.startswith("1.")
client = openai.OpenAI(base_url=f"{URL}/v1", api_key="any", timeout=60)


def transcribe(**changed):
    return client.audio.transcriptions.create(**{"file": RECORDING, "model": "fake", **changed})


def refused(kind, call, **expected):
    try:
        call()
    except kind as error:
        found = {name: getattr(error, name, None) for name in expected}
        assert found == expected, found
        return error
    raise AssertionError(f"it was not refused with {kind.__name__}")


def slow(**extra):
    return {"extra_body": {"extra": json.dumps(extra)}}


def jobs():
    import httpx

    return httpx.get(f"{URL}/api/jobs", params={"limit": 1}, trust_env=False).json()["counts"]


def count(kind="transcribe"):
    return sum(jobs().get(kind, {}).values())


def check_json():
    found = transcribe()
    assert found.text.startswith("[fake] ")
    assert found.usage.type == "duration"
    assert found.usage.seconds == 4


def check_text():
    found = transcribe(response_format="text")
    assert isinstance(found, str)
    assert found.startswith("[fake] ")


def check_srt():
    assert transcribe(response_format="srt").startswith("1\n00:00:00,000 --> ")


def check_vtt():
    assert transcribe(response_format="vtt").startswith("WEBVTT\n")


def check_verbose_json_with_words_and_segments():
    found = transcribe(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert (found.duration, found.language) == (4.0, "english")
    assert found.words[0].word.isalpha()
    assert found.words[0].start <= found.words[0].end <= found.duration
    assert found.segments[0].text.startswith("[fake] ")
    assert found.segments[0].avg_logprob < 0


def check_verbose_json_has_segments_unless_words_are_asked_for():
    plain = transcribe(response_format="verbose_json")
    assert plain.segments
    assert not plain.words
    words = transcribe(response_format="verbose_json", timestamp_granularities=["word"])
    assert words.words
    assert not words.segments


def check_diarized_json():
    found = transcribe(response_format="diarized_json", model="fake", chunking_strategy="auto")
    segment = found.segments[0] if MODERN else found.model_extra["segments"][0]
    assert (segment.speaker if MODERN else segment["speaker"]) is not None


def check_everything_a_client_can_send_is_taken():
    vad = {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500}
    reference = "data:audio/wav;base64," + base64.b64encode(bytes(100_000)).decode()
    found = transcribe(
        language="en",
        prompt="Tenuto, Ada Lovelace",
        temperature=0.2,
        include=["logprobs"],
        chunking_strategy=vad,
        extra_body={
            "known_speaker_names": ["x", "y"],
            "known_speaker_references": [reference, reference],
            "hotwords": ["q", "w"],
            "a_field_of_the_future": {"deep": [1, 2]},
        },
    )
    assert found.text


def check_a_stream_tells_the_text_in_pieces():
    events = list(transcribe(stream=True))
    kinds = [event.type for event in events]
    assert kinds[-1] == "transcript.text.done"
    assert set(kinds[:-1]) == {"transcript.text.delta"}
    assert "".join(event.delta for event in events[:-1]) == events[-1].text


def check_a_stream_tells_who_speaks():
    kinds = {event.type for event in transcribe(stream=True, response_format="diarized_json")}
    wanted = {"transcript.text.delta", "transcript.text.done"} | ({"transcript.text.segment"} if MODERN else set())
    assert wanted <= kinds


def check_a_stream_that_fails_says_so():
    error = refused(openai.APIError, lambda: list(transcribe(stream=True, **slow(fail="engine_failed"))))
    assert "told to" in str(error)


def check_files_come_in_many_ways():
    data = RECORDING.read_bytes()
    ways = (RECORDING.open("rb"), io.BytesIO(data), data, ("a.wav", data), ("a.wav", io.BytesIO(data), "audio/wav"))
    assert len({transcribe(file=file).text for file in ways}) == 1


def check_names_of_openai_mean_the_default():
    for model in ("whisper-1", "gpt-4o-mini-transcribe-2025-12-15", "fake:tiny"):
        assert transcribe(model=model).text is not None


def check_the_headers_name_the_job():
    raw = client.audio.transcriptions.with_raw_response.create(file=RECORDING, model="fake", temperature=0.3)
    assert len(raw.headers["x-tenuto-job-id"]) == 36
    assert raw.headers["x-tenuto-ignored"] == "temperature"
    assert raw.parse().text


def check_a_translation():
    found = client.audio.translations.create(file=RECORDING, model="fake", response_format="verbose_json")
    assert (found.language, found.text[:6]) == ("english", "[fake]")


def check_an_engine_that_cannot_translate_says_so():
    ask = lambda: client.audio.translations.create(file=RECORDING, model="pocketsphinx")  # noqa: E731
    assert "cannot translate" in str(refused(openai.BadRequestError, ask, param="model"))


def check_speech_in_every_format():
    starts = {
        "mp3": (b"ID3", b"\xff"),
        "opus": (b"OggS",),
        "aac": (b"\xff\xf1",),
        "flac": (b"fLaC",),
        "wav": (b"RIFF",),
    }
    for form, start in starts.items():
        made = client.audio.speech.create(input="One two.", model="fake-voice", voice="alloy", response_format=form)
        assert made.read().startswith(start), form
    pcm = client.audio.speech.create(input="One two.", model="fake-voice", voice="nova", response_format="pcm", speed=2)
    assert len(pcm.content) == 24_000 * 2 * 2 // 10


def check_speech_is_streamed_to_a_file():
    target = RECORDING.with_name("said.mp3")
    with client.audio.speech.with_streaming_response.create(
        input="Hello.", model="fake-voice", voice="alloy", instructions="kindly", extra_body={"new_field": 1}
    ) as answer:
        answer.stream_to_file(target)
    assert target.stat().st_size > 500


def check_speech_as_events():
    options = {"input": "Hello.", "model": "fake-voice", "voice": "alloy", "extra_body": {"stream_format": "sse"}}
    with client.audio.speech.with_streaming_response.create(**options) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1]["type"] == "speech.audio.done"


def check_speech_that_makes_no_sense():
    speak = client.audio.speech.create
    too_long = lambda: speak(input="x" * 4097, model="fake-voice", voice="alloy")  # noqa: E731
    refused(openai.BadRequestError, too_long, param="input")
    refused(openai.BadRequestError, lambda: speak(input="x", model="fake-voice", voice="a", speed=9), param="speed")
    refused(openai.NotFoundError, lambda: speak(input="x", model="none", voice="alloy"), code="model_not_found")


def check_models():
    found = {model.id: model for model in client.models.list()}
    assert {"whisper-1", "gpt-4o-transcribe", "tts-1", "fake", "fake-voice"} <= set(found)
    assert found["fake"].owned_by == "tenuto"
    assert client.models.retrieve("whisper-1").id == "whisper-1"


def check_models_that_do_not_exist():
    for name in ("none", "org/model", "org/model/more", "a b"):
        refused(openai.NotFoundError, lambda: client.models.retrieve(name), code="model_not_found", param="model")  # noqa: B023
    refused(openai.NotFoundError, lambda: transcribe(model="org/model"), code="model_not_found", param="model")


def check_refusals_name_the_field():
    refused(openai.BadRequestError, lambda: transcribe(response_format="docx"), param="response_format")
    refused(openai.BadRequestError, lambda: transcribe(extra_body={"temperature": "hot"}), param="temperature")
    refused(openai.BadRequestError, lambda: transcribe(language="no language"), type="invalid_request_error")
    refused(openai.BadRequestError, lambda: transcribe(file=("a.wav", b"no sound at all")), code="unsupported_media")
    refused(openai.BadRequestError, lambda: transcribe(file=("a.wav", b"")), code="broken_media")


def check_a_failed_job_is_not_run_again():
    before = count()
    error = refused(openai.InternalServerError, lambda: transcribe(**slow(fail="engine_failed")), code="engine_failed")
    assert error.response.headers["x-should-retry"] == "false"
    assert count() == before + 1


def check_a_request_that_cannot_wait_is_told_its_job():
    before = count()
    hasty = client.with_options(timeout=3)
    ask = lambda: hasty.audio.transcriptions.create(file=RECORDING, model="fake", **slow(seconds=8))  # noqa: E731
    error = refused(openai.InternalServerError, ask, status_code=504)
    assert error.response.headers["x-tenuto-job-id"] in str(error)
    assert count() == before + 1


def check_a_key_makes_a_request_safe_to_repeat():
    key = {"Idempotency-Key": "the-same"}
    raw = client.audio.transcriptions.with_raw_response
    first, second = (raw.create(file=RECORDING, model="fake", extra_headers=key) for _ in range(2))
    assert first.headers["x-tenuto-job-id"] == second.headers["x-tenuto-job-id"]
    other = lambda: raw.create(file=RECORDING, model="fake", language="de", extra_headers=key)  # noqa: E731
    refused(openai.ConflictError, other, code="conflict")


def check_the_async_client():
    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="any", timeout=60) as other:
            found, stream, sound = await asyncio.gather(
                other.audio.transcriptions.create(file=RECORDING, model="fake"),
                other.audio.transcriptions.create(file=RECORDING, model="fake", stream=True),
                other.audio.speech.create(input="Hello.", model="fake-voice", voice="alloy"),
            )
            events = [event.type async for event in stream]
            return found.text, events[-1], len(sound.content)

    text, last, size = asyncio.run(ask())
    assert text.startswith("[fake]")
    assert last == "transcript.text.done"
    assert size > 500


CHECKS = {name: found for name, found in list(globals().items()) if name.startswith("check_")}


def main():
    results = {"version": openai.__version__}
    for name, check in CHECKS.items():
        try:
            check()
            results[name] = "ok"
        except Exception:  # noqa: BLE001 - every check tells its own story
            results[name] = traceback.format_exc(limit=-4)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
