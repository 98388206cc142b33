"""Whisper by faster-whisper: a hundred languages, punctuation, word times; the extra `whisper`."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.engines.base import EngineReport, Progress, TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.sound import SAMPLE_RATE, duration_ms, open_wave
from tenuto.engines.whisper_fetch import fetch_model, hub_answers
from tenuto.engines.whisper_models import SIZES, OnProgress, locate

INSTALL = "pip install 'tenuto[standard]'"
FETCH = "tenuto engines fetch whisper"
SHORTEST_SAMPLES = SAMPLE_RATE // 10


class WhisperTranscriber:
    """Any Whisper model in CTranslate2's form, on the processor or a graphics card."""

    translates = True
    block_seconds = 300.0  # Its features of ten minutes take 900 MB, of five half of that.

    name = "whisper"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._loaded: tuple[str, Any] | None = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether package and model are here."""
        ready, reason, hint = WhisperTranscriber.availability(config)
        detail = f"{reason[:1].upper()}{reason[1:].rstrip('.')}." + (f" Do this: {hint}" if hint else "")
        fetchable = _installed() and not ready
        return EngineReport("whisper", ready, detail, config.whisper_model, fetchable=fetchable, licence="MIT")

    @staticmethod
    def availability(config: EngineConfig) -> tuple[bool, str, str]:
        """Whether it can work, why or why not, and what to do about it."""
        model = config.whisper_model
        if not _installed():
            return False, "the extra whisper is not installed", INSTALL
        try:
            here = locate(model, config)
        except errors.TenutoError as error:
            return False, error.message.rstrip("."), ""
        version = importlib.metadata.version("faster-whisper")
        if here is not None:
            return True, f"faster-whisper {version} is installed and its model {model} is on this machine.", ""
        if not config.allow_fetch:
            return False, f"whisper's model {model} is not on this machine and may not be fetched by itself", FETCH
        if not hub_answers(config):
            return False, f"whisper's model {model} is not on this machine and the model hub does not answer", FETCH
        return True, f"faster-whisper {version} is installed and its model {model} is fetched at first use.", ""

    @staticmethod
    def has_model(model: str, config: EngineConfig) -> bool:
        """Whether `model` is a size of Whisper, or one that is on this machine."""
        if model in SIZES:
            return True
        try:
            return _installed() and "/" in model and locate(model, config) is not None
        except errors.TenutoError:
            return False

    @staticmethod
    def fetch(config: EngineConfig, on_progress: OnProgress) -> None:
        """Download the model that the configuration names."""
        if not _installed():
            raise errors.EngineMissing(f"The engine whisper is not installed; install it: {INSTALL}.")
        if locate(config.whisper_model, config) is None:
            fetch_model(config.whisper_model, config, on_progress)

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: Progress) -> Transcript:
        """Return what was said in `audio`."""
        progress(0.0)
        with open_wave(audio) as reader:
            length = duration_ms(reader)
            samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16).astype(np.float32) / 32768
        model_name = options.model or self._config.whisper_model
        segments: list[Segment] = []
        language = options.language
        if len(samples) >= SHORTEST_SAMPLES:
            model = self._load(model_name)
            try:
                heard, info = model.transcribe(samples, **_settings(model, options))
                segments = _segments(heard, length, progress)
            except (RuntimeError, MemoryError) as error:
                raise errors.EngineError(
                    f"Whisper failed with the model {model_name}: {error or 'no memory'}."
                ) from error
            language = "en" if options.translate else info.language
        progress(1.0)
        return Transcript(tuple(segments), language, duration_ms=length, engine=self.name, model=model_name)

    def _load(self, model: str) -> Any:
        if self._loaded is None or self._loaded[0] != model:
            self._loaded = None  # Let the old model go before the new one comes.
            self._loaded = (model, _open(self._folder(model), self._config))
        return self._loaded[1]

    def _folder(self, model: str) -> Path:
        if not _installed():
            raise errors.EngineMissing(f"The engine whisper is not installed; install it: {INSTALL}.")
        here = locate(model, self._config)
        if here is None and not self._config.allow_fetch:
            raise errors.EngineMissing(f"Whisper's model {model} is not on this machine; fetch it: {FETCH}.")
        return here or fetch_model(model, self._config, lambda _here, _total: None)


def _installed() -> bool:
    return importlib.util.find_spec("faster_whisper") is not None


def _open(folder: Path, config: EngineConfig) -> Any:
    try:
        package: Any = importlib.import_module("faster_whisper")
    except ImportError as error:
        raise errors.EngineMissing(f"faster-whisper cannot be loaded: {error}. Install it anew: {INSTALL}.") from error
    try:
        return package.WhisperModel(
            str(folder),
            device=config.device,
            compute_type=config.compute_type,
            cpu_threads=config.threads,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise errors.EngineError(f"The Whisper model in {folder} cannot be loaded: {error}.") from error


def _settings(model: Any, options: TranscribeOptions) -> dict[str, Any]:
    language = options.language.lower().split("-")[0] if options.language else None  # en-US is en
    if language and language not in model.supported_languages:
        raise errors.ValidationError(f"This Whisper model does not know the language {options.language!r}.")
    if options.translate and not model.model.is_multilingual:
        raise errors.ValidationError("This Whisper model knows English only and cannot translate; take another.")
    return {
        "language": language,
        "task": "translate" if options.translate else "transcribe",
        "word_timestamps": True,
        "vad_filter": bool(options.extra.get("vad", True)),
        # Text carried over from before makes the model repeat itself on long recordings.
        "condition_on_previous_text": False,
        "hotwords": ", ".join(options.hot_words) or None,
    }


def _segments(heard: Iterable[Any], length: int, progress: Progress) -> list[Segment]:
    segments: list[Segment] = []
    done = 0.0
    for part in heard:
        earliest = segments[-1].start_ms if segments else 0
        segments += [made] if (made := _segment(part, earliest, length)) else []
        done = min(1.0, max(done, part.end * 1000 / max(1, length)))
        progress(done)
    return segments


def _segment(part: Any, earliest: int, length: int) -> Segment | None:
    """One segment with its times inside the sound and in order, which Whisper's own are not always."""
    text = part.text.strip()
    if not text:
        return None
    words: list[Word] = []
    start = min(length, max(earliest, _ms(part.start)))
    at = start
    for word in part.words or ():
        at = min(length, max(at, _ms(word.start)))
        end = min(length, max(at, _ms(word.end)))
        words.append(Word(at, end, word.word.strip(), _share(word.probability)))
    end = max([min(length, max(start, _ms(part.end))), *(word.end_ms for word in words)])
    known = [word.confidence or 0.0 for word in words]
    confidence = sum(known) / len(known) if known else math.exp(min(0.0, part.avg_logprob))
    return Segment(start, end, text, _share(confidence), words=tuple(words))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, float(value))), 3)
