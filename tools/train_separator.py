"""Train the weights of the embedded separator on songs made of numbers, and write them; with numpy alone.

    OPENBLAS_NUM_THREADS=1 python tools/train_separator.py [--songs 48] [--seed 1] [--processes 2]

It takes about three minutes of one core. The same seed gives the same weights, whatever the number of processes. They
are written only when songs that were not trained on come out clearly better than untouched, in stereo and, which is
where a net goes wrong first, in mono.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from made_songs import Made, make_song

from tenuto.engines.embedded_separator import voice_of
from tenuto.engines.embedded_separator_cues import BINS, CUES, FRAME, bands, read_cues
from tenuto.engines.embedded_separator_net import LAYERS, WEIGHTS, Weights
from tenuto.engines.embedded_separator_stft import Floats, to_spectra

TARGET = Path(__file__).parents[1] / "src" / "tenuto" / "engines" / WEIGHTS
HIDDEN = (40, 24)
POINTS_PER_SONG, SONG_SECONDS = 20_000, 20.0
EPOCHS, BATCH, RATE, SLOWER = 14, 2048, 4e-3, 0.8
MONO_SHARE = 3  # every third song
CHECKED = 3  # songs of either kind, never trained on
LEAST_STEREO_DB, LEAST_MONO_DB = 5.0, 3.0
MOST_WEIGHT = 60.0

Points = tuple[Floats, Floats, Floats]


def points_of(seed: int, number: int) -> Points:
    """Some points of a song: cues, the right shares of middle and side, and what an error there would cost."""
    dice = np.random.default_rng([seed, number])
    song = make_song(seed * 1000 + number, seconds=SONG_SECONDS, mono=number % MONO_SHARE == MONO_SHARE - 1)
    cues = read_cues(song.mix)
    left, right = (to_spectra(channel, FRAME)[:, :BINS] for channel in song.vocals)
    rights, costs = [], []
    for mixed, voice in ((cues.middle, (left + right) / 2), (cues.side, (left - right) / 2)):
        power = np.square(np.abs(mixed))
        rights.append(np.clip(np.real(voice * np.conj(mixed)) / (power + 1e-9), 0, 1).ravel())
        costs.append(power.ravel())
    wanted, cost = np.stack(rights, axis=1), np.stack(costs, axis=1)
    likely = np.sqrt(cost.sum(axis=1))
    likely = likely + 0.02 * likely.mean()
    likely /= likely.sum()
    chosen = dice.choice(len(likely), POINTS_PER_SONG, p=likely)
    weight = cost[chosen] / likely[chosen, None]
    weight = np.minimum(weight / weight.sum(axis=1).mean(), MOST_WEIGHT)
    by_bin = bands()[chosen % BINS]
    values = np.concatenate([cues.values[:, chosen].T, by_bin], axis=1)
    return values, wanted[chosen].astype(np.float32), weight.astype(np.float32)


def new_weights(inputs: int, dice: np.random.Generator) -> dict[str, Floats]:
    """Weights that know nothing."""
    sizes = (inputs, *HIDDEN, 2)
    found: dict[str, Floats] = {}
    for number, (above, below) in enumerate(pairwise(sizes), 1):
        found[f"weight_{number}"] = (dice.normal(size=(above, below)) * np.sqrt(2 / above)).astype(np.float32)
        found[f"bias_{number}"] = np.zeros(below, np.float32)
    return found


def slopes(weights: Weights, points: Points) -> tuple[float, dict[str, Floats]]:
    """The error over some points, and how each weight moves it."""
    values, wanted, cost = points
    layers = [values]
    for number in range(1, LAYERS):
        layers.append(np.maximum(layers[-1] @ weights[f"weight_{number}"] + weights[f"bias_{number}"], 0))
    share = 1 / (1 + np.exp(-(layers[-1] @ weights[f"weight_{LAYERS}"] + weights[f"bias_{LAYERS}"])))
    wrong = share - wanted
    error = float((cost * np.square(wrong)).sum() / len(values))
    back = 2 * cost * wrong * share * (1 - share) / len(values)
    found: dict[str, Floats] = {}
    for number in range(LAYERS, 0, -1):
        found[f"weight_{number}"] = layers[number - 1].T @ back
        found[f"bias_{number}"] = back.sum(axis=0)
        back = (back @ weights[f"weight_{number}"].T) * (layers[number - 1] > 0)
    return error, found


def train(points: Points, dice: np.random.Generator) -> dict[str, Floats]:
    """Adam, in the plainest form."""
    weights = new_weights(points[0].shape[1], dice)
    mean = {name: np.zeros_like(value) for name, value in weights.items()}
    spread = {name: np.zeros_like(value) for name, value in weights.items()}
    step, rate = 0, RATE
    for epoch in range(EPOCHS):
        order, total = dice.permutation(len(points[0])), 0.0
        for first in range(0, len(order), BATCH):
            rows = order[first : first + BATCH]
            error, slope = slopes(weights, (points[0][rows], points[1][rows], points[2][rows]))
            total += error * len(rows)
            step += 1
            for name, value in slope.items():
                mean[name] = 0.9 * mean[name] + 0.1 * value
                spread[name] = 0.999 * spread[name] + 0.001 * np.square(value)
                size = np.sqrt(spread[name] / (1 - 0.999**step)) + 1e-8
                weights[name] = (weights[name] - rate * mean[name] / (1 - 0.9**step) / size).astype(np.float32)
        rate *= SLOWER
        print(f"epoch {epoch + 1}: error {total / len(order):.4f}", flush=True)
    return weights


def gains(song: Made, weights: Weights) -> tuple[float, float]:
    """By how many decibels the voice and the band come out better than the untouched mix."""
    wrong = np.square(voice_of(song.mix, weights) - song.vocals).sum()
    return tuple(10 * np.log10(np.square(other).sum() / wrong) for other in (song.band, song.vocals))  # type: ignore[return-value]


def check(weights: Weights, seed: int) -> bool:
    """Whether songs that were never seen come out well enough."""
    good = True
    for mono, least in ((False, LEAST_STEREO_DB), (True, LEAST_MONO_DB)):
        found = np.array(
            [gains(make_song(900_000 + seed * 100 + number, mono=mono), weights) for number in range(CHECKED)]
        )
        for voice, band in found:
            print(f"{'mono' if mono else 'stereo'}: voice {voice:+.1f} dB, band {band:+.1f} dB")
        good = good and bool(found.mean() >= least)
    return good


def main() -> None:
    """Make songs, train, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.processes) as pool:
        found = list(pool.map(points_of, [asked.seed] * asked.songs, range(asked.songs)))
    points: Any = tuple(np.concatenate(column) for column in zip(*found, strict=True))
    weights = train(points, np.random.default_rng(asked.seed))
    if not check(weights, asked.seed):
        raise SystemExit("The new weights are not good enough, and the old ones stay.")
    np.savez_compressed(TARGET, **{name: value.astype(np.float16) for name, value in weights.items()})  # type: ignore[arg-type]
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes; cues: {', '.join(CUES)}")


if __name__ == "__main__":
    main()
