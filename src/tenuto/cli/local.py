"""The ledger on this machine, with a worker in this process when nobody else works."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, BinaryIO

from tenuto import errors
from tenuto.bootstrap import Tenuto
from tenuto.cli.shapes_of import estimate_of, event_of, file_of, job_of, segment_of, step_of, transcript_of
from tenuto.cli.show import note, plain
from tenuto.client.shapes import Estimate, Export, File, Job, JobLog, Page, Segment, Transcript
from tenuto.domain.jobs import JobStatus
from tenuto.services.formats import format_names
from tenuto.services.heard import HeardBlock
from tenuto.services.processing import Submission

if TYPE_CHECKING:
    from tenuto.worker.main import WorkerProcess

OWNER = 1  # the built-in owner of single-user mode
LOOK_SECONDS = 2.0


class LocalBackend:
    """`Backend` on the services."""

    poll_seconds = 0.2
    patience_seconds = 0.0

    def __init__(self, house: Tenuto) -> None:
        self.house = house
        self.worker: WorkerProcess | None = None
        self._next_look = 0.0

    def add_file(self, path: Path) -> File:
        """Take a recording in."""
        try:
            return file_of(self.house.files.save_audio_file(OWNER, path))
        except OSError as error:
            raise errors.NotFound(f"{path} cannot be read: {error.strerror}.") from error

    def file(self, file_id: str) -> File:
        """One file."""
        return file_of(self.house.files.get(OWNER, file_id))

    def files(self, *, limit: int, cursor: str | None) -> Page[File]:
        """A page of files, newest first."""
        page = self.house.files.get_all(OWNER, limit=limit, cursor=cursor)
        return Page([file_of(row) for row in page.rows], page.next_cursor)

    def delete_file(self, file_id: str) -> None:
        """Remove a file nobody works on."""
        self.house.files.delete(OWNER, file_id)

    def submit(self, file_id: str, options: Mapping[str, Any], *, kind: str = "transcribe", priority: int = 5) -> Job:
        """Ask for work on a file."""
        wish = Submission(kind=kind, file_uid=file_id, options=options, priority=priority)
        return self._job(self.house.processing.submit(OWNER, wish))

    def estimate(self, file_id: str, options: Mapping[str, Any]) -> Estimate:
        """What a transcription would cost."""
        found = self.house.processing.estimate(OWNER, Submission(file_uid=file_id, options=options))
        return estimate_of(found, self.house.settings.currency)

    def begin(self, kind: str, options: Mapping[str, Any]) -> Job:
        """Ask for work that needs no file."""
        return self._job(self.house.processing.submit(OWNER, Submission(kind=kind, options=options)))

    def artifact(self, job_id: str, name: str) -> bytes:
        """A file that a job made."""
        made = self.house.artifacts.readable(OWNER, job_id, name)
        return b"".join(self.house.files.read(made, 0, made.size_bytes))

    def fetch(self, job_id: str, name: str, target: BinaryIO) -> None:
        """The same, written piece by piece."""
        made = self.house.artifacts.readable(OWNER, job_id, name)
        target.writelines(self.house.files.read(made, 0, made.size_bytes))

    def job(self, job_id: str) -> Job:
        """One job."""
        return self._job(self.house.processing.get(OWNER, job_id))

    def jobs(self, *, status: str, kind: str, limit: int, cursor: str | None) -> Page[Job]:
        """A page of jobs, newest first."""
        if status and status not in list(JobStatus):
            raise errors.ValidationError(
                f"There is no status {status[:40]!r}; a job is one of: {', '.join(JobStatus)}."
            )
        wanted = JobStatus(status) if status else None
        page = self.house.processing.listed(OWNER, status=wanted, kind=kind, limit=limit, cursor=cursor)
        files = self.house.processing.file_uids(OWNER, page.rows)
        currency = self.house.settings.currency
        return Page([job_of(row, files, currency=currency) for row in page.rows], page.next_cursor)

    def _job(self, row: Any) -> Job:
        files = self.house.processing.file_uids(OWNER, [row])
        return job_of(row, files, currency=self.house.settings.currency)

    def log(self, job_id: str) -> JobLog:
        """A job's history and finished steps."""
        events = self.house.processing.history(OWNER, job_id)
        steps = self.house.processing.steps(OWNER, job_id)
        return JobLog([event_of(row) for row in events], [step_of(row) for row in steps])

    def heard(self, job_id: str, *, after: int) -> list[HeardBlock]:
        """The blocks of a recording that were heard so far, behind those that were shown."""
        return self.house.processing.heard(OWNER, job_id, after=after)

    def cancel(self, job_id: str) -> Job:
        """Stop a job that waits or runs."""
        return self._job(self.house.processing.cancel(OWNER, job_id))

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again."""
        return self._job(self.house.processing.retry(OWNER, job_id))

    def delete_job(self, job_id: str) -> None:
        """Remove a finished job with its transcript."""
        self.house.processing.delete(OWNER, job_id)

    def check_format(self, name: str) -> None:
        """Refuse an export format nobody knows, before any work is done."""
        if name not in format_names():
            known = ", ".join(format_names())
            raise errors.ValidationError(f"There is no export format {name[:40]!r}; choose from: {known}.")

    def export(self, job_id: str, format_name: str) -> Export:
        """A job's transcript in a format."""
        made = self.house.exports.render(OWNER, job_id, format_name)
        return Export(made.data, made.media_type, made.filename)

    def transcripts(self, *, limit: int, cursor: str | None) -> Page[Transcript]:
        """A page of transcripts, newest first."""
        page = self.house.transcripts.get_all(OWNER, limit=limit, cursor=cursor)
        parents = self.house.transcripts.parents(OWNER, page.rows)
        found = [transcript_of(row, parents) for row in page.rows]
        return Page([replace(item, original_text="", processed_text=None) for item in found], page.next_cursor)

    def transcript(self, transcript_id: str) -> Transcript:
        """One transcript."""
        row = self.house.transcripts.get(OWNER, transcript_id)
        return transcript_of(row, self.house.transcripts.parents(OWNER, [row]))

    def segments(self, transcript_id: str) -> Iterable[Segment]:
        """Its segments, in order."""
        voices = self.house.transcripts.speakers(OWNER, transcript_id)
        known = {voice.id: voice for voice in voices}
        return [segment_of(row, known) for row in self.house.transcripts.segments(OWNER, transcript_id)]

    def engines(self) -> list[dict[str, Any]]:
        """The engines on offer."""
        return [plain(report) for report in self.house.catalogue.reports()]

    def health(self) -> dict[str, Any]:
        """How all parts are."""
        found: dict[str, Any] = plain(self.house.health.report())
        return found

    def storage_stats(self) -> dict[str, Any]:
        """What takes space."""
        return self.house.upkeep.get_storage_stats(OWNER)

    def cleanup(self, *, dry_run: bool, force: bool) -> dict[str, Any]:
        """Remove what is past its time."""
        found: dict[str, Any] = plain(self.house.upkeep.cleanup_old_audio_files(dry_run=dry_run, force=force))
        return found

    def attend(self, job_ids: Sequence[str]) -> None:
        """Start a worker here once nobody else works on such jobs; the one that was there may end at any time."""
        if self.worker is not None:
            self.worker.drop_idle()
            return
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        if self.house.health.nobody_for(job_ids):
            from tenuto.worker.main import WorkerProcess

            # The worker holds jobs that it must give back, whoever ends this command.
            signal.signal(signal.SIGTERM, _interrupt)
            self.worker = WorkerProcess(self.house)
            self.worker.start()

    def close(self) -> None:
        """Stop the worker, which gives back what it did not finish."""
        if self.worker is not None:
            if self.worker.paid_calls:
                note(
                    "Waiting for an answer that is paid for; Ctrl-C again ends that, and it may be paid for once more."
                )
            self.worker.stop(0)
        self.house.close()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM does what Ctrl-C does."""
    raise KeyboardInterrupt
