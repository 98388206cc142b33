"""UpkeepService: what is past its time or left behind by a crash goes; stored bytes are checked against the rows."""

from __future__ import annotations

import hashlib
import logging
import math
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenuto import errors
from tenuto.db.models import ArtifactRow, FileRow, VoiceCloneRow
from tenuto.db.work import EVERYONE
from tenuto.services.content import PIECE
from tenuto.services.files import FileService
from tenuto.services.leaps import STEADY_SECONDS, Look
from tenuto.services.processing import ProcessingService
from tenuto.services.resumable import ResumableService
from tenuto.services.running import RECEIPTS
from tenuto.services.spools import SPOOL_PREFIX
from tenuto.storage.base import StoredObject

logger = logging.getLogger(__name__)
STRAY_SECONDS = 3600.0  # An upload under way is younger than this, or it is being written to.
CLOCK_SLACK_SECONDS = 3600.0
ENGINE_KEEPS = timedelta(days=1)
WORKERS_KEPT = timedelta(days=7)
DELIVERIES_KEPT = timedelta(days=30)
OUR_PREFIXES = ("upload-", "make-", "arriving-", "check", SPOOL_PREFIX)
WORKER_FOLDER = re.compile(r".+-\d+-[0-9a-f]{8}")  # as `queue.engine.new_executor_id` names them


