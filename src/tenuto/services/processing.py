"""ProcessingService: submit, look at, cancel, retry and delete jobs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tenuto import errors
from tenuto.db.generations import Origin
from tenuto.db.models import FileRow, JobEventRow, JobRow, JobStepRow, now
from tenuto.db.models_songs import SongRow
from tenuto.db.repository import Page
from tenuto.db.song_jobs import song_of_row
from tenuto.db.work import EVERYONE, Database, UnitOfWork
from tenuto.domain.jobs import FINISHED, JobStatus
from tenuto.domain.media import DECK
from tenuto.outside.calls import Caller
from tenuto.pipelines import fetch_song, registry
from tenuto.pipelines.narrate import PIPELINE as NARRATE
from tenuto.queue.liveness import workers_alive
from tenuto.queue.port import JobQueue
from tenuto.services.budgets import reserve
from tenuto.services.content import ContentStore
from tenuto.services.heard import HeardBlock, heard_blocks
from tenuto.services.lexicons import resolve_lexicon
from tenuto.services.music_jobs import count_prompt
from tenuto.services.presentation_jobs import begin_presentation, check_retry
from tenuto.services.pricing import Estimate, Pricing
from tenuto.services.song_jobs import lyrics_of

logger = logging.getLogger(__name__)
SHORT_MS = 60_000
MAX_KEY = 200
IDLE = FINISHED | {JobStatus.UPLOADED}
AGAIN = timedelta(hours=24)


@dataclass(frozen=True)
class Submission:
    """What somebody asks for."""

    kind: str = "transcribe"
    file_uid: str | None = None
    song_uid: str | None = None  # the job is about this song, and its file is the song's
    options: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 5
    idempotency_key: str | None = None
    request_id: str = ""
    hold: bool = False  # wait until somebody starts it
    content_sha256: str = ""  # of a file that came with the wish: sent again it is another row, but the same wish
    part_of: str = (
        ""  # the request that asks for this job among others; where there is one, it is what must be the same
    )
    again: bool = False  # the caller says that it sends the same wish once more, as its line broke

    def fingerprint(self, options: Mapping[str, Any]) -> str:
        """The same for the same wish; tells a repeated request from another with the same key."""
        if self.part_of:
            return hashlib.sha256(f"{self.kind} {self.part_of}".encode()).hexdigest()
        about = self.content_sha256 or self.song_uid or self.file_uid
        wish: list[Any] = [self.kind, about, dict(options), self.priority]
        wish += ["held"] if self.hold else []
        return hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Terms:
    """Where a job waits and what it will cost. Settled before a transaction begins: that may ask a model hub."""

    lane: str
    costs: Estimate


class ProcessingService:
    """The doors' side of jobs."""

    def __init__(
        self,
        database: Database,
        content: ContentStore,
        queue: JobQueue,
        lane_of: Callable[[str, str, FileRow | None], str],
        *,
        pricing: Pricing,
        importing: Caller,
        retention_days: float = 0,
        deadline_seconds: float = 60.0,
    ) -> None:
        self.database, self.content, self.queue, self.lane_of = database, content, queue, lane_of
        self.pricing, self.importing = pricing, importing
        self.retention_days, self.deadline_seconds = retention_days, deadline_seconds

    def submit(self, owner_id: int, wish: Submission) -> JobRow:
        """Write the job, set aside what it will cost, and queue it, in one transaction."""
        options = self._options(wish)
        with self.database.reading(owner_id) as work:
            if (earlier := self._earlier(work, wish, options)) is not None:
                return earlier
            file = self._subject(work, wish, options)[0]
        terms = self._settle(wish.kind, options, file)
        try:
            with self.database.unit_of_work(owner_id) as work:
                return self._write(work, wish, options, terms)
        except errors.ConflictError:
            if wish.idempotency_key is None:
                raise
            with self.database.unit_of_work(owner_id) as work:  # The same request, sent twice at once, was faster.
                return self._write(work, wish, options, terms)

    def settle(self, wish: Submission, file: FileRow | None) -> Terms:
        """The terms of a job that is about to be submitted in somebody's transaction."""
        return self._settle(wish.kind, self._options(wish), file)

    def submit_in(self, work: UnitOfWork, wish: Submission, terms: Terms, origin: Origin | None = None) -> JobRow:
        """The same in a transaction of the caller's, who also writes what the job is about.

        Who asks for several pieces of music counts their prompts before, and says with `origin` which is whose.
        """
        return self._write(work, wish, self._options(wish), terms, origin)

    def submitted(self, work: UnitOfWork, wish: Submission) -> JobRow | None:
        """The job that this very request made when it was sent before."""
        return self._earlier(work, wish, self._options(wish))

    def estimate(self, owner_id: int, wish: Submission) -> Estimate:
        """What a job would cost, without making it."""
        options = self._options(wish)
        with self.database.reading(owner_id) as work:
            file = self._subject(work, wish, options)[0]
        return self._settle(wish.kind, options, file).costs

    def _options(self, wish: Submission) -> dict[str, Any]:
        """The options in full; refuses a wish that makes no sense."""
        if not 0 <= wish.priority <= 9:  # noqa: PLR2004 - the scale people see
            raise errors.ValidationError("priority must be between 0 (last) and 9 (first).")
        if wish.kind not in registry.PIPELINES:
            known = ", ".join(registry.PIPELINES)
            raise errors.ValidationError(
                f"There is no kind of job called {wish.kind[:60]!r}; this server knows {known}."
            )
        options = registry.pipeline(wish.kind).check_options(wish.options)
        if wish.kind == fetch_song.NAME:
            self.importing.check_as_written(str(options["url"]))
        if wish.idempotency_key is not None and not 0 < len(wish.idempotency_key) <= MAX_KEY:
            raise errors.ValidationError(f"An idempotency key has between 1 and {MAX_KEY} characters.")
        return options

    def _settle(self, kind: str, options: Mapping[str, Any], file: FileRow | None) -> Terms:
        """Where a job waits and what it costs; refuses an engine that is not on offer."""
        lane = self.lane_of(kind, str(options.get("engine", "")), file)
        return Terms(lane, self.pricing.estimate(kind, options, file.duration_ms if file else 0))

    @staticmethod
    def _earlier(work: UnitOfWork, wish: Submission, options: Mapping[str, Any]) -> JobRow | None:
        """The job that this very request made when it was sent before."""
        fingerprint = wish.fingerprint(options)
        if wish.idempotency_key is not None:
            earlier = work.jobs.by_idempotency_key(wish.idempotency_key)
            if earlier is not None:
                return _same(earlier, fingerprint)
        return work.jobs.latest_like(fingerprint, since=now() - AGAIN) if wish.again else None

    def _write(
        self,
        work: UnitOfWork,
        wish: Submission,
        options: dict[str, Any],
        terms: Terms,
        origin: Origin | None = None,
    ) -> JobRow:
        if (earlier := self._earlier(work, wish, options)) is not None:
            return earlier
        fingerprint, costs = wish.fingerprint(options), terms.costs
        if options.get("lexicon_id"):
            options = {**options, "lexicon_id": resolve_lexicon(work, options["lexicon_id"])}
        file, song = self._subject(work, wish, options)
        if song is not None:
            options = {**options, "song_id": song.uid}
        presentation = None
        if wish.kind == NARRATE.name:
            presentation, options = begin_presentation(work, file, options)
        origin = origin or count_prompt(work, wish.kind, options)
        job = JobRow(
            kind=wish.kind,
            options=options,
            priority=wish.priority,
            engine=str(options.get("engine", "")),
            lane=terms.lane,
            warnings=list(costs.warnings),
            cost_estimate_micros=costs.cost_micros,
            file_id=file.id if file else None,
            file_name=f"{song.artist} - {song.title}" if song else _name(file, options),
            request_id=wish.request_id,
            idempotency_key=wish.idempotency_key,
            fingerprint=fingerprint,
            expires_at=now() + timedelta(days=self.retention_days) if self.retention_days else None,
        )
        work.jobs.submit(job, actor="owner", held=wish.hold)
        if song is not None:
            work.song_jobs.attach(job, song)
        if presentation is not None:
            work.presentations.attach(job, presentation)
        if origin is not None:
            work.generations.create(job, origin)
        if not wish.hold:
            reserve(work, job, costs.engine, self.pricing.table.currency, unpriced=costs.unpriced)
            self.queue.enqueue(work, job)
        logger.info("A job was accepted.", extra={"action": "job_accepted", "job_id": job.uid, "kind": job.kind})
        return job

    def _subject(
        self, work: UnitOfWork, wish: Submission, options: Mapping[str, Any]
    ) -> tuple[FileRow | None, SongRow | None]:
        """The recording a job is about, and the song that it is."""
        work_kind = registry.pipeline(wish.kind)
        song = self._song(work, wish)
        if song is not None:
            work_kind.check_song(options, song_of_row(song), lyrics_of(work, song))
            return work.files.get(song.file_id), song
        if work_kind.needs_song:
            raise errors.ValidationError(
                f"A job of kind {wish.kind!r} is about a song of the library: give its song_id, or add the file as a"
                " song first (POST /api/songs, `tenuto songs add`).",
                field="song_id",
            )
        if wish.file_uid is None:
            if not work_kind.needs_file:
                return None, None
            raise errors.ValidationError(f"A job of kind {wish.kind!r} needs a file.")
        file = work.files.get_by_id(wish.file_uid)
        _check_kind(wish.kind, file)
        return file, None

    @staticmethod
    def _song(work: UnitOfWork, wish: Submission) -> SongRow | None:
        if wish.song_uid is not None:
            return work.songs.get_by_id(wish.song_uid)
        if wish.file_uid is not None and registry.pipeline(wish.kind).needs_song:
            return work.songs.of_file(work.files.get_by_id(wish.file_uid).id)
        return None

    def get(self, owner_id: int, uid: str) -> JobRow:
        """One job."""
        with self.database.reading(owner_id) as work:
            return work.jobs.get_by_id(uid)

    def states(self, uids: Collection[str]) -> dict[str, tuple[JobStatus, float]]:
        """Status and progress of jobs of anybody; who asks knows their ids from submitting them."""
        with self.database.reading(EVERYONE) as work:
            return work.jobs.states(uids)

    def listed(
        self,
        owner_id: int,
        *,
        status: JobStatus | None = None,
        kind: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[JobRow]:
        """A page of jobs, newest first."""
        with self.database.browsing(owner_id) as work:
            return work.jobs.listed(status=status, kind=kind, limit=limit, cursor=cursor)

    def file_uids(self, owner_id: int, jobs: Iterable[JobRow]) -> dict[int, str]:
        """The public ids of the recordings that jobs are about."""
        with self.database.reading(owner_id) as work:
            return work.files.uids(job.file_id for job in jobs)

    def counts(self, owner_id: int) -> dict[str, dict[str, int]]:
        """Kind → status → number of jobs."""
        with self.database.browsing(owner_id) as work:
            return work.jobs.counts()

    def unfinished(self, kinds: Collection[str] = ()) -> int:
        """How many jobs of anybody wait for a worker or run, of some kinds or of all; held ones do neither."""
        with self.database.reading(EVERYONE) as work:
            counts = work.jobs.counts()
        wanted = [numbers for kind, numbers in counts.items() if not kinds or kind in kinds]
        return sum(number for numbers in wanted for status, number in numbers.items() if status not in IDLE)

    def history(self, owner_id: int, uid: str, *, after: int = 0) -> Sequence[JobEventRow]:
        """What happened to a job, oldest first."""
        with self.database.reading(owner_id) as work:
            return work.jobs.events(work.jobs.get_by_id(uid), after=after)

    def steps(self, owner_id: int, uid: str) -> Sequence[JobStepRow]:
        """The steps of a job that finished."""
        with self.database.reading(owner_id) as work:
            return work.steps.of_job(work.jobs.get_by_id(uid).id)

    def heard(self, owner_id: int, uid: str, *, after: int = 0) -> list[HeardBlock]:
        """What a job heard so far, behind the blocks that somebody has already."""
        with self.database.reading(owner_id) as work:
            return heard_blocks(work, uid, after=after)

    def cancel(self, owner_id: int, uid: str) -> JobRow:
        """Cancel a waiting job at once; ask the worker of a running one to stop, if there still is one."""
        with self.database.unit_of_work(owner_id) as work:
            job = work.jobs.get_by_id(uid)
            if job.status is JobStatus.PROCESSING:
                living = {worker.executor_id for worker in workers_alive(work, self.deadline_seconds)}
                if job.worker_id not in living:  # One that was only silent finds the job taken away when it comes back.
                    return work.jobs.move(job, JobStatus.CANCELLED, actor="owner", message="cancelled; nobody ran it")
                work.jobs.request_cancel(job)
                work.jobs.note(job, "cancel", actor="owner", message="asked the worker to stop")
                return job
            # The engine is not told, as that could hit a later retry; a worker finds the job cancelled and lets it go.
            return work.jobs.move(job, JobStatus.CANCELLED, actor="owner", message="cancelled while waiting")

    def start(self, owner_id: int, uid: str) -> JobRow:
        """Queue a job that is held, and set aside what it will cost."""
        costs = self._costs_now(owner_id, uid)
        with self.database.unit_of_work(owner_id) as work:
            job = work.jobs.get_by_id(uid)
            if job.status is not JobStatus.UPLOADED:
                raise errors.InvalidTransition(f"The job is {job.status}; only one that is held can be started.")
            self._line_up(work, job, costs, "started")
            self.queue.enqueue(work, job)
        return job

    def retry(self, owner_id: int, uid: str) -> JobRow:
        """Queue a failed or cancelled job again; its finished steps are kept."""
        costs = self._costs_now(owner_id, uid)
        with self.database.unit_of_work(owner_id) as work:
            job = work.jobs.get_by_id(uid)
            if job.status is JobStatus.COMPLETED:
                raise errors.InvalidTransition("The job completed; there is nothing to retry.")
            if not job.status.is_finished:
                raise errors.InvalidTransition(f"The job is {job.status}; only a failed or cancelled one is retried.")
            check_retry(work, job)
            self._line_up(work, job, costs, "retried")
        self.queue.retry(job)
        return job

    def _costs_now(self, owner_id: int, uid: str) -> Estimate:
        """What a job will cost at the prices of now; asked before the transaction that lets it wait."""
        with self.database.reading(owner_id) as work:
            job = work.jobs.get_by_id(uid)
            duration_ms = work.files.get(job.file_id).duration_ms if job.file_id is not None else 0
        return self.pricing.estimate(job.kind, job.options, duration_ms)

    def _line_up(self, work: UnitOfWork, job: JobRow, costs: Estimate, message: str) -> None:
        """Let the job wait for a worker, at the prices of now."""
        if registry.pipeline(job.kind).needs_file:
            self._hold_file(work, job)
        # The count of lost workers begins anew: a person looked at it.
        values = {"takeovers": 0, "cost_estimate_micros": costs.cost_micros}
        work.jobs.move(job, JobStatus.QUEUED, actor="owner", message=message, **values)
        reserve(work, job, costs.engine, self.pricing.table.currency, unpriced=costs.unpriced)

    def _hold_file(self, work: UnitOfWork, job: JobRow) -> None:
        """Make sure the job's recording is there and stays until the transaction ends."""
        try:
            if job.file_id is None:
                raise errors.NotFound
            work.files.lock(work.files.get(job.file_id))
        except errors.NotFound:
            raise errors.ConflictError(
                "The recording of this job was deleted; bring it again as a new job.",
            ) from None

    def delete(self, owner_id: int, uid: str) -> int:
        """Remove a finished job with its transcript and exports; return how many bytes that freed."""
        with self.database.unit_of_work(owner_id) as work:
            job = work.jobs.get_by_id(uid)
            keys = work.artifacts.keys_of_job(job.id)
            work.jobs.delete(job)
        self.queue.forget([uid])
        return self.content.release(keys)


def _same(earlier: JobRow, fingerprint: str) -> JobRow:
    if earlier.fingerprint != fingerprint:
        raise errors.ConflictError("This idempotency key was used for another request; use a new one.")
    return earlier


def _check_kind(kind: str, file: FileRow) -> None:
    """Refuse a deck where a recording is worked on, and the other way round."""
    wanted = registry.pipeline(kind).file_kind
    if file.kind == wanted:
        return
    if wanted == DECK:
        raise errors.UnsupportedMedia(
            f"A job of kind {kind!r} needs a deck of slides (.pptx), and this is a recording."
        )
    raise errors.UnsupportedMedia(
        f"A job of kind {kind!r} needs a recording, and this is a deck of slides: a job of kind 'narrate' makes a"
        " video of it (`tenuto narrate`)."
    )


def _name(file: FileRow | None, options: Mapping[str, Any]) -> str:
    return file.name if file else str(options.get("title") or options.get("url", ""))
