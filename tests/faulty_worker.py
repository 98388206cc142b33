"""A real worker that kills itself at the point the job's options name; run as a program.

`extra.die_at` (of a job on a song or a deck: the end of its title or name, "- die_at POINT"), obeyed once per job (or always, with `extra.die_again`), is one of: begun, before:STEP, during:STEP, computed:STEP, recorded:STEP, part:N, finishing, finished.
Everything else is tenuto's own code. Each step that really runs leaves a line in TENUTO_TEST_RAN. With TENUTO_TEST_PART_SECONDS the
fake engine hears in parts that short.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from tenuto import bootstrap, logs, settings
from tenuto.engines.fake import FakeTranscriber
from tenuto.pipelines import registry
from tenuto.services.run import Run
from tenuto.services.running import RunningService
from tenuto.worker import main as worker_main

RAN = Path(os.environ["TENUTO_TEST_RAN"])


def die(job, point):
    extra = job.options.get("extra", {})
    if point not in (extra.get("die_at"), job.file_name.partition(" - die_at ")[2]):
        return
    if extra.get("die_again"):
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        os.close(os.open(RAN.with_name(f"died-{job.uid}"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def note(job, what):
    with RAN.open("ab", buffering=0) as file:
        file.write(f"{job.uid} {what}\n".encode())


class FaultyRunning(RunningService):
    def begin(self, job_uid):
        names = super().begin(job_uid)
        die(self.job(job_uid), "begun")
        return names

    def job(self, job_uid):
        with self.database.reading(None) as work:
            return work.jobs.get_by_id(job_uid)

    def run_step(self, job_uid, step):
        die(self.job(job_uid), f"before:{step}")
        super().run_step(job_uid, step)
        die(self.job(job_uid), f"recorded:{step}")

    def _keep(self, job, step, **rest):
        die(job, f"computed:{step.name}")
        super()._keep(job, step, **rest)

    def finish(self, job_uid):
        die(self.job(job_uid), "finishing")
        super().finish(job_uid)
        die(self.job(job_uid), "finished")


class FaultyRun(Run):
    def progress(self, share, message=""):
        if share > 0:
            die(self.job, f"during:{self.step.name}")
        super().progress(share, message)

    def has_artifact(self, kind, name=""):
        die(self.job, f"during:{self.step.name}")
        return super().has_artifact(kind, name)

    def presentation(self):
        die(self.job, f"during:{self.step.name}")
        return super().presentation()

    def transcript(self):
        die(self.job, f"during:{self.step.name}")
        return super().transcript()

    def result_of(self, step):
        if self.step.name == "polish":
            die(self.job, "during:polish")
        return super().result_of(step)

    def _keep_part(self, index, started, kept, **options):
        super()._keep_part(index, started, kept, **options)
        if not options:
            die(self.job, f"part:{index}")


def noting(step):
    def run(steps):
        note(steps.job, step.name)
        return step.run(steps)

    return replace(step, run=run)


def main():
    from tenuto.queue import engine, liveness
    from tenuto.services import running, sending

    running.Run = FaultyRun
    if "TENUTO_TEST_HOST" in os.environ:  # as if on another machine
        liveness.this_host = lambda: os.environ["TENUTO_TEST_HOST"]
    if "TENUTO_TEST_LEASE" in os.environ:
        sending.LEASE_SECONDS = float(os.environ["TENUTO_TEST_LEASE"])
    if "TENUTO_TEST_PART_SECONDS" in os.environ:
        FakeTranscriber.block_seconds = float(os.environ["TENUTO_TEST_PART_SECONDS"])
    if "TENUTO_TEST_CRON" in os.environ:
        engine.cron = lambda _minutes: os.environ["TENUTO_TEST_CRON"]
    bootstrap.RunningService = FaultyRunning
    for name, pipeline in registry.PIPELINES.items():
        registry.PIPELINES[name] = replace(pipeline, steps=tuple(noting(step) for step in pipeline.steps))
    given = settings.load()
    logs.configure("INFO", "text")
    worker_main.work(
        bootstrap.build(given), concurrency=int(os.environ.get("TENUTO_TEST_SLOTS", "1")), drain="--drain" in sys.argv
    )


main()