@dataclass
class CleanupReport:
    """What a sweep saw and did."""

    dry_run: bool
    scanned: int = 0
    deleted: int = 0
    archived: int = 0
    jobs: int = 0
    failed: int = 0
    freed_bytes: int = 0
    strays: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class VerifyReport:
    """What a look at every stored byte found."""

    checked: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether every row has its bytes."""
        return not self.missing and not self.damaged


class UpkeepService:
    """Retention, sweeping, verifying and numbers."""

    def __init__(
        self,
        files: FileService,
        processing: ProcessingService,
        work_dir: Path,
        *,
        archive: bool,
        interval_seconds: float = 3600.0,
    ) -> None:
        self.files, self.processing, self.work_dir, self.archive = files, processing, work_dir, archive
        self.interval_seconds = interval_seconds
        self.database, self.content, self.queue = files.database, files.content, processing.queue
        self.storage = self.content.storage
        self.resumable = ResumableService(files)

    def cleanup_old_audio_files(self, *, dry_run: bool = False, force: bool = False) -> CleanupReport:
        """Remove what is past its time and what nothing points at; never a file a job still needs.

        When the clock may have leaped nothing is removed, unless a person says with `force` that all is well.
        """
        report = CleanupReport(dry_run=dry_run)
        with self.database.reading(EVERYONE) as work:
            moment = work.now_epoch()
        if abs(moment - time.time()) > CLOCK_SLACK_SECONDS:
            raise errors.ConflictError(
                "This machine's clock and the database's differ by over an hour; nothing is deleted."
            )
        if not dry_run:
            self._trust_the_clock(moment, force=force)
        going = [*self._expired_jobs(report, datetime.fromtimestamp(moment, UTC))]
        going += self._expired_files(report, datetime.fromtimestamp(moment, UTC))
        report.freed_bytes += self.content.would_free(going)
        for freed in self.resumable.sweep(datetime.fromtimestamp(moment, UTC), dry_run=dry_run):
            report.scanned += 1
            report.freed_bytes += freed
        for stray in self._strays(moment):
            self._remove_stray(report, stray)
        self._leftovers(report)
        if not dry_run:
            self._forget(datetime.fromtimestamp(moment, UTC))
        fields = {"action": "cleanup", "deleted": report.deleted, "freed_bytes": report.freed_bytes}
        logger.info("A sweep ended.", extra={**fields, "dry_run": dry_run, "failed": report.failed})
        return report

    def _trust_the_clock(self, moment: float, *, force: bool) -> None:
        """Note that a sweep begins, or refuse it."""
        with self.database.unit_of_work(EVERYONE) as work:
            look = Look(moment, work.sweeps.last(), *work.files.count_expired(datetime.fromtimestamp(moment, UTC)))
            leap, mass = ("", "") if force else (look.leap(), look.mass(self.interval_seconds))
            if not leap:  # A leap stays one until somebody has looked at it.
                since = moment - STEADY_SECONDS if force else look.steady_since(self.interval_seconds)
                work.sweeps.note(moment, steady_since=since)
        if leap or mass:
            raise errors.ConflictError(leap or mass)

    def _forget(self, moment: datetime) -> None:
        """Records that nobody asks for any more: the queue's own, workers long dead, what webhooks were told."""
        self.queue.forget_ended_before(moment - ENGINE_KEEPS)
        with self.database.unit_of_work(EVERYONE) as work:
            work.workers.forget_dead((moment - WORKERS_KEPT).timestamp())
            work.webhooks.forget_old_secrets(moment)
        gone = 1
        while gone:
            with self.database.unit_of_work(EVERYONE) as work:
                gone = work.deliveries.forget_before(moment - DELIVERIES_KEPT)

    def _expired_files(self, report: CleanupReport, moment: datetime) -> Iterator[str]:
        """Delete or archive them; yields what a dry run would have let go of."""
        for row in self.database.each(lambda work, after: work.files.expired(moment, after_id=after)):
            report.scanned += 1
            if not report.dry_run:
                self._delete(report, row)
            elif self.archive:
                report.archived += 1  # What that frees is known when the small copy is made.
            else:
                report.deleted += 1
                with self.database.reading(row.owner_id) as work:
                    yield from (row.storage_key, *work.artifacts.keys_of_file(row.id))

    def _delete(self, report: CleanupReport, row: FileRow) -> None:
        try:
            if self.archive:
                report.freed_bytes += self.files.archive(row)
                report.archived += 1
            else:
                report.freed_bytes += self.files.delete(row.owner_id, row.uid)
                report.deleted += 1
        except errors.TenutoError as error:
            report.failed += 1
            report.errors.append(f"{row.uid}: {error.message}")

    def _expired_jobs(self, report: CleanupReport, moment: datetime) -> Iterator[str]:
        for job in self.database.each(lambda work, after: work.jobs.expired(moment, after_id=after)):
            report.scanned += 1
            with suppress(errors.NotFound, errors.ConflictError):  # Somebody deleted or retried it meanwhile.
                if report.dry_run:
                    with self.database.reading(job.owner_id) as work:
                        yield from work.artifacts.keys_of_job(job.id)
                else:
                    report.freed_bytes += self.processing.delete(job.owner_id, job.uid)
                report.jobs += 1

    def _strays(self, moment: float) -> Iterator[StoredObject]:
        """Objects no row points at, old enough not to be on their way in."""
        for item in self.storage.list("content"):
            if moment - item.modified_at < STRAY_SECONDS:
                continue
            with self.database.reading(EVERYONE) as work:
                used = work.files.content_in_use(item.key)
            if not used:
                yield item

    def _remove_stray(self, report: CleanupReport, item: StoredObject) -> None:
        report.scanned += 1
        report.strays += 1
        report.freed_bytes += item.size_bytes if report.dry_run else self.content.release([item.key])

    def _leftovers(self, report: CleanupReport) -> None:
        """Spooled uploads whose process is gone, and folders of workers that are no more."""
        horizon = time.time() - STRAY_SECONDS
        # Only names that tenuto gives: an operator may have pointed us at a folder that others use as well.
        spooled = [path for path in self.storage.spool_dir().iterdir() if path.name.startswith(OUR_PREFIXES)]
        old = [path for path in spooled if _changed_at(path) < horizon and not self.resumable.holds(path.name)]
        for path in [*old, *self._abandoned(), *self._spent_receipts()]:
            report.scanned += 1
            report.strays += 1
            if not report.dry_run:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def clear_work_folders(self) -> None:
        """Remove what workers of this machine left that are gone; each worker does so when it comes and goes."""
        for path in self._abandoned():
            shutil.rmtree(path, ignore_errors=True)

    def _abandoned(self) -> list[Path]:
        folders = [path for path in self.work_dir.glob("*") if WORKER_FOLDER.fullmatch(path.name)]
        with self.database.unit_of_work(EVERYONE) as work:
            living = {worker.executor_id for worker in work.workers.living()}
        return [path for path in folders if path.name not in living]

    def _spent_receipts(self) -> list[Path]:
        """Receipts of jobs that are completed or deleted; a failed job may be retried and needs its own."""
        folders = {path.name: path for path in (self.work_dir / RECEIPTS).glob("*")}
        with self.database.unit_of_work(EVERYONE) as work:
            needed = {uid for uid in folders if work.jobs.may_go_on(uid)}
        return [path for uid, path in folders.items() if uid not in needed]

    def verify(self) -> VerifyReport:
        """Read every stored byte and compare it with its row."""
        report = VerifyReport()
        known: set[str] = set()
        for row in self._all_rows():
            if row.storage_key in known:
                continue
            known.add(row.storage_key)
            self._verify(report, row)
        report.strays = [item.key for item in self.storage.list("content") if item.key not in known]
        return report

    def _all_rows(self) -> Iterator[FileRow | ArtifactRow | VoiceCloneRow]:
        yield from self.database.each(lambda work, after: work.files.all_after(after))
        yield from self.database.each(lambda work, after: work.artifacts.all_after(after))
        yield from self.database.each(lambda work, after: work.voice_clones.all_after(after))

    def _verify(self, report: VerifyReport, row: FileRow | ArtifactRow | VoiceCloneRow) -> None:
        digest = hashlib.sha256()
        try:
            with self.storage.open(row.storage_key) as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
                    report.bytes += len(piece)
        except errors.NotFound:
            report.missing.append(row.storage_key)
            return
        report.checked += 1
        if digest.hexdigest() != row.sha256:
            report.damaged.append(row.storage_key)

    def get_storage_stats(self, owner_id: int | None) -> dict[str, object]:
        """Number and size of files, by kind and by age, and of what jobs made, and the room that is left."""
        with self.database.browsing(owner_id) as work:
            totals, made = work.files.totals(), work.artifacts.totals_of_jobs()
        today = datetime.now(UTC).date()
        by_kind: dict[str, dict[str, int]] = {}
        by_age = {"day": 0, "week": 0, "month": 0, "older": 0}
        for container, day, count, size in totals:
            entry = by_kind.setdefault(container, {"count": 0, "bytes": 0})
            entry["count"] += count
            entry["bytes"] += size
            age = (today - day).days
            by_age["day" if age < 1 else "week" if age < 7 else "month" if age < 30 else "older"] += size  # noqa: PLR2004 - days
        return {
            "files": sum(entry["count"] for entry in by_kind.values()),
            "bytes": sum(entry["bytes"] for entry in by_kind.values()),
            "by_kind": by_kind,
            "bytes_by_age": by_age,
            "outputs": {kind: {"count": count, "bytes": size} for kind, count, size in made},
            "free_bytes": self.storage.free_bytes(),
            "storage": self.storage.url,
        }


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # An upload ended since the folder was read; there is nothing to remove.
        return math.inf
