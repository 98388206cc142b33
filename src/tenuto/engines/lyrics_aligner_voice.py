"""Where a voice sings: the loudness of its band against what is quiet in the same song, in one pass over the sound."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenuto.engines.sound import SAMPLE_RATE

FRAME_MS = 10
FRAME = SAMPLE_RATE * FRAME_MS // 1000
WINDOW = 512
LOWEST_HZ, HIGHEST_HZ = 200, 4000
READ_SECONDS = 60
SMOOTHED_FRAMES = 5
SILENT_DB = -65.0  # below full scale, no voice at all
LOUD_SHARE = 0.45  # of the way from the quiet parts to the loud ones
CLOSED_FRAMES, SHORTEST_FRAMES, PADDED_FRAMES = 15, 10, 8
HISS = 3.0  # in 16-bit steps: a decoder fails on digital silence

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Voice:
    """Every 10 ms: how loud the band of a voice is, in dB over the border, and whether somebody sings."""

    level: Floats
    sings: Flags
    contrast_db: float = 0.0  # between its loud parts and its quiet ones

    @property
    def is_silent(self) -> bool:
        """Whether nobody sings at all."""
        return not self.sings.any()

    def share(self, start_ms: int, end_ms: int) -> float:
        """How much of a stretch is sung."""
        part = self.sings[start_ms // FRAME_MS : max(start_ms // FRAME_MS + 1, end_ms // FRAME_MS)]
        return float(part.mean()) if part.size else 0.0

    def silence_ms(self, start_ms: int, end_ms: int) -> int:
        """How long nobody sings in a stretch."""
        part = self.sings[start_ms // FRAME_MS : max(start_ms, end_ms) // FRAME_MS]
        return int((~part).sum()) * FRAME_MS


def find_voice(reader: wave.Wave_read) -> Voice:
    """Where somebody sings in an open recording."""
    levels = [_levels(samples) for samples in _blocks(reader)]
    level = np.concatenate(levels) if levels else np.zeros(0, np.float32)
    if not level.size:
        return Voice(level, np.zeros(0, np.bool_))
    level = np.convolve(level, np.ones(SMOOTHED_FRAMES, np.float32) / SMOOTHED_FRAMES, "same").astype(np.float32)
    low, high = np.percentile(level, (10, 95))
    if high < SILENT_DB:
        return Voice(level - np.float32(SILENT_DB), np.zeros(level.size, np.bool_))
    border = max(SILENT_DB, float(low + LOUD_SHARE * (high - low)))
    return Voice(level - np.float32(border), _tidied(level > border), float(high - low))


def gated(pcm: bytes, voice: Voice) -> bytes:
    """The sound where somebody sings, and a faint hiss elsewhere."""
    samples = np.frombuffer(pcm, "<i2")
    gate = np.zeros(len(samples), np.float32)
    for first, last in runs(voice.sings):
        gate[max(0, first - PADDED_FRAMES) * FRAME : (last + PADDED_FRAMES) * FRAME] = 1.0
    hiss = np.random.default_rng(0).normal(0, HISS, len(samples)).astype(np.float32)
    return bytes(np.clip(samples * gate + hiss, -32768, 32767).astype("<i2").tobytes())


def runs(flags: Flags) -> list[tuple[int, int]]:
    """First and one past the last of each row of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _blocks(reader: wave.Wave_read) -> Iterator[Floats]:
    """The recording in whole frames, a minute at a time."""
    reader.rewind()
    while data := reader.readframes(READ_SECONDS * SAMPLE_RATE):
        samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
        yield np.pad(samples, (0, -len(samples) % FRAME))


def _levels(samples: Floats) -> Floats:
    """The band's power in dB for each frame."""
    padded = np.pad(samples, (0, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(samples) : FRAME]
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    band = (bins > LOWEST_HZ) & (bins < HIGHEST_HZ)
    found = []
    for first in range(0, len(frames), 1000):  # ten seconds at once keep the spectra small
        spectra = np.fft.rfft(frames[first : first + 1000] * np.hanning(WINDOW).astype(np.float32))
        found.append(np.square(np.abs(spectra[:, band]) * (4 / WINDOW)).sum(axis=1))
    return (10 * np.log10(np.concatenate(found) + 1e-10)).astype(np.float32)


def _tidied(flags: Flags) -> Flags:
    """Short gaps belong to what is around them; what is shorter than a syllable is no singing."""
    merged: list[list[int]] = []
    for first, last in runs(flags):
        if merged and first - merged[-1][1] < CLOSED_FRAMES:
            merged[-1][1] = last
        else:
            merged.append([first, last])
    tidy = np.zeros(len(flags), np.bool_)
    for first, last in merged:
        tidy[first:last] = last - first >= SHORTEST_FRAMES
    return tidy
