"""Follows the pitch that stands out most, which in a song is mostly the voice, and finds its harmonics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenuto.engines.embedded_separator_stft import Floats, mean_over

LOWEST_HERTZ, HIGHEST_HERTZ, STEPS_PER_OCTAVE = 80.0, 900.0, 60
HARMONICS = 16
HARMONIC_DECAY = 0.84
HARMONICS_UP_TO_HERTZ = 5000.0
BETWEEN = (0.5, 1.5, 2.5)  # where there is sound when the pitch is really an octave lower
REACH = 12  # steps that the pitch may move in one frame
STEP_COST, JUMP_COST = 0.06, 4.0
COMB_UP_TO_HERTZ = 8000.0


@dataclass(frozen=True)
class Track:
    """The pitch of each frame in hertz, and how certain it is that there is one, from 0 to 1."""

    hertz: Floats
    certainty: Floats


def follow_pitch(size: Floats, bin_hertz: float) -> Track:
    """The best path through the pitches of all frames; `size` is (frames, bins)."""
    pitches = LOWEST_HERTZ * 2 ** (
        np.arange(int(STEPS_PER_OCTAVE * np.log2(HIGHEST_HERTZ / LOWEST_HERTZ))) / STEPS_PER_OCTAVE
    )
    salience = _salience(size, pitches, bin_hertz)
    path = _best_path(np.log(salience / (salience.max() + 1e-9) + 1e-3))
    along = salience[np.arange(len(salience)), path]
    loud = np.percentile(along, 90) + 1e-9
    certainty = 1 / (1 + np.exp(-(along / loud - 0.25) * 14))
    return Track(pitches[path].astype(np.float32), certainty.astype(np.float32))


def near_harmonics(track: Track, hertz: Floats) -> Floats:
    """How near each bin is to a harmonic of the pitch, (frames, bins); 0 where there is no pitch."""
    number = np.maximum(1, np.round(hertz / track.hertz[:, None]))
    away = (hertz - number * track.hertz[:, None]) / (22 + 0.012 * hertz)
    comb = np.exp(-0.5 * np.square(away))
    comb[:, hertz > COMB_UP_TO_HERTZ] = 0.5
    return np.asarray(comb * track.certainty[:, None], np.float32)


def _salience(size: Floats, pitches: npt.NDArray[np.float64], bin_hertz: float) -> Floats:
    """How much each pitch stands out: its harmonics, less what lies between them."""
    peaks = np.log1p(size / (np.median(size) + 1e-9))
    peaks = np.maximum(peaks - mean_over(peaks, 41, 1), 0)
    weights = np.zeros((size.shape[1], len(pitches)), np.float32)
    columns = np.arange(len(pitches))
    for harmonic in range(1, HARMONICS + 1):
        place = pitches * harmonic / bin_hertz
        low = np.minimum(place.astype(int), size.shape[1] - 2)
        share = HARMONIC_DECAY ** (harmonic - 1) * (pitches * harmonic < HARMONICS_UP_TO_HERTZ)
        weights[low, columns] += (1 - (place - low)) * share
        weights[low + 1, columns] += (place - low) * share
    for between in BETWEEN:
        weights[(pitches * between / bin_hertz).astype(int), columns] -= 0.25
    return np.asarray(np.maximum(peaks @ weights, 0))


def _best_path(score: Floats) -> npt.NDArray[np.intp]:
    """The path of the highest score: small steps cost a little, a jump anywhere costs the same."""
    count, number = score.shape
    cost = (np.abs(np.arange(-REACH, REACH + 1)) * STEP_COST).astype(np.float32)
    came_from = np.zeros((count, number), np.intp)
    best = score[0]
    padded = np.full(number + 2 * REACH, -np.inf, np.float32)
    reachable = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1)
    rows = np.arange(number)
    for frame in range(1, count):
        padded[REACH:-REACH] = best
        options = reachable - cost
        step = options.argmax(axis=1)
        near = options[rows, step]
        highest = int(best.argmax())
        jump = best[highest] - JUMP_COST
        came_from[frame] = np.where(near < jump, highest, rows + step - REACH)
        best = np.maximum(near, jump) + score[frame]
    path = np.zeros(count, np.intp)
    path[-1] = int(best.argmax())
    for frame in range(count - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path
