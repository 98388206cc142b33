"""Presentations with their latest job, their slides in order, and the jobs that film them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update

from tenuto import errors
from tenuto.db.models import (
    ArtifactRow,
    FileRow,
    JobRow,
    PresentationJobRow,
    PresentationRow,
    SlideRow,
    VoiceCloneRow,
    now,
)
from tenuto.db.repository import MAX_PAGE, Page, Repository, decode_cursor, encode_cursor
from tenuto.domain.jobs import FINISHED

OUT_OF_THE_WAY = 1_000_000


@dataclass(frozen=True)
class PresentationView:
    """A presentation with all that a list shows of it."""

    row: PresentationRow
    file: FileRow
    job: JobRow | None  # the latest
    voice: VoiceCloneRow | None


@dataclass(frozen=True)
class PresentationPage:
    """Some presentations, newest first, and the cursor that leads to the rest."""

    items: Sequence[PresentationView]
    next_cursor: str | None


class PresentationRepository(Repository[PresentationRow]):
    """Presentations, their slides and jobs."""

    model = PresentationRow
    noun = "presentation"

    def listed(self, *, limit: int = 50, cursor: str | None = None) -> PresentationPage:
        """One page, newest first."""
        if not 1 <= limit <= MAX_PAGE:
            raise errors.ValidationError(f"limit must be between 1 and {MAX_PAGE}.")
        wanted = _views().order_by(PresentationRow.id.desc()).limit(limit + 1)
        if cursor is not None:
            wanted = wanted.where(PresentationRow.id < decode_cursor(cursor))
        items = [PresentationView(*found) for found in self.session.execute(wanted)]
        more = len(items) > limit
        return PresentationPage(items[:limit], encode_cursor(items[limit - 1].row.id) if more else None)

    def view(self, uid: str) -> PresentationView:
        """One of them in the same way."""
        found = self.session.execute(_views().where(PresentationRow.uid == uid)).one_or_none()
        if found is None:
            raise errors.NotFound(f"There is no presentation {uid[:64]!r}.")
        return PresentationView(*found)

    def held(self, uid: str) -> PresentationRow:
        """One presentation, and nobody else changes or deletes it until the transaction ends."""
        wanted = select(PresentationRow).where(PresentationRow.uid == uid).with_for_update()
        row = self.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no presentation {uid[:64]!r}.")
        return row

    def of_file(self, file_id: int) -> PresentationRow | None:
        """The presentation of a deck."""
        return self.session.scalars(select(PresentationRow).where(PresentationRow.file_id == file_id)).one_or_none()

    def attach(self, job: JobRow, row: PresentationRow) -> None:
        """Write down that the job is about the presentation."""
        self.session.add(PresentationJobRow(owner_id=job.owner_id, presentation_id=row.id, job_id=job.id))
        self.session.flush()

    def of_job(self, job: JobRow) -> PresentationRow | None:
        """The presentation a job is about, if it is still there."""
        its = PresentationJobRow.presentation_id == PresentationRow.id
        wanted = select(PresentationRow).join(PresentationJobRow, its).where(PresentationJobRow.job_id == job.id)
        return self.session.scalars(wanted).one_or_none()

    def jobs(self, row: PresentationRow, *, limit: int = 50, cursor: str | None = None) -> Page[JobRow]:
        """The jobs of a presentation, newest first."""
        if not 1 <= limit <= MAX_PAGE:
            raise errors.ValidationError(f"limit must be between 1 and {MAX_PAGE}.")
        its = PresentationJobRow.job_id == JobRow.id
        wanted = select(JobRow).join(PresentationJobRow, its).where(_of(row))
        if cursor is not None:
            wanted = wanted.where(PresentationJobRow.job_id < decode_cursor(cursor))
        found = self.session.scalars(wanted.order_by(PresentationJobRow.job_id.desc()).limit(limit + 1)).all()
        more = len(found) > limit
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if more else None)

    def unfinished_job(self, row: PresentationRow) -> JobRow | None:
        """A job that films the presentation or waits to, if there is one."""
        its = exists().where(_of(row), PresentationJobRow.job_id == JobRow.id)
        wanted = select(JobRow).where(its, JobRow.status.not_in(FINISHED)).order_by(JobRow.id).limit(1)
        return self.session.scalars(wanted).one_or_none()

    def slides(self, row: PresentationRow) -> Sequence[SlideRow]:
        """Its slides, in the order of the video."""
        wanted = select(SlideRow).where(SlideRow.presentation_id == row.id).order_by(SlideRow.position)
        return self.session.scalars(wanted).all()

    def slide(self, row: PresentationRow, number: int) -> SlideRow:
        """The slide with that number in the deck."""
        wanted = select(SlideRow).where(SlideRow.presentation_id == row.id, SlideRow.number == number)
        found = self.session.scalars(wanted).one_or_none()
        if found is None:
            raise errors.NotFound(f"The presentation has no slide {number}.")
        return found

    def add_slides(self, row: PresentationRow, slides: Sequence[dict[str, Any]]) -> None:
        """Insert the slides of a deck, unless they are there."""
        if slides and not self.slides(row):
            same = {"owner_id": row.owner_id, "presentation_id": row.id}
            self.session.execute(insert(SlideRow), [{**same, **slide} for slide in slides])

    def arrange(self, row: PresentationRow, order: Sequence[int]) -> None:
        """Put the slides with these numbers in that order."""
        mine = SlideRow.presentation_id == row.id
        # No two slides have one place, not even on the way: all of them step aside first.
        aside = update(SlideRow).where(mine).values(position=SlideRow.position + OUT_OF_THE_WAY)
        self.session.execute(aside.execution_options(synchronize_session=False))
        for position, number in enumerate(order, 1):
            place = update(SlideRow).where(mine, SlideRow.number == number).values(position=position)
            self.session.execute(place.execution_options(synchronize_session=False))

    def touch(self, row: PresentationRow, seen_revision: int) -> None:
        """Count an edit of the presentation as it was seen; refuse it when it is another by now."""
        if row.revision != seen_revision:
            raise errors.StaleRevision(
                f"The presentation was edited meanwhile: it is revision {row.revision} by now, and the edit is of"
                f" {seen_revision}. Read it again and repeat the edit.",
                revision=row.revision,
            )
        self.update(row, revision=row.revision + 1, updated_at=now())

    def made(self, row: PresentationRow, kind: str, name: str = "") -> ArtifactRow | None:
        """What was made of its deck."""
        mine = (ArtifactRow.file_id == row.file_id, ArtifactRow.kind == kind, ArtifactRow.name == name)
        return self.session.scalars(select(ArtifactRow).where(*mine)).one_or_none()


def _of(row: PresentationRow) -> ColumnElement[bool]:
    return PresentationJobRow.presentation_id == row.id


def _views() -> Any:
    """Presentations with their decks, latest jobs and voices, in one query."""
    latest = (
        select(func.max(PresentationJobRow.job_id))
        .where(PresentationJobRow.presentation_id == PresentationRow.id)
        .correlate(PresentationRow)
        .scalar_subquery()
    )
    return (
        select(PresentationRow, FileRow, JobRow, VoiceCloneRow)
        .join(FileRow, and_(FileRow.id == PresentationRow.file_id))
        .outerjoin(JobRow, JobRow.id == latest)
        .outerjoin(VoiceCloneRow, VoiceCloneRow.id == PresentationRow.voice_id)
    )
