"""SongService: the library of songs; rows and bytes together."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.db.models import ArtifactRow, FileRow, JobRow, SongRow
from tenuto.db.repository import Page
from tenuto.db.songs import COVER, SongPage, SongView
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.lyrics import Lyrics
from tenuto.domain.songs import YOUTUBE_ID, SongSource, Tags, clean_name, names_in
from tenuto.exports import lyrics as forms
from tenuto.services.content import Content
from tenuto.services.files import FileService, Readable, Upload
from tenuto.services.processing import ProcessingService, Submission

STEMS = ("vocals", "instrumental")
COVER_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True)
class SongDetails:
    """What somebody says of a song; what is empty is looked for in its tags, and then in its file's name."""

    title: str = ""
    artist: str = ""
    album: str = ""
    lyrics: str = ""  # in any form
    source: SongSource = SongSource.UPLOAD
    youtube_id: str | None = None
    local_path: str | None = None  # or the address it was fetched from


@dataclass(frozen=True)
class Draft:
    """A song that is about to be written."""

    details: SongDetails
    names: Tags
    cover: Content | None
    lyrics: tuple[Lyrics, str] | None  # and the form they came in


class SongService:
    """Songs, their covers and stems."""

    def __init__(self, database: Database, files: FileService, processing: ProcessingService) -> None:
        self.database, self.files, self.processing = database, files, processing
        self.content, self.media = files.content, files.media

    def create(self, owner_id: int, upload: Upload, details: SongDetails = SongDetails()) -> SongView:
        """Take a file in and make it a song; it does not stay when it cannot be one."""
        return self._create(owner_id, upload, details, None)[0]

    def create_song_with_job(
        self, owner_id: int, upload: Upload, details: SongDetails, wish: Submission
    ) -> tuple[SongView, JobRow]:
        """The same, and queue a job about the song in the same transaction: both are there, or neither."""
        view, job = self._create(owner_id, upload, details, wish)
        assert job is not None  # noqa: S101 - a wish was given
        return view, job

    def _create(
        self, owner_id: int, upload: Upload, details: SongDetails, wish: Submission | None
    ) -> tuple[SongView, JobRow | None]:
        content, made, jobs = upload.whole(), [], []
        draft = self._draft(owner_id, upload.path, upload.name, content.sha256, details=details)

        def write(work: UnitOfWork, file: FileRow) -> None:
            made.append(self._write(work, file, draft))
            if wish is not None:
                terms = self.processing.settle(wish, file)
                jobs.append(self.processing.submit_in(work, _about(wish, made[0]), terms))

        try:
            self.files.accept(owner_id, upload.path, upload.name, content, also=write)
        except errors.TenutoError as error:
            self.content.release([content.storage_key, *([draft.cover.storage_key] if draft.cover else [])])
            if isinstance(error, errors.ConflictError):  # Somebody else brought it in the same moment.
                self._refuse_second(owner_id, content.sha256, details.youtube_id)
            raise
        return self.get(owner_id, made[0].uid), jobs[0] if jobs else None

    def create_of_file(self, owner_id: int, file_uid: str, details: SongDetails = SongDetails()) -> SongView:
        """Make a song of a file that was uploaded; from then on it is kept for as long as the song is there."""
        file = self.files.get(owner_id, file_uid)
        with tempfile.TemporaryDirectory(prefix="make-", dir=self.content.storage.spool_dir()) as folder:
            source = self.content.storage.fetch(file.storage_key, Path(folder))
            draft = self._draft(owner_id, source, file.name, file.sha256, details=details)
        try:
            with self.database.unit_of_work(owner_id) as work:
                fresh = work.files.get_by_id(file_uid)
                work.files.lock(fresh)
                row = self._write(work, fresh, draft)
        except errors.TenutoError as error:
            self.content.release([draft.cover.storage_key] if draft.cover else [])
            if isinstance(error, errors.ConflictError):
                self._refuse_second(owner_id, file.sha256, details.youtube_id)
            raise
        return self.get(owner_id, row.uid)

    def _draft(self, owner_id: int, source: Path, file_name: str, sha256: str, *, details: SongDetails) -> Draft:
        """Read what the file says of itself; refuse what is here already or has no name."""
        self._refuse_second(owner_id, sha256, details.youtube_id)
        if details.youtube_id is not None and not YOUTUBE_ID.fullmatch(details.youtube_id):
            raise errors.ValidationError("youtube_id: letters, digits, - and _ only, 20 at most.", field="youtube_id")
        form = forms.detect(details.lyrics)
        lyrics = (forms.read(details.lyrics, form), form) if details.lyrics else None
        with tempfile.TemporaryDirectory(prefix="make-", dir=self.content.storage.spool_dir()) as folder:
            picture = Path(folder, "cover")
            tags = self.media.tags(source, picture)
            names = _names(details, tags, file_name)
            return Draft(details, names, self.content.keep(picture) if tags.cover_type else None, lyrics)

    def _write(self, work: UnitOfWork, file: FileRow, draft: Draft) -> SongRow:
        work.files.update(file, expires_at=None)
        row = SongRow(
            title=draft.names.title,
            artist=draft.names.artist,
            album=draft.names.album,
            source=draft.details.source,
            youtube_id=draft.details.youtube_id,
            local_path=draft.details.local_path,
            file_id=file.id,
            sha256=file.sha256,
            duration_ms=file.duration_ms,
        )
        work.songs.create(row)
        if draft.lyrics is not None:
            work.lyrics.put(row, draft.lyrics[0], origin=draft.lyrics[1])
        if draft.cover is not None:
            self.content.claim(work, draft.cover)
            same = {"storage_key": draft.cover.storage_key, "sha256": draft.cover.sha256}
            made = ArtifactRow(file_id=file.id, kind=COVER, media_type=draft.names.cover_type, **same)
            made.size_bytes = draft.cover.size_bytes
            work.artifacts.add(made)
        return row

    def _refuse_second(self, owner_id: int, sha256: str, youtube_id: str | None) -> None:
        """A song is in a library once."""
        with self.database.reading(owner_id) as work:
            found, why = work.songs.by_content(sha256), "The same recording"
            if found is None and youtube_id:
                found, why = work.songs.get_song_by_youtube_id(youtube_id), "The same video"
        if found is not None:
            raise errors.ConflictError(
                f"{why} is in the library already, as {found.artist} - {found.title} ({found.uid}).", song_id=found.uid
            )

    def get(self, owner_id: int, uid: str) -> SongView:
        """One song."""
        with self.database.reading(owner_id) as work:
            return work.songs.view(uid)

    def listed(
        self,
        owner_id: int,
        *,
        query: str = "",
        filters: Mapping[str, Any] | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> SongPage:
        """A page of songs, newest first: all, those with some words, those with the values of `filters`."""
        wanted = {name: value for name, value in (filters or {}).items() if value is not None}
        with self.database.browsing(owner_id) as work:
            return work.songs.search(query, wanted, limit=limit, cursor=cursor)

    def counts(self, owner_id: int) -> dict[str, int]:
        """Source → number of songs."""
        with self.database.browsing(owner_id) as work:
            return work.songs.counts()

    def change(self, owner_id: int, uid: str, **changes: str) -> SongView:
        """Give it another title, artist or album."""
        values = {name: clean_name(text) for name, text in changes.items()}
        for name in ("title", "artist"):
            if values.get(name) == "":
                raise errors.ValidationError(f"{name}: a song needs one, of letters that can be seen.", field=name)
        with self.database.unit_of_work(owner_id) as work:
            work.songs.update(work.songs.held(uid), **values)
        return self.get(owner_id, uid)

    def delete(self, owner_id: int, uid: str) -> int:
        """Remove a song with its file, stems and lyrics; return how many bytes that freed."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.songs.get_by_id(uid)
            file = work.files.get(row.file_id)
            work.files.lock(file)  # From here on no job on it is submitted.
            job = work.songs.unfinished_job(row)
            if job is not None:
                raise errors.ConflictError(
                    f"The {job.kind} job {job.uid} of this song is {job.status}; cancel it or wait for it.",
                    job_id=job.uid,
                )
            keys = [file.storage_key, *work.artifacts.keys_of_file(file.id)]
            work.songs.delete(row)
            work.files.delete(file)
        return self.content.release(keys)

    def cover(self, owner_id: int, uid: str) -> Readable:
        """What is needed to hand out the picture of its cover."""
        with self.database.reading(owner_id) as work:
            row = work.songs.get_by_id(uid)
            made = work.artifacts.of_file(row.file_id, COVER)
        if made is None:
            raise errors.NotFound(f"The song {row.title!r} came without a cover.")
        return _readable(row, made, f"cover.{COVER_ENDINGS[made.media_type]}")

    def stems(self, owner_id: int, uid: str) -> tuple[SongRow, Sequence[ArtifactRow]]:
        """The song, and what it was parted into."""
        with self.database.reading(owner_id) as work:
            row = work.songs.get_by_id(uid)
            found = [work.artifacts.of_file(row.file_id, stem) for stem in STEMS]
        return row, [stem for stem in found if stem is not None]

    def stem(self, owner_id: int, uid: str, name: str) -> Readable:
        """What is needed to hand out one part of the song."""
        row, found = self.stems(owner_id, uid)
        for made in found:
            if made.kind == name:
                return _readable(row, made, f"{name}.wav")
        raise errors.NotFound(f"The song {row.title!r} was not parted yet; submit a job of the kind 'separate' for it.")

    def jobs(self, owner_id: int, uid: str, *, limit: int = 50, cursor: str | None = None) -> Page[JobRow]:
        """The jobs of a song, newest first."""
        with self.database.reading(owner_id) as work:
            return work.songs.jobs(work.songs.get_by_id(uid), limit=limit, cursor=cursor)


def _about(wish: Submission, song: SongRow) -> Submission:
    return replace(wish, song_uid=song.uid, file_uid=None)


def _names(details: SongDetails, tags: Tags, file_name: str) -> Tags:
    """Title, artist and album: as they were given, else from the tags, else from the file's name."""
    by_name = names_in(file_name)
    names = Tags(
        title=clean_name(details.title) or tags.title or by_name.title,
        artist=clean_name(details.artist) or tags.artist or by_name.artist,
        album=clean_name(details.album) or tags.album,
        cover_type=tags.cover_type,
    )
    missing = [name for name in ("title", "artist") if not getattr(names, name)]
    if missing:
        raise errors.ValidationError(
            f"The song has no {' and no '.join(missing)}: neither its tags say it, nor its name as 'Artist - Title';"
            f" give {' and '.join(missing)} with it.",
            field=missing[0],
        )
    return names


def _readable(song: SongRow, made: ArtifactRow, ending: str) -> Readable:
    name = f"{song.artist} - {song.title}.{ending}"
    return Readable(made.storage_key, made.sha256, made.size_bytes, made.media_type, name)
