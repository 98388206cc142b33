"""What a worker does with a job: claim it, run each step once, keep what it made, and say how it ended."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tenuto import errors, logs
from tenuto.children import ChildPool
from tenuto.db.edits import Change
from tenuto.db.models import JobRow, now
from tenuto.db.steps import WHOLE, Finished
from tenuto.db.usage import Call
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.costs import PriceTable
from tenuto.domain.jobs import JobStatus, RetryPolicy
from tenuto.engines.config import EngineConfig
from tenuto.media.tools import MediaTools
from tenuto.pipelines import registry
from tenuto.pipelines.base import Outcome, Step
from tenuto.services.content import ContentStore
from tenuto.services.imports import ImportService
from tenuto.services.made import Made, keep_artifact
from tenuto.services.music_jobs import keep_music
from tenuto.services.presentation_jobs import keep_presentation
from tenuto.services.purse import record_usage
from tenuto.services.run import Run
from tenuto.services.song_jobs import keep_findings
from tenuto.services.unbroken import Unbroken

logger = logging.getLogger(__name__)
RETRY_LOOK_SECONDS = 0.5
RECEIPTS = "receipts"


@dataclass(frozen=True)
class Workshop:
    """What a worker has at hand."""

    worker_id: str
    database: Database
    content: ContentStore
    media: MediaTools
    engines: EngineConfig
    children: Mapping[str, ChildPool]  # by lane
    work_dir: Path
    policy: RetryPolicy
    imports: ImportService
    call_intervals: Mapping[str, float] = field(default_factory=dict)  # seconds between calls of an engine
    prices: PriceTable = field(default_factory=PriceTable)
    unbroken: Unbroken = field(default_factory=Unbroken)

    def pool_of(self, job: JobRow) -> ChildPool:
        """The children that work for a job."""
        return self.children.get(job.lane) or next(iter(self.children.values()))

    def folder_of(self, job_uid: str) -> Path:
        """Where this worker works on a job; a worker that lost the job may still be writing into its own."""
        return self.work_dir / self.worker_id / job_uid

    def receipts_of(self, job_uid: str) -> Path:
        """Where answers that were paid for lie until the ledger has them; any worker of this machine finds them."""
        return self.work_dir / RECEIPTS / job_uid


class RunningService:
    """`queue.port.JobRunner`: every verb may be repeated after a crash, and a finished step is never run again."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.database = shop.database

    def begin(self, job_uid: str) -> Sequence[str]:
        """Claim the job and name its steps."""
        job = self.database.patiently(lambda work: self._claim(work, job_uid))
        logs.request_id.set(job.request_id)  # The whole job runs in this thread: all it logs carries both ids.
        logs.job_id.set(job.uid)
        fields = {"action": "job_started", "job_id": job.uid, "kind": job.kind}
        logger.info("A job started.", extra={**fields, "attempt": job.attempts, "worker_id": self.shop.worker_id})
        return [step.name for step in registry.pipeline(job.kind).steps]

    def _claim(self, work: UnitOfWork, job_uid: str) -> JobRow:
        try:
            job = work.jobs.get_by_id(job_uid)
        except errors.NotFound:
            raise errors.Fenced(f"Job {job_uid} was deleted.") from None
        if job.status is JobStatus.PROCESSING and job.worker_id == self.shop.worker_id:
            return job  # The claim was written, only the answer was lost.
        if job.status is not JobStatus.QUEUED:
            raise errors.Fenced(f"Job {job_uid} is {job.status}.")
        return work.jobs.claim(job, self.shop.worker_id)

    def run_step(self, job_uid: str, step: str) -> None:
        """Run a step until it succeeds, fails for good, or turns out to be finished already."""
        job, done = self.database.patiently(lambda work: self._look(work, job_uid, step))
        if done:
            return
        spec = registry.pipeline(job.kind).step(step)
        attempt = 0
        while True:
            started = now()
            run = Run(self.shop, job, spec)
            try:
                with run:
                    run.folder.mkdir(parents=True, exist_ok=True)
                    self._keep(job, spec, started=started, outcome=spec.run(run), seen=run.seen_revision)
            except (errors.Cancelled, errors.Fenced):
                raise
            except (
                Exception
            ) as problem:  # The edge of a job: whatever a step met, the job must hear of it and end well.
                error = errors.as_ours(problem)
                if error is not problem:
                    logger.exception("A step met a foreign error.", extra={"action": "step_broke"})
                # A long recording is many calls: what counts is how often it failed without getting any further.
                attempt = 1 if run.parts_kept else attempt + 1
                fields = {"action": "step_failed", "job_id": job_uid, "step": step, "code": error.code}
                logger.warning("A step failed.", extra={**fields, "attempt": attempt, "detail": str(error)})
                delay = self.shop.policy.delay_seconds(error, attempt)
                if delay is not None:
                    self._wait(job, spec, delay, error)
                elif spec.optional:
                    self._keep(job, spec, started=started, outcome=_skipped(spec, error))
                    return
                else:
                    raise error from problem
            else:
                return

    def _look(self, work: UnitOfWork, job_uid: str, step: str) -> tuple[JobRow, bool]:
        job = work.jobs.get_by_id(job_uid)
        if job.worker_id != self.shop.worker_id:
            raise errors.Fenced(f"Job {job_uid} is no longer held by this worker.")
        return job, work.steps.find(job.id, step) is not None

    def _wait(self, job: JobRow, step: Step, delay: float, error: errors.TenutoError) -> None:
        """Note the retry, then wait with an eye on cancellation."""
        message = f"{error.message} Trying again in {delay:.0f} s."

        def note(work: UnitOfWork) -> None:
            held, _ = self._look(work, job.uid, step.name)  # Whoever lost the job writes nothing into its history.
            work.jobs.note(held, "retry", actor=self.shop.worker_id, message=message)

        self.database.patiently(note)
        deadline = time.monotonic() + delay
        with Run(self.shop, job, step) as run:
            while time.monotonic() < deadline:
                if run.should_stop():
                    raise errors.Cancelled
                time.sleep(min(RETRY_LOOK_SECONDS, max(0.0, deadline - time.monotonic())))

    def _keep(self, job: JobRow, step: Step, *, started: datetime, outcome: Outcome, seen: int | None = None) -> None:
        """Write the step's record and all it made in one transaction."""
        kept = [Made(artifact, self.shop.content.keep(artifact.path)) for artifact in outcome.artifacts]
        finished = Finished(step.name, WHOLE, started, outcome.data)

        def write(work: UnitOfWork) -> list[str]:
            if work.steps.find(job.id, step.name) is not None:
                return []  # Written before; only the answer was lost.
            work.steps.record(job, self.shop.worker_id, finished)
            self._keep_results(work, job, outcome, seen)
            keep_findings(work, job, outcome)
            keep_music(work, job, outcome, kept, started)
            if outcome.usage is not None:
                record_usage(work, job, Call(step.name, WHOLE, started.date()), outcome.usage, self.shop.prices)
            keys = [key for made in kept if (key := keep_artifact(work, self.shop.content, job, made))]
            keys += [key for kind in sorted(outcome.served) for key in work.artifacts.drop_of_job(job.id, kind)]
            return keys + keep_presentation(work, job, outcome)

        self.shop.content.release(self.database.patiently(write))
        fields = {"action": "step_finished", "job_id": job.uid, "step": step.name}
        logger.info("A step finished.", extra=fields)

    def _keep_results(self, work: UnitOfWork, job: JobRow, outcome: Outcome, seen: int | None) -> None:
        fresh = work.jobs.get(job.id)
        if outcome.engine:
            work.jobs.update(fresh, engine=outcome.engine)
        for warning in outcome.warnings:
            work.jobs.add_warning(fresh, warning)
        if outcome.transcript is not None:
            heard = work.transcripts.worked_on(fresh)
            if heard is None:
                heard = work.transcripts.store(fresh, outcome.transcript)
                work.transcripts.update(heard, title=heard.title or fresh.file_name)
            elif outcome.edit or heard.revision:  # What has a history is changed only in a way that can be undone.
                change = Change(outcome.transcript, outcome.edit or "step", "tenuto")
                work.edits.apply(heard, change, revision=heard.revision if seen is None else seen)
            else:
                work.transcripts.replace(heard, outcome.transcript)
        if outcome.voices or outcome.details:
            described = work.transcripts.worked_on(fresh)
            if described is not None:
                work.known_voices.describe(described, outcome.voices, outcome.details)
        if outcome.processed_text is not None:
            made = work.transcripts.worked_on(fresh)
            if made is not None:
                work.transcripts.update(made, processed_text=outcome.processed_text, updated_at=now())

    def finish(self, job_uid: str) -> None:
        """The last step is done."""
        self._end(job_uid, JobStatus.COMPLETED, "all steps finished")

    def fail(self, job_uid: str, error: errors.TenutoError) -> None:
        """Note how the job ended; a worker that lost it has no say."""
        if isinstance(error, errors.Cancelled):
            self._end(job_uid, JobStatus.CANCELLED, error.message)
        else:
            self._end(job_uid, JobStatus.FAILED, error.message, error_code=error.code, error_message=error.message)

    def _end(self, job_uid: str, target: JobStatus, message: str, **values: object) -> None:
        def write(work: UnitOfWork) -> JobRow | None:
            job = work.jobs.get_by_id(job_uid)
            if job.worker_id != self.shop.worker_id:
                return None
            return work.jobs.move(job, target, actor=self.shop.worker_id, message=message, **values)

        with contextlib.suppress(errors.NotFound, errors.ConflictError):
            job = self.database.patiently(write)
            if job is not None:
                fields = {"action": "job_ended", "job_id": job_uid, "status": target.value, "code": job.error_code}
                logger.info("A job ended.", extra=fields)
        if target is JobStatus.COMPLETED:  # Otherwise a retry may still need the answers that were paid for.
            shutil.rmtree(self.shop.receipts_of(job_uid), ignore_errors=True)
        self.let_go(job_uid)

    def let_go(self, job_uid: str) -> None:
        """Nothing of this job is wanted here any more."""
        shutil.rmtree(self.shop.folder_of(job_uid), ignore_errors=True)


def _skipped(step: Step, error: errors.TenutoError) -> Outcome:
    warning = f"The step '{step.name}' failed and was left out: {error.message}"
    return Outcome({"failed": error.code}, warnings=(warning,))
