"""What narrating a deck costs, the first time and after one note was edited, step by step: prints JSON.

    python benchmarks/second_narration.py [--slides 10] [--sentences 6] [--burn] [--crossfade 400] [--memory]

A real worker on a ledger of its own (SQLite) takes real jobs: the first, one after a sentence of one note was edited,
and one after another edit for which its warm children were ended. Seconds are those of the processor, by the worker,
its children and all that they start, LibreOffice too; what a worker takes to start and to end is told by itself. With
--memory it looks at them once a second, and tells the peak of each process in MB. Slides are those of tests/decks.py,
their notes six seconds of speech a sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from decks import make_deck
from tenuto import bootstrap, settings
from tenuto.db.models import BUILT_IN_OWNER
from tenuto.db.presentations import PresentationView
from tenuto.domain.jobs import JobStatus
from tenuto.errors import TenutoError
from tenuto.queue.port import JobRunner
from tenuto.services.processing import Submission
from tenuto.worker.main import WorkerProcess

TICK = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 1.0
PLACES = ("north", "south", "east", "west", "coast", "valley", "island")
DID = ("sold more than in any quarter before", "hired two people for the new workshop", "moved to a larger house")


def main() -> None:
    """Run three jobs and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slides", type=int, default=10)
    parser.add_argument("--sentences", type=int, default=6)
    parser.add_argument("--crossfade", type=int, default=0)
    parser.add_argument("--burn", action="store_true")
    parser.add_argument("--voice", default="espeak")
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    options = {"engine": asked.voice, "crossfade_ms": asked.crossfade, "captions": "burned" if asked.burn else "soft"}
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        os.environ |= {
            "TENUTO_DATA_DIR": folder,
            "TENUTO_DATABASE_URL": "",
            "TENUTO_STORAGE_URL": "",
            "TENUTO_LOG_LEVEL": "ERROR",
            "TENUTO_CLEANUP_INTERVAL_MINUTES": "0",
        }
        given = settings.load()
        bootstrap.prepare_database(given)
        with closing(bootstrap.build(given)) as house:
            texts = {number: " ".join(notes(number, asked.sentences)) for number in range(1, asked.slides + 1)}
            deck = make_deck(Path(folder, "deck.pptx"), asked.slides, notes=texts)
            start = worker_start()
            with Peaks() if asked.memory else nullcontext() as peaks:
                found = measure(house, deck, texts, options)
            print(
                json.dumps(
                    {"worker_start": start, **found, **({"memory": peaks.of_kinds()} if peaks else {})}, indent=2
                )
            )


def worker_start() -> float:
    """What a worker costs that finds nothing to do."""
    before = own_seconds()
    subprocess.run([sys.executable, "-m", "tenuto", "work", "--drain"], check=True, timeout=300)
    return round(own_seconds() - before, 2)


