"""Lyrics that follow the voice: errors of lines, how far doubts can be trusted, and speed.

    python benchmarks/lyrics_alignment.py
    python benchmarks/lyrics_alignment.py --songs river,city --seeds 1 --sounds separated,-12
    python benchmarks/lyrics_alignment.py --wrong

The songs are the tests' own: lyrics of tests/songbook.py, sung by flite with known times and played by each band of
tests/bands.py. `--sounds` are `clean`, a level in dB at which the band leaks into the voice, and `separated`: what the
embedded separator took out of the mix. The aligner was tuned on the songs river and city with seed 1; what is measured
by default is apart from these. `--wrong` gives each song the lyrics of another, which ought to be doubted. A line is
right within 0.3 s, and doubtful below 0.5. Memory is the largest resident size of any child so far.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tenuto.children import Child, Limits
from tenuto.domain.lyrics import LyricLine, lines_from_json
from tenuto.engines.config import EngineConfig
from tenuto.engines.embedded_separator import voice_of
from tenuto.engines.embedded_separator_net import shipped_weights
from tenuto.engines.stems import part

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import bands
import songbook

TARGET = "tenuto.engines.aligning_lyrics:align_lyrics"
RATE = 16_000
RIGHT_MS, DOUBTFUL = 300, 0.5
HEADING = f"{'song':18} {'sound':>9} {'median':>8} {'90 %':>8} {'right':>6} {'doubted':>7} {'prec.':>5} {'recall':>6} {'x real':>6}"  # noqa: E501 - one line of a table
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """Error and confidence of each line, and how many times faster than the song it was."""

    errors_ms: npt.NDArray[np.float64]
    confidences: npt.NDArray[np.float64]
    speed: float


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", default="ship,garden,dog")
    parser.add_argument("--bands", default=",".join(bands.PLANS))
    parser.add_argument("--seeds", default="2,3")
    parser.add_argument("--sounds", default="clean,-20,-12,-6,separated")
    parser.add_argument("--wrong", action="store_true")
    arguments = parser.parse_args()
    sounds = arguments.sounds.split(",")
    every: dict[str, list[Found]] = {sound: [] for sound in sounds}
    print(HEADING)
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        for lyrics in arguments.songs.split(","):
            for band in arguments.bands.split(","):
                for seed in arguments.seeds.split(","):
                    song = bands.song(band, songbook.SONGS[lyrics].lines, int(seed))
                    lines = other_lines(lyrics) if arguments.wrong else [line.text for line in song.lines]
                    for sound, samples in heard(song, sounds, Path(folder)):
                        found = align(samples, lines, None if arguments.wrong else song.lines, Path(folder))
                        every[sound].append(found)
                        show(f"{lyrics}-{band}-{seed}", sound, [found])
    for sound, each in every.items():
        show("all", sound, each)


def other_lines(name: str) -> list[str]:
    """The lyrics of the next song in the book."""
    names = list(songbook.SONGS)
    return list(songbook.SONGS[names[(names.index(name) + 1) % len(names)]].lines)


def heard(song: bands.Song, sounds: list[str], folder: Path) -> Iterator[tuple[str, Samples]]:
    """Each sound of a song, as an aligner takes it: mono, at 16 kHz."""
    for sound in sounds:
        if sound == "clean":
            samples = song.vocals
        elif sound == "separated":
            samples = separated(song.mix, folder)
        else:
            samples = song.leaking(float(sound))
        yield sound, resampled(samples.mean(axis=0))


def separated(mix: Samples, folder: Path) -> Samples:
    """The voice as the embedded separator finds it."""
    write(folder / "mix.wav", mix, bands.RATE)
    weights = shipped_weights()
    stems = folder / "vocals.wav", folder / "instrumental.wav"
    part(folder / "mix.wav", *stems, lambda block, _tell: voice_of(block, weights), lambda _share: None)
    with wave.open(str(stems[0])) as reader:
        found = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    return found.T.astype(np.float32) / 32_768


def align(samples: Samples, lines: list[str], truth: tuple[LyricLine, ...] | None, folder: Path) -> Found:
    """Have one song followed in a child, and measure; without a truth every line is wrong."""
    path = folder / "voice.wav"
    write(path, samples[None], RATE)
    child = Child(Limits())
    payload: dict[str, Any] = {
        "engine": "lyrics-align",
        "config": EngineConfig(models_dir=folder).to_json(),
        "vocals": str(path),
        "lines": lines,
        "language": "en",
    }
    began = time.monotonic()
    timed = lines_from_json(child.call(TARGET, payload)["lines"])
    took = time.monotonic() - began
    child.kill()
    sung = [at for at, line in enumerate(timed) if line.is_timed]
    starts = np.array([timed[at].start_ms or 0 for at in sung], np.float64)
    real = np.array([truth[at].start_ms or 0 for at in sung]) if truth else np.full(len(sung), np.inf)
    sure = np.array([timed[at].confidence or 0.0 for at in sung])
    return Found(np.abs(starts - real), sure, len(samples) / RATE / took)


def show(name: str, sound: str, each: list[Found]) -> None:
    """One row: medians and shares of all lines together."""
    errors = np.concatenate([found.errors_ms for found in each])
    doubted = np.concatenate([found.confidences for found in each]) < DOUBTFUL
    wrong = errors > RIGHT_MS
    both = (doubted & wrong).sum()
    median, most = (f"{value:6.0f}ms" for value in np.percentile(errors, (50, 90), method="lower"))
    precision = f"{both / doubted.sum():5.2f}" if doubted.any() else "    -"
    recall = f"{both / wrong.sum():6.2f}" if wrong.any() else "     -"
    speed = np.median([found.speed for found in each])
    print(
        f"{name:18} {sound:>9} {median:>8} {most:>8} {1 - wrong.mean():6.2f} {doubted.mean():7.2f} {precision} "
        f"{recall} {speed:6.1f}",
        flush=True,
    )


def write(path: Path, samples: Samples, rate: int) -> None:
    """Write (channels, samples) from -1 to 1 as a 16-bit WAV."""
    with wave.open(str(path), "wb") as writer:
        writer.setparams((len(samples), 2, rate, 0, "NONE", ""))
        writer.writeframes(np.rint(np.clip(samples.T, -1, 1) * 32_767).astype("<i2").tobytes())


def resampled(samples: Samples) -> Samples:
    """From the rate of songs to that of aligners."""
    resampler = av.AudioResampler("fltp", "mono", RATE)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None], np.float32), "fltp", "mono")
    frame.sample_rate = bands.RATE
    return np.concatenate(
        [part.to_ndarray().ravel() for part in (*resampler.resample(frame), *resampler.resample(None))]
    )


if __name__ == "__main__":
    main()
