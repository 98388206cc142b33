"""How fast notes are spoken, and how much memory the longest notes take, on one core and in one process.

    python benchmarks/narration.py --engine espeak --characters 50000

Times are those of the processor, those of its programs included. One run after the first finds one sentence changed and
joins all anew; one, `mended`, takes what it can from how the first was joined.
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

from tenuto import children
from tenuto.domain.media import MediaLimits
from tenuto.domain.narration import script_of
from tenuto.engines.config import EngineConfig
from tenuto.media.tools import MediaTools
from tenuto.pipelines.chunks import Speech, VoiceWish
from tenuto.pipelines.narrating import Spoken, speak_slide

SENTENCE = "Sentence number {}: revenue grew by 12 % in Q3, i.e. to $1.2M, and 24/7 support costs less than before. "


class Here:
    """As much of a job's steps, and of a pool of children, as speaking needs."""

    def __init__(self, folder: Path) -> None:
        self.engines = EngineConfig(models_dir=folder)
        self.media = MediaTools(self, MediaLimits())  # type: ignore[arg-type]

    def call(self, _key: str, target: str, payload: dict[str, object], *_more: object, **_options: object) -> object:
        """Run the target in this process."""
        return children.run_here(target, payload, lambda _event: None)

    def should_stop(self) -> bool:
        """Never."""
        return False


def main() -> None:
    """Run and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="espeak")
    parser.add_argument("--characters", type=int, default=50_000)
    arguments = parser.parse_args()
    notes = "".join(SENTENCE.format(number) for number in range(arguments.characters // len(SENTENCE) + 1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        steps = Here(folder)

        def speak(text: str, before: Spoken | None = None) -> Spoken:
            speech = Speech(steps, VoiceWish(arguments.engine, language="en"), folder)  # type: ignore[arg-type]
            target = folder / f"{hash(text)}.wav"
            return speak_slide(steps, script_of(text[:50_000], language="en"), speech, target, before=before)  # type: ignore[arg-type]

        first, first_seconds = timed(lambda: speak(notes))
        changed = notes.replace("number 7:", "number seven,")
        mended, mended_seconds = timed(lambda: speak(changed, first))
        again, again_seconds = timed(lambda: speak(notes.replace("number 8:", "number eight,")))
    minutes = first.duration_ms / 60_000
    found = {
        "engine": first.details["engine"],
        "minutes_of_speech": round(minutes, 2),
        "chunks": first.made,
        "seconds": round(first_seconds, 2),
        "seconds_per_minute": round(first_seconds / minutes, 2),
        "again_chunks": again.made,
        "again_seconds": round(again_seconds, 2),
        "mended_seconds": round(mended_seconds, 2),
        "mended_to_first": round(mended_seconds / first_seconds, 3),
        "mended_lufs": mended.details["loudness_lufs"],
        "lufs": first.details["loudness_lufs"],
        "doubtful": first.details["doubtful"],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(found, indent=2))


def timed(work: Callable[[], Spoken]) -> tuple[Spoken, float]:
    """What it returns, and the seconds of processor it took."""
    before = cpu_seconds()
    found = work()
    return found, cpu_seconds() - before


def cpu_seconds() -> float:
    """Of this process and the programs it started."""
    mine = time.process_time()
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine + theirs.ru_utime + theirs.ru_stime


if __name__ == "__main__":
    main()
