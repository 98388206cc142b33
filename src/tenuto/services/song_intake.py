"""A song's file, its lyrics and the wish to work on it, in one go."""

from __future__ import annotations

import contextlib
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

        A song that was made for it does not stay when the job is refused.
        """
        self.processing.settle(wish, None)  # Refuses options that make no sense before anything is written.
        text = given.get("lyrics", "")
        if text:
            forms.read(text)
        content_sha256 = upload.whole().sha256
        title, artist, album = (given.get(name, "") for name in ("title", "artist", "album"))
        uid, is_new = self._song(owner_id, upload, SongDetails(title=title, artist=artist, album=album))
        try:
            if text:
                self._put(owner_id, uid, text)
            return self.processing.submit(owner_id, replace(wish, song_uid=uid, content_sha256=content_sha256))
        except errors.TenutoError:
            if is_new:
                with contextlib.suppress(errors.TenutoError):  # The first error is the one to tell.
                    self.songs.delete(owner_id, uid)
            raise

    def _song(self, owner_id: int, upload: Upload, details: SongDetails) -> tuple[str, bool]:
        """The song of these bytes, and whether it was made now."""
        try:
            return self._made(owner_id, upload, details), True
        except errors.ConflictError as error:
            if "song_id" not in error.details:
                raise
            return str(error.details["song_id"]), False

    def _made(self, owner_id: int, upload: Upload, details: SongDetails) -> str:
        """A new song; what neither its tags nor a name such as "Artist - Title" tell has a default."""
        try:
            return self.songs.create(owner_id, upload, details).row.uid
        except errors.ValidationError as error:
            missing = error.details.get("field")
            if missing == "title" and not details.title:
                return self._made(owner_id, upload, replace(details, title=PurePath(upload.name).stem))
            if missing == "artist" and not details.artist:
                return self._made(owner_id, upload, replace(details, artist=UNKNOWN_ARTIST))
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
