"""Tables of songs: the library, its lyrics, the words it is searched by, and the jobs of a song."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Enum, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenuto.db.base import OwnedRow, new_uid, now
from tenuto.domain.songs import SongSource

Source = Enum(
    SongSource,
    name="source",
    native_enum=False,
    create_constraint=True,
    length=20,
    values_callable=lambda kind: [member.value for member in kind],
)
# By code point, as SQLite compares: a language's own order would not keep words with the same beginning together.
Term = String(100).with_variant(String(100, collation="C"), "postgresql")


class SongRow(OwnedRow):
    """A song of the library; its stems and its cover are artifacts of its file."""

    __tablename__ = "songs"
    __table_args__ = (
        CheckConstraint("title <> '' AND artist <> ''", name="has_names"),
        CheckConstraint("source <> 'youtube' OR youtube_id IS NOT NULL", name="youtube_has_id"),
        UniqueConstraint("owner_id", "sha256"),
        UniqueConstraint("owner_id", "youtube_id"),
        Index("ix_songs_owner_id_id", "owner_id", "id"),
        Index("ix_songs_owner_id_source_id", "owner_id", "source", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    title: Mapped[str] = mapped_column(Text)
    artist: Mapped[str] = mapped_column(Text)
    album: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[SongSource] = mapped_column(Source, default=SongSource.UPLOAD)
    youtube_id: Mapped[str | None] = mapped_column(String(20), default=None)
    local_path: Mapped[str | None] = mapped_column(Text, default=None)  # where it lay when it was imported
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), unique=True)  # no file goes while its song is there
    sha256: Mapped[str] = mapped_column(String(64))  # of the file as it was brought
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    tempo_bpm: Mapped[float | None] = mapped_column(Float, default=None)
    music_key: Mapped[str | None] = mapped_column(String(20), default=None)  # "C major", "F# minor"
    loudness_lufs: Mapped[float | None] = mapped_column(Float, default=None)
    true_peak_db: Mapped[float | None] = mapped_column(Float, default=None)
    separation: Mapped[dict[str, Any]] = mapped_column(default=dict)  # which engine made the stems, and what they are
    analysis: Mapped[dict[str, Any]] = mapped_column(default=dict)  # how sure tempo and key are
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class SongLyricsRow(OwnedRow):
    """The words of a song, as they are now."""

    __tablename__ = "song_lyrics"

    song_id: Mapped[int] = mapped_column(ForeignKey("songs.id", ondelete="CASCADE"), unique=True)
    origin: Mapped[str] = mapped_column(String(40))  # plain, lrc, elrc, ultrastar, tapped, aligned
    language: Mapped[str | None] = mapped_column(String(20), default=None)
    offset_ms: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text)
    lines: Mapped[list[Any]] = mapped_column(default=list)  # as domain.lyrics writes them
    synced: Mapped[bool] = mapped_column(default=False)
    confidence: Mapped[float | None] = mapped_column(Float, default=None)
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class SongTermRow(OwnedRow):
    """A word a song is found by; folded, each once."""

    __tablename__ = "song_terms"
    __table_args__ = (
        UniqueConstraint("song_id", "term"),
        Index("ix_song_terms_owner_id_term_song_id", "owner_id", "term", "song_id"),
    )

    song_id: Mapped[int] = mapped_column(ForeignKey("songs.id", ondelete="CASCADE"))
    term: Mapped[str] = mapped_column(Term)


class SongJobRow(OwnedRow):
    """A job that is about a song."""

    __tablename__ = "song_jobs"
    __table_args__ = (Index("ix_song_jobs_song_id_job_id", "song_id", "job_id"),)

    song_id: Mapped[int] = mapped_column(ForeignKey("songs.id", ondelete="CASCADE"))
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
