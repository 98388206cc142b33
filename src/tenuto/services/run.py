"""One step while it runs: `pipelines.base.Steps` on the ledger, the store and the children."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tenuto import errors
from tenuto.db.models import JobRow, now
from tenuto.db.song_jobs import song_of_row
from tenuto.db.steps import WHOLE, Finished
from tenuto.db.usage import Call
from tenuto.db.work import UnitOfWork
from tenuto.domain.costs import Usage
from tenuto.domain.known_songs import ImportedSong, Song, SongLyrics
from tenuto.domain.lexicons import Lexicon
from tenuto.domain.presentations import Presentation
from tenuto.domain.transcripts import Transcript
from tenuto.domain.voice_samples import VoiceSample
from tenuto.domain.voices import KnownVoice
from tenuto.pipelines import registry
from tenuto.pipelines.base import Kept, Part, Step
from tenuto.services.imports import Watch
from tenuto.services.made import Made, keep_artifact
from tenuto.services.presentation_jobs import presentation_of
from tenuto.services.purse import Purse, record_usage
from tenuto.services.song_jobs import lyrics_of
from tenuto.services.songs import SongDetails

if TYPE_CHECKING:
    from tenuto.services.running import Workshop

logger = logging.getLogger(__name__)
REPORT_SECONDS = 0.5
QUIET_SECONDS = 5.0  # Without news the ledger is still touched this often, which also brings a wish to cancel.


class Run:
    """Tells the ledger how far the step is, and hears from it whether to go on."""

    def __init__(self, shop: Workshop, job: JobRow, step: Step) -> None:
        self.shop, self.job, self.step = shop, job, step
        self.uid, self.folder, self.receipts = job.uid, shop.folder_of(job.uid), shop.receipts_of(job.uid)
        self.options: Mapping[str, Any] = job.options
        self.media, self.engines = shop.media, shop.engines
        self.children = shop.pool_of(job)
        self.parallel = self.children.size
        self._from, self._to = registry.pipeline(job.kind).span_of(step.name)
        self._lock = threading.Lock()
        self._share, self._message = 0.0, ""
        self._told_at, self._looked_at, self._told = 0.0, 0.0, (-1.0, "")
        self._stop: errors.TenutoError | None = None
        self.seen_revision: int | None = None  # of the transcript, when the step asked for it
        self._given_up = False
        self.parts_kept = 0
        self._purse = Purse(shop.database, shop.prices, job, shop.worker_id)

    def __enter__(self) -> Self:
        self._tell(force=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def source(self) -> Path:
        """The recording as a local file."""
        if self.job.file_id is None:
            raise errors.NotFound("The recording of this job was deleted; bring it again to transcribe it.")
        file_id = self.job.file_id
        row = self.shop.database.patiently(lambda work: work.files.get(file_id))
        kept = self.folder / "source"
        kept.mkdir(exist_ok=True)
        return self.shop.content.storage.fetch(row.storage_key, kept)

    def result_of(self, step: str) -> dict[str, Any]:
        """What an earlier step left."""
        row = self.shop.database.patiently(lambda work: work.steps.find(self.job.id, step))
        if row is None:
            raise errors.UnknownWork(f"Step '{step}' left nothing, and '{self.step.name}' needs it; retry the job.")
        return row.result

    def parts_of(self, step: str) -> Sequence[dict[str, Any]]:
        """What the parts of a step left, in order."""
        rows = self.shop.database.patiently(lambda work: work.steps.of_job(self.job.id))
        mine = sorted((row for row in rows if row.step == step and row.part != WHOLE), key=lambda row: row.part)
        return [row.result for row in mine]

    def transcript(self) -> Transcript:
        """What the job has heard so far."""

        def load(work: UnitOfWork) -> Transcript | None:
            row = work.transcripts.worked_on(self.job)
            self.seen_revision = None if row is None else row.revision
            return None if row is None else work.transcripts.load(row)

        found = self.shop.database.patiently(load)
        if found is None and "transcript_id" in self.options:
            raise errors.NotFound("The transcript this job is about was deleted, or is of another recording.")
        if found is None:
            raise errors.UnknownWork(f"Step '{self.step.name}' needs a transcript, and there is none; retry the job.")
        return found

    def lexicon(self) -> Lexicon | None:
        """The corrections the job asked for."""
        uid, owner_id = self.options.get("lexicon_id"), self.job.owner_id
        if not uid:
            return None
        return self.shop.database.patiently(lambda work: work.lexicons.of_owner(owner_id, uid))

    def known_voices(self) -> Sequence[KnownVoice]:
        """The voices that the job's owner has given names to."""
        owner_id = self.job.owner_id
        return self.shop.database.patiently(lambda work: work.known_voices.of_owner(owner_id))

    def has_artifact(self, kind: str, name: str = "") -> bool:
        """Whether the recording has such an artifact already."""
        file_id = self.job.file_id
        if file_id is None:
            return False
        return self.shop.database.patiently(lambda work: work.artifacts.of_file(file_id, kind, name)) is not None

    def artifact(self, kind: str, name: str = "") -> Path:
        """The recording's artifact of that kind as a local file."""
        file_id = self.job.file_id
        if file_id is None:
            raise errors.NotFound("The recording of this job was deleted; bring it again.")
        row = self.shop.database.patiently(lambda work: work.artifacts.of_file(file_id, kind, name))
        if row is None:
            raise errors.NotFound(f"The recording has no {kind}; they were deleted while the job ran. Retry the job.")
        return self.shop.content.storage.fetch(row.storage_key, self.folder / kind)

    def artifact_names(self, kind: str) -> frozenset[str]:
        """The names of the recording's artifacts of that kind."""
        file_id = self.job.file_id
        if file_id is None:
            return frozenset()
        return self.shop.database.patiently(lambda work: work.artifacts.names_of_file(file_id, kind))

    def own_artifact(self, kind: str, name: str) -> Path:
        """What this job made and keeps for itself, as a local file."""
        row = self.shop.database.patiently(lambda work: work.artifacts.of_job(self.job.id, kind, name))
        if row is None:
            raise errors.NotFound(f"The job has no {kind}; they were deleted while it ran. Retry the job.")
        return self.shop.content.storage.fetch(row.storage_key, self.folder / kind)

    def presentation(self) -> Presentation:
        """The presentation the job is about, as it is edited now."""
        return self.shop.database.patiently(lambda work: presentation_of(work, self.job))

    def voice_sample(self) -> VoiceSample:
        """The sample of a voice that the job is to speak with."""
        uid, owner_id = str(self.options.get("voice_id", "")), self.job.owner_id
        row = self.shop.database.patiently(lambda work: work.voice_clones.of_owner(owner_id, uid))
        path = self.shop.content.storage.fetch(row.storage_key, self.folder / "voice")
        return VoiceSample(row.uid, row.name, path, row.shape)

    def song(self) -> Song:
        """The song the job is about."""

        def load(work: UnitOfWork) -> Song | None:
            row = work.song_jobs.song_of(self.job)
            return None if row is None else song_of_row(row)

        found = self.shop.database.patiently(load)
        if found is None:
            raise errors.NotFound("The song this job is about was deleted.")
        return found

    def import_song(self, url: str, names: Mapping[str, str], on_share: Callable[[float], None]) -> ImportedSong:
        """Fetch a song and put it into the library of the job's owner, unless it is there."""
        watch = Watch(on_share, self.should_stop)
        details = SongDetails(title=names["title"], artist=names["artist"], album=names["album"])
        try:
            made = self.shop.imports.import_url(self.job.owner_id, url, details, watch)
        except errors.ConflictError as error:
            if "song_id" not in error.details:
                raise
            return ImportedSong(str(error.details["song_id"]), already=error.message)
        return ImportedSong(made.row.uid)

    def lyrics(self) -> SongLyrics | None:
        """The lyrics of that song as they are now."""

        def load(work: UnitOfWork) -> SongLyrics | None:
            song = work.song_jobs.song_of(self.job)
            return None if song is None else lyrics_of(work, song)

        return self.shop.database.patiently(load)

    def progress(self, share: float, message: str = "") -> None:
        """Say how much of this step is done."""
        with self._lock:
            self._share = max(self._share, min(share, 1.0))
            self._message = message or self._message
        if self.should_stop():
            raise errors.Cancelled

    def should_stop(self) -> bool:
        """Whether somebody cancelled the job or a part failed; raises when another worker holds the job."""
        return self._unwanted() or self._given_up

    def _unwanted(self) -> bool:
        self._tell()
        if isinstance(self._stop, errors.Fenced):
            raise self._stop
        return self._stop is not None

    def _tell(self, *, force: bool = False) -> None:
        """Write progress when there is news, now and then anyway; keep what comes back."""
        with self._lock:
            moment = time.monotonic()
            percent = round(self._from + (self._to - self._from) * self._share, 1)
            news = (percent, self._message)
            due = moment - self._told_at > (REPORT_SECONDS if news != self._told else QUIET_SECONDS)
            look = moment - self._looked_at > REPORT_SECONDS
            if due or force:
                self._told_at, self._told = moment, news
            if due or force or look:
                self._looked_at = moment
        if due or force:
            self._ask(lambda work: self._report(work, news))
        elif look:
            self._ask(self._cancel_requested)

    def _ask(self, question: Callable[[UnitOfWork], bool]) -> None:
        try:
            if self.shop.database.patiently(question) and self._stop is None:
                self._stop = errors.Cancelled()
        except errors.Fenced as error:
            self._stop = error

    def _report(self, work: UnitOfWork, news: tuple[float, str]) -> bool:
        worker, stage = self.shop.worker_id, self.step.stage
        return work.jobs.report(self.job.id, worker, progress=news[0], stage=stage, message=news[1])

    def _cancel_requested(self, work: UnitOfWork) -> bool:
        job = work.jobs.get(self.job.id)
        if job.worker_id != self.shop.worker_id:
            raise errors.Fenced(f"Job {job.uid} is no longer held by this worker.")
        return job.cancel_requested

    def call(
        self,
        key: str,
        target: str,
        payload: dict[str, Any],
        on_share: Callable[[float], None],
        *,
        timeout_seconds: float,
        to_the_end: bool = False,
    ) -> dict[str, Any]:
        """Run `target` in a warm child that is killed when the job is no longer wanted."""

        def on_event(event: dict[str, Any]) -> None:
            if "progress" in event:
                on_share(float(event["progress"]))

        should_stop = self._unwanted if to_the_end else self.should_stop
        return self.children.call(
            key, target, payload, on_event=on_event, should_stop=should_stop, timeout_seconds=timeout_seconds
        )

    def take_turn(self, engine: str) -> None:
        """Wait until the engine may be called, where the settings limit how often that is."""
        interval = self.shop.call_intervals.get(engine, 0.0)
        if not interval:
            return

        def take(work: UnitOfWork) -> float:
            moment = work.now_epoch()
            return work.paces.take(engine, interval_seconds=interval, moment=moment) - moment

        turn = time.monotonic() + self.shop.database.patiently(take)
        while (left := turn - time.monotonic()) > 0:
            if self.should_stop():
                raise errors.Cancelled
            time.sleep(min(REPORT_SECONDS, left))

    def noted(self, name: str, part: int) -> dict[str, Any] | None:
        """What was kept or noted under that name for a part, in this life or an earlier one."""
        row = self.shop.database.patiently(lambda work: work.steps.find(self.job.id, name, part))
        return None if row is None else row.result

    def note(self, name: str, part: int, known: dict[str, Any]) -> None:
        """Write down what is known of a part so far; the next note takes its place."""
        noted = Finished(name, part, now(), known)
        self.shop.database.patiently(lambda work: work.steps.note(self.job, self.shop.worker_id, noted))

    def keep(self, name: str, part: int, kept: Kept) -> None:
        """Keep a piece of a part by itself, with what it used, before the part is done."""
        self._keep_part(part, now(), kept, name=name)

    def warn(self, message: str) -> None:
        """Put a warning on the job at once."""
        self.shop.database.patiently(lambda work: work.jobs.add_warning(work.jobs.get(self.job.id), message))

    def unbroken(self) -> AbstractContextManager[None]:
        """Around what a stop of this worker waits for."""
        return self.shop.unbroken.piece()

    def may_spend(self, usage: Usage) -> None:
        """Ask before a call that costs; raises BudgetExceeded when a budget does not allow it."""
        self._purse.ask(usage)

    def foresee(self, usages: Sequence[Usage]) -> None:
        """Set aside what the rest of the job will use, before any of it is paid for."""
        self._purse.foresee(usages)

    def each(self, weights: Sequence[float], part: Part, *, at_once: int) -> None:
        """Run the parts that are not finished, several at a time, and keep each as soon as it is done."""
        job_id, step = self.job.id, self.step.name
        done = self.shop.database.patiently(lambda work: work.steps.finished_parts(job_id, step))
        shares = [1.0 if index in done else 0.0 for index in range(len(weights))]
        total = sum(weights) or 1.0

        def tell(index: int, share: float) -> None:
            shares[index] = max(shares[index], share)
            overall = sum(weight * reached for weight, reached in zip(weights, shares, strict=True)) / total
            self.progress(overall, f"{sum(reached >= 1 for reached in shares)} of {len(shares)} parts")

        def run(index: int) -> None:
            started = now()
            try:
                kept = part(index, lambda share: tell(index, min(share, 0.999)))
                self._keep_part(index, started, kept)
            except BaseException:
                # The parts still running see this at their next look, and their children are killed; paid calls go
                # on, and none begins: not even in the part that takes this one's place before it can be called off.
                self._given_up = True
                raise
            finally:
                self._purse.forget()
            tell(index, 1.0)

        todo = [index for index in range(len(weights)) if index not in done]
        with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix=f"part-{self.job.uid[:8]}") as pool:
            # Each thread with the context of this one: its log lines belong to the same request and job.
            futures = [pool.submit(contextvars.copy_context().run, run, index) for index in todo]
            self._wait_for(futures)
        if min(at_once, len(todo)) > 1:  # It had several children warmed; those of one are for the jobs beside it.
            self.children.drop_spares()

    def _wait_for(self, futures: list[Future[None]]) -> None:
        _, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        wait(waiting)
        self._given_up = False
        problems = [problem for future in futures if not future.cancelled() and (problem := future.exception())]
        if problems:  # A part that was called off is no reason; the one that failed is.
            raise min(problems, key=lambda problem: isinstance(problem, errors.Cancelled))

    def _keep_part(self, index: int, started: datetime, kept: Kept, *, name: str = "") -> None:
        step = name or self.step.name
        content = self.shop.content
        made = [Made(artifact, content.keep(artifact.path)) for artifact in kept.artifacts]

        def write(work: UnitOfWork) -> list[str]:
            if work.steps.find(self.job.id, step, index) is not None:
                return []
            finished = Finished(step, index, started, kept.result)
            work.steps.record(self.job, self.shop.worker_id, finished)
            if kept.usage is not None:
                call = Call(step, index, self._purse.day_of(started))
                record_usage(work, self.job, call, kept.usage, self.shop.prices)
            return [key for item in made if (key := keep_artifact(work, content, self.job, item))]

        with self._purse.paying(kept.usage):
            replaced = self.shop.database.patiently(write)
        content.release(replaced)
        # What was paid for may be worth nothing and asked for again: it is no sign that the job got any further.
        self.parts_kept += not name or kept.usage is None
