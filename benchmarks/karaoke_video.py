"""What a karaoke video costs, beside the encoder alone: prints JSON.

python benchmarks/karaoke_video.py [--minutes 1] [--width 1920] [--height 1080] [--fps 25] [--cores 1]

The floor encodes as many frames of that size, of which none differs from the others, with the same settings and the
same sound: nothing that puts pictures through this encoder is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
import wave
from pathlib import Path

import av
import numpy as np

from tenuto.children import Child, Limits
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, to_json
from tenuto.media.karaoke_fonts import Typefaces
from tenuto.media.karaoke_look import Look
from tenuto.media.karaoke_pages import Screen
from tenuto.media.karaoke_video import encode
from tenuto.media.waves import read_wave

RATE = 44_100
WORD_MS, WORDS, LINES_A_VERSE, BREAK_MS = 400, 7, 8, 8_000
VERSES = ["sing", "along", "with", "every", "word", "we", "know", "together", "again"]


def main() -> None:
    """Make one video in a child process, as a job does, and the floor in another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--cores", type=int, default=1)
    asked = parser.parse_args()
    # The floor is a function of this file, and the child finds it by its name.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    look = {"width": asked.width, "height": asked.height, "fps": asked.fps, "title": "A Song", "artist": "A Singer"}
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), look, asked.minutes), indent=2))


def measure(folder: Path, look: dict[str, object], minutes: float) -> dict[str, object]:
    """Make the video and the floor, and say what each cost."""
    sound = make_sound(folder / "sound.wav", minutes)
    payload = {"source": str(sound), "look": look, "lyrics": to_json(make_lyrics(minutes))}
    floor = cost("karaoke_video:still", {**payload, "target": str(folder / "still.mp4")}, minutes)
    video = cost("tenuto.media.karaoke_sandbox:karaoke", {**payload, "target": str(folder / "made.mp4")}, minutes)
    return {
        "minutes": minutes,
        "floor": floor,
        "video": video,
        "times_the_floor": round(video["cpu_seconds_a_minute"] / floor["cpu_seconds_a_minute"], 2),
        **lengths(folder / "made.mp4"),
    }


def cost(target: str, payload: dict[str, object], minutes: float) -> dict[str, float]:
    """Call a child, and say what it used."""
    child = Child(Limits())
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    child.call(target, payload)
    took, peak = time.monotonic() - started, peak_mb(child.process.pid)
    child.kill()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds_a_minute": round(took / minutes, 2),
        "cpu_seconds_a_minute": round(used / minutes, 2),
        "peak_mb": round(peak),
        "mb_a_minute": round(Path(str(payload["target"])).stat().st_size / 1e6 / minutes, 2),
    }


class Still:
    """The same frame over and over."""

    def __init__(self, look: Look) -> None:
        self._frame = Screen(look, Typefaces()).card.frame()

    def frame(self, _number: int) -> object:
        """The frame."""
        return self._frame


def still(payload: dict[str, object], _emit: object) -> dict[str, object]:
    """The floor, in the child."""
    look = Look(**payload["look"])  # type: ignore[arg-type]
    with read_wave(Path(str(payload["source"])), channels=2) as reader:
        encode(Still(look), reader, Path(str(payload["target"])), look, lambda _share: None)
    return {}


def make_lyrics(minutes: float) -> Lyrics:
    """Verses of eight lines with every word timed, a break after each."""
    lines: list[LyricLine] = []
    moment = 6_000
    while moment < minutes * 60_000 - WORD_MS * WORDS:
        words = [VERSES[(len(lines) + at) % len(VERSES)] for at in range(WORDS)]
        timed = tuple(
            LyricWord(moment + at * WORD_MS, moment + (at + 1) * WORD_MS, word) for at, word in enumerate(words)
        )
        lines.append(LyricLine(" ".join(words), moment, timed[-1].end_ms, timed))
        moment = timed[-1].end_ms + (BREAK_MS if len(lines) % LINES_A_VERSE == 0 else WORD_MS)
    return Lyrics(tuple(lines))


def make_sound(path: Path, minutes: float) -> Path:
    """Noise and tones: what is in a song does not change what its video costs."""
    dice, when = np.random.default_rng(1), np.arange(RATE) / RATE
    with wave.open(str(path), "wb") as writer:
        writer.setparams((2, 2, RATE, 0, "NONE", ""))
        for _ in range(int(minutes * 60)):
            tone = np.sin(2 * np.pi * dice.integers(110, 500) * when) * 8000
            writer.writeframes(
                np.ascontiguousarray((tone + dice.normal(size=(2, RATE)) * 500).T).astype("<i2").tobytes()
            )
    return path


def lengths(path: Path) -> dict[str, float]:
    """How long picture and sound are."""
    with av.open(str(path)) as video:
        return {
            f"{stream.type}_seconds": round(float(stream.duration * stream.time_base), 3) for stream in video.streams
        }


def peak_mb(process: int) -> float:
    """The largest resident size of a process so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main()
