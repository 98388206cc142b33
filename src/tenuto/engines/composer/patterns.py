"""Rhythms as people write them down: a line of steps, a sixteenth each.

A letter or number begins something, `-` holds it, `.` is a rest. Drums are `X` (hard), `x`, `o` (soft) and `g` (a
ghost of a stroke). Chords are `x` (all of it) or the number of one of its voices. Basses are `R` (root), `3`, `5`,
`6`, `8` (octave) and `a` (a half step from the next root). A line of sixteen steps is for 4/4, of twelve for 3/4 or
6/8; bars of other metres are put together of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tenuto.engines.composer.theory import METRES, Metre

HOLD, REST = "-", "."
LEADS_ON, FIFTH = "a", "5"
# Of the General MIDI drum map, so that a MIDI file needs no other names.
KICK, RIM, SNARE, CLAP, HAT, LOW_TOM, OPEN_HAT, TOM, HIGH_TOM, CRASH, RIDE, SHAKER = (
    36, 37, 38, 39, 42, 45, 46, 47, 50, 49, 51, 70,
)  # fmt: skip
STRENGTH = {"X": 1.0, "x": 0.82, "o": 0.55, "g": 0.28}


class Stroke(NamedTuple):
    """Something that begins in a bar."""

    step: int
    steps: int  # how long it is held
    mark: str


def strokes(line: str) -> list[Stroke]:
    """What a line says."""
    found: list[Stroke] = []
    for step, mark in enumerate(line):
        if mark == HOLD:
            last = found[-1]
            found[-1] = last._replace(steps=step + 1 - last.step)
        elif mark != REST:
            found.append(Stroke(step, 1, mark))
    return found


Kit = Mapping[int, str]
DRUMS: Mapping[str, Kit] = {
    "boom bap": {KICK: "X.....x...x.....", SNARE: "....X..g.g..X...", HAT: "x.o.x.o.x.o.x.oo"},
    "lazy": {KICK: "X......x..x.....", RIM: "....X.......X..o", HAT: "x.o.x.o.x.o.x.o.", SHAKER: ".g...g...g...g.."},
    "trap": {KICK: "X.....x....x....", CLAP: "........X.......", HAT: "xoxoxoxoxoxoxxxx"},
    "four": {KICK: "X...X...X...X...", CLAP: "....x.......x...", HAT: "go.ogo.ogo.ogo.o", OPEN_HAT: "..x...x...x...x."},
    "festival": {
        KICK: "X...X...X...X...",
        CLAP: "....X.......X...",
        OPEN_HAT: "..x...x...x...x.",
        SHAKER: "gxgxgxgxgxgxgxgx",
    },
    "techno": {
        KICK: "X...X...X...X...",
        HAT: "goxogoxogoxogoxo",
        RIM: "...o..o....o..o.",
        OPEN_HAT: "..o...o...o...o.",
    },
    "rock": {KICK: "X.......X.x.....", SNARE: "....X.......X...", HAT: "x.o.x.o.x.o.x.o."},
    "metal": {KICK: "XxxxXxxxXxxxXxxx", SNARE: "....X.......X...", RIDE: "x...x...x...x..."},
    "pop": {KICK: "X.....x.X.......", SNARE: "....X.......X...", HAT: "x.o.x.o.x.o.x.o.", SHAKER: "g.g.g.g.g.g.g.g."},
    "jazz": {RIDE: "x...x.o.x...x.o.", HAT: "....o.......o...", KICK: "o.......g.......", SNARE: "......g.......g."},
    "epic": {LOW_TOM: "X..x..x.X..x..xx", KICK: "X.......X.......", SHAKER: "gggggggggggggggg"},
    "breaks": {KICK: "X.........x.....", SNARE: "....X..g.g..X..g", HAT: "x.x.x.x.x.x.x.x."},
    "funk": {KICK: "X..x..x...x..x..", SNARE: "....X..g.g..X..g", HAT: "xoxoxoxoxoxoxoxo"},
    "one drop": {KICK: "........X.......", RIM: "........X.....o.", HAT: "x.o.x.o.x.o.x.o."},
    "brushes": {SHAKER: "x.o.x.o.x.o.x.o.", RIM: "....o.......o...", KICK: "x.......o......."},
    "half time": {KICK: "X.....x...x.....", SNARE: "........X.......", HAT: "x.o.x.o.x.o.x.oo"},
    "shuffle": {KICK: "X.......X.x.....", SNARE: "....X.......X...", RIDE: "x...x.o.x...x.o."},
    "clave": {
        RIM: "x..x..x...x.x...",
        KICK: "x.....o.x.....o.",
        SHAKER: "xgogxgogxgogxgog",
        HIGH_TOM: "............o.o.",
    },
    "chip": {KICK: "X.....X.X.......", SNARE: "....X.......X...", HAT: "x.x.x.x.x.x.x.x."},
}
# Outside of 4/4 these stand for the beats of those names, and for all others the one without a name.
OTHER_DRUMS: Mapping[str, Mapping[str, Kit]] = {
    "3/4": {
        "": {KICK: "X...........", SNARE: "....x...x...", HAT: "x.o.x.o.x.o."},
        "jazz": {RIDE: "x...x.o.x.o.", HAT: "....o.......", KICK: "o...........", SNARE: "......g...g."},
        "brushes": {SHAKER: "x.o.x.o.x.o.", RIM: "....o...o...", KICK: "x..........."},
        "epic": {LOW_TOM: "X..x..x.X.xx", KICK: "X...........", SHAKER: "gggggggggggg"},
        "four": {KICK: "X...X...X...", CLAP: "....x.......", HAT: "go.ogo.ogo.o", OPEN_HAT: "..x...x...x."},
        "festival": {KICK: "X...X...X...", CLAP: "........X...", OPEN_HAT: "..x...x...x."},
        "techno": {KICK: "X...X...X...", HAT: "goxogoxogoxo", RIM: "...o..o...o."},
        "metal": {KICK: "XxxxXxxxXxxx", SNARE: "....X...X...", RIDE: "x...x...x..."},
    },
    "6/8": {
        "": {KICK: "X.......o...", SNARE: "......X.....", HAT: "x.o.o.x.o.o."},
        "jazz": {RIDE: "x...o.x...o.", HAT: "......o.....", KICK: "o..........."},
        "brushes": {SHAKER: "x.o.o.x.o.o.", RIM: "......o.....", KICK: "x..........."},
        "epic": {LOW_TOM: "X...x.X.x.xx", KICK: "X.....x.....", SHAKER: "gggggggggggg"},
        "four": {KICK: "X.....X.....", CLAP: "......x.....", HAT: "x.o.o.x.o.o."},
        "festival": {KICK: "X.....X.....", CLAP: "......X.....", OPEN_HAT: "....x.....x."},
        "techno": {KICK: "X.....X.....", HAT: "o.x.o.o.x.o.", RIM: "....o.....o."},
    },
    "7/8": {"": {KICK: "X.......X.....", SNARE: "....X.......X.", HAT: "x.x.x.x.x.x.x."}},
}
# Style of playing → its line by metre. What has none for a metre is held.
Lines = Mapping[str, Mapping[str, str]]
CHORDS: Lines = {
    "held": {},
    "keys": {"4/4": "x-----x---x-----", "3/4": "x-------x---", "6/8": "x-----x-----"},
    "stabs": {"4/4": "x.....x...x..x..", "3/4": "x.....x...x.", "6/8": "x.....x..x.."},
    "pumping": {"4/4": "x--x--x-..x--x--", "3/4": "x--x--x--x--", "6/8": "x--x--x--x--"},
    "anthem": {"4/4": "x-----x-----x-x-", "3/4": "x-----x---x-", "6/8": "x-----x---x-"},
    "offbeats": {"4/4": "..x-..x-..x-..x-", "3/4": "....x-..x-..", "6/8": "..x-x-..x-x-"},
    "backbeats": {"4/4": "....x-......x-..", "3/4": "....x-..x-..", "6/8": "..x-x-..x-x-"},
    "strum": {"4/4": "x---x-x-x-x-x-x-", "3/4": "x---x-x-x-x-", "6/8": "x---x-x---x-"},
    "eighths": {"4/4": "x-x-x-x-x-x-x-x-", "3/4": "x-x-x-x-x-x-", "6/8": "x-x-x-x-x-x-"},
    "gallop": {"4/4": "x-xxx-xxx-xxx-xx", "3/4": "x-xxx-xxx-xx", "6/8": "x-xxxxx-xxxx"},
    "montuno": {"4/4": "x-.x-.x-.x-.x-x-", "3/4": "x-.x-.x-x-x-", "6/8": "x-x-.x-x-.x-"},
    "arpeggio": {"4/4": "0-1-2-1-3-2-1-2-", "3/4": "0-1-2-3-2-1-", "6/8": "0-1-2-3-2-1-"},
    "rolling": {"4/4": "0123012301230123", "3/4": "012301230123", "6/8": "012321012321"},
}
BASSES: Lines = {
    "held": {"4/4": "R---------------", "3/4": "R-----------", "6/8": "R-----------"},
    "quarters": {"4/4": "R---5---3---5---", "3/4": "R---3---5---", "6/8": "R-----5-----"},
    "long": {"4/4": "R-----R---R-----", "3/4": "R-------R---", "6/8": "R-----R-----"},
    "eighths": {"4/4": "R-R-R-R-R-R-R-R-", "3/4": "R-R-R-R-R-R-", "6/8": "R-R-R-R-R-R-"},
    "offbeats": {"4/4": "..R-..R-..R-..R-", "3/4": "R-..R-..R-..", "6/8": "R---R-R---R-"},
    "octaves": {"4/4": "R-8-R-8-R-8-R-8-", "3/4": "R-8-R-8-R-8-", "6/8": "R-8-8-R-8-8-"},
    "sixteenths": {"4/4": "RR8RRRR8R8RRRR8a", "3/4": "RR8RRRR8RR8a", "6/8": "RR8RRRR8RR8a"},
    "boogie": {"4/4": "R-R-3-3-5-5-6-5-", "3/4": "R-R-3-3-5-5-", "6/8": "R---3-5---6-"},
    "tumbao": {"4/4": "R-----5-----8---", "3/4": "R-----5-8---", "6/8": "R-----5---8-"},
    "walking": {"4/4": "R---3---5---a---", "3/4": "R---3---a---", "6/8": "R-----5---a-"},
    "funk": {"4/4": "R--.8.R-..5-.8a-", "3/4": "R--.8.R-5-a-", "6/8": "R---8-R---a-"},
    "syncopated": {"4/4": "R---..R-R---..a-", "3/4": "R-----..5-a-", "6/8": "R---R-R---5-"},
    "root and fifth": {"4/4": "R-----..5-----..", "3/4": "R-------5---", "6/8": "R-----5-----"},
}
# Melodies: where something begins. One of these is a piece's motif.
MOTIFS: Mapping[str, tuple[str, ...]] = {
    "4/4": (
        "x---x-x---x---..",
        "x-x-x---x-----..",
        "x-----x-x---x-x-",
        "..x-x---..x-x---",
        "x---..x-x-x-----",
        "x--x--x-x-------",
    ),
    "3/4": ("x---x-x-x---", "x-------x---", "x-x-x---x---", "x-----x-x---"),
    "6/8": ("x---x-x-----", "x-----x---x-", "x-x-x-x-----", "x---x-x---x-"),
}


def drums(name: str, metre: Metre) -> Kit:
    """The beat of that name in a metre."""
    if metre.name in OTHER_DRUMS or not metre.parts:
        kits = OTHER_DRUMS.get(metre.name, DRUMS)
        return kits.get(name) or kits[""]
    parts = [(drums(name, METRES[part]), steps) for part, steps in metre.parts]
    return {
        drum: "".join(kit.get(drum, REST * steps)[:steps] for kit, steps in parts) for kit, _ in parts for drum in kit
    }


def line(lines: Lines, playing: str, metre: Metre) -> str:
    """How it is played in a metre."""
    if metre.parts:
        *before, last = (line(lines, playing, METRES[part])[:steps] for part, steps in metre.parts)
        # What leads to the next bar stands at the end of a bar only.
        return "".join(part.replace(LEADS_ON, FIFTH) for part in before) + last
    return lines[playing].get(metre.name, "x" + HOLD * (metre.steps - 1))


def motifs(metre: Metre) -> tuple[str, ...]:
    """The rhythms of melodies in a metre."""
    if metre.parts:
        parts = [[motif[:steps] for motif in motifs(METRES[part])] for part, steps in metre.parts]
        return tuple(dict.fromkeys("".join(each) for each in zip(*parts, strict=False)))
    return MOTIFS[metre.name]
