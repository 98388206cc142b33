"""What is played: notes with the beat they begin on. Nothing here knows of sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tenuto.engines.composer.form import Section
from tenuto.engines.composer.prompt import Brief
from tenuto.engines.composer.theory import Chord

DRUMS, BASS, CHORDS, LEAD = PARTS = ("drums", "bass", "chords", "lead")


class Note(NamedTuple):
    """One sound of a part."""

    part: str
    beat: float  # from the beginning of the piece
    beats: float  # how long
    pitch: int  # MIDI; of drums the number in the General MIDI map
    velocity: float  # 0 to 1


@dataclass(frozen=True)
class Score:
    """A piece, written down."""

    brief: Brief
    sections: Sequence[Section]
    chords: Sequence[Chord]  # a bar each
    notes: Sequence[Note]  # by the time they begin

    def played_on(self, part: str) -> str:
        """The instrument of a part; drums have none."""
        return self.brief.instruments.get(part, "")
