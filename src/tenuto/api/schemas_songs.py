"""Shapes of songs, their lyrics and stems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tenuto.api.schemas import Given, JobOut, Shown
from tenuto.domain.lyrics import quality
from tenuto.domain.songs import SongSource
from tenuto.domain.tapping import Tap
from tenuto.services.imports import ImportReport
from tenuto.services.song_lyrics import LyricsView
from tenuto.services.songs import SongDetails

MAX_LINES = 10_000
MAX_MS = 1 << 31


class SongNames(Given):
    """What a song is called."""

    title: str = Field("", max_length=1000)
    artist: str = Field("", max_length=1000)
    album: str = Field("", max_length=1000)

    def details(self, **more: Any) -> SongDetails:
        """As the service knows them."""
        return SongDetails(title=self.title, artist=self.artist, album=self.album, **more)


class SongIn(SongNames):
    """A song of a file that was uploaded, or of an address of a video site."""

    file_id: str = Field("", max_length=36)
    url: str = Field("", max_length=2000)


class SongForm(SongNames):
    """What a form says of the song beside its file."""

    youtube_id: str | None = Field(None, max_length=20)


class SongChange(Given):
    """What to change; what is not named stays."""

    title: str = Field("", min_length=1, max_length=1000)
    artist: str = Field("", min_length=1, max_length=1000)
    album: str = Field("", max_length=1000)


class SongLyricsState(Shown):
    """Whether a song has lyrics, and how far they are timed."""

    origin: str
    synced: bool


class SongOut(Shown):
    """A song, with its latest job."""

    id: str
    title: str
    artist: str
    album: str
    source: SongSource
    youtube_id: str | None
    local_path: str | None
    file_id: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    duration_ms: int
    tempo_bpm: float | None
    music_key: str | None
    loudness_lufs: float | None
    true_peak_db: float | None
    separation: dict[str, Any] = Field(description="What made the stems; empty as long as there are none.")
    analysis: dict[str, Any]
    lyrics: SongLyricsState | None
    cover_url: str | None
    job: JobOut | None = Field(description="The latest job about the song.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: Any, currency: str) -> SongOut:
        """Read what the library shows of a song."""
        row, file = view.row, view.file
        same = {name: getattr(row, name) for name in cls.model_fields if name in _SAME_IN_SONGS}
        lyrics = view.lyrics_origin and SongLyricsState(origin=view.lyrics_origin, synced=view.lyrics_synced)
        job = JobOut.of(view.job, {file.id: file.uid}, currency=currency) if view.job else None
        return cls(
            id=row.uid,
            file_id=file.uid,
            file_name=file.name,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            lyrics=lyrics or None,
            cover_url=f"/api/songs/{row.uid}/cover" if view.has_cover else None,
            job=job,
            **same,
        )


_SAME_IN_SONGS = set(SongOut.model_fields) - {
    "id", "file_id", "file_name", "media_type", "size_bytes", "lyrics", "cover_url", "job",
}  # fmt: skip


class SongList(Shown):
    """A page of songs."""

    items: list[SongOut]
    next_cursor: str | None
    counts: dict[str, int]


class ImportIn(Given):
    """A folder of the server."""

    folder: str = Field(min_length=1, max_length=4096)
    limit: int = Field(100, ge=1, le=1000, description="How many new files at most, those that fail included.")
    cursor: str | None = Field(None, max_length=6000, description="The `next_cursor` of the answer before this one.")


class FileSkipped(Shown):
    """A file that is a song already."""

    file: str
    song_id: str


class FileFailed(Shown):
    """A file that could not be added, and why."""

    file: str
    code: str
    message: str


class ImportOut(Shown):
    """What became of each file of a folder."""

    added: list[SongOut]
    skipped: list[FileSkipped]
    failed: list[FileFailed]
    next_cursor: str | None = Field(description="Leads to the files that are left.")

    @classmethod
    def of(cls, report: ImportReport, currency: str) -> ImportOut:
        """Read a report."""
        return cls(
            added=[SongOut.of(view, currency) for view in report.added],
            skipped=[FileSkipped(file=name, song_id=uid) for name, uid in report.skipped],
            failed=[FileFailed(file=name, code=error.code, message=error.message) for name, error in report.failed],
            next_cursor=report.next_cursor,
        )


class LyricWordOut(Shown):
    """A word or a syllable; `joined` says that the next piece goes on with the same word."""

    start_ms: int
    end_ms: int
    text: str
    pitch: int | None
    joined: bool


class LyricLineOut(Shown):
    """A line; its times are shown after `offset_ms` was added."""

    text: str
    start_ms: int | None
    end_ms: int | None
    confidence: float | None
    words: list[LyricWordOut]


class LyricsOut(Shown):
    """The words of a song."""

    origin: str
    language: str | None
    offset_ms: int
    synced: bool
    confidence: float | None
    doubtful: int = Field(description="Lines whose times an engine was not sure of.")
    revision: int
    text: str
    lines: list[LyricLineOut]
    updated_at: datetime

    @classmethod
    def of(cls, view: LyricsView) -> LyricsOut:
        """Read lyrics."""
        same = {name: getattr(view.row, name) for name in cls.model_fields if name not in ("lines", "doubtful")}
        lines = [LyricLineOut.model_validate(line) for line in view.lyrics.lines]
        return cls(lines=lines, doubtful=quality(view.lyrics).doubtful, **same)


class LyricsChange(Given):
    """What may be changed about lyrics."""

    offset_ms: int = Field(ge=-MAX_MS, lt=MAX_MS, description="Added to all times when they are shown.")


class LineTimeIn(Given):
    """When a line begins; lines are counted from 0."""

    model_config = ConfigDict(extra="forbid", strict=True)

    line: int = Field(ge=0, lt=MAX_LINES)
    start_ms: int = Field(ge=0, lt=MAX_MS)
    end_ms: int | None = Field(None, ge=0, lt=MAX_MS)
    words_ms: list[Annotated[int, Field(ge=0, lt=MAX_MS)]] = Field(
        [], max_length=MAX_LINES, description="When each word begins, or nothing."
    )


class TimesIn(Given):
    """Times that somebody tapped; lines that are not named keep theirs."""

    lines: list[LineTimeIn] = Field(min_length=1, max_length=MAX_LINES)
    revision: int | None = Field(None, ge=1, lt=MAX_MS, description="Refused when the lyrics are another by now.")

    def taps(self) -> list[Tap]:
        """As the domain knows them."""
        return [Tap(time.line, time.start_ms, time.end_ms, tuple(time.words_ms)) for time in self.lines]


class StemOut(Shown):
    """A part of a song."""

    name: str
    engine: str
    method: str
    model: str
    made_at: datetime
    media_type: str
    size_bytes: int
    sha256: str
    url: str


class StemList(Shown):
    """What a song was parted into."""

    items: list[StemOut]
    separation: dict[str, Any]

    @classmethod
    def of(cls, song: Any, stems: Sequence[Any]) -> StemList:
        """Read rows."""
        by = {name: str(song.separation.get(name, "")) for name in ("engine", "method", "model")}
        items = [
            StemOut(
                name=stem.kind,
                **by,
                made_at=stem.created_at,
                media_type=stem.media_type,
                size_bytes=stem.size_bytes,
                sha256=stem.sha256,
                url=f"/api/songs/{song.uid}/stems/{stem.kind}",
            )
            for stem in stems
        ]
        return cls(items=items, separation=song.separation)


class SongJobList(Shown):
    """The jobs of a song."""

    items: list[JobOut]
    next_cursor: str | None