def measure(house: bootstrap.Tenuto, path: Path, texts: dict[int, str], options: dict[str, Any]) -> dict[str, Any]:
    """Narrate, edit, narrate again: with warm children, and with none."""
    deck = house.files.save_audio_file(BUILT_IN_OWNER, path)
    worker = WorkerProcess(house)
    runner = worker.worker.engine.runner = Measured(worker.worker.engine.runner)
    worker.start()
    view = house.presentations.create_of_file(BUILT_IN_OWNER, Submission(file_uid=deck.uid, options=options))
    uid = view.row.uid
    first = finished(house, runner, view)
    edit(house, uid, len(texts) // 2, texts)
    warm = finished(house, runner, house.presentations.render(BUILT_IN_OWNER, uid, Submission()))
    for pool in (*house.pools, *worker.worker.children.values()):
        pool.idle_seconds = 0
        pool.drop_stale()
    edit(house, uid, len(texts) // 2 + 1, texts)
    cold = finished(house, runner, house.presentations.render(BUILT_IN_OWNER, uid, Submission()))
    worker.stop(0)
    return {
        "slides": len(texts),
        "minutes": round((house.presentations.get(BUILT_IN_OWNER, uid).row.video_ms or 0) / 60_000, 2),
        "first": first,
        "one_note_edited": warm,
        "share": {name: round(warm["steps"][name] / used, 3) for name, used in first["steps"].items()},
        "share_of_all": round(warm["cpu_seconds"] / first["cpu_seconds"], 3),
        "another_without_warm_children": cold,
    }


def notes(number: int, sentences: int) -> Iterator[str]:
    """Sentences that no other slide says."""
    for count in range(sentences):
        place, did = PLACES[(number + count) % len(PLACES)], DID[(number * 2 + count) % len(DID)]
        yield f"In week {number}, the {count + 1}. team in the {place} {did}, and costs fell by {count} percent."


def edit(house: bootstrap.Tenuto, uid: str, number: int, texts: dict[int, str]) -> None:
    """Change one sentence of one note."""
    changed = texts[number].replace("the 1. team", "another team")
    revision = house.presentations.get(BUILT_IN_OWNER, uid).row.revision
    house.presentations.edit(BUILT_IN_OWNER, uid, number, {"notes": changed}, revision=revision)


def finished(house: bootstrap.Tenuto, runner: Measured, view: PresentationView) -> dict[str, Any]:
    """Wait for the job of a presentation; what it cost."""
    began, before = time.monotonic(), all_seconds()
    runner.ended.wait()
    runner.ended.clear()
    job = house.processing.get(BUILT_IN_OWNER, view.job.uid)
    if job.status is not JobStatus.COMPLETED:
        raise SystemExit(f"The job is {job.status}: {job.error_message}")
    steps, runner.steps = runner.steps, {}
    return {
        "cpu_seconds": round(all_seconds() - before, 2),
        "seconds": round(time.monotonic() - began, 2),
        "steps": {name: round(used, 2) for name, used in steps.items()},
        "outside_of_steps": round(all_seconds() - before - sum(steps.values()), 2),
    }


class Measured:
    """Runs jobs as another runner does, and keeps what each step cost."""

    def __init__(self, runner: JobRunner) -> None:
        self.runner, self.steps, self.ended = runner, dict[str, float](), threading.Event()

    def begin(self, job_uid: str) -> Sequence[str]:
        """Claim the job."""
        return self.runner.begin(job_uid)

    def run_step(self, job_uid: str, step: str) -> None:
        """Run a step."""
        before = all_seconds()
        self.runner.run_step(job_uid, step)
        self.steps[step] = all_seconds() - before

    def finish(self, job_uid: str) -> None:
        """All steps are done."""
        self.runner.finish(job_uid)
        self.ended.set()

    def fail(self, job_uid: str, error: TenutoError) -> None:
        """A step gave up."""
        self.runner.fail(job_uid, error)
        self.ended.set()

    def let_go(self, job_uid: str) -> None:
        """Another worker holds the job."""
        self.runner.let_go(job_uid)
        self.ended.set()


def own_seconds() -> float:
    """What this process has used, and those of its children that have ended."""
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + theirs.ru_utime + theirs.ru_stime


def all_seconds() -> float:
    """The same with the children that live, and theirs."""
    return own_seconds() + sum(sum(int(ticks) for ticks in fields[11:15]) for _, fields in descendants()) / TICK


def descendants() -> Iterator[tuple[Path, list[str]]]:
    """The processes below this one: their folders, and the fields of their `stat` from the state on."""
    waiting = [Path("/proc", str(os.getpid()))]
    while waiting:
        for listed in waiting.pop().glob("task/*/children"):
            try:
                children = [Path("/proc", child) for child in listed.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue  # It ended meanwhile.
            waiting += children
            for child in children:
                try:
                    yield child, (child / "stat").read_text().rsplit(")", 1)[1].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue


class Peaks:
    """Looks now and then how large this process and those below it have become."""

    def __init__(self) -> None:
        self._peaks: dict[tuple[str, str], float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            for folder, name in [(Path("/proc/self"), "worker"), *((each, "") for each, _ in descendants())]:
                try:
                    status = (folder / "status").read_text()
                    kind = name or kind_of((folder / "cmdline").read_bytes().split(b"\0"))
                except (FileNotFoundError, ProcessLookupError):
                    continue
                peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
                if kind:  # What has ended and waits to be noticed has no name.
                    self._peaks[kind, folder.name] = int(peak) / 1024

    def of_kinds(self) -> dict[str, list[int]]:
        """The peaks in MB, largest first."""
        found: dict[str, list[int]] = defaultdict(list)
        for (kind, _), peak in self._peaks.items():
            found[kind].append(round(peak))
        return {kind: sorted(peaks, reverse=True) for kind, peaks in found.items()}


def kind_of(command: list[bytes]) -> str:
    """What people would call a process."""
    program = Path(os.fsdecode(command[0])).name
    return "child" if b"tenuto.children" in command else program


if __name__ == "__main__":
    main()
