"""How a synthetic voice is bent towards a person's: values for espeak-ng, and a filter over what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.domain.voice_samples import SHAPE_VERSION
from tenuto.engines.voice_measure import BANDS, FORMANTS, band_centres

LOWEST_PITCH, HIGHEST_PITCH = 40.0, 400.0
MOST_RANGE = 200.0
LEAST_FORMANT, MOST_FORMANT = 72.0, 135.0  # beyond it sounds like nobody
LEAST_PACE, MOST_PACE = 80.0, 450.0
MOST_DB = 18.0
DEEPER_THAN_HZ = 155  # a voice below this one starts from a man's
TAPS = 512


@dataclass(frozen=True)
class VoiceShape:
    """What espeak-ng is told, and how its sound is filtered."""

    pitch: float
    range: float
    formants: tuple[float, ...]  # percent of the usual ones
    pace: float  # words a minute at the usual speed
    filter_db: tuple[float, ...] = (0.0,) * BANDS
    version: int = SHAPE_VERSION

    def to_json(self) -> dict[str, Any]:
        """The shape as it is stored."""
        return asdict(self) | {"formants": list(self.formants), "filter_db": list(self.filter_db)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VoiceShape:
        """Read what `to_json` wrote; nothing else gets near the synthesiser."""
        try:
            given = {field.name: data[field.name] for field in fields(cls)}
            numbers = [float(value) for name in ("formants", "filter_db") for value in given[name]]
            shape = cls(
                pitch=_within(given["pitch"], LOWEST_PITCH, HIGHEST_PITCH),
                range=_within(given["range"], 0, MOST_RANGE),
                formants=tuple(_within(value, LEAST_FORMANT, MOST_FORMANT) for value in numbers[:FORMANTS]),
                pace=_within(given["pace"], LEAST_PACE, MOST_PACE),
                filter_db=tuple(_within(value, -MOST_DB, MOST_DB) for value in numbers[FORMANTS:]),
                version=int(given["version"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise errors.ValidationError(f"The shape of the voice cannot be read: {error!r}. Match it anew.") from error
        if (len(shape.formants), len(shape.filter_db), shape.version) != (FORMANTS, BANDS, SHAPE_VERSION):
            raise errors.ValidationError("The shape of the voice is of another version of tenuto: match it anew.")
        return shape

    @property
    def name(self) -> str:
        """What its variant is called: the same values have the same name."""
        told = json.dumps([*map(float, (self.pitch, self.range, *self.formants)), self.version])
        return f"tenuto{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def variant(self) -> str:
        """The variant as a file of espeak-ng's."""
        lines = [
            "language variant",
            f"name {self.name}",
            f"gender {'male' if self.pitch < DEEPER_THAN_HZ else 'female'}",
            f"pitch {self.pitch:.0f} {self.pitch + self.range:.0f}",
            "formant 0 100 100 100",
        ]
        # The fifth goes with the fourth: it is not measured.
        percents = (*self.formants, self.formants[-1])
        lines += [f"formant {number} {percent:.0f} 100 100" for number, percent in enumerate(percents, 1)]
        return "\n".join(lines) + "\n"

    def filtered(self, pcm: bytes, rate: int) -> bytes:
        """The sound with the filter over it, at the same loudness and the same length."""
        samples = np.frombuffer(pcm, np.int16).astype(np.float64)
        if not samples.size or not any(self.filter_db):
            return pcm
        made = np.convolve(samples, self._taps(rate), mode="same") if samples.size > TAPS else samples
        before, after = np.sqrt(np.mean(samples**2)), np.sqrt(np.mean(made**2))
        gain = min(before / max(after, 1e-9), np.iinfo(np.int16).max / max(np.abs(made).max(), 1.0))
        return bytes(np.rint(made * gain).astype(np.int16))

    def _taps(self, rate: int) -> npt.NDArray[np.float64]:
        """A filter of linear phase that leaves every time as it is."""
        bins = np.fft.rfftfreq(2 * TAPS, 1 / rate)
        gains = 10 ** (np.interp(bins, band_centres(), self.filter_db) / 20)
        taps = np.roll(np.fft.irfft(gains), TAPS // 2)[: TAPS + 1]
        return np.asarray(taps * np.hanning(TAPS + 3)[1:-1])


def _within(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not low <= number <= high:
        raise ValueError(f"{number:g} is not between {low:g} and {high:g}")
    return number
