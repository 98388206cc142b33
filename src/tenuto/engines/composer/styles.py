"""What makes a style: its tempo, mode, chords, beat, instruments, and how it is mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenuto.engines.composer.theory import DORIAN, LYDIAN, MAJOR, MINOR, MIXOLYDIAN, PHRYGIAN


@dataclass(frozen=True)
class Style:
    """How music of a kind is made, unless a prompt says otherwise."""

    name: str
    bpm: float
    mode: str
    drums: str  # a beat of `patterns.DRUMS`; empty for none
    chords: tuple[str, str]  # instrument, and how it is played
    bass: tuple[str, str]
    lead: str
    sevenths: bool = False
    swing: float = 0.0  # by how much of itself every second swung step comes late
    swung_steps: int = 2  # 2 swings eighths, 1 sixteenths
    loose_ms: float = 6.0  # how far players stray from the beat
    duck: float = 0.15  # how much the kick pushes bass and chords back
    room: float = 0.18  # how much of the room is heard
    sparse: bool = False  # few long notes in melodies


ALL = (
    Style(
        "hip hop",
        90,
        MINOR,
        "boom bap",
        ("electric piano", "keys"),
        ("808", "long"),
        "pluck",
        sevenths=True,
        swing=0.22,
        swung_steps=1,
        loose_ms=9,
    ),
    Style("trap", 140, MINOR, "trap", ("bells", "arpeggio"), ("808", "long"), "pluck", loose_ms=4),
    Style(
        "lo-fi",
        78,
        MAJOR,
        "lazy",
        ("electric piano", "keys"),
        ("sub bass", "syncopated"),
        "bells",
        sevenths=True,
        swing=0.3,
        swung_steps=1,
        loose_ms=12,
        room=0.25,
    ),
    Style(
        "house",
        124,
        MINOR,
        "four",
        ("synth", "pumping"),
        ("synth bass", "offbeats"),
        "synth lead",
        sevenths=True,
        swing=0.08,
        swung_steps=1,
        loose_ms=3,
        duck=0.6,
    ),
    Style(
        "techno", 132, MINOR, "techno", ("organ", "stabs"), ("acid bass", "sixteenths"), "bells", loose_ms=2, duck=0.5
    ),
    Style(
        "edm",
        128,
        MAJOR,
        "festival",
        ("synth", "anthem"),
        ("synth bass", "offbeats"),
        "synth lead",
        loose_ms=2,
        duck=0.7,
        room=0.25,
    ),
    Style(
        "synthwave",
        100,
        MINOR,
        "pop",
        ("synth", "held"),
        ("synth bass", "octaves"),
        "synth lead",
        loose_ms=2,
        duck=0.35,
        room=0.3,
    ),
    Style("drum and bass", 174, MINOR, "breaks", ("pad", "held"), ("reese", "held"), "bells", loose_ms=3, room=0.25),
    Style(
        "dubstep",
        140,
        MINOR,
        "half time",
        ("pad", "held"),
        ("reese", "syncopated"),
        "synth lead",
        loose_ms=2,
        duck=0.4,
        room=0.25,
        sparse=True,
    ),
    Style(
        "rock", 118, MAJOR, "rock", ("distorted guitar", "eighths"), ("electric bass", "eighths"), "distorted guitar"
    ),
    Style(
        "metal",
        160,
        MINOR,
        "metal",
        ("distorted guitar", "gallop"),
        ("electric bass", "eighths"),
        "distorted guitar",
        loose_ms=3,
    ),
    Style(
        "blues",
        100,
        MAJOR,
        "shuffle",
        ("piano", "keys"),
        ("upright bass", "boogie"),
        "distorted guitar",
        swing=0.33,
        loose_ms=9,
    ),
    Style("pop", 112, MAJOR, "pop", ("piano", "keys"), ("electric bass", "syncopated"), "synth lead"),
    Style(
        "funk",
        106,
        MINOR,
        "funk",
        ("electric piano", "stabs"),
        ("slap bass", "funk"),
        "brass",
        sevenths=True,
        swing=0.12,
        swung_steps=1,
        loose_ms=7,
    ),
    Style(
        "jazz",
        128,
        MAJOR,
        "jazz",
        ("electric piano", "stabs"),
        ("upright bass", "walking"),
        "vibraphone",
        sevenths=True,
        swing=0.33,
        loose_ms=11,
        room=0.25,
    ),
    Style(
        "latin",
        104,
        MINOR,
        "clave",
        ("acoustic guitar", "montuno"),
        ("upright bass", "tumbao"),
        "brass",
        loose_ms=7,
        room=0.22,
    ),
    Style(
        "reggae",
        76,
        MAJOR,
        "one drop",
        ("organ", "offbeats"),
        ("electric bass", "syncopated"),
        "pluck",
        swing=0.12,
        swung_steps=1,
        loose_ms=8,
    ),
    Style(
        "folk",
        104,
        MAJOR,
        "brushes",
        ("acoustic guitar", "strum"),
        ("upright bass", "root and fifth"),
        "flute",
        loose_ms=9,
        room=0.25,
    ),
    Style("classical", 92, MAJOR, "", ("piano", "arpeggio"), ("cello", "held"), "violin", loose_ms=12, room=0.35),
    Style(
        "cinematic",
        96,
        MINOR,
        "epic",
        ("strings", "held"),
        ("cello", "eighths"),
        "brass",
        loose_ms=8,
        room=0.45,
        sparse=True,
    ),
    Style("ambient", 70, MAJOR, "", ("pad", "held"), ("sub bass", "held"), "bells", loose_ms=15, room=0.6, sparse=True),
    Style("chiptune", 150, MAJOR, "chip", ("chip", "rolling"), ("chip", "octaves"), "chip", loose_ms=0, room=0.03),
)
STYLES: Mapping[str, Style] = {style.name: style for style in ALL}
DEFAULT = STYLES["pop"]

# Degrees of the scale, 0 being home, a bar each. All are at home in their key, so that it can be heard; those of the
# modes show the note that makes the mode.
Loops = Mapping[str, tuple[tuple[int, ...], ...]]
LOOPS: Loops = {
    MAJOR: ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (0, 3, 0, 4), (0, 2, 3, 4), (0, 4, 3, 0)),
    MINOR: ((0, 5, 3, 4), (0, 3, 0, 4), (0, 3, 4, 0), (0, 5, 2, 4), (0, 6, 5, 4), (0, 0, 3, 4)),
    DORIAN: ((0, 3, 0, 3), (0, 6, 3, 0), (0, 3, 6, 0), (0, 2, 3, 0)),
    PHRYGIAN: ((0, 1, 0, 1), (0, 1, 2, 1), (0, 6, 1, 0), (0, 5, 1, 0)),
    LYDIAN: ((0, 1, 0, 1), (0, 1, 4, 0), (0, 4, 1, 0), (0, 1, 5, 0)),
    MIXOLYDIAN: ((0, 6, 3, 0), (0, 3, 6, 0), (0, 6, 0, 3), (0, 3, 0, 6)),
}
JAZZY: Loops = {
    MAJOR: ((0, 5, 1, 4), (0, 3, 1, 4), (0, 1, 4, 0), (0, 2, 1, 4)),
    MINOR: ((0, 3, 1, 4), (0, 5, 3, 4), (0, 3, 4, 0)),
}
TWELVE_BARS: tuple[tuple[int, ...], ...] = (
    (0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4),
    (0, 3, 0, 0, 3, 3, 0, 0, 4, 3, 0, 0),
    (0, 3, 0, 0, 3, 3, 0, 0, 4, 4, 0, 4),
)


def loops(style: Style, mode: str) -> tuple[tuple[int, ...], ...]:
    """The chords that music of a style goes round in."""
    if style.name == "blues":
        return TWELVE_BARS
    return (JAZZY.get(mode) if style.sevenths else None) or LOOPS[mode]
