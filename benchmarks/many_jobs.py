"""Many short jobs on one worker with the fake engine: what a job costs beside its engine.

    python benchmarks/many_jobs.py --jobs 200
    python benchmarks/many_jobs.py --jobs 200 --database postgresql://postgres@127.0.0.1:5432/bench
    python benchmarks/many_jobs.py --jobs 200 --profile worker.prof

The floor in the same run is writing the same rows by the same repositories in one process: a job, its steps, its
transcript, and its end, without an engine, a queue or a file. The database that is named must be empty.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

from tenuto import bootstrap, settings
from tenuto.db.models import BUILT_IN_OWNER, JobRow, now
from tenuto.db.steps import WHOLE, Finished
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Transcript
from tenuto.pipelines import registry
from tenuto.services.processing import Submission

RATE = 16_000
WORK = [sys.executable, "-m", "tenuto", "work", "--drain"]


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--database", default="")
    parser.add_argument("--profile", default="", help="file for the profile of the worker's threads")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        os.environ |= {
            "TENUTO_DATA_DIR": folder,
            "TENUTO_DATABASE_URL": arguments.database,
            "TENUTO_STORAGE_URL": "",
            "TENUTO_ENGINES": '["fake"]',
            "TENUTO_POLL_SECONDS": "0.1",
            "TENUTO_LOG_LEVEL": "WARNING",
        }
        run(Path(folder), arguments.jobs, arguments.profile)


def run(folder: Path, count: int, profile: str) -> None:
    """Submit, work, and compare with the floor."""
    given = settings.load()
    bootstrap.prepare_database(given)
    house = bootstrap.build(given)
    file = house.files.save_audio_file(BUILT_IN_OWNER, make_recording(folder / "short.wav"))
    began = time.monotonic()
    wish = Submission(file_uid=file.uid, options={"engine": "fake", "speakers": "off"})
    uids = [house.processing.submit(BUILT_IN_OWNER, wish).uid for _ in range(count)]
    submitted = time.monotonic() - began
    before, began = used_seconds(), time.monotonic()
    subprocess.run(profiled(profile) if profile else WORK, check=True, timeout=count * 10)
    worked, processor = time.monotonic() - began, used_seconds() - before
    done = [house.processing.get(BUILT_IN_OWNER, uid).status for uid in uids]
    transcript = house.exports.transcript(BUILT_IN_OWNER, uids[0])
    print(f"jobs            {count}, {done.count(JobStatus.COMPLETED)} completed")
    print(f"submit          {count / submitted:.1f} a second")
    print(f"work            {count / worked:.1f} a second, {1000 * processor / count:.0f} ms of processor time each")
    print("                (worker and children, their start included)")
    floor = write_rows(house, count, transcript)
    print(f"floor: rows     {count / floor:.1f} a second")
    house.close()


def write_rows(house: bootstrap.Tenuto, count: int, transcript: Transcript) -> float:
    """Seconds to write what so many jobs leave in the ledger, a transaction a step as a worker has it."""
    steps = [step.name for step in registry.pipeline("transcribe").steps]
    began = time.monotonic()
    for _ in range(count):
        with house.database.unit_of_work(BUILT_IN_OWNER) as work:
            job = work.jobs.submit(JobRow(kind="transcribe", options={}, file_name="floor"), actor="floor")
            uid = job.uid
        with house.database.unit_of_work(BUILT_IN_OWNER) as work:
            job = work.jobs.claim(work.jobs.get_by_id(uid), "floor")
        for name in steps:
            with house.database.unit_of_work(BUILT_IN_OWNER) as work:
                work.steps.record(job, "floor", Finished(name, WHOLE, now(), {}))
                if name == "transcribe":
                    work.transcripts.store(work.jobs.get_by_id(uid), transcript)
        with house.database.unit_of_work(BUILT_IN_OWNER) as work:
            work.jobs.move(work.jobs.get_by_id(uid), JobStatus.COMPLETED, actor="floor", message="all steps finished")
    return time.monotonic() - began


def make_recording(path: Path) -> Path:
    """Two seconds of silence and clicks."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((b"\x00\x20" + bytes(638)) * 100)
    return path


def used_seconds() -> float:
    """Processor time of children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def profiled(target: str) -> list[str]:
    """The worker under a profiler that looks into all threads."""
    program = f"""
import cProfile, os, sys, threading, time
profiles = []
def watched(run):
    def watch(thread):
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.runcall(run, thread)
    return watch
threading.Thread.run = watched(threading.Thread.run)
def leave(code):
    import pstats
    [profile.create_stats() for profile in profiles]
    total = pstats.Stats(profiles[0])
    [total.add(profile) for profile in profiles[1:]]
    total.dump_stats({target!r})
    leave_now(code)
leave_now, os._exit = os._exit, leave
sys.argv = ["tenuto", "work", "--drain"]
from tenuto.cli.main import main
main()
"""
    return [sys.executable, "-c", program]


if __name__ == "__main__":
    main()
