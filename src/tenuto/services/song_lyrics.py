"""SongLyricsService: the words of songs, brought in any form, timed by a person, moved, and handed out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenuto import errors
from tenuto.db.models import SongLyricsRow, SongRow
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.known_songs import TAPPED
from tenuto.domain.lyrics import Lyrics
from tenuto.domain.lyrics_edit import merge_times
from tenuto.domain.tapping import Tap, tap
from tenuto.domain.text_files import decode_text
from tenuto.exports import lyrics as forms

PLAIN = "plain"


@dataclass(frozen=True)
class LyricsView:
    """Lyrics as they are kept, and as the domain knows them."""

    song: SongRow
    row: SongLyricsRow
    lyrics: Lyrics


@dataclass(frozen=True)
class Written:
    """Lyrics as a file."""

    data: bytes
    media_type: str
    name: str


def text_of(data: bytes) -> str:
    """A file of lyrics as text: UTF-8 or marked UTF-16, else what old files of games are written in."""
    try:
        text = decode_text(data)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise errors.ValidationError("The lyrics are not text; save them as UTF-8.")
    return text


class SongLyricsService:
    """The doors' side of lyrics."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, owner_id: int, song_uid: str) -> LyricsView:
        """The lyrics of a song."""
        with self.database.reading(owner_id) as work:
            return _found(work, work.songs.get_by_id(song_uid))

    def put(
        self,
        owner_id: int,
        song_uid: str,
        text: str,
        *,
        form: str = forms.AUTO,
        revision: int | None = None,
        keep_times: bool = True,
    ) -> LyricsView:
        """Put these lyrics in place of those there are; with a revision, only if that is still the latest.

        Plain text brings no times: lines that were timed before and are still there keep theirs, if they shall.
        """
        form = forms.detect(text) if form == forms.AUTO else form
        lyrics, origin = forms.read(text, form), form
        with self.database.unit_of_work(owner_id) as work:
            song = work.songs.held(song_uid)
            old = work.lyrics.of_song(song.id)
            if (
                keep_times
                and form == PLAIN
                and old is not None
                and any(line["start_ms"] is not None for line in old.lines)
            ):
                lyrics, origin = merge_times(work.lyrics.load(song, old), lyrics.text), old.origin
            row = work.lyrics.put(song, lyrics, origin=origin, revision=revision)
            return LyricsView(song, row, work.lyrics.load(song, row))

    def put_times(
        self, owner_id: int, song_uid: str, taps: Sequence[Tap], *, revision: int | None = None
    ) -> LyricsView:
        """Give lines the times at which somebody tapped; lines that are not named keep theirs."""
        with self.database.unit_of_work(owner_id) as work:
            song = work.songs.held(song_uid)
            found = _found(work, song)
            lyrics = tap(found.lyrics, taps)
            row = work.lyrics.put(song, lyrics, origin=TAPPED, revision=revision)
            return LyricsView(song, row, lyrics)

    def move(self, owner_id: int, song_uid: str, offset_ms: int) -> LyricsView:
        """Show every line so much later than its time, or, with a negative number, earlier."""
        with self.database.unit_of_work(owner_id) as work:
            song = work.songs.held(song_uid)
            found = _found(work, song)
            lyrics = found.lyrics.with_offset(offset_ms)
            row = work.lyrics.put(song, lyrics, origin=found.row.origin)
            return LyricsView(song, row, lyrics)

    def write(self, owner_id: int, song_uid: str, form: str) -> Written:
        """The lyrics as a file in one of the forms."""
        found, wanted = self.get(owner_id, song_uid), forms.find_format(form)
        name = f"{found.song.artist} - {found.song.title}.{wanted.extension}"
        return Written(forms.write(found.lyrics, form).encode(), wanted.media_type, name)


def _found(work: UnitOfWork, song: SongRow) -> LyricsView:
    row = work.lyrics.of_song(song.id)
    if row is None:
        raise errors.NotFound(f"The song {song.title!r} has no lyrics yet.")
    return LyricsView(song, row, work.lyrics.load(song, row))
