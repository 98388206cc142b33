"""A look-ahead limiter: the gain that keeps the true peaks of a sound under a ceiling, found before it is played.

Peaks are looked for between the samples too. The gain begins to fall before a peak comes and is back soon after it; it
has one value for each few samples and is a straight line between them, so that two hours of it are a few megabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from tenuto.media.floats import Floats

STEP = 32  # samples for each of which there is one gain
LOOK_AHEAD_SECONDS, RELEASE_SECONDS = 0.004, 0.08
OVERSAMPLING, TAPS = 4, 24  # as BS.1770 asks for, with more taps than its own
Gains = npt.NDArray[np.float64]


def _between() -> list[npt.NDArray[np.float32]]:
    """Filters that tell the sound a quarter, a half and three quarters of the way to the next sample."""
    places = np.arange(TAPS) - TAPS / 2 + 1
    found = []
    for part in range(1, OVERSAMPLING):
        away = places - part / OVERSAMPLING
        window = 0.5 + 0.5 * np.cos(2 * np.pi * away / TAPS)
        taps = np.sinc(away) * window
        found.append((taps / taps.sum())[::-1].astype(np.float32))
    return found


BETWEEN = _between()


def peaks(pieces: Iterable[Floats]) -> Gains:
    """The highest true peak of each step."""
    found: list[npt.NDArray[np.float32]] = []
    held: Floats | None = None  # what comes before the next piece: its neighbours, and a step that is not whole
    for piece in pieces:
        sound = np.pad(piece, ((TAPS, 0), (0, 0))) if held is None else np.concatenate([held, piece])
        steps = (len(sound) - 2 * TAPS) // STEP
        if steps > 0:
            found.append(_highest(sound[: 2 * TAPS + steps * STEP]))
        held = sound[max(0, steps) * STEP :]
    if held is None or len(held) <= TAPS:
        return np.concatenate([np.zeros(0), *found])
    rest = len(held) - TAPS
    padded = np.pad(held, ((0, TAPS + -rest % STEP), (0, 0)))
    return np.concatenate([*found, _highest(padded)]).astype(np.float64)


def _highest(sound: Floats) -> npt.NDArray[np.float32]:
    """The peak of each step of what lies between the first and the last `TAPS` samples."""
    inner = sound[TAPS:-TAPS]
    highest = np.abs(inner).max(axis=1)
    for channel in sound.T:
        around = channel[TAPS // 2 + 1 : len(channel) - TAPS // 2]
        for taps in BETWEEN:
            between = np.abs(np.convolve(around, taps, "valid"))
            np.maximum(highest, between, out=highest)
    return np.asarray(highest.reshape(-1, STEP).max(axis=1))


def gains(peaks_found: Gains, ceiling: float, rate: int) -> Gains:
    """The gain of each step that keeps all peaks under the ceiling."""
    needed = np.minimum(1.0, ceiling / np.maximum(peaks_found, 1e-9))
    reach = max(1, round(LOOK_AHEAD_SECONDS * rate / STEP))
    lowest = _sliding_min(needed, reach + 1)
    back = float(np.exp(-STEP / (RELEASE_SECONDS * rate)))
    recovered = np.empty_like(lowest)
    now = 1.0
    for number, wanted in enumerate(lowest.tolist()):
        now = min(wanted, 1 + (now - 1) * back)
        recovered[number] = now
    width = 2 * reach + 1
    sums = np.cumsum(np.pad(recovered, (reach + 1, reach), "edge"))
    return np.minimum((sums[width:] - sums[:-width]) / width, 1.0)


def _sliding_min(values: Gains, reach: int) -> Gains:
    """The least of each value and its neighbours on both sides."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, reach, "edge"), 2 * reach + 1)
    return np.asarray(windows.min(axis=1))


def limited(pieces: Iterable[Floats], gain: Gains, factor: float) -> Iterator[Floats]:
    """The pieces times a factor and times the gain of each moment."""
    middles = (np.arange(gain.size) + 0.5) * STEP
    at = 0
    for piece in pieces:
        times = np.arange(at, at + len(piece))
        # Only the gains around the piece: the whole line would be read again for each of them.
        first, last = max(0, at // STEP - 1), (at + len(piece)) // STEP + 2
        line = np.interp(times, middles[first:last], gain[first:last]) * factor
        yield (piece * line[:, None]).astype(np.float32)
        at += len(piece)
