"""Turns short stretches of speech into vectors that are close when the voice is the same: the GE2E network in numpy.

The weights are those of Resemblyzer, see NOTICE; `tools/make_voice_weights.py` makes the file again.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto.engines.sound import SAMPLE_RATE

MODEL = "ge2e"
SIZE = 256
WINDOW_FRAMES = 160  # what the network was trained on: 1.6 s
FRAME_SAMPLES = SAMPLE_RATE // 100
SPECTRUM_SAMPLES = 400
BANDS = 40
LAYERS = 3
BATCH = 64
DRIVEN_STEPS = 16  # of a layer whose input is multiplied at once: all of them would take 40 MB
# In training quiet speech was raised to 30 dB below full scale, loud speech left. Speech that always comes at one level
# gives the same print whatever the microphone's gain: 0.98 alike at a twentieth of the loudness, where it was 0.85.
LEVEL_DB = -22.0
LEAST_RMS = 1e-4

Floats = npt.NDArray[np.float32]


def mel_frames(samples: Floats) -> Floats:
    """The power in each of forty bands, a hundred times a second."""
    padded = np.pad(samples, SPECTRUM_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, SPECTRUM_SAMPLES)[::FRAME_SAMPLES]
    power = np.square(np.abs(np.fft.rfft(frames * _WINDOW, axis=1))).astype(np.float32)
    return np.asarray(power @ _FILTERS)


def gain_for(rms: float) -> float:
    """What samples (1 is full scale) are multiplied with before `mel_frames`."""
    return float(10 ** (LEVEL_DB / 20) / max(rms, LEAST_RMS))


def fit_window(frames: Floats) -> Floats:
    """Frames of just the length the network takes; short ones are repeated."""
    if len(frames) >= WINDOW_FRAMES:
        return frames[:WINDOW_FRAMES]
    return np.resize(frames, (WINDOW_FRAMES, BANDS))


def unit(vectors: Floats) -> Floats:
    """The same directions, each of length one."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)


class Encoder:
    """The network: three recurrent layers and a projection."""

    def __init__(self) -> None:
        with files("tenuto.engines").joinpath("ge2e.npz").open("rb") as stream, np.load(stream) as weights:
            self._layers = [_layer(weights, number) for number in range(LAYERS)]
            self._out = weights["out"].astype(np.float32).T
            self._out_bias = weights["out_bias"].astype(np.float32)

    def embed(self, windows: Floats) -> Floats:
        """One vector of length one for each window; `windows` is (number, WINDOW_FRAMES, BANDS)."""
        parts = [self._embed(windows[first : first + BATCH]) for first in range(0, len(windows), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, SIZE), np.float32)

    def _embed(self, windows: Floats) -> Floats:
        # Time comes first, so that each step reads and writes memory that lies together.
        values = np.ascontiguousarray(windows.transpose(1, 0, 2), np.float32)
        for layer in self._layers:
            values = _run_layer(values, *layer)
        return unit(np.maximum(values[-1] @ self._out + self._out_bias, 0))


def _run_layer(values: Floats, from_input: Floats, from_hidden: Floats, bias: Floats) -> Floats:
    """One layer over time. Gates lie in the order in, forget, out, cell; a sigmoid is a tanh of half its argument."""
    steps, count, _ = values.shape
    hidden = np.zeros((count, SIZE), np.float32)
    cell = np.zeros((count, SIZE), np.float32)
    outputs = np.empty((steps, count, SIZE), np.float32)
    for step in range(steps):
        within = step % DRIVEN_STEPS
        if not within:
            driven = values[step : step + DRIVEN_STEPS] @ from_input
            driven += bias
        gates = np.tanh(driven[within] + hidden @ from_hidden)
        gates[:, : 3 * SIZE] = gates[:, : 3 * SIZE] * 0.5 + 0.5
        cell = gates[:, SIZE : 2 * SIZE] * cell + gates[:, :SIZE] * gates[:, 3 * SIZE :]
        hidden = gates[:, 2 * SIZE : 3 * SIZE] * np.tanh(cell)
        outputs[step] = hidden
    return outputs


def _layer(weights: Any, number: int) -> tuple[Floats, Floats, Floats]:
    """Weights of a layer, with the gates in our order and those of a sigmoid halved."""
    order = np.concatenate([np.arange(gate * SIZE, (gate + 1) * SIZE) for gate in (0, 1, 3, 2)])
    scale = np.where(np.arange(4 * SIZE) < 3 * SIZE, 0.5, 1.0).astype(np.float32)
    bias = weights[f"bias_a_{number}"].astype(np.float32) + weights[f"bias_b_{number}"].astype(np.float32)
    found = [weights[f"{name}_{number}"].astype(np.float32)[order] * scale[:, None] for name in ("input", "hidden")]
    return np.ascontiguousarray(found[0].T), np.ascontiguousarray(found[1].T), bias[order] * scale


def _filters() -> Floats:
    """Triangles on Slaney's mel scale, each of the same area."""
    edges = _to_hertz(np.linspace(_to_mel(0.0), _to_mel(SAMPLE_RATE / 2), BANDS + 2))
    places = np.linspace(0, SAMPLE_RATE / 2, SPECTRUM_SAMPLES // 2 + 1)
    widths = np.diff(edges)[:, None]
    slopes = edges[:, None] - places
    triangles = np.maximum(0, np.minimum(-slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]))
    return np.asarray((triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).T, np.float32)


_BEND_HERTZ, _BEND_MEL, _MEL_PER_E = 1000.0, 15.0, 27 / np.log(6.4)


def _to_mel(hertz: float) -> float:
    if hertz < _BEND_HERTZ:
        return hertz * _BEND_MEL / _BEND_HERTZ
    return float(_BEND_MEL + np.log(hertz / _BEND_HERTZ) * _MEL_PER_E)


def _to_hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = _BEND_HERTZ * np.exp((mel - _BEND_MEL) / _MEL_PER_E)
    return np.where(mel < _BEND_MEL, mel * _BEND_HERTZ / _BEND_MEL, above)


_FILTERS = _filters()
_WINDOW = np.hanning(SPECTRUM_SAMPLES + 1)[:-1].astype(np.float32)
