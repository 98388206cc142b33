"""Have pocket-tts take up the voice of a sample, and measure how near to it that is, against a voice of its own."""

from __future__ import annotations

import importlib
import tempfile
import wave
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.narration import warm
from tenuto.engines.pocket_tts import NAME, USUAL, PocketNarrator, shape_of_sample
from tenuto.engines.sound import open_wave
from tenuto.engines.voice_match import TEXT, heard_too_little
from tenuto.engines.voice_measure import RATE, Distance, Measure, at_rate, distance, measure

METHOD = "voice cloning"
HEARD_SECONDS = 30.0  # of a sample: its makers' way of taking up a voice goes no further

Payload = dict[str, Any]


def clone(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Take up the voice of `payload["sample"]`, and measure it; a target of `tenuto.children`."""
    config = EngineConfig.from_json(payload["config"])
    engine = warm(NAME, payload["config"])
    if not isinstance(engine, PocketNarrator):
        raise errors.EngineError(f"The engine {NAME} here is another one, which takes up no voices.")
    with open_wave(Path(payload["audio"])) as reader:
        seconds = reader.getnframes() / reader.getframerate()
        samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    target = measure(samples.astype(np.float32))
    emit({"progress": 0.1})
    sample = Path(payload["sample"])
    shape = shape_of_sample(sample, registry.report(NAME, config).version)
    language = engine.language_of("", payload["language"])
    text = text_in(language)
    usual = NarrateOptions(language=language)
    cloned = NarrateOptions(language=language, shape=shape, sample=str(sample))
    with tempfile.TemporaryDirectory(dir=payload["folder"]) as folder:
        speaker = _Speaker(engine, text, Path(folder, "heard.wav"))
        after, doubt = speaker.apart(cloned, target)
        emit({"progress": 0.6})
        before = speaker.apart(usual, target)[0] if engine.has_own_voice(language) else None
    emit({"progress": 1.0})
    warnings = [*heard_too_little(target, better="half a minute"), *([doubt] if doubt else [])]
    if seconds > HEARD_SECONDS:
        warnings.append(f"Of the sample, {seconds:.0f} s long, the first {HEARD_SECONDS:.0f} s were taken up.")
    return {"method": METHOD, "shape": shape, "before": _plain(before), "after": _plain(after), "warnings": warnings}


def text_in(language: str) -> str:
    """What is said to compare voices: many different sounds in few words."""
    if language == USUAL:
        return TEXT
    package: Any = importlib.import_module("pocket_tts.default_parameters")
    names = {"fr": "french", "de": "german", "pt": "portuguese", "it": "italian", "es": "spanish", "nl": "dutch"}
    return str(package.get_default_text_for_language(names.get(language)))


class _Speaker:
    """Speaks a text and listens to it."""

    def __init__(self, engine: PocketNarrator, text: str, file: Path) -> None:
        self._engine, self._text, self._file = engine, text, file

    def apart(self, options: NarrateOptions, target: Measure) -> tuple[Distance | None, str]:
        """How far a voice is from the sample; None, and why, where nothing can be measured of it."""
        self._engine.narrate(self._text, self._file, options, lambda _share: None)
        with wave.open(str(self._file), "rb") as reader:
            said = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
            rate = reader.getframerate()
        try:
            heard = measure(at_rate(said.astype(np.float64), rate, RATE).astype(np.float32))
        except errors.ValidationError:
            return None, "What was said in the voice of the sample does not measure as a voice: listen to it."
        return distance(heard, target), ""


def _plain(found: Distance | None) -> Payload | None:
    return None if found is None else asdict(found)
