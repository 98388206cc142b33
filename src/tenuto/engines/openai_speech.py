"""OpenAI's voices, or those of any server that speaks its API; each call is paid, so each is made once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.spoken_length import expected_ms
from tenuto.engines.base import EngineReport, NarrateOptions, Narration, Progress, SpokenAnswer
from tenuto.engines.config import EngineConfig
from tenuto.engines.openai_client import key_of, make_client, report_of
from tenuto.engines.openai_errors import translated
from tenuto.engines.pace import INSTALL, at_pace, can_change_pace
from tenuto.engines.remote import quoted, require_sendable
from tenuto.engines.speaking import OPENAI_VOICES, Said, has_words, pieces, sayable, write_speech
from tenuto.engines.streamed_wave import read_wave

MODEL, VOICE = "gpt-4o-mini-tts", "alloy"
SILENT_RATE = 24_000
# One request takes 4,096 characters, gpt-4o-mini-tts 2,000 tokens: a sign of any script is rarely more than one.
MOST_CHARACTERS = 2_000
REQUEST_CHARACTERS = 4_096
OWN_VOICE = re.compile(r"voice_[A-Za-z0-9_-]{1,80}")  # made for one customer, and named by its id
OTHER_VOICE = re.compile(r"[\w.+()@ -]{1,100}")  # what other servers call theirs
UNINSTRUCTED = ("tts-1", "tts-1-hd")
SPEEDLESS = "gpt-"  # OpenAI's own words: speed does not work with gpt-4o-mini-tts


class OpenAINarrator:
    """The voices of `/v1/audio/speech`."""

    name = "openai-speech"
    paid = True
    instructed = True
    has_models = True
    longest = MOST_CHARACTERS

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._key = key_of(config)
        require_sendable(self._key)
        self._client: Any = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package is here and a key is set; asks nobody."""
        return report_of("openai-speech", config, config.openai_speech_model or MODEL)

    def narrate(self, text: str, target: Path, options: NarrateOptions, progress: Progress) -> Narration:
        """Both verbs, piece by piece."""
        voice, model = self._voice(options), self._model(options)
        parts = list(pieces(text, MOST_CHARACTERS)) if has_words(text) else []
        said: list[Said] = []
        rates: list[int] = []
        told: list[str] = []
        progress(0.0)
        for number, part in enumerate(parts):
            answer = self.submit(part, options, key="")
            rate, pcm, warnings = self._heard(answer.receipt, answer.sound)
            said.append(Said(pcm))
            rates.append(rate)
            told += warnings
            progress((number + 1) / (len(parts) + 1))
        require_one_rate(rates)
        spoken = iter(said)
        rate = rates[0] if rates else SILENT_RATE
        length, _ = write_speech(target, rate, parts, lambda _part: next(spoken), lambda _share: None)
        progress(1.0)
        return Narration(length, voice, (), tuple(dict.fromkeys(told)), model=model)

    def submit(self, text: str, options: NarrateOptions, *, key: str) -> SpokenAnswer:
        """Make the one call; the answer is judged where it costs nothing."""
        voice, model, said = self._voice(options), self._model(options), sayable(text).strip()
        wishes, pace, warnings = _wishes(model, options)
        receipt = {"model": model, "voice": voice, "pace": pace, "warnings": warnings}
        if not has_words(said):
            return SpokenAnswer({**receipt, "requests": 0, "characters": 0, "duration_ms": 0}, b"")
        if len(said) > REQUEST_CHARACTERS:
            raise errors.EngineError(
                f"OpenAI's API says {REQUEST_CHARACTERS:,} characters at a time, and this text is longer.", unpaid=True
            )
        with translated(self._key, self._config.remote_timeout_seconds):
            self._client = self._client or make_client(self._config)
            raw = self._client.audio.speech.with_raw_response.create(
                input=said,
                model=model,
                voice={"id": voice} if OWN_VOICE.fullmatch(voice) else voice,
                response_format="wav",
                extra_headers={"Idempotency-Key": key} if key else {},
                **wishes,
            )
            sound = raw.http_response.content
            request_id = str(raw.headers.get("x-request-id", ""))[:100]
        billed = {"requests": 1, "characters": len(said) + len(wishes.get("instructions", ""))}
        length = _length_ms(sound, expected_ms(said, wishes.get("speed", 1.0)))
        return SpokenAnswer({**receipt, **billed, "duration_ms": length, "request_id": request_id}, sound)

    def collect(self, receipt: dict[str, Any], sound: bytes, target: Path) -> Narration:
        """Write what the answer holds to `target`, at the pace that was asked for."""
        rate, pcm, warnings = self._heard(receipt, sound)
        parts = ["all of it"] if pcm else []
        length, _ = write_speech(target, rate, parts, lambda _part: Said(pcm), lambda _share: None)
        return Narration(length, receipt["voice"], (), tuple(warnings), model=receipt["model"])

    def _heard(self, receipt: dict[str, Any], sound: bytes) -> tuple[int, bytes, list[str]]:
        """Rate, samples and warnings of an answer."""
        warnings = list(receipt["warnings"])
        if not receipt["requests"]:
            return SILENT_RATE, b"", warnings
        try:
            rate, pcm = read_wave(sound)
        except ValueError as error:
            said = quoted(sound[:300].decode(errors="replace"), self._key)
            raise errors.RemoteNonsense(
                f"OpenAI's API answered {len(sound):,} bytes that are no speech ({error}): {said or 'nothing'!r}.",
                void=True,
            ) from error
        pace = float(receipt["pace"])
        if pace != 1 and can_change_pace():
            pcm = at_pace(pcm, rate, pace)
        elif pace != 1:
            warnings.append(
                f"The model {receipt['model']} does not take a speed, so it spoke at its usual pace; with the package"
                f" python-stretch ({INSTALL}) the speed would be changed here."
            )
        return rate, pcm, warnings

    def _model(self, options: NarrateOptions) -> str:
        return options.model or self._config.openai_speech_model or MODEL

    def _voice(self, options: NarrateOptions) -> str:
        """The voice that is meant, before anything is paid for it; other servers have names of their own."""
        if options.shape is not None:
            raise errors.ValidationError(
                "openai-speech cannot take the shape of another voice; the engine espeak can.", unpaid=True
            )
        voice = options.voice or VOICE
        elsewhere = bool(self._config.openai_base_url) and OTHER_VOICE.fullmatch(voice)
        if voice not in OPENAI_VOICES and not OWN_VOICE.fullmatch(voice) and not elsewhere:
            raise errors.ValidationError(
                f"OpenAI has no voice {voice[:60]!r}; choose from: {', '.join(OPENAI_VOICES)}, or the id of a voice of"
                " your own there (voice_...).",
                unpaid=True,
            )
        return voice


def _wishes(model: str, options: NarrateOptions) -> tuple[dict[str, Any], float, list[str]]:
    """What the call says besides text and voice, the pace that is left to us, and what had to be left out."""
    wishes: dict[str, Any] = {}
    warnings = []
    if options.instructions and model.startswith(UNINSTRUCTED):
        warnings.append(f"The model {model} takes no instructions; they changed nothing.")
    elif options.instructions:
        wishes["instructions"] = options.instructions
    if model.startswith(SPEEDLESS):
        return wishes, options.speed, warnings
    if options.speed != 1:
        wishes["speed"] = options.speed
    return wishes, 1.0, warnings


def require_one_rate(rates: Iterable[int]) -> None:
    """Refuse to join sounds of different rates; no service changes its own while it says one text."""
    known = sorted(set(rates))
    if len(known) > 1:
        raise errors.RemoteNonsense(f"OpenAI's API answered sounds at {known[0]} and at {known[-1]} Hz for one text.")


def _length_ms(sound: bytes, otherwise: int) -> int:
    """How long an answer is; what nobody can read is reckoned as long as its text."""
    try:
        rate, pcm = read_wave(sound)
    except ValueError:
        return otherwise
    return len(pcm) // 2 * 1000 // rate
