"""Short-time spectra that turn back into the very same sound, and the filters over them; all in 32-bit floats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Spectra = npt.NDArray[np.complex64]

OVERLAP = 4  # frames that see each sample


def to_spectra(samples: Floats, frame: int) -> Spectra:
    """Spectra of one channel, (frames, bins): the middle of frame n is sample n · frame / 4."""
    hop = frame // OVERLAP
    count = frames_of(len(samples), hop)
    padded = np.zeros((count - 1) * hop + frame, np.float32)
    padded[frame // 2 : frame // 2 + len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    return np.asarray(np.fft.rfft(frames * _window(frame), axis=1), np.complex64)


def to_samples(spectra: Spectra, frame: int, length: int) -> Floats:
    """The sound of `length` samples that has these spectra; bins that are left off at the top are silent."""
    hop, window = frame // OVERLAP, _window(frame)
    frames = np.fft.irfft(spectra, frame, axis=1).astype(np.float32) * window
    count = len(frames)
    sound = np.zeros((count + OVERLAP - 1, hop), np.float32)
    weight = np.zeros_like(sound)
    for part in range(OVERLAP):
        cut = slice(part * hop, (part + 1) * hop)
        sound[part : part + count] += frames[:, cut]
        weight[part : part + count] += np.square(window[cut])
    first = frame // 2
    return np.asarray((sound / np.maximum(weight, 1e-6)).ravel()[first : first + length])


def frames_of(length: int, hop: int) -> int:
    """How many frames `to_spectra` makes of so many samples."""
    return 1 + -(-length // hop)


def mean_over(values: Floats, width: int, axis: int) -> Floats:
    """The mean of `width` neighbours around each value along an axis; fewer at the ends. `width` is odd."""
    length, half = values.shape[axis], width // 2
    around = [(0, 0)] * values.ndim
    around[axis] = (half, half)
    sums = _sums(np.pad(values, around), width, axis)
    counts = np.minimum(np.arange(length) + half + 1, length) - np.maximum(np.arange(length) - half, 0)
    shape = [1] * values.ndim
    shape[axis] = length
    return np.asarray(sums / counts.reshape(shape).astype(np.float32), np.float32)


def _sums(values: Floats, width: int, axis: int) -> Floats:
    """The sum of `width` values from each one on: sums of two, of four, of eight make it up in few steps."""

    def cut(array: Floats, first: int, count: int) -> Floats:
        return array[first : first + count] if axis == 0 else array[:, first : first + count]

    length = values.shape[axis] - width + 1
    total, power, size, at = None, values, 1, 0
    while True:
        if width & size:
            part = cut(power, at, length)
            total = part.copy() if total is None else np.add(total, part, out=total)
            at += size
        if at == width:
            return np.asarray(total, np.float32)
        left = power.shape[axis] - size
        power = cut(power, 0, left) + cut(power, size, left)
        size *= 2


def fit_frames(values: Floats, count: int) -> Floats:
    """The first `count` rows; where there are fewer, the last one again."""
    short = count - len(values)
    return values[:count] if short <= 0 else np.concatenate([values, np.repeat(values[-1:], short, axis=0)])


def _window(frame: int) -> Floats:
    return np.hanning(frame + 1)[:-1].astype(np.float32)
