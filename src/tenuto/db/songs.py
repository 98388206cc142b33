"""The song library: newest first, found by words, each song with its latest job in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, insert, or_, select

from tenuto import errors
from tenuto.db.counts import count_song, read_counts
from tenuto.db.models import ArtifactRow, FileRow, JobRow, SongJobRow, SongLyricsRow, SongRow, SongTermRow, now
from tenuto.db.repository import Page, Repository, check_limit, decode_cursor, encode_cursor
from tenuto.domain.jobs import FINISHED
from tenuto.domain.songs import MAX_TERM, SongSource, terms

COVER = "cover"
MAX_WORDS = 10
# Up to so many places of a word they are looked at one by one; a word that stands in more songs is met soon by walking
# through the songs from the newest on. benchmarks/song_library.py shows both sides.
FEW_OF_A_WORD, FEW_OF_A_BEGINNING = 3_000, 5_000
LAST_SIGN = "\U0010ffff"


@dataclass(frozen=True)
class SongView:
    """A song with all that a list shows of it."""

    row: SongRow
    file: FileRow
    job: JobRow | None  # the latest
    lyrics_origin: str | None
    lyrics_synced: bool
    has_cover: bool


@dataclass(frozen=True)
class Imported:
    """A song that came from a folder, as it was then."""

    uid: str
    size: int
    created_at: datetime


@dataclass(frozen=True)
class SongPage:
    """Some songs, newest first, and the cursor that leads to the rest."""

    items: Sequence[SongView]
    next_cursor: str | None


class SongRepository(Repository[SongRow]):
    """Songs, the words they are found by, and their jobs."""

    model = SongRow
    noun = "song"

    def create(self, row: SongRow) -> SongRow:
        """Insert a song and the words it is found by, and count it."""
        self.add(row)
        self._index(row)
        count_song(self.session, row, 1)  # Last: all songs of an owner wait for each other here.
        return row

    def delete(self, row: SongRow) -> None:
        """Remove a song with its lyrics and the words it is found by."""
        super().delete(row)
        count_song(self.session, row, -1)

    def counts(self) -> dict[str, int]:
        """Source → number of songs."""
        return {source: count for source, _, count, _ in read_counts(self.session, "song")}

    def update(self, row: SongRow, **values: Any) -> SongRow:
        """Set columns on a song; a new title or artist is found at once."""
        renamed = any(name in values and values[name] != getattr(row, name) for name in ("title", "artist"))
        super().update(row, **{"updated_at": now(), **values})
        if renamed:
            self._index(row)
        return row

    def _index(self, row: SongRow) -> None:
        self.session.execute(delete(SongTermRow).where(SongTermRow.song_id == row.id))
        found = dict.fromkeys(term[:MAX_TERM] for term in terms(f"{row.title} {row.artist}"))
        values = [{"owner_id": row.owner_id, "song_id": row.id, "term": term} for term in found]
        if values:
            self.session.execute(insert(SongTermRow), values)

    def listed(self, *conditions: ColumnElement[bool], limit: int = 50, cursor: str | None = None) -> SongPage:
        """One page, newest first, each song with its file, its latest job and the state of its lyrics."""
        check_limit(limit)
        wanted = _views().where(*conditions).order_by(SongRow.id.desc()).limit(limit + 1)
        if cursor is not None:
            wanted = wanted.where(SongRow.id < decode_cursor(cursor))
        items = [SongView(*found) for found in self.session.execute(wanted)]
        more = len(items) > limit
        return SongPage(items[:limit], encode_cursor(items[limit - 1].row.id) if more else None)

    def view(self, uid: str) -> SongView:
        """One song in the same way."""
        found = self.session.execute(_views().where(SongRow.uid == uid)).one_or_none()
        if found is None:
            raise errors.NotFound(f"There is no song {uid[:64]!r}.")
        return SongView(*found)

    def get_songs_by_source(self, source: SongSource, *, limit: int = 50, cursor: str | None = None) -> SongPage:
        """Songs that came from one place."""
        return self.listed(SongRow.source == source, limit=limit, cursor=cursor)

    def get_song_by_youtube_id(self, youtube_id: str) -> SongRow | None:
        """The song of that video, if it is here."""
        return self.session.scalars(select(SongRow).where(SongRow.youtube_id == youtube_id)).one_or_none()

    def by_content(self, sha256: str) -> SongRow | None:
        """The song with these bytes, if it is here."""
        return self.session.scalars(select(SongRow).where(SongRow.sha256 == sha256)).one_or_none()

    def of_file(self, file_id: int) -> SongRow | None:
        """The song whose file this is."""
        return self.session.scalars(select(SongRow).where(SongRow.file_id == file_id)).one_or_none()

    def search(self, query: str, columns: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> SongPage:
        """What a list shows: all songs, or those with some words, or with some value in a column."""
        wanted = [getattr(SongRow, name) == value for name, value in columns.items()]
        if query.strip():
            return self.search_songs(query, *wanted, limit=limit, cursor=cursor)
        return self.listed(*wanted, limit=limit, cursor=cursor)

    def search_songs(
        self, query: str, *more: ColumnElement[bool], limit: int = 50, cursor: str | None = None
    ) -> SongPage:
        """Songs whose title and artist hold all these words; the last word may be a beginning. Newest first."""
        words = [word[:MAX_TERM] for word in terms(query)][:MAX_WORDS]
        if not words:
            return SongPage((), None)
        return self.listed(self._holds(words, more, limit, cursor), *more, limit=limit, cursor=cursor)

    def _holds(
        self, words: Sequence[str], more: Sequence[ColumnElement[bool]], limit: int, cursor: str | None
    ) -> ColumnElement[bool]:
        """The condition for songs with all the words, written so that the database begins at the rarest of them."""
        *whole, beginning = words
        numbers, begun = self._numbers(whole, beginning)
        rarest = min(range(len(whole)), key=lambda at: numbers[at], default=None)
        place = SongTermRow.song_id
        if begun < FEW_OF_A_BEGINNING and (rarest is None or begun < numbers[rarest]):
            # Several words of one song may begin so.
            wanted = select(place).distinct().where(_begins(SongTermRow.term, beginning))
            others = [_has(place, word) for word in whole]
        elif rarest is not None:
            wanted = select(place).where(SongTermRow.term == whole[rarest])
            others = [_has(place, word) for at, word in enumerate(whole) if at != rarest]
            others.append(_has(place, beginning, begins=True))
        else:
            return _has(SongRow.id, beginning, begins=True)
        if more:
            wanted = wanted.join(SongRow, SongRow.id == place).where(*more)
        if cursor is not None:
            wanted = wanted.where(place < decode_cursor(cursor))
        # Only as many places as a page shows are looked up: the databases would guess wrong how many there are.
        return SongRow.id.in_(wanted.where(*others).order_by(place.desc()).limit(limit + 1))

    def _numbers(self, whole: Sequence[str], beginning: str) -> tuple[list[int], int]:
        """In how many places each word stands, counted no further than where it stops to matter."""
        places = [
            *(select(SongTermRow.id).where(SongTermRow.term == word).limit(FEW_OF_A_WORD) for word in whole),
            select(SongTermRow.id).where(_begins(SongTermRow.term, beginning)).limit(FEW_OF_A_BEGINNING),
        ]
        counts = [select(func.count()).select_from(place.subquery()).scalar_subquery() for place in places]
        *numbers, begun = self.session.execute(select(*counts)).one()
        return numbers, begun

    def held(self, uid: str) -> SongRow:
        """One song, and nobody else changes or deletes it until the transaction ends."""
        wanted = select(SongRow).where(SongRow.uid == uid).with_for_update()
        row = self.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no song {uid[:64]!r}.")
        return row

    def jobs(self, row: SongRow, *, limit: int = 50, cursor: str | None = None) -> Page[JobRow]:
        """The jobs of a song, newest first."""
        check_limit(limit)
        wanted = select(JobRow).join(SongJobRow, SongJobRow.job_id == JobRow.id).where(SongJobRow.song_id == row.id)
        if cursor is not None:
            wanted = wanted.where(SongJobRow.job_id < decode_cursor(cursor))
        found = self.session.scalars(wanted.order_by(SongJobRow.job_id.desc()).limit(limit + 1)).all()
        more = len(found) > limit
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if more else None)

    def unfinished_job(self, row: SongRow) -> JobRow | None:
        """A job that works on the song or waits to, if there is one."""
        its = or_(JobRow.file_id == row.file_id, exists().where(_of(row), SongJobRow.job_id == JobRow.id))
        wanted = select(JobRow).where(its, JobRow.status.not_in(FINISHED)).order_by(JobRow.id).limit(1)
        return self.session.scalars(wanted).one_or_none()

    def imported(self) -> dict[str, Imported]:
        """Where songs lay when they were imported, and what they were then."""
        wanted = select(SongRow.local_path, SongRow.uid, FileRow.size_bytes, SongRow.created_at)
        wanted = wanted.join(FileRow, FileRow.id == SongRow.file_id).where(SongRow.local_path.is_not(None))
        return {str(path): Imported(uid, size, moment) for path, uid, size, moment in self.session.execute(wanted)}


def _of(row: SongRow) -> ColumnElement[bool]:
    return SongJobRow.song_id == row.id


def _begins(term: Any, beginning: str) -> ColumnElement[bool]:
    # Not LIKE: SQLite's takes an index only where case does not count, and terms know no case any more.
    return and_(term >= beginning, term < beginning + LAST_SIGN)


def _has(song_id: Any, word: str, *, begins: bool = False) -> ColumnElement[bool]:
    """Whether the song has that word, or one that begins so."""
    # The table, not the entity: the song is the owner's, and with the owner asked for once more SQLite would take the
    # index of all his words instead of the one of this song's.
    its = SongTermRow.__table__.alias()
    return exists().where(its.c.song_id == song_id, _begins(its.c.term, word) if begins else its.c.term == word)


def _views() -> Any:
    latest = select(func.max(SongJobRow.job_id)).where(SongJobRow.song_id == SongRow.id).scalar_subquery()
    cover = exists().where(ArtifactRow.file_id == SongRow.file_id, ArtifactRow.kind == COVER)
    wanted: Any = (
        select(
            SongRow,
            FileRow,
            JobRow,
            SongLyricsRow.origin,
            func.coalesce(SongLyricsRow.synced, false()),
            cover,
        )
        .join(FileRow, FileRow.id == SongRow.file_id)
        .outerjoin(JobRow, JobRow.id == latest)
        .outerjoin(SongLyricsRow, SongLyricsRow.song_id == SongRow.id)
    )
    return wanted
