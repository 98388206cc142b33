"""WAV as services send it: written while it is made, so that its header often does not know how long it is."""

from __future__ import annotations

import struct

import numpy as np

PLAIN, EXTENSIBLE = 1, 0xFFFE
BITS, MOST_CHANNELS = 16, 2
LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000
UNKNOWN_FROM = 0x7000_0000  # a length that nobody means: writers that do not know it put the largest number there


def read_wave(data: bytes) -> tuple[int, bytes]:
    """The rate and the samples, 16-bit mono; ValueError says what else it is."""
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        raise ValueError("it does not begin as a WAV does")
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt " and at + 16 <= len(data):
            form = struct.unpack_from("<HHIIHH", data, at)
        elif name == b"data":
            return _samples(data, at, size, form)
        at += size + size % 2
    raise ValueError("it holds no samples")


def _samples(data: bytes, at: int, size: int, form: tuple[int, ...] | None) -> tuple[int, bytes]:
    if form is None:
        raise ValueError("its samples come before what they are")
    kind, channels, rate, _, _, bits = form
    if kind not in (PLAIN, EXTENSIBLE) or bits != BITS or not 1 <= channels <= MOST_CHANNELS:
        raise ValueError(f"it is of the kind {kind} with {bits} bits and {channels} channels, not 16-bit PCM")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ValueError(f"its rate is {rate} Hz")
    left = len(data) - at
    if left < size < UNKNOWN_FROM:
        raise ValueError("it ends before its end")
    length = min(left, size) if size else left
    frames = length // (2 * channels)
    if not frames:
        raise ValueError("it holds no samples")
    samples = np.frombuffer(data, "<i2", frames * channels, at)
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1).astype("<i2")
    return rate, samples.tobytes()
