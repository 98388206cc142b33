"""What jobs read of a song, and what of their findings is written into the library."""

from __future__ import annotations

from dataclasses import fields

from tenuto import errors
from tenuto.db.models import JobRow
from tenuto.db.models_songs import SongRow
from tenuto.db.work import UnitOfWork
from tenuto.domain.known_songs import ALIGNED, SongLyrics
from tenuto.pipelines.base import Outcome


def lyrics_of(work: UnitOfWork, song: SongRow) -> SongLyrics | None:
    """A song's lyrics as they are now, if it has any."""
    row = work.lyrics.of_song(song.id)
    return None if row is None else SongLyrics(work.lyrics.load(song, row), row.origin, row.revision)


def keep_findings(work: UnitOfWork, job: JobRow, outcome: Outcome) -> None:
    """Write what a step found out about the song; lyrics that a person changed meanwhile stay as they are."""
    if outcome.song_uid:
        _attach(work, work.jobs.get(job.id), outcome.song_uid)
    if outcome.song_facts is None and outcome.lyrics is None:
        return
    song = work.song_jobs.song_of(job)
    if song is None:
        raise errors.NotFound("The song this job is about was deleted.")
    if outcome.song_facts is not None:
        found = {each.name: getattr(outcome.song_facts, each.name) for each in fields(outcome.song_facts)}
        work.songs.update(song, **{name: value for name, value in found.items() if value is not None})
    if outcome.lyrics is not None:
        try:
            work.lyrics.put(song, outcome.lyrics.lyrics, origin=ALIGNED, revision=outcome.lyrics.seen_revision)
        except errors.StaleRevision:
            message = "The lyrics were changed while this job timed them; the change was kept."
            work.jobs.add_warning(work.jobs.get(job.id), message)


def _attach(work: UnitOfWork, job: JobRow, song_uid: str) -> None:
    """The job brought a song, and is about it from now on."""
    song = work.songs.get_by_id(song_uid)
    name = f"{song.artist} - {song.title}"
    work.jobs.update(job, options={**job.options, "song_id": song.uid}, file_id=song.file_id, file_name=name)
    work.song_jobs.attach(job, song)
