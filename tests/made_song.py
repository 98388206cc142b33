"""A short song that no recording was needed for, and its row in the library."""

import wave

import numpy as np

from ledgers import OWNER
from tenuto.db.models_songs import SongRow
from tenuto.domain.lyrics import plain
from tenuto.services.song_jobs import lyrics_of

RATE = 44_100
LYRICS = "We sing a line\nand then another\n\nis this one sung?"


def make_song(path, seconds=6.0, pitch=220.0):
    """A voice in the middle, a chord left and right, a beat twice a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    voice = 0.2 * np.sin(2 * np.pi * 2 * pitch * time) * (np.sin(2 * np.pi * time) > 0)
    left, right = (0.15 * np.sin(2 * np.pi * pitch * ratio * time) for ratio in (1.0, 1.5))
    beat = 0.3 * np.exp(-40 * (time % 0.5)) * np.sin(2 * np.pi * 80 * time)
    sound = np.stack([left, right], axis=1) + (voice + beat)[:, None]
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(sound * 32_767, -32_768, 32_767).astype("<i2").tobytes())
    return path


def add_song(house, path, title, lyrics=LYRICS, owner=OWNER):
    """Put a file into the library; the song's public id."""
    file = house.files.save_audio_file(owner, path)
    with house.database.unit_of_work(owner) as work:
        row = SongRow(owner_id=owner, title=title, artist="Nobody", file_id=file.id, sha256=file.sha256)
        row.duration_ms = file.duration_ms
        work.songs.create(row)
        if lyrics:
            work.lyrics.put(row, plain(lyrics), origin="plain")
        return row.uid


def song_of(house, uid, owner=OWNER):
    """The song's row, its lyrics as a job sees them, and its stems by kind."""
    with house.database.reading(owner) as work:
        row = work.songs.get_by_id(uid)
        stems = {kind: work.artifacts.of_file(row.file_id, kind) for kind in ("vocals", "instrumental")}
        return row, lyrics_of(work, row), stems


def samples(data):
    """The samples of a WAV's bytes, a row for each moment."""
    import io

    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
