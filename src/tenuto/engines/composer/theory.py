"""Scales, chords and how one chord leads to the next: each voice goes to the nearest note there is for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenuto.domain.music import NOTES

MAJOR, MINOR = "major", "minor"
DORIAN, PHRYGIAN, LYDIAN, MIXOLYDIAN = "dorian", "phrygian", "lydian", "mixolydian"
STEPS = {
    MAJOR: (0, 2, 4, 5, 7, 9, 11),
    MINOR: (0, 2, 3, 5, 7, 8, 10),
    DORIAN: (0, 2, 3, 5, 7, 9, 10),
    PHRYGIAN: (0, 1, 3, 5, 7, 8, 10),
    LYDIAN: (0, 2, 4, 6, 7, 9, 11),
    MIXOLYDIAN: (0, 2, 4, 5, 7, 9, 10),
}
MINOR_THIRD = 3
DOMINANT = 4
TRITONE = 6
MAJOR_THIRD, DIMINISHED_FIFTH = 4, 6
# Chords are written around the middle of the piano, and bass below; MIDI numbers.
CHORD_BASE, BASS_BASE, LEAD_BASE = 60, 36, 60
LOWEST_VOICE, HIGHEST_VOICE, MIDDLE_VOICE = 53, 79, 63.0
OUTSIDE = 4  # how much worse a semitone outside of that range is than a step inside


@dataclass(frozen=True)
class Metre:
    """How a bar is counted, and into how many steps a beat is cut."""

    name: str
    beats: float
    steps_per_beat: int
    parts: tuple[tuple[str, int], ...] = ()  # metres that a bar is put together of, and how many steps of each

    @property
    def steps(self) -> int:
        """Steps of a bar."""
        return round(self.beats * self.steps_per_beat)

    @property
    def even(self) -> bool:
        """Whether a bar is whole beats of quarters: such bars can swing."""
        return self.steps_per_beat == COMMON.steps_per_beat and self.steps % self.steps_per_beat == 0

    @property
    def quarters(self) -> float:
        """How many quarter notes a beat has: steps are sixteenths."""
        return self.steps_per_beat / 4


COMMON, WALTZ, COMPOUND = Metre("4/4", 4, 4), Metre("3/4", 3, 4), Metre("6/8", 2, 6)
# A beat is a quarter, and three eighths where eighths go in threes. Seven eighths are two, two and three.
METRES = {
    metre.name: metre
    for metre in (
        COMMON,
        WALTZ,
        COMPOUND,
        Metre("2/4", 2, 4, (("4/4", 8),)),
        Metre("5/4", 5, 4, (("4/4", 8), ("3/4", 12))),
        Metre("6/4", 6, 4, (("3/4", 12), ("3/4", 12))),
        Metre("7/4", 7, 4, (("4/4", 16), ("3/4", 12))),
        Metre("5/8", 2.5, 4, (("4/4", 4), ("6/8", 6))),
        Metre("7/8", 3.5, 4, (("4/4", 8), ("6/8", 6))),
        Metre("9/8", 3, 6, (("6/8", 6), ("6/8", 12))),
        Metre("12/8", 4, 6, (("6/8", 12), ("6/8", 12))),
    )
}


@dataclass(frozen=True)
class Scale:
    """Seven notes and the one that is home."""

    tonic: int  # semitones above C
    mode: str

    @property
    def name(self) -> str:
        """As people say it: "F# minor", "D dorian"."""
        return f"{NOTES[self.tonic]} {self.mode}"

    @property
    def family(self) -> str:
        """Minor or major, by the third: what can be told of a mode by its key."""
        return MINOR if STEPS[self.mode][2] == MINOR_THIRD else MAJOR

    @property
    def key(self) -> str:
        """The key that is heard of it: "D minor" for D dorian."""
        return f"{NOTES[self.tonic]} {self.family}"

    def pitch(self, degree: int, base: int) -> int:
        """The MIDI note of a degree of the scale, 0 being home near `base`."""
        octave, step = divmod(degree, 7)
        home = self.tonic if self.tonic <= TRITONE else self.tonic - 12
        return base + home + 12 * octave + STEPS[self.mode][step]


@dataclass(frozen=True)
class Chord:
    """One harmony, voiced."""

    degree: int
    name: str
    spelled: tuple[int, ...]  # root, third, fifth and so on, above middle C
    voices: tuple[int, ...]  # as it is played, lowest first

    def bass(self, scale: Scale) -> dict[str, int]:
        """What a bass player may choose from: root, third, fifth, sixth and octave."""
        root = scale.pitch(self.degree, BASS_BASE)
        while root > BASS_BASE + 7:
            root -= 12
        third, fifth = (self.spelled[number] - self.spelled[0] for number in (1, 2))
        sixth = scale.pitch(self.degree + 5, BASS_BASE) - scale.pitch(self.degree, BASS_BASE)
        return {"R": root, "3": root + third, "5": root + fifth, "6": root + sixth, "8": root + 12}


def spell(scale: Scale, degree: int, *, sevenths: bool) -> tuple[int, ...]:
    """The notes of the chord on a degree; the dominant of minor leads home by its major third."""
    thirds = (0, 2, 4, 6) if sevenths else (0, 2, 4)
    notes = [scale.pitch(degree + third, CHORD_BASE) for third in thirds]
    if scale.mode == MINOR and degree % 7 == DOMINANT:
        notes[1] = notes[0] + MAJOR_THIRD
    return tuple(notes)


def progress(scale: Scale, degrees: Iterable[int], *, sevenths: bool) -> list[Chord]:
    """Chords one after the other, each voiced as near to the one before as can be."""
    found: list[Chord] = []
    for degree in degrees:
        spelled = spell(scale, degree, sevenths=sevenths)
        voices = _voiced(spelled, found[-1].voices if found else None)
        found.append(Chord(degree, _name(spelled), spelled, voices))
    return found


def _voiced(spelled: Sequence[int], before: Sequence[int] | None) -> tuple[int, ...]:
    turned = [tuple(sorted([*spelled[turn:], *(note + 12 for note in spelled[:turn])])) for turn in range(len(spelled))]
    candidates = [tuple(note + octave for note in notes) for notes in turned for octave in (-24, -12, 0, 12)]

    def strain(notes: tuple[int, ...]) -> float:
        outside = max(0, LOWEST_VOICE - notes[0]) + max(0, notes[-1] - HIGHEST_VOICE)
        if before is None:
            return OUTSIDE * outside + abs(sum(notes) / len(notes) - MIDDLE_VOICE)
        return OUTSIDE * outside + sum(abs(here - there) for here, there in zip(notes, before, strict=True))

    return min(candidates, key=strain)


def _name(spelled: Sequence[int]) -> str:
    third, fifth = spelled[1] - spelled[0], spelled[2] - spelled[0]
    kind = "" if third == MAJOR_THIRD else "dim" if fifth == DIMINISHED_FIFTH else "m"
    seventh = {10: "7", 11: "maj7"}.get(spelled[3] - spelled[0], "") if len(spelled) > len("135") else ""
    if kind == "dim" and seventh:
        kind, seventh = "m", "7b5"
    return NOTES[spelled[0] % 12] + kind + seventh
