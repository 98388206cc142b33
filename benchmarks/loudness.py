"""How fast a long recording is measured and brought to a loudness, and how much memory that takes.

    python benchmarks/loudness.py --minutes 120 --format flac

The recording is two channels of noise with a beat at 44.1 kHz, as FLAC. Times are those of the processor, in seconds;
`peak_mb` is the most that the process held in each half, Python and libraries included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the children of a worker

import numpy as np

from tenuto.domain.media import MediaLimits
from tenuto.media.encoding import MASTER_FORMATS, encode_frames, file_ending
from tenuto.media.floats import Floats, audio_frames
from tenuto.media.loudness_sandbox import measure, normalise

RATE = 44_100
HALVES = {"measure": measure, "normalise": normalise}


def main() -> None:
    """Run each half in a process of its own and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--format", default="flac", choices=MASTER_FORMATS)
    parser.add_argument("--half", choices=HALVES)
    arguments = parser.parse_args()
    if arguments.half:
        print(json.dumps(run(arguments.half, json.load(sys.stdin))))
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "long.flac"
        sound = audio_frames(noise(arguments.minutes), rate=RATE, layout="stereo")
        encode_frames(sound, source, MASTER_FORMATS["flac"], rate=RATE)
        wishes = {"source": str(source), "limits": asdict(MediaLimits()), "target_lufs": -16.0, "ceiling_db": -1.0}
        wishes |= {"target": f"{folder}/made.{file_ending(arguments.format)}", "format": arguments.format}
        heard = child("measure", wishes)
        known = {"rate": RATE, "layout": "stereo", "lufs": heard["found"]["loudness"]["integrated_lufs"], "tags": {}}
        made = child("normalise", wishes | known | {"edges": {}})
    print(json.dumps({"minutes": arguments.minutes, "measure": heard, "normalise": made}, indent=2))


def child(half: str, payload: dict[str, object]) -> dict[str, dict[str, dict[str, float]]]:
    """One half in a process of its own."""
    command = [sys.executable, __file__, "--half", half]
    done = subprocess.run(command, input=json.dumps(payload), capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def run(half: str, payload: dict[str, object]) -> dict[str, object]:
    """What one half found, and what it took."""
    found = HALVES[half](payload, lambda _told: None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_seconds": round(time.process_time(), 1), "peak_mb": round(peak), "found": found}


def noise(minutes: int) -> Iterator[Floats]:
    """A minute at a time, all different, with peaks that need a limiter."""
    dice = np.random.default_rng(1)
    beat = np.exp(-6 * ((np.arange(RATE * 60) / RATE) % 0.5))[:, None].astype(np.float32)
    for _ in range(minutes):
        yield 0.12 * dice.standard_normal((RATE * 60, 2), np.float32) * beat


if __name__ == "__main__":
    main()
