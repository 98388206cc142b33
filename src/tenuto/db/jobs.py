"""The ledger of jobs. Every change of status passes through `move`, which compares and sets in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, literal, select, update

from tenuto import errors
from tenuto.db.budgets import Spending
from tenuto.db.counts import count_job, read_counts
from tenuto.db.models import JobEventRow, JobRow, UTCDateTime, now
from tenuto.db.repository import Page, Repository
from tenuto.db.webhooks import tell
from tenuto.domain.jobs import FINISHED, JobStatus

# What a move clears or sets beside the status itself.
CLEARED: dict[JobStatus, dict[str, Any]] = {
    JobStatus.QUEUED: {
        "stage": "",
        "message": "",
        "worker_id": None,
        "completed_at": None,
        "error_code": None,
        "error_message": None,
    },
    JobStatus.COMPLETED: {"worker_id": None, "progress": 100.0, "cancel_requested": False, "stage": "", "message": ""},
    JobStatus.FAILED: {"worker_id": None, "cancel_requested": False, "message": ""},
    JobStatus.CANCELLED: {"worker_id": None, "cancel_requested": False, "message": ""},
}

LATEST = 5000


class JobRepository(Repository[JobRow]):
    """Jobs, their history and their counts."""

    model = JobRow
    noun = "job"

    def submit(self, job: JobRow, *, actor: str, held: bool = False) -> JobRow:
        """Add a job that waits for a worker, or for somebody to start it."""
        job.status = JobStatus.UPLOADED if held else JobStatus.QUEUED
        job.created_at = job.updated_at = now()
        job.queued_at = None if held else job.created_at
        self.add(job)
        self.note(job, "status", actor=actor, message="submitted", new_status=job.status)
        tell(self.session, job)
        count_job(self.session, job, job.status, 1)  # Last: all jobs of an owner wait for each other here.
        return job

    def move(self, job: JobRow, target: JobStatus, *, actor: str, message: str = "", **values: Any) -> JobRow:
        """Move a job along the state machine, unless it moved meanwhile."""
        old = job.status
        old.to(target)
        moment = max(now(), job.created_at)
        changes: dict[str, Any] = {**CLEARED.get(target, {}), "updated_at": moment, **values}
        if target.is_finished:
            changes["completed_at"] = moment
            if job.expires_at is not None:  # Its life begins when it ends.
                changes["expires_at"] = moment + (job.expires_at - job.created_at)
        elif target is JobStatus.QUEUED:
            changes["queued_at"] = moment
        # Between the read and this write the job may have gone to another worker and have the same status again.
        unchanged = and_(JobRow.status == old, JobRow.worker_id.is_not_distinct_from(job.worker_id))
        self._compare_and_set(job, unchanged, status=target, **changes)
        self.note(job, "status", actor=actor, message=message, old_status=old, new_status=target)
        self.session.refresh(job)
        tell(self.session, job)
        for status, delta in sorted(((old, -1), (target, 1))):  # One order for all, or two moves could deadlock.
            count_job(self.session, job, status, delta)
        if target.is_finished:
            Spending(self.session).release(job)
        return job

    def _compare_and_set(self, job: JobRow, expected: ColumnElement[bool], **values: Any) -> None:
        statement = update(JobRow).where(JobRow.id == job.id, expected).values(**values)
        changed = self.session.execute(statement.execution_options(synchronize_session=False))
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            uid = job.uid  # Once expired it could not be read when the job was deleted.
            self.session.expire(job)
            raise errors.InvalidTransition(f"Job {uid} changed meanwhile; look at it again.")

    def claim(self, job: JobRow, worker_id: str) -> JobRow:
        """Start running: from here on only this worker may report on the job."""
        moment = now()
        return self.move(
            job,
            JobStatus.PROCESSING,
            actor=worker_id,
            worker_id=worker_id,
            attempts=JobRow.attempts + 1,
            started_at=func.coalesce(JobRow.started_at, literal(moment, UTCDateTime)),
            run_started_at=moment,
            run_started_progress=JobRow.progress,
        )

    def report(self, job_id: int, worker_id: str, *, progress: float, stage: str, message: str) -> bool:
        """Note progress, which only goes forward; return whether somebody asked to stop."""
        forward = case((JobRow.progress < progress, progress), else_=JobRow.progress)
        held = (JobRow.id == job_id, JobRow.worker_id == worker_id, JobRow.status == JobStatus.PROCESSING)
        statement = (
            update(JobRow)
            .where(*held)
            .values(
                progress=forward,
                stage=stage,
                message=message,
                updated_at=now(),
                # What is left is told by the pace of the stage at hand: another stage had another.
                run_started_at=case((JobRow.stage != stage, now()), else_=JobRow.run_started_at),
                run_started_progress=case((JobRow.stage != stage, forward), else_=JobRow.run_started_progress),
            )
            .returning(JobRow.cancel_requested)
            .execution_options(synchronize_session=False)
        )
        asked = self.session.execute(statement).scalar_one_or_none()
        if asked is None:
            raise errors.Fenced(f"Job {job_id} is no longer held by worker {worker_id}.")
        return asked

    def request_cancel(self, job: JobRow) -> None:
        """Ask the worker that holds the job to stop."""
        self._compare_and_set(job, JobRow.status == JobStatus.PROCESSING, cancel_requested=True, updated_at=now())
        self.session.refresh(job)

    def add_warning(self, job: JobRow, text: str) -> None:
        """Keep a warning on the job, once."""
        if text not in job.warnings:
            job.warnings = [*job.warnings, text]
            self.note(job, "warning", actor="tenuto", message=text)

    def note(self, job: JobRow, kind: str, *, actor: str, message: str = "", **statuses: JobStatus) -> None:
        """Write a line of history."""
        event = JobEventRow(job_id=job.id, owner_id=job.owner_id, kind=kind, actor=actor, message=message, **statuses)
        self.session.add(event)
        self.session.flush()

    def events(self, job: JobRow, *, after: int = 0, limit: int = 1000) -> Sequence[JobEventRow]:
        """The job's history, oldest first."""
        wanted = select(JobEventRow).where(JobEventRow.job_id == job.id, JobEventRow.id > after)
        return self.session.scalars(wanted.order_by(JobEventRow.id).limit(limit)).all()

    def listed(
        self,
        *,
        status: JobStatus | None = None,
        kind: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[JobRow]:
        """One page of jobs, newest first."""
        conditions = [JobRow.status == status] if status else []
        if kind:
            conditions.append(JobRow.kind == kind)
        return self.get_all(*conditions, limit=limit, cursor=cursor)

    def by_idempotency_key(self, key: str) -> JobRow | None:
        """The job that was submitted with this key, if any."""
        return self.session.scalars(select(JobRow).where(JobRow.idempotency_key == key)).one_or_none()

    def latest_like(self, fingerprint: str, *, since: datetime) -> JobRow | None:
        """The newest job of the same wish that did not end badly; looked for among the latest only."""
        newest = select(func.max(JobRow.id)).scalar_subquery()
        alike = (JobRow.fingerprint == fingerprint, JobRow.created_at >= since, JobRow.id > newest - LATEST)
        fine = JobRow.status.not_in((JobStatus.FAILED, JobStatus.CANCELLED))
        return self.session.scalars(
            select(JobRow).where(*alike, fine).order_by(JobRow.id.desc()).limit(1)
        ).one_or_none()

    def states(self, uids: Collection[str]) -> dict[str, tuple[JobStatus, float]]:
        """Status and progress of jobs, by their public ids."""
        found = self.session.execute(select(JobRow.uid, JobRow.status, JobRow.progress).where(JobRow.uid.in_(uids)))
        return {uid: (status, progress) for uid, status, progress in found}

    def with_status(self, status: JobStatus, *, after_id: int = 0, limit: int = 500) -> Sequence[JobRow]:
        """Jobs in one status, oldest first; for the reconciler."""
        wanted = select(JobRow).where(JobRow.status == status, JobRow.id > after_id).order_by(JobRow.id).limit(limit)
        return self.session.scalars(wanted).all()

    def lanes_of(self, uids: Collection[str]) -> set[str]:
        """The lanes in which these jobs wait, those of them that do."""
        waiting = (JobRow.uid.in_(uids), JobRow.status == JobStatus.QUEUED)
        return set(self.session.scalars(select(JobRow.lane).where(*waiting)))

    def lanes_waiting(self) -> set[str]:
        """The lanes in which jobs of anybody wait."""
        return set(self.session.scalars(select(JobRow.lane).where(JobRow.status == JobStatus.QUEUED).distinct()))

    def holders(self) -> dict[str, int]:
        """Worker → how many jobs it runs, as far as the ledger knows."""
        held = select(JobRow.worker_id, func.count()).where(JobRow.status == JobStatus.PROCESSING)
        return {worker or "": count for worker, count in self.session.execute(held.group_by(JobRow.worker_id))}

    def held_by(self, worker_ids: Sequence[str]) -> Sequence[JobRow]:
        """Jobs these workers are running, as far as the ledger knows."""
        held = (JobRow.worker_id.in_(worker_ids), JobRow.status == JobStatus.PROCESSING)
        return self.session.scalars(select(JobRow).where(*held)).all()

    def expired(self, moment: datetime, *, after_id: int = 0, limit: int = 500) -> Sequence[JobRow]:
        """Finished jobs past their time."""
        over = (JobRow.id > after_id, JobRow.expires_at < moment, JobRow.status.in_(FINISHED))
        return self.session.scalars(select(JobRow).where(*over).order_by(JobRow.id).limit(limit)).all()

    def may_go_on(self, uid: str) -> bool:
        """Whether a job runs, waits, or could be retried."""
        ended = (JobRow.uid == uid, JobRow.status != JobStatus.COMPLETED)
        return self.session.scalar(select(JobRow.id).where(*ended)) is not None

    def of_file_unfinished(self, file_id: int) -> bool:
        """Whether a job still needs the file."""
        unfinished = [status for status in JobStatus if not status.is_finished]
        wanted = select(JobRow.id).where(JobRow.file_id == file_id, JobRow.status.in_(unfinished)).limit(1)
        return self.session.scalar(wanted) is not None

    def delete(self, row: JobRow) -> None:
        """Remove a job that is finished, with its history, steps and transcript."""
        if not row.status.is_finished:
            raise errors.ConflictError(f"Job {row.uid} is {row.status}; cancel it first.")
        # The job's row first, then the count: the order of every move, or the two could deadlock.
        gone = delete(JobRow).where(JobRow.id == row.id, JobRow.status == row.status)
        if self.session.execute(gone.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
            raise errors.InvalidTransition(f"Job {row.uid} changed meanwhile; look at it again.")
        self.session.expunge(row)
        count_job(self.session, row, row.status, -1)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many jobs there are: kind → status → number."""
        found: dict[str, dict[str, int]] = {}
        for kind, status, count, _ in read_counts(self.session, "job"):
            found.setdefault(kind, {})[status] = count
        return found
