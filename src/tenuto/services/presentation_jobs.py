"""What jobs read of a presentation, and what of their findings is written beside its deck."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from tenuto import errors
from tenuto.db.models import FileRow, JobRow, PresentationRow, VoiceCloneRow, now
from tenuto.db.work import UnitOfWork
from tenuto.domain.decks import Deck
from tenuto.domain.presentations import MAX_TITLE, DrawnSlide, FilmedDeck, Presentation, PresentedSlide
from tenuto.domain.voice_samples import MatchedVoice
from tenuto.pipelines.base import Outcome
from tenuto.pipelines.narrate_names import VIDEO

ONCE = ("title", "redraw")  # options of one video; the next one is not made with them


def begin_presentation(
    work: UnitOfWork, file: FileRow | None, options: Mapping[str, Any]
) -> tuple[PresentationRow, dict[str, Any]]:
    """The presentation of a deck that a job is about to film, and the job's options with the id of its voice.

    A deck is filmed by one job at a time: what one leaves out of use would be missing to another.
    """
    if file is None:
        raise errors.ValidationError("A narration is made of a deck: give its file_id.", field="file_id")
    work.files.lock(file)  # Two who submit at once wait for each other here.
    row = work.presentations.of_file(file.id)
    if row is None:
        title = (file.title or PurePath(file.name).stem).strip()[:MAX_TITLE] or "Presentation"
        row = work.presentations.add(PresentationRow(title=title, file_id=file.id))
        work.files.update(file, expires_at=None)
    job = work.presentations.unfinished_job(row)
    if job is not None:
        raise errors.ConflictError(
            f"The {job.kind} job {job.uid} of this presentation is {job.status}; cancel it or wait for it.",
            job_id=job.uid,
        )
    voice = _voice(work, str(options.get("voice_id", "")))
    options = {**options, "voice_id": voice.uid if voice else ""}
    changes = {"title": options["title"]} if options.get("title") else {}
    kept = {name: value for name, value in options.items() if name not in ONCE}
    work.presentations.update(row, options=kept, voice_id=voice.id if voice else None, updated_at=now(), **changes)
    return row, {**options, "presentation_id": row.uid}


def check_retry(work: UnitOfWork, job: JobRow) -> None:
    """Refuse to try a job again that another one followed: what it had made may be gone, and its video would be older.

    A job of no presentation passes.
    """
    row = work.presentations.of_job(job)
    if row is None:
        return
    work.files.lock(work.files.get(row.file_id))  # Whoever renders it in this moment waits here, or we do.
    row = work.presentations.held(row.uid)
    latest = work.presentations.jobs(row, limit=1).rows[0]
    if latest.id != job.id:
        raise errors.ConflictError(
            f"The job {job.uid} was followed by the newer job {latest.uid} of this presentation, which is"
            f" {latest.status}; retry that one, or render the presentation {row.uid} anew.",
            job_id=latest.uid,
        )
    if row.completed_at is not None and row.completed_at >= job.created_at:
        raise errors.ConflictError(
            f"A newer video was made since the job {job.uid}, and what it had made is gone; render the presentation"
            f" {row.uid} anew."
        )


def _voice(work: UnitOfWork, wanted: str) -> VoiceCloneRow | None:
    """The voice that an id or a name means, held until the transaction ends."""
    if not wanted:
        return None
    named = work.voice_clones.named(wanted)
    return work.voice_clones.held(named.uid if named else wanted)


def presentation_of(work: UnitOfWork, job: JobRow) -> Presentation:
    """The presentation that a job is about, as it is edited now."""
    row = _row_of(work, job)
    slides = tuple(
        PresentedSlide(
            number=slide.number,
            title=slide.title,
            notes=slide.notes,
            text=slide.text,
            hidden=slide.hidden,
            skipped=slide.skipped,
            language=slide.language,
            picture=slide.picture,
            renderer=slide.renderer,
            flaws=tuple(slide.flaws),
            sound=slide.sound,
        )
        for slide in work.presentations.slides(row)
    )
    return Presentation(row.title, row.author, row.revision, slides)


def _row_of(work: UnitOfWork, job: JobRow) -> PresentationRow:
    row = work.presentations.of_job(job)
    if row is None:
        raise errors.NotFound("The presentation this job is about was deleted.")
    return row


def keep_presentation(work: UnitOfWork, job: JobRow, outcome: Outcome) -> list[str]:
    """Write what a step found out, after its files; returns where bytes lie that are out of use."""
    if outcome.presentation is not None:
        row = work.presentations.held(_row_of(work, job).uid)
        if outcome.presentation.deck is not None:
            _keep_deck(work, row, outcome.presentation.deck)
        for drawn in outcome.presentation.drawn:
            _keep_picture(work, row, drawn)
        if outcome.presentation.voice is not None:
            _keep_voice(work, job, outcome.presentation.voice)
        if outcome.presentation.film is not None:
            _keep_film(work, row, work.jobs.get(job.id), outcome.presentation.film)
    if job.file_id is None:
        return []
    file_id = job.file_id
    return [key for kind, names in outcome.only.items() for key in work.artifacts.drop_others(file_id, kind, names)]


def _keep_deck(work: UnitOfWork, row: PresentationRow, deck: Deck) -> None:
    slides = [
        {
            "number": slide.number,
            "position": slide.number,
            "title": slide.title,
            "notes": slide.notes,
            "original_notes": slide.notes,
            "text": slide.text,
            "hidden": slide.hidden,
            "section": slide.section,
            "language": slide.language[:20],
        }
        for slide in deck.slides
    ]
    work.presentations.add_slides(row, slides)
    values: dict[str, Any] = {"slides_count": len(slides), "warnings": list(deck.warnings), "author": deck.author}
    if deck.title.strip() and not row.slides_count and row.title == _title_of_file(work, row):
        values["title"] = deck.title.strip()[:MAX_TITLE]
    work.presentations.update(row, **values, updated_at=now())


def _title_of_file(work: UnitOfWork, row: PresentationRow) -> str:
    return PurePath(work.files.get(row.file_id).name).stem.strip()[:MAX_TITLE]


def _keep_picture(work: UnitOfWork, row: PresentationRow, drawn: DrawnSlide) -> None:
    slide = work.presentations.slide(row, drawn.number)
    slide.picture, slide.renderer, slide.flaws = drawn.picture, drawn.renderer, list(drawn.flaws)


def _keep_voice(work: UnitOfWork, job: JobRow, voice: MatchedVoice) -> None:
    row = work.voice_clones.of_owner(job.owner_id, voice.uid)
    work.voice_clones.update(row, shape=dict(voice.shape), distances=dict(voice.distances), updated_at=now())


def _keep_film(work: UnitOfWork, row: PresentationRow, job: JobRow, film: FilmedDeck) -> None:
    video = work.artifacts.of_file(row.file_id, VIDEO)
    if video is None:
        raise errors.NotFound("The deck of this presentation was deleted while its video was made.")
    started = job.started_at or job.created_at
    completed = max(now(), started)  # Workers' clocks may differ.
    work.presentations.update(
        row,
        video_id=video.id,
        video_ms=film.duration_ms,
        video_bytes=video.size_bytes,
        engine=film.engine,
        language=film.language,
        rendered_revision=film.revision,
        started_at=started,
        completed_at=completed,
        processing_seconds=(completed - started).total_seconds(),
        updated_at=now(),
    )
    shown = {slide.number: slide for slide in film.slides}
    for slide in work.presentations.slides(row):
        seen = shown.get(slide.number)
        slide.start_ms, slide.duration_ms = (seen.start_ms, seen.duration_ms) if seen else (None, None)
        slide.sound, slide.spoken = (seen.sound, seen.spoken) if seen else ("", {})
