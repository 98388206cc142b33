"""How well each 20 ms of a sound fits each English phone, by pocketsphinx's model, and where its pitch sounds.

A leaking band changes both the floor and the colour of a voice. What sounds where nobody sings is taken off the
spectrum, and the mean of what is sung becomes the model's zero. Scores are against the average phone, so that a loud
drum fits nothing well instead of everything badly.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenuto.engines.embedded_separator_pitch import follow_pitch
from tenuto.engines.lyrics_aligner_search import sphinx
from tenuto.engines.sound import SAMPLE_RATE

STEP_MS = 20
FINE = SAMPLE_RATE // 100  # the model was trained on steps of 10 ms, and its slopes are over these
FRAME, SPECTRUM, PITCH_FRAME, PITCH_SPECTRUM = 410, 512, 1024, 2048
BLOCK = 2_000  # fine frames
PITCH_BLOCK = 1_500  # steps: half a minute, for a tune changes and a band does
MELS, CEPSTRA, LIFTER, LOWEST_HZ, HIGHEST_HZ = 25, 13, 22, 130.0, 6800.0
STREAMS, STATES = 3, 3
SENDUMP_LOG, SENDUMP_SHIFT = np.log(1.0001), 1024
FAINTEST = 1e-4
TUNE_HZ = (156, 3900)
COMB_HZ = 20.0
LEFT_OF_NOISE = 0.1
NO_SPEECH = ("+NSN+", "+SPN+", "SIL")

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class PhoneModel:
    """The phones' names and, for each of three streams, the Gaussians as what a frame is multiplied with."""

    names: tuple[str, ...]
    rows: Floats  # (streams, 2 · 13 + 1, phones · densities)
    mixtures: Floats  # (streams, phones, densities, states)

    def scores(self, features: Floats) -> Floats:
        """The log likelihood of the best state of each phone, less the average phone's: (steps, phones)."""
        found = np.zeros((len(features), len(self.names), STATES), np.float32)
        for stream in range(STREAMS):
            frame = features[:, stream]
            extended = np.concatenate([frame, np.square(frame), np.ones((len(frame), 1), np.float32)], axis=1)
            each = (extended @ self.rows[stream]).reshape(len(frame), len(self.names), -1)
            best = each.max(axis=2, keepdims=True)
            mixed = np.matmul(np.exp(each - best).transpose(1, 0, 2), self.mixtures[stream])
            found += np.log(mixed.transpose(1, 0, 2) + 1e-30) + best
        spoken = found[:, [name not in NO_SPEECH for name in self.names]].reshape(len(found), -1)
        highest = spoken.max(axis=1, keepdims=True)
        average = highest + np.log(np.exp(spoken - highest).mean(axis=1, keepdims=True))
        return np.asarray(found.max(axis=2) - average, np.float32)


def load_model() -> PhoneModel:
    """Read the model that comes with pocketsphinx: its phones without their neighbours."""
    folder = Path(sphinx().get_model_path()) / "en-us" / "en-us"
    names = _names((folder / "mdef").read_bytes())
    mean, variance = (_gaussians((folder / name).read_bytes()) for name in ("means", "variances"))
    variance = np.maximum(variance, np.float32(FAINTEST))
    constant = -0.5 * (np.log(2 * np.pi * variance) + np.square(mean) / variance).sum(axis=3, keepdims=True)
    rows = np.concatenate([mean / variance, -0.5 / variance, constant], axis=3)
    rows = rows.transpose(1, 3, 0, 2).reshape(STREAMS, 2 * CEPSTRA + 1, -1)
    densities = mean.shape[2]
    mixtures = _mixtures((folder / "sendump").read_bytes(), densities)[:, :, : len(names) * STATES]
    mixtures = mixtures.reshape(STREAMS, densities, len(names), STATES).transpose(0, 2, 1, 3)
    return PhoneModel(names, np.ascontiguousarray(rows, np.float32), np.ascontiguousarray(mixtures, np.float32))


