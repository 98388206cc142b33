"""How fast and in how much memory the embedded separator parts a song: prints JSON.

python benchmarks/separation.py [--minutes 4] [--engine embedded]
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

import numpy as np

from tenuto.children import Child, Limits
from tenuto.engines.config import EngineConfig

RATE = 44_100


def main() -> None:
    """Part a made song in a child process, as a job does, on one core."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--engine", default="embedded")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), asked.engine, asked.minutes), indent=2))


def measure(folder: Path, engine: str, minutes: float) -> dict[str, object]:
    """Part one song and say what it cost."""
    mix = make_mix(folder / "mix.wav", minutes)
    names = {"mix": mix, "vocals": folder / "vocals.wav", "instrumental": folder / "instrumental.wav"}
    payload = {
        "engine": engine,
        "config": EngineConfig(models_dir=folder).to_json(),
        "model": "",
        **{name: str(path) for name, path in names.items()},
    }
    child = Child(Limits())
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    found = child.call("tenuto.engines.separating:separate", payload)
    took, peak = time.monotonic() - started, peak_mb(child.process.pid)
    child.kill()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "engine": engine,
        "model": found["model"],
        "minutes": minutes,
        "seconds": round(took, 1),
        "cpu_seconds": round(used, 1),
        "times_real_time": round(minutes * 60 / took, 1),
        "times_real_time_of_one_core": round(minutes * 60 / used, 1),
        "peak_mb": round(peak),
        "largest_error_of_the_sum": largest_error(names),
    }


def make_mix(path: Path, minutes: float) -> Path:
    """A wavering tone in the middle over noise at the sides: what is in a song does not change what it costs."""
    dice, when = np.random.default_rng(1), np.arange(RATE) / RATE
    with wave.open(str(path), "wb") as writer:
        writer.setparams((2, 2, RATE, 0, "NONE", ""))
        for _ in range(int(minutes * 60)):
            tone = np.sin(2 * np.pi * dice.integers(110, 500) * when + 2 * np.sin(2 * np.pi * 5 * when)) * 8000
            sides = dice.normal(size=(2, RATE)) * 2000
            writer.writeframes(np.ascontiguousarray((tone + sides).T).astype("<i2").tobytes())
    return path


def largest_error(names: dict[str, Path]) -> int:
    """The largest difference between the mix and the sum of the stems, in steps of 16 bits."""
    mix, vocals, instrumental = (np.memmap(path, "<i2", "r", offset=44) for path in names.values())
    return max(
        int(np.abs(mix[at : at + RATE].astype(np.int32) - vocals[at : at + RATE] - instrumental[at : at + RATE]).max())
        for at in range(0, len(mix), RATE)
    )


def peak_mb(process: int) -> float:
    """The largest resident size of a process so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main()
