"""Which song a job is about."""

from __future__ import annotations

from sqlalchemy import select

from tenuto.db.models import JobRow
from tenuto.db.models_songs import SongJobRow, SongRow
from tenuto.db.repository import Repository
from tenuto.domain.known_songs import Song


class SongJobRepository(Repository[SongJobRow]):
    """Jobs that are about songs."""

    model = SongJobRow
    noun = "job of a song"

    def attach(self, job: JobRow, song: SongRow) -> SongJobRow:
        """Write down that the job is about the song."""
        return self.add(SongJobRow(owner_id=job.owner_id, song_id=song.id, job_id=job.id))

    def song_of(self, job: JobRow) -> SongRow | None:
        """The song a job is about, if it is still there."""
        mine = select(SongRow).join(SongJobRow, SongJobRow.song_id == SongRow.id).where(SongJobRow.job_id == job.id)
        return self.session.scalars(mine).one_or_none()


def song_of_row(row: SongRow) -> Song:
    """A row as pipelines see it."""
    return Song(
        uid=row.uid,
        title=row.title,
        artist=row.artist,
        album=row.album,
        duration_ms=row.duration_ms,
        separation=row.separation,
        analysis=row.analysis,
    )
