"""Speech of which a little is said anew: all else is taken from how it was joined before, as loud as it was.

How loud the whole is now is told from how loud that little was and is. Where much is said anew, or where it would be
too loud or too quiet then, nothing is mended: all of it is to be joined anew.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto.domain.films import SOUND_BLOCK
from tenuto.media.floats import audio_frames
from tenuto.media.limiter import Limiter, peaks
from tenuto.media.loudness import measure_loudness
from tenuto.media.mastering import MARGIN_DB, TARGET_LUFS, decibels
from tenuto.media.speech_pieces import CEILING_DB, FULL_SCALE, RATE, Narrated, Placed, Sound, rounded, spoken_piece
from tenuto.media.waves import read_wave

MOST_MENDED = 0.25  # of what is spoken, since all of it was measured
NEAR_LU = 0.1
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class JoinedBefore:
    """How speech was joined before: a WAV, how loud it is, what all of it was turned up by, and its pieces by name."""

    path: str
    lufs: float
    gain_db: float
    limited_db: float
    mended: float  # the share of it that was put in after it was measured
    pieces: dict[str, Placed]


@dataclass(frozen=True)
class Piece:
    """A part of speech: some frames of silence, or a sound by the name that it has in what was joined before."""

    silence: int = 0
    sound: Sound | None = None
    name: str = ""


def mended(parts: Sequence[Piece], before: JoinedBefore, target: Path, block: int) -> Narrated | None:
    """Write the parts to `target`; nothing where they are to be joined anew."""
    said = {part.name for part in parts if part.sound is not None}
    gone = [placed for name, placed in before.pieces.items() if name not in said]
    most = max(1, MOST_MENDED * len(said))
    if len(gone) > most or len(said - before.pieces.keys()) > most:
        return None  # As with another voice: all the work would be for nothing.
    mending = _Mending(before)
    with read_wave(Path(before.path)) as earlier, wave.open(str(target), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        placed, at = [], 0
        for part in parts:
            kept = before.pieces.get(part.name)
            if part.sound is None:
                samples = np.zeros(part.silence, np.int16)
            else:
                samples, skipped = (cut(earlier, kept), kept.skipped) if kept else mending.spoken(part.sound)
                placed.append(Placed(at, skipped, len(samples)))
            out.writeframesraw(samples.tobytes())
            at += len(samples)
        rest = -at % SOUND_BLOCK
        rest += -(at + rest) % block
        out.writeframesraw(bytes(2 * rest))
        lufs, share = mending.loudness([cut(earlier, one) for one in gone])
    if share > MOST_MENDED or abs(lufs - TARGET_LUFS) > NEAR_LU:
        return None
    return Narrated(tuple(placed), at + rest, round(lufs, 2), before.gain_db, mending.limited_db, round(share, 4))


def cut(reader: Any, placed: Placed) -> Samples:
    """A piece of what was joined."""
    reader.setpos(placed.start)
    return np.frombuffer(reader.readframes(placed.frames), "<i2")


class _Mending:
    """Makes new pieces as loud as the others, and knows how loud they are."""

    def __init__(self, before: JoinedBefore) -> None:
        self._before, self._added = before, list[Samples]()
        self.limited_db = before.limited_db

    def spoken(self, sound: Sound) -> tuple[Samples, int]:
        """A new piece, and how much of its beginning was left out."""
        piece, skipped = spoken_piece(sound)
        column = piece.reshape(-1, 1)
        ceiling = 10 ** ((CEILING_DB - MARGIN_DB) / 20)
        limiter = Limiter(peaks([column], RATE), RATE, 10 ** (self._before.gain_db / 20), ceiling)
        self.limited_db = max(self.limited_db, round(abs(decibels(limiter.reduction)), 2))
        self._added.extend(rounded(limited) for limited in limiter.limited([column]))
        return self._added[-1], skipped

    def loudness(self, gone: Sequence[Samples]) -> tuple[float, float]:
        """How loud the whole is without what is gone and with what was added, and which share of it was mended."""
        frames = sum(piece.frames for piece in self._before.pieces.values())
        lost, added = (sum(piece.size for piece in some) for some in (gone, self._added))
        usual = power(self._before.lufs)
        energy = usual * frames - _energy(gone, usual) + _energy(self._added, usual)
        share = self._before.mended + max(lost, added) / max(1, frames)
        return 10 * log10(max(energy / max(1, frames - lost + added), 1e-9)), share


def power(lufs: float) -> float:
    """What adds up where loudness does not."""
    return float(10 ** (lufs / 10))


def _energy(some: Sequence[Samples], usual: float) -> float:
    """The power of pieces times their length; what is too short to be measured is taken to be like the rest."""
    total = 0.0
    for piece in some:
        told = measure_loudness(_frames(piece), with_peak=False).integrated_lufs
        total += (usual if told is None else power(told)) * piece.size
    return total


def _frames(piece: Samples) -> Iterator[Any]:
    return audio_frames(
        iter([piece.reshape(-1, 1).astype(np.float32) / np.float32(FULL_SCALE)]), rate=RATE, layout="mono"
    )
