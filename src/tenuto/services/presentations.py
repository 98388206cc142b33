"""PresentationService: decks with their slides, which people edit, and the videos that are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from tenuto import errors
from tenuto.db.models import ArtifactRow, JobRow, PresentationRow, SlideRow
from tenuto.db.presentations import PresentationPage, PresentationView
from tenuto.db.repository import Page
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.presentations import MAX_TITLE, check_order
from tenuto.pipelines import narrate_names as made_of
from tenuto.pipelines.narrate import PIPELINE
from tenuto.pipelines.narrate_options import check_language
from tenuto.pipelines.song_options import line
from tenuto.services.files import FileService, Readable, Upload
from tenuto.services.intake import submit_upload
from tenuto.services.processing import ProcessingService, Submission

MAX_NOTES = 50_000
ENDINGS = {"video/mp4": ".mp4", "image/jpeg": ".jpg", "image/png": ".png", "audio/wav": ".wav"}


@dataclass(frozen=True)
class Edited:
    """A slide after an edit, and which edit of its presentation that was."""

    presentation: PresentationRow
    slide: SlideRow


class PresentationService:
    """Presentations of one owner."""

    def __init__(self, database: Database, files: FileService, processing: ProcessingService) -> None:
        self.database, self.files, self.processing = database, files, processing

    def create(self, owner_id: int, upload: Upload, wish: Submission) -> PresentationView:
        """Take a deck in and have a job film it; it does not stay when that is refused."""
        job = submit_upload(self.files, self.processing, owner_id, upload=upload, wish=_narration(wish))
        return self.of_job(owner_id, job.uid)

    def create_of_file(self, owner_id: int, wish: Submission) -> PresentationView:
        """Have a job film a deck that was uploaded."""
        return self.of_job(owner_id, self.processing.submit(owner_id, _narration(wish)).uid)

    def of_job(self, owner_id: int, job_uid: str) -> PresentationView:
        """The presentation that a job is about."""
        with self.database.reading(owner_id) as work:
            row = work.presentations.of_job(work.jobs.get_by_id(job_uid))
            if row is None:
                raise errors.NotFound(f"The job {job_uid} is about no presentation, or it was deleted.")
            return work.presentations.view(row.uid)

    def render(self, owner_id: int, uid: str, wish: Submission) -> PresentationView:
        """Have a job film it anew, with the options of the last time but for those that are named."""
        with self.database.reading(owner_id) as work:
            row = work.presentations.get_by_id(uid)
            file, options = work.files.get(row.file_id), {**row.options, **wish.options}
        return self.create_of_file(owner_id, replace(wish, file_uid=file.uid, options=options))

    def get(self, owner_id: int, uid: str) -> PresentationView:
        """One presentation."""
        with self.database.reading(owner_id) as work:
            return work.presentations.view(uid)

    def listed(self, owner_id: int, *, limit: int = 50, cursor: str | None = None) -> PresentationPage:
        """A page of presentations, newest first."""
        with self.database.browsing(owner_id) as work:
            return work.presentations.listed(limit=limit, cursor=cursor)

    def slides(self, owner_id: int, uid: str) -> tuple[PresentationView, Sequence[SlideRow]]:
        """One presentation with its slides in order."""
        with self.database.reading(owner_id) as work:
            view = work.presentations.view(uid)
            return view, work.presentations.slides(view.row)

    def jobs(self, owner_id: int, uid: str, *, limit: int = 50, cursor: str | None = None) -> Page[JobRow]:
        """The jobs of a presentation, newest first."""
        with self.database.reading(owner_id) as work:
            return work.presentations.jobs(work.presentations.get_by_id(uid), limit=limit, cursor=cursor)

    def change(self, owner_id: int, uid: str, *, title: str, revision: int) -> PresentationView:
        """Give it another title."""
        title = line(MAX_TITLE)("title", title)
        if not title:
            raise errors.ValidationError("title: a presentation needs one.", field="title")
        with self.database.unit_of_work(owner_id) as work:
            row = work.presentations.held(uid)
            work.presentations.touch(row, revision)
            work.presentations.update(row, title=title)
        return self.get(owner_id, uid)

    def edit(self, owner_id: int, uid: str, number: int, changes: Mapping[str, Any], *, revision: int) -> Edited:
        """Change title, notes, language or `skipped` of a slide; the video shows it once it is rendered anew."""
        changes = _checked(changes)
        with self.database.unit_of_work(owner_id) as work:
            row = work.presentations.held(uid)
            slide = work.presentations.slide(row, number)
            work.presentations.touch(row, revision)
            for name, value in changes.items():
                setattr(slide, name, value)
            work.session.flush()
        return Edited(row, slide)

    def arrange(
        self, owner_id: int, uid: str, order: Sequence[int], *, revision: int
    ) -> tuple[PresentationView, Sequence[SlideRow]]:
        """Put the slides in another order; each is named once, by its number in the deck."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.presentations.held(uid)
            check_order(order, {slide.number for slide in work.presentations.slides(row)})
            work.presentations.touch(row, revision)
            work.presentations.arrange(row, order)
        return self.slides(owner_id, uid)

    def slide(self, owner_id: int, uid: str, number: int) -> tuple[PresentationView, SlideRow]:
        """One slide."""
        with self.database.reading(owner_id) as work:
            view = work.presentations.view(uid)
            return view, work.presentations.slide(view.row, number)

    def video(self, owner_id: int, uid: str) -> Readable:
        """What is needed to hand out the video."""
        return self._made(owner_id, uid, made_of.VIDEO, "it has no video yet")

    def poster(self, owner_id: int, uid: str) -> Readable:
        """The picture that stands for the video."""
        return self._made(owner_id, uid, made_of.POSTER, "it has no video yet")

    def _made(self, owner_id: int, uid: str, kind: str, otherwise: str) -> Readable:
        with self.database.reading(owner_id) as work:
            row = work.presentations.get_by_id(uid)
            made = work.artifacts.of_file(row.file_id, kind)
        if made is None:
            raise errors.NotFound(f"Of the presentation {row.title[:60]!r}: {otherwise}.")
        return _readable(made, row.title)

    def picture(self, owner_id: int, uid: str, number: int, *, small: bool = False) -> Readable:
        """What is needed to hand out the picture or the thumbnail of a slide."""
        with self.database.reading(owner_id) as work:
            row, slide = self._slide(work, uid, number)
            made = work.artifacts.of_file(row.file_id, made_of.THUMBNAIL if small else made_of.PICTURE, slide.picture)
        if not slide.picture or made is None:
            raise errors.NotFound(f"Slide {number} was not drawn yet; render the presentation.")
        return _readable(made, f"{row.title} {number}")

    def sound(self, owner_id: int, uid: str, number: int) -> Readable:
        """What is needed to hand out what a slide says."""
        with self.database.reading(owner_id) as work:
            row, slide = self._slide(work, uid, number)
            made = work.artifacts.of_file(row.file_id, made_of.SOUND, slide.sound)
        if not slide.sound or made is None:
            raise errors.NotFound(f"Slide {number} was not spoken yet; render the presentation.")
        return _readable(made, f"{row.title} {number}")

    @staticmethod
    def _slide(work: UnitOfWork, uid: str, number: int) -> tuple[PresentationRow, SlideRow]:
        row = work.presentations.get_by_id(uid)
        return row, work.presentations.slide(row, number)

    def delete(self, owner_id: int, uid: str) -> int:
        """Remove a presentation with its deck, its video and all that was made on the way; return the freed bytes."""
        with self.database.unit_of_work(owner_id) as work:
            file = work.files.get(work.presentations.get_by_id(uid).file_id)
            work.files.lock(file)  # From here on no job on it is submitted.
            row = work.presentations.held(uid)
            job = work.presentations.unfinished_job(row)
            if job is not None:
                raise errors.ConflictError(
                    f"The {job.kind} job {job.uid} of this presentation is {job.status}; cancel it or wait for it.",
                    job_id=job.uid,
                )
            keys = [file.storage_key, *work.artifacts.keys_of_file(file.id)]
            work.presentations.delete(row)
            work.files.delete(file)
        return self.files.content.release(keys)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What to change about a slide, or the refusal of what makes no sense."""
    found = {name: changes[name] for name in ("title", "notes", "language", "skipped") if name in changes}
    if not found:
        raise errors.ValidationError("Say what to change of the slide: its title, notes, language or `skipped`.")
    if "title" in found:
        found["title"] = line(MAX_TITLE)("title", found["title"])
    if "language" in found:
        found["language"] = check_language("language", found["language"])
    if len(found.get("notes") or "") > MAX_NOTES:
        raise errors.ValidationError(f"notes: a slide has at most {MAX_NOTES:,} characters.", field="notes")
    return found


def _narration(wish: Submission) -> Submission:
    return replace(wish, kind=PIPELINE.name)


def _readable(made: ArtifactRow, name: str) -> Readable:
    ending = ENDINGS.get(made.media_type, PurePath(made.name).suffix)
    return Readable(made.storage_key, made.sha256, made.size_bytes, made.media_type, f"{name}{ending}")
