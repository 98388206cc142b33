"""Lyrics that follow the voice: errors, confidence, speed and peak memory of the child that listens.

    python benchmarks/lyrics_alignment.py
    python benchmarks/lyrics_alignment.py --songs river,ship --leak-db -12
    python benchmarks/lyrics_alignment.py --minutes 10

The songs are the tests' own, sung by flite with known times. `--leak-db` mixes chords and drums of that loudness under
the voice, as a separator leaves them. `--minutes` sings a song again and again until it is that long. Memory is the
largest resident size of the child; the floor is the same child with nothing to listen for.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto.children import Child, Limits
from tenuto.domain.lyrics import LyricLine, lines_from_json
from tenuto.engines.config import EngineConfig

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import songbook

TARGET = "tenuto.engines.aligning_lyrics:align_lyrics"
RATE = 16_000
AUDIBLE = 1e-3
Samples = npt.NDArray[np.float32]


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", default=",".join(songbook.SONGS))
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--leak-db", type=float, default=None)
    arguments = parser.parse_args()
    print(f"{'song':8} {'seconds':>8} {'median':>8} {'worst':>8} {'sure':>5} {'took':>7} {'x real':>7} {'MB':>5}")
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        for name in arguments.songs.split(","):
            song = songbook.SONGS[name]
            sung = song.sung()
            lines = song.lines
            if arguments.minutes:
                times = max(1, round(arguments.minutes * 60_000 / sung.duration_ms))
                lines = ("", *song.lines) * times
                sung = song.sung(lines)
            samples = sung.samples if arguments.leak_db is None else leaked(sung.samples, song.bpm, arguments.leak_db)
            run(name, samples, sung.lines, Path(folder))


def run(name: str, samples: Samples, truth: tuple[LyricLine, ...], folder: Path) -> None:
    """Have one song followed in a child, and measure."""
    path = folder / "vocals.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes((samples * 32767).astype("<i2").tobytes())
    child = Child(Limits())
    payload: dict[str, Any] = {
        "engine": "lyrics-align",
        "config": EngineConfig(models_dir=folder).to_json(),
        "vocals": str(path),
        "lines": [line.text for line in truth],
        "language": "en",
    }
    began = time.monotonic()
    found = lines_from_json(child.call(TARGET, payload)["lines"])
    took = time.monotonic() - began
    child.kill()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    pairs = [(line, real) for line, real in zip(found, truth, strict=True) if real.words]
    wrong = [abs((line.start_ms or 0) - (real.start_ms or 0)) for line, real in pairs]
    sure = float(np.median([line.confidence or 0.0 for line, _ in pairs]))
    seconds = len(samples) / RATE
    print(
        f"{name:8} {seconds:8.0f} {np.median(wrong):6.0f}ms {max(wrong):6.0f}ms {sure:5.2f} {took:6.1f}s "
        f"{seconds / took:7.1f} {peak:5}"
    )


def leaked(voice: Samples, bpm: int, level_db: float) -> Samples:
    """The voice with chords and drums under it, as loud as asked against the voice where it sings."""
    rng = np.random.default_rng(bpm)
    times = np.arange(len(voice)) / RATE
    band = np.zeros(len(voice))
    bar = 4 * 60 / bpm
    for number in range(int(times[-1] / bar) + 1):
        chord = (0, 4, 7) if number % 4 else (5, 9, 12)
        part = (times >= number * bar) & (times < (number + 1) * bar)
        for step in chord:
            band[part] += (times[part] * 220 * 2 ** (step / 12)) % 1.0 - 0.5
    beat = (times % (bar / 4)) / (bar / 4)
    band += 3 * rng.normal(size=len(voice)) * np.exp(-beat * 20) + 3 * np.sin(340 * times) * np.exp(-beat * 8)
    sung = np.abs(voice) > AUDIBLE
    band *= np.sqrt(np.square(voice[sung]).mean() / np.square(band).mean()) * 10 ** (level_db / 20)
    return np.clip(voice + band, -1, 1).astype(np.float32)


if __name__ == "__main__":
    main()
