"""A song's file, its lyrics and the wish to work on it, in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from tenuto import errors
from tenuto.db.models import JobRow
from tenuto.exports import lyrics as forms
from tenuto.pipelines.registry import PIPELINES
from tenuto.services.files import Upload
from tenuto.services.processing import ProcessingService, Submission
from tenuto.services.song_lyrics import SongLyricsService
from tenuto.services.songs import SongDetails, SongService

UNKNOWN_ARTIST = "Unknown artist"
SONG_KINDS = frozenset(name for name, pipeline in PIPELINES.items() if pipeline.needs_song)
"""The kinds of jobs that are about a song of the library."""
SONG_FIELDS = ("title", "artist", "album", "lyrics")
"""What a form says of the song beside its file."""


@dataclass(frozen=True)
class SongIntake:
    """Makes songs of what comes with jobs."""

    songs: SongService
    words: SongLyricsService
    processing: ProcessingService

    def submit(self, owner_id: int, upload: Upload, given: Mapping[str, str], wish: Submission) -> JobRow:
        """Make the file a song unless it is one, give it the lyrics, and queue its job; `given` has SONG_FIELDS.

        Of a song that is new, all of it is written or nothing.
        """
        self.processing.settle(wish, None)  # Refuses options that make no sense before anything is read.
        wish = replace(wish, content_sha256=upload.whole().sha256)
        title, artist, album, lyrics = (given.get(name, "") for name in SONG_FIELDS)
        details = SongDetails(title=title, artist=artist, album=album, lyrics=lyrics)
        try:
            return self._made(owner_id, upload, details, wish)
        except errors.ConflictError as error:
            if "song_id" not in error.details:
                raise
            uid = str(error.details["song_id"])
        if lyrics:
            self._put(owner_id, uid, lyrics)
        return self.processing.submit(owner_id, replace(wish, song_uid=uid))

    def _made(self, owner_id: int, upload: Upload, details: SongDetails, wish: Submission) -> JobRow:
        """The job of a new song; what neither its tags nor a name such as "Artist - Title" tell has a default."""
        try:
            return self.songs.create_song_with_job(owner_id, upload, details, wish)[1]
        except errors.ValidationError as error:
            missing = error.details.get("field")
            if missing == "title" and not details.title:
                return self._made(owner_id, upload, replace(details, title=PurePath(upload.name).stem), wish)
            if missing == "artist" and not details.artist:
                return self._made(owner_id, upload, replace(details, artist=UNKNOWN_ARTIST), wish)
            raise

    def _put(self, owner_id: int, uid: str, text: str) -> None:
        """Put the lyrics, unless the song has these words: they may be timed by now."""
        try:
            here = self.words.get(owner_id, uid).lyrics.text
        except errors.NotFound:
            here = ""
        if not same_words(text, here):
            self.words.put(owner_id, uid, text)


def same_words(given: str, here: str) -> bool:
    """Whether lyrics in any form say no more than a song's plain text: the same words, and no times of their own."""
    found = forms.read(given)
    return not found.is_synced and found.text == here
