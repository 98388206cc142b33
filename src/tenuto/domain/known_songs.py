"""What jobs know of a song, and what they find out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenuto.domain.lyrics import Lyrics

ALIGNED, TAPPED = "aligned", "tapped"
"""Origins of lyrics: timed by an engine, timed by a person."""


@dataclass(frozen=True)
class Song:
    """What a job knows of the song it is about."""

    uid: str
    title: str
    artist: str
    album: str = ""
    duration_ms: int = 0
    separation: Mapping[str, Any] = field(default_factory=dict)  # empty as long as there are no stems
    analysis: Mapping[str, Any] = field(default_factory=dict)  # empty as long as key and tempo were not measured


@dataclass(frozen=True)
class SongLyrics:
    """The words of a song as they were at one moment."""

    lyrics: Lyrics
    origin: str
    revision: int


@dataclass(frozen=True)
class SongFacts:
    """What a job found out about a song; None leaves what is known."""

    tempo_bpm: float | None = None
    music_key: str | None = None
    loudness_lufs: float | None = None
    true_peak_db: float | None = None
    analysis: Mapping[str, Any] | None = None
    separation: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ImportedSong:
    """A song that was fetched."""

    uid: str
    already: str = ""  # says so, when it was in the library before
