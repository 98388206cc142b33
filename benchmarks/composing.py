"""How fast music is composed, mastered and measured, on one core, and how much memory that takes.

    python benchmarks/composing.py --seconds 60 --runs 3

Times are those of the processor, in seconds; `times_real_time` is the length of the music by all of them together, and
`compose_times_real_time` that by composing alone. The floor in the same run plays the same notes as bare sines, without
envelopes, drums, room or mix.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the children of a worker

import numpy as np

from tenuto.engines.base import ComposeOptions
from tenuto.engines.choosing import composer
from tenuto.engines.composer.arrangement import arrange
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.score import DRUMS, Score
from tenuto.engines.config import EngineConfig
from tenuto.media.music_sandbox import encode_floats, master, measure_music

RATE = 44_100
PROMPTS = ("lo-fi hip hop at 85 BPM", "metal at 160 BPM in E minor", "slow ambient", "jazz waltz with piano and bass")


def main() -> None:
    """Run and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--stems", action="store_true")
    arguments = parser.parse_args()
    runs = [run(prompt, arguments) for _ in range(arguments.runs) for prompt in PROMPTS]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"runs": runs, "peak_mb": round(peak)}, indent=2))


def run(prompt: str, arguments: argparse.Namespace) -> dict[str, object]:
    """One piece of music, all steps of its job."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = ComposeOptions(seconds=arguments.seconds, stems=arguments.stems, rate=RATE)
        engine = composer("composer", EngineConfig(models_dir=name))
        made = timed(found, "compose", lambda: engine.compose(prompt, folder, options, ignore))
        sources = [str(folder / f"{part}.f32") for part in ("mix", *made.stems)]
        levels = {"rate": RATE, "target_lufs": -16.0, "ceiling_db": -1.0, "edges": {}}
        timed(found, "master", lambda: master({"sources": sources, **levels}, ignore))
        wav = {"source": sources[0], "target": str(folder / "m.wav"), "rate": RATE, "format": "wav", "tags": {}}
        wav |= {"most_rate": 0, "gain_db": 0.0}
        timed(found, "encode", lambda: encode_floats(wav, ignore))
        facts = timed(found, "measure", lambda: measure_music({"source": wav["target"]}, ignore))
    timed(found_floor := {}, "floor", lambda: sines(arrange(read(prompt, seconds=arguments.seconds))))
    times = {step: round(seconds, 3) for step, seconds in found.items()}
    speed = round(arguments.seconds / sum(found.values()), 1)
    return {
        "prompt": prompt,
        **times,
        "floor": round(found_floor["floor"], 3),
        "times_real_time": speed,
        "compose_times_real_time": round(arguments.seconds / found["compose"], 1),
        "lufs": facts["loudness_lufs"],
    }


def sines(score: Score) -> np.ndarray:
    """The pitched notes of a score as bare sines, in one channel."""
    beat = 60 / score.brief.bpm
    whole = np.zeros(round(score.brief.seconds * RATE), np.float32)
    for note in score.notes:
        start, stop = round(note.beat * beat * RATE), round((note.beat + note.beats) * beat * RATE)
        if note.part != DRUMS:
            part = whole[start:stop]
            part += np.sin(np.arange(part.size) * (2 * np.pi * 440 * 2 ** ((note.pitch - 69) / 12) / RATE))
    return whole


def timed(found: dict[str, float], step: str, work: Callable[[], object]) -> object:
    """What `work` gives; the time it took is added to `found`."""
    start = time.process_time()
    made = work()
    found[step] = time.process_time() - start
    return made


def ignore(_told: object) -> None:
    """Nobody is told."""


if __name__ == "__main__":
    main()
