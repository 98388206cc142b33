"""The words of songs, as they are now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tenuto import errors
from tenuto.db.base import now
from tenuto.db.models_songs import SongLyricsRow, SongRow
from tenuto.db.repository import Repository
from tenuto.domain.lyrics import Lyrics, line_to_json, lines_from_json


class LyricsRepository(Repository[SongLyricsRow]):
    """Lyrics, one row a song; whoever changes them says which revision was read."""

    model = SongLyricsRow
    noun = "lyrics"

    def of_song(self, song_id: int) -> SongLyricsRow | None:
        """The lyrics of a song, by its internal id."""
        return self.session.scalars(select(SongLyricsRow).where(SongLyricsRow.song_id == song_id)).one_or_none()

    def load(self, song: SongRow, row: SongLyricsRow) -> Lyrics:
        """The lyrics as the domain knows them."""
        return Lyrics(
            lines=lines_from_json(row.lines),
            title=song.title,
            artist=song.artist,
            album=song.album,
            language=row.language,
            offset_ms=row.offset_ms,
        )

    def put(self, song: SongRow, lyrics: Lyrics, *, origin: str, revision: int | None = None) -> SongLyricsRow:
        """Put these lyrics in place of those there are; with a revision, only if that is still the latest."""
        # Whoever writes holds the song: two first writers would else both find nothing to replace.
        self.session.execute(select(SongRow.id).where(SongRow.id == song.id).with_for_update()).one()
        row = self.of_song(song.id)
        found = 0 if row is None else row.revision
        if revision is not None and revision != found:
            raise errors.StaleRevision(
                f"The lyrics were edited meanwhile: revision {found} is there, and {revision} was changed."
            )
        values = _values(lyrics, origin)
        if row is None:
            return self.add(SongLyricsRow(song_id=song.id, owner_id=song.owner_id, revision=1, **values))
        return self.update(row, **values, revision=found + 1)


def _values(lyrics: Lyrics, origin: str) -> dict[str, Any]:
    sure = [line.confidence for line in lyrics.lines if line.confidence is not None]
    return {
        "origin": origin,
        "language": lyrics.language,
        "offset_ms": lyrics.offset_ms,
        "text": lyrics.text,
        "lines": [line_to_json(line) for line in lyrics.lines],
        "synced": lyrics.is_synced,
        "confidence": round(sum(sure) / len(sure), 4) if sure else None,
        "updated_at": now(),
    }