def mel_powers(samples: Samples) -> Floats:
    """The power in each mel band, every 10 ms."""
    count = max(0, (len(samples) - FRAME) // FINE + 1)
    window, found = np.hamming(FRAME).astype(np.float32), [np.zeros((0, MELS), np.float32)]
    for first in range(0, count, BLOCK):
        last = min(count, first + BLOCK)
        start = max(0, first * FINE - 1)
        sound = samples[start : (last - 1) * FINE + FRAME].astype(np.float32)
        sharp = np.concatenate([sound[:1], sound[1:] - np.float32(0.97) * sound[:-1]])[first * FINE - start :]
        frames = np.lib.stride_tricks.sliding_window_view(sharp, FRAME)[::FINE]
        found.append(np.square(np.abs(np.fft.rfft(frames * window, SPECTRUM))).astype(np.float32) @ _MELS)
    return np.concatenate(found) + 1


def phone_scores(powers: Floats, sung: Floats, model: PhoneModel) -> Floats:
    """Scores for every 20 ms of `powers`; `sung` is above 0 where somebody sings."""
    quiet, loud = np.repeat(sung < 0, 2), np.repeat(sung > 0, 2)
    length = min(len(powers), len(quiet))
    powers, quiet, loud = powers[:length], quiet[:length], loud[:length]
    if not length:
        return np.zeros((0, len(model.names)), np.float32)
    noise = np.median(powers[quiet], axis=0) if quiet.any() else np.ones(MELS, np.float32)
    clean = np.log(np.maximum(powers - noise, LEFT_OF_NOISE * noise + 1))
    cepstra = np.asarray(clean @ _COSINES, np.float32)
    cepstra -= cepstra[loud].mean(axis=0) if loud.any() else cepstra.mean(axis=0)
    padded = np.pad(cepstra, ((3, 3), (0, 0)), mode="edge")

    def at(shift: int) -> Floats:
        return padded[3 + shift : 3 + shift + length : 2]

    features = np.stack([at(0), at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))], axis=1)
    parts = [model.scores(features[first : first + BLOCK // 4]) for first in range(0, len(features), BLOCK // 4)]
    return np.concatenate(parts)


def tune_levels(samples: Samples) -> Floats:
    """How loud the harmonics of the pitch that stands out are, in dB, every 20 ms."""
    hop = 2 * FINE
    count = max(0, (len(samples) - FRAME) // hop + 1)
    window, found = np.hanning(PITCH_FRAME).astype(np.float32), [np.zeros(0, np.float32)]
    before = (PITCH_FRAME - FRAME) // 2
    for first in range(0, count, PITCH_BLOCK):
        last = min(count, first + PITCH_BLOCK)
        start, end = first * hop - before, (last - 1) * hop - before + PITCH_FRAME
        sound = samples[max(0, start) : end].astype(np.float32)
        sound = np.pad(sound, (max(0, -start), max(0, end - len(samples))))
        frames = np.lib.stride_tricks.sliding_window_view(sound, PITCH_FRAME)[::hop]
        size = np.abs(np.fft.rfft(frames * window, PITCH_SPECTRUM)[:, :640]).astype(np.float32)
        found.append(_on_harmonics(size))
    return np.concatenate(found)


def _on_harmonics(size: Floats) -> Floats:
    hertz = np.arange(size.shape[1], dtype=np.float32) * (SAMPLE_RATE / PITCH_SPECTRUM)
    pitch = follow_pitch(size, float(hertz[1])).hertz[:, None]
    away = np.abs(hertz - np.maximum(1, np.round(hertz / pitch)) * pitch)
    counts = (away < COMB_HZ) & (hertz > TUNE_HZ[0]) & (hertz < TUNE_HZ[1])
    return np.asarray(10 * np.log10((np.square(size) * counts).sum(axis=1) + 1), np.float32)


def _names(data: bytes) -> tuple[str, ...]:
    """The phones of a model's definition; each has three states, in their order."""
    (header,) = struct.unpack_from("<i", data, 8)
    at = 12 + header
    (count,) = struct.unpack_from("<i", data, at)
    return tuple(name.decode() for name in data[at + 40 :].split(b"\0", count)[:count])


def _gaussians(data: bytes) -> Floats:
    """Means or variances, (phones, streams, densities, 13)."""
    at = data.index(b"endhdr\n") + 11
    phones, streams, densities = struct.unpack_from("<3i", data, at)
    shape = (phones, streams, densities, CEPSTRA)
    return np.frombuffer(data, "<f4", phones * streams * densities * CEPSTRA, at + 16 + 4 * streams).reshape(shape)


def _mixtures(data: bytes, densities: int) -> Floats:
    """The weights of the densities, (streams, densities, states of all phones)."""
    (length,) = struct.unpack_from("<i", data)
    at = 0
    while length:
        at += 4 + length
        (length,) = struct.unpack_from("<i", data, at)
    _, states = struct.unpack_from("<2i", data, at + 4)
    stored = np.frombuffer(data, np.uint8, STREAMS * densities * states, at + 12)
    weights = np.exp(-SENDUMP_LOG * SENDUMP_SHIFT * stored.astype(np.float32))
    return np.asarray(weights.reshape(STREAMS, densities, states), np.float32)


def _mel_filters() -> Floats:
    def mel(hertz: float) -> float:
        return float(2595 * np.log10(1 + hertz / 700))

    width = SAMPLE_RATE / SPECTRUM
    edges = 700 * (10 ** (np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), MELS + 2) / 2595) - 1)
    low, middle, high = (part for part in np.lib.stride_tricks.sliding_window_view(np.round(edges / width), 3).T)
    bins = np.arange(SPECTRUM // 2 + 1)[:, None]
    shape = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    return np.asarray(shape * 2 / ((high - low) * width), np.float32)


def _cosines() -> Floats:
    """From logarithms of mel bands to cepstra, liftered."""
    order, band = np.arange(CEPSTRA)[:, None], np.arange(MELS) + 0.5
    basis = np.cos(np.pi * order * band / MELS) * np.sqrt(np.where(order == 0, 1, 2) / MELS)
    return np.asarray((basis * (1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER))).T, np.float32)


_MELS, _COSINES = _mel_filters(), _cosines()
