"""OpenAI's audio API, or any server that speaks it; each call is paid, so each is made once. The extra `openai`."""

from __future__ import annotations

import json
import warnings as warnings_of_python
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.transcripts import Transcript
from tenuto.engines.base import EngineReport, Progress, TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.openai_answers import language_of, segments_of
from tenuto.engines.openai_client import key_of, make_client, report_of
from tenuto.engines.openai_errors import translated
from tenuto.engines.remote import length_if_heard, quoted, require_sendable
from tenuto.engines.sound import open_wave
from tenuto.engines.speech import find_speech

MODEL = "whisper-1"
WITH_PROBABILITIES = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")
MAX_BYTES = 25 * 1000 * 1000
LONGEST_PROMPT = 800  # characters; the models read about 224 tokens of it
MOST_KEYWORDS = 100


class OpenAITranscriber:
    """Whisper and its successors as a service."""

    block_seconds = 600.0  # 19 MB, and within the 25 minutes some models hear
    parallel_blocks = True
    paid = True
    translates = True
    translation_model = MODEL  # no other one does it

    name = "openai"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._key = key_of(config)
        require_sendable(self._key)
        self._client: Any = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package is here and a key is set; asks nobody."""
        return report_of("openai", config, config.openai_model or MODEL)

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: Progress) -> Transcript:
        """Both verbs in a row."""
        progress(0.0)
        return self.collect(self.submit(audio, options, key=""), progress)

    def submit(self, audio: Path, options: TranscribeOptions, *, key: str) -> dict[str, Any]:
        """Make the one call; the receipt holds the whole answer as it came."""
        length, is_heard = length_if_heard(audio)
        model = self.translation_model if options.translate else options.model or self._config.openai_model or MODEL
        wishes, warnings = _wishes(model, options)
        receipt = {"model": model, "duration_ms": length, "language": wishes.get("language"), "warnings": warnings}
        if not is_heard:
            return {**receipt, "answer": {}, "requests": 0}
        if wishes["response_format"] == "json":  # It will have no times: where somebody speaks tells something of them.
            receipt["speech"] = _speech(audio)
        if audio.stat().st_size > MAX_BYTES:
            raise errors.EngineError("OpenAI's API takes 25 MB at a time, and this piece is larger.", unpaid=True)
        with (
            translated(self._key, self._config.remote_timeout_seconds),
            audio.open("rb") as sound,
            warnings_of_python.catch_warnings(),
        ):
            # The client calls translations deprecated and offers nothing in their place.
            warnings_of_python.simplefilter("ignore", DeprecationWarning)
            audio_api = self._api().audio
            calls = audio_api.translations if options.translate else audio_api.transcriptions
            headers = {"Idempotency-Key": key} if key else {}
            raw = calls.with_raw_response.create(
                file=("audio.wav", sound, "audio/wav"), model=model, extra_headers=headers, **wishes
            )
            text = raw.http_response.content.decode(errors="replace")
            request_id = str(raw.headers.get("x-request-id", ""))
        # Paid it is, whatever stands in it: that is judged where it costs nothing.
        return {**receipt, "answer": text, "requests": 1, "request_id": request_id[:100]}

    def collect(self, receipt: dict[str, Any], progress: Progress) -> Transcript:
        """Read the answer the receipt holds."""
        length = int(receipt["duration_ms"])
        answer = _read(receipt["answer"], self._key) if receipt["requests"] else {}
        try:
            segments = segments_of(answer, length, receipt.get("speech") or ())
            language = language_of(answer, receipt["language"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise errors.RemoteNonsense(
                f"OpenAI's API answered a transcript that cannot be read ({type(error).__name__}: {error}).", void=True
            ) from error
        progress(1.0)
        return Transcript(
            segments,
            language=language,
            duration_ms=length,
            engine=self.name,
            model=receipt["model"],
            warnings=tuple(receipt["warnings"]),
        )

    def forget(self, receipt: dict[str, Any]) -> None:
        """The service keeps nothing under a name."""

    def _api(self) -> Any:
        """The client, made with the first call."""
        if self._client is None:
            self._client = make_client(self._config)
        return self._client


def _wishes(model: str, options: TranscribeOptions) -> tuple[dict[str, Any], list[str]]:
    """What the call says besides sound and model, by what the model understands, and what had to be left out."""
    diarizes = "diarize" in model
    wishes: dict[str, Any] = {"response_format": "verbose_json", "temperature": 0}
    if options.translate:
        return {**wishes, **_prompt(options.hot_words)}, []
    if options.language:
        wishes["language"] = options.language.split("-")[0]
    warnings = []
    if diarizes:
        wishes |= {"response_format": "diarized_json", "chunking_strategy": "auto"}
        if options.hot_words:
            warnings.append(f"The model {model} cannot use hot words; they changed nothing.")
    elif model.startswith("gpt-"):
        wishes["response_format"] = "json"
        if model.startswith(WITH_PROBABILITIES):
            wishes["include"] = ["logprobs"]
    else:
        wishes["timestamp_granularities"] = ["word", "segment"]
    if model == "gpt-transcribe" and options.hot_words:
        wishes["keywords"] = list(options.hot_words[:MOST_KEYWORDS])
    elif not diarizes:
        wishes |= _prompt(options.hot_words)
    return wishes, warnings


def _speech(audio: Path) -> list[tuple[int, int]]:
    with open_wave(audio) as reader:
        spans = find_speech(reader, lambda _share: None).spans
    return [(round(span.start * 1000), round(span.end * 1000)) for span in spans]


def _prompt(hot_words: tuple[str, ...]) -> dict[str, str]:
    """As many hot words as the models read, which is from the end."""
    kept: list[str] = []
    for word in hot_words:
        if sum(map(len, kept)) + 2 * len(kept) + len(word) > LONGEST_PROMPT:
            break
        kept.append(word)
    return {"prompt": ", ".join(kept)} if kept else {}


def _read(text: str, key: str) -> dict[str, Any]:
    """The answer's JSON, if it is a transcript at all."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        raise errors.RemoteNonsense(
            f"OpenAI's API answered with something that is no transcript: {quoted(text, key) or 'nothing'!r}.",
            void=True,
        )
    return answer
