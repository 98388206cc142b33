"""Bend espeak-ng towards a sample of a voice, by listening to what comes out and correcting it.

This is voice matching, not a clone: pitch, resonances, timbre and pace come near, and it stays a synthetic voice. How
near is measured and told, against the plain voice.
"""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.espeak import USUAL_PACE, EspeakNarrator
from tenuto.engines.sound import open_wave
from tenuto.engines.voice_measure import RATE, Distance, Measure, at_rate, distance, measure
from tenuto.engines.voice_shape import (
    DEEPER_THAN_HZ,
    HIGHEST_PITCH,
    LEAST_FORMANT,
    LEAST_PACE,
    LOWEST_PITCH,
    MOST_DB,
    MOST_FORMANT,
    MOST_PACE,
    MOST_RANGE,
    VoiceShape,
)

METHOD = "voice matching"
LANGUAGE = "en-us"
# Many different sounds in few words; the voice is compared by it, whatever the person said.
TEXT = (
    "The quick brown fox jumps over the lazy dog. She had your dark suit in greasy wash water all year. "
    "Please call the office about the new report, and bring six spoons of fresh snow peas."
)
ENOUGH_SECONDS = 5.0
ROUNDS = 5
FILTER_ROUNDS = 2

Payload = dict[str, Any]


def match(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Match the voice of `payload["audio"]`; a target of `tenuto.children`."""
    with open_wave(Path(payload["audio"])) as reader:
        samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    config = EngineConfig.from_json(payload["config"])
    with tempfile.TemporaryDirectory(dir=payload["folder"]) as folder:
        matcher = Matcher(EspeakNarrator(config), Path(folder), lambda share: emit({"progress": share}))
        target = measure(samples.astype(np.float32))
        shape, before, after = matcher.match(target)
    told = {"method": METHOD, "shape": shape.to_json(), "before": asdict(before), "after": asdict(after)}
    return told | {"warnings": heard_too_little(target)}


class Matcher:
    """Speaks, listens and corrects."""

    def __init__(self, narrator: EspeakNarrator, folder: Path, tell: Callable[[float], None]) -> None:
        self._narrator, self._folder, self._tell = narrator, folder, tell

    def match(self, target: Measure) -> tuple[VoiceShape, Distance, Distance]:
        """The nearest shape, and how far the plain voice and that one are from the target."""
        plain = self._heard(None)
        tried = list(self._tried(target))
        shape, heard = min(tried, key=lambda each: _apart(distance(each[1], target)))
        for number in range(FILTER_ROUNDS):
            wanted = np.array(shape.filter_db) + _smooth(np.array(target.timbre_db) - np.array(heard.timbre_db))
            nearer = replace(shape, filter_db=tuple(map(float, np.clip(wanted, -MOST_DB, MOST_DB).round(1))))
            found = self._heard(nearer)
            if distance(found, target).timbre_db >= distance(heard, target).timbre_db:
                break
            shape, heard = nearer, found
            self._tell((ROUNDS + number + 1) / (ROUNDS + FILTER_ROUNDS))
        self._tell(1.0)
        before, after = distance(plain, target), distance(heard, target)
        if _apart(after) > _apart(before):
            raise errors.ValidationError(
                "The voice of the sample cannot be come near: bring a clear recording of one person, without music."
            )
        return shape, before, after

    def _tried(self, target: Measure) -> Iterator[tuple[VoiceShape, Measure]]:
        deep = target.pitch_hz < DEEPER_THAN_HZ
        pitch = min(HIGHEST_PITCH, max(LOWEST_PITCH, 0.85 * target.pitch_hz))
        shape = VoiceShape(round(pitch), 40 if deep else 70, (100.0,) * 4, USUAL_PACE)
        for number in range(ROUNDS):
            heard = self._heard(shape)
            yield shape, heard
            shape = _corrected(shape, heard, target)
            self._tell((number + 1) / (ROUNDS + FILTER_ROUNDS))

    def _heard(self, shape: VoiceShape | None) -> Measure:
        target = self._folder / "heard.wav"
        options = NarrateOptions(language=LANGUAGE, shape=None if shape is None else shape.to_json())
        self._narrator.narrate(TEXT, target, options, lambda _share: None)
        with wave.open(str(target), "rb") as reader:
            samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
            rate = reader.getframerate()
        return measure(at_rate(samples.astype(np.float64), rate, RATE).astype(np.float32))


def heard_too_little(target: Measure, *, better: str = "a minute") -> list[str]:
    """What to say of a sample that is short."""
    if target.voiced_seconds >= ENOUGH_SECONDS:
        return []
    return [f"Only {target.voiced_seconds:.1f} s of voice are heard in the sample: {better} of it would be nearer."]


def _corrected(shape: VoiceShape, heard: Measure, target: Measure) -> VoiceShape:
    pitch = shape.pitch * (target.pitch_hz / heard.pitch_hz) ** 0.9
    spread = shape.range * float(np.clip(target.range_semitones / max(heard.range_semitones, 0.5), 0.6, 1.6))
    pairs = zip(shape.formants, target.formants_hz, heard.formants_hz, strict=True)
    formants = [percent * (wanted / found) ** 0.8 for percent, wanted, found in pairs]
    pace = shape.pace * float(np.clip(target.syllables / heard.syllables, 0.8, 1.25)) ** 0.7
    return replace(
        shape,
        pitch=round(min(HIGHEST_PITCH, max(LOWEST_PITCH, pitch))),
        range=round(min(MOST_RANGE, max(5.0, spread))),
        formants=tuple(float(round(min(MOST_FORMANT, max(LEAST_FORMANT, each)))) for each in formants),
        pace=round(min(MOST_PACE, max(LEAST_PACE, pace))),
    )


def _apart(found: Distance) -> float:
    """One number for how far apart, with weights by which the ear notices."""
    return found.pitch_semitones + found.formants_percent / 5 + found.timbre_db / 4 + found.pace_percent / 20


def _smooth(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same without what only one band says."""
    padded = np.pad(levels, 2, mode="edge")
    return np.convolve(padded, [0.1, 0.2, 0.4, 0.2, 0.1], mode="valid")
