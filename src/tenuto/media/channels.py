"""Who speaks when, where each voice has a channel of its own: measured on the original recording, frame by frame.

Levels are kept as one signed byte (decibels below full scale) for each channel and fiftieth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto.domain.speakers import Turn
from tenuto.media.sound import Converter, convert_all

PER_SECOND = 50
LOWEST_DB = -100
# A channel speaks when it stands out of its own noise, is no whisper beside its own loud parts, and no mere echo of a
# louder channel.
ABOVE_NOISE_DB, BELOW_LOUD_DB, BELOW_OTHERS_DB, SILENCE_DB = 10, 35, 10, -65
FILLED_FRAMES, SHORTEST_FRAMES = 15, 8  # pauses and scraps, in fiftieths of a second
# One recording of one room says much the same in all channels, or says it at once.
MOST_CORRELATED, MOST_AT_ONCE = 0.35, 0.35
LEAST_FRAMES, LEAST_SHARE = 50, 0.02

Levels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ChannelReport:
    """Whether each voice has its channel, and the turns when it has."""

    turns: tuple[Turn, ...]
    channels: int  # that somebody speaks on
    correlation: float  # of the two most alike
    at_once: float  # the share of the speech in which several speak

    @property
    def one_voice_each(self) -> bool:
        """Whether the channels tell the speakers apart."""
        return self.channels > 1 and self.correlation <= MOST_CORRELATED and self.at_once <= MOST_AT_ONCE


def write_levels(frames: Iterator[Any], target: Path) -> float:
    """Write the levels of all channels; return the correlation of the two most alike."""
    first = next(frames)
    rate, count = first.sample_rate, first.layout.nb_channels
    width = max(1, rate // PER_SECOND)
    converter = Converter(layout=first.layout.name, rate=rate, sample_format="fltp")
    products = np.zeros((count, count))
    rest = np.zeros((count, 0), np.float32)
    with target.open("wb") as out:
        for frame in convert_all(_chain(first, frames), converter):
            # Of eight planes PyAV makes nine, and touching the last one crashes.
            planes = [np.frombuffer(plane, np.float32, frame.samples) for plane in frame.planes[:count]]
            sound = np.concatenate([rest, np.stack(planes)], axis=1)
            whole = sound.shape[1] // width * width
            products += sound[:, :whole] @ sound[:, :whole].T
            out.write(_levels(sound[:, :whole].reshape(count, -1, width)))
            rest = sound[:, whole:].copy()
    return _most_alike(products)


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _levels(sound: npt.NDArray[np.float32]) -> bytes:
    power = np.square(sound).mean(axis=2)
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return bytes(np.clip(decibels.round(), LOWEST_DB, 0).astype(np.int8).T.tobytes())


def _most_alike(products: npt.NDArray[np.float64]) -> float:
    energy = np.sqrt(np.maximum(np.diag(products), 1e-12))
    likeness = np.abs(products / np.outer(energy, energy))
    np.fill_diagonal(likeness, 0.0)
    return float(likeness.max(initial=0.0))


def read_report(path: Path, channels: int, correlation: float) -> ChannelReport:
    """What the levels in a file tell."""
    levels = np.fromfile(path, np.int8)
    return report_on(levels[: levels.size // channels * channels].reshape(-1, channels), correlation)


def report_on(levels: Levels, correlation: float) -> ChannelReport:
    """Who speaks when; `levels` has a row for each frame and a column for each channel."""
    speaks = np.stack([_without_scraps(column) for column in _active(levels).T], axis=1)
    spoken = speaks.sum(axis=0)
    voiced = np.flatnonzero(spoken >= max(LEAST_FRAMES, LEAST_SHARE * spoken.sum()))
    heard = speaks[:, voiced].sum(axis=1)
    at_once = float((heard > 1).sum() / max(1, (heard > 0).sum()))
    turns = [turn for number, channel in enumerate(voiced) for turn in _turns(speaks[:, channel], number)]
    turns.sort(key=lambda turn: (turn.start_ms, turn.speaker))
    return ChannelReport(tuple(turns), len(voiced), round(correlation, 3), round(at_once, 3))


def _active(levels: Levels) -> Flags:
    if not levels.size:
        return np.zeros(levels.shape, np.bool_)
    values = levels.astype(np.int16)
    noise, loud = np.percentile(values, 10, axis=0), np.percentile(values, 98, axis=0)
    # Where somebody speaks nearly all the time, the quietest tenth is not noise.
    noise = np.minimum(noise, loud - BELOW_LOUD_DB)
    above = values >= np.maximum(np.maximum(noise + ABOVE_NOISE_DB, loud - BELOW_LOUD_DB), SILENCE_DB)
    return np.asarray(above & (values >= values.max(axis=1, keepdims=True) - BELOW_OTHERS_DB))


def _without_scraps(active: Flags) -> Flags:
    """Short pauses filled, then short bursts dropped."""
    found = active.copy()
    for wanted, shortest in ((False, FILLED_FRAMES), (True, SHORTEST_FRAMES)):
        for start, end in _runs(found, wanted):
            if end - start < shortest and (wanted or (start > 0 and end < len(found))):
                found[start:end] = not wanted
    return found


def _runs(flags: Flags, wanted: bool) -> list[tuple[int, int]]:
    at, found = 0, []
    for value, run in groupby(flags.tolist()):
        length = sum(1 for _ in run)
        if value == wanted:
            found.append((at, at + length))
        at += length
    return found


def _turns(speaks: Flags, number: int) -> Iterator[Turn]:
    frame_ms = 1000 // PER_SECOND
    for start, end in _runs(speaks, wanted=True):
        yield Turn(start * frame_ms, end * frame_ms, number)
