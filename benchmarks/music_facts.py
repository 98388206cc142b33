"""How often tempo and key of synthetic songs are found, and how fast.

    python benchmarks/music_facts.py --songs 96

The songs are those of the suite (tests/tunes.py): drums or none, bass, chords and a melody of sines and noise, at tempi
from 62 to 180, in all 24 keys, up to 30 cents out of tune. Tempo counts as exact within 2 %, as folded when it is half
or twice the true one. The floor in the same run is one pass of the Fourier transform over the same sound.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tenuto.domain.music import MODES, NOTES
from tenuto.media.keys import KeyMeter
from tenuto.media.tempo import TempoMeter
from tunes import GROOVES, RATE, Tune, play

EXACT = 0.02
SURE = 0.8


def main() -> None:
    """Run once and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=96)
    arguments = parser.parse_args()
    dice = np.random.default_rng(1)
    rows = [run(make(number, dice)) for number in range(arguments.songs)]
    print(json.dumps(summary(rows), indent=2))


def make(number: int, dice: np.random.Generator) -> Tune:
    """One of many songs; every key comes once in 24 of them."""
    return Tune(
        bpm=float(dice.integers(62, 181)),
        tonic=number % 12,
        mode=MODES[number // 12 % 2],
        groove=list(GROOVES)[number % len(GROOVES)],
        loop=int(dice.integers(4)),
        seed=number,
        cents=float(dice.uniform(-30, 30)),
    )


def run(tune: Tune) -> dict[str, float]:
    """Whether its tempo and key are found."""
    sound = play(tune)
    tempo_meter, key_meter = TempoMeter(RATE), KeyMeter(RATE)
    started = time.process_time()
    tempo_meter.hear(sound)
    key_meter.hear(sound)
    tempo, key = tempo_meter.tempo(), key_meter.key()
    took = time.process_time() - started
    started = time.process_time()
    np.fft.rfft(sound[: sound.size // 1024 * 1024].reshape(-1, 1024), axis=1)
    floor = time.process_time() - started
    ratios = [tempo.bpm / tune.bpm / factor for factor in (1, 2, 0.5)] if tempo else [0.0]
    fits = [abs(ratio - 1) <= EXACT for ratio in ratios]
    return {
        "exact": fits[0],
        "folded": any(fits),
        "tempo_confidence": tempo.confidence if tempo else 0.0,
        "key": bool(key and key.name == f"{NOTES[tune.tonic]} {tune.mode}"),
        "key_confidence": key.confidence if key else 0.0,
        "seconds": tune.seconds,
        "took": took,
        "floor": floor,
    }


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """Shares in percent."""

    def share(name: str, sure: str = "") -> float:
        found = [row[name] for row in rows if not sure or row[sure] >= SURE]
        return round(100 * float(np.mean(found)), 1) if found else 0.0

    total = {name: sum(row[name] for row in rows) for name in ("seconds", "took", "floor")}
    return {
        "songs": len(rows),
        "tempo_exact_percent": share("exact"),
        "tempo_octave_folded_percent": share("folded"),
        "tempo_exact_percent_where_sure": share("exact", "tempo_confidence"),
        "key_percent": share("key"),
        "key_percent_where_sure": share("key", "key_confidence"),
        "times_real_time": round(total["seconds"] / total["took"]),
        "times_real_time_of_the_floor": round(total["seconds"] / max(total["floor"], 1e-6)),
    }


if __name__ == "__main__":
    main()
