"""A score as a Standard MIDI File: a track for the tempo, and one for each part."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from tenuto.engines.composer.instruments import INSTRUMENTS
from tenuto.engines.composer.score import DRUMS, PARTS, Note, Score
from tenuto.engines.composer.theory import MINOR

PULSES = 480  # of a quarter note
CHANNELS = {DRUMS: 9, "bass": 0, "chords": 1, "lead": 2}
META, TEMPO, METRE, KEY, NAME, END = 0xFF, 0x51, 0x58, 0x59, 0x03, 0x2F
NOTE_ON, NOTE_OFF, PROGRAM = 0x90, 0x80, 0xC0
LOUDEST = 127
# Sharps (or flats, below nothing) of the major keys, by tonic.
SIGNS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
Event = tuple[int, bytes]


def write_midi(score: Score, target: Path) -> None:
    """Write the piece to `target`."""
    tracks = [_head(score), *(_track(score, part) for part in PARTS)]
    header = b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), PULSES)
    target.write_bytes(header + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks))


def _head(score: Score) -> bytes:
    brief = score.brief
    scale = brief.scale
    relative = (scale.tonic + 3) % 12 if scale.family == MINOR else scale.tonic
    numerator, denominator = (int(part) for part in brief.metre.name.split("/"))
    quarter = round(60e6 / (brief.bpm * brief.metre.quarters))
    return _laid([
        (0, _meta(TEMPO, quarter.to_bytes(3, "big"))),
        (0, _meta(METRE, bytes([numerator, denominator.bit_length() - 1, 24, 8]))),
        (0, _meta(KEY, struct.pack(">bB", SIGNS[relative], scale.family == MINOR))),
    ])  # fmt: skip


def _track(score: Score, part: str) -> bytes:
    channel, instrument = CHANNELS[part], score.played_on(part)
    events: list[Event] = [(0, _meta(NAME, (instrument or part).encode()))]
    if instrument:
        events.append((0, bytes([PROGRAM | channel, INSTRUMENTS[instrument].program])))
    pulses = PULSES * score.brief.metre.quarters
    for note in score.notes:
        if note.part == part:
            events += _sounded(note, channel, pulses)
    return _laid(sorted(events, key=lambda event: event[0]))


def _sounded(note: Note, channel: int, pulses: float) -> list[Event]:
    begin = round(note.beat * pulses)
    end = max(begin + 1, round((note.beat + note.beats) * pulses))
    velocity = max(1, round(LOUDEST * note.velocity))
    return [
        (begin, bytes([NOTE_ON | channel, note.pitch, velocity])),
        (end, bytes([NOTE_OFF | channel, note.pitch, 0])),
    ]


def _laid(events: Iterable[Event]) -> bytes:
    """Events one after the other, each with the time since the last."""
    found, last = bytearray(), 0
    for at, event in events:
        found += _number(at - last) + event
        last = at
    return bytes(found + _number(0) + _meta(END, b""))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([META, kind]) + _number(len(data)) + data


def _number(value: int) -> bytes:
    """Seven bits a byte, the highest first; all but the last have their eighth bit set."""
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(value & 0x7F | 0x80)
    return bytes(reversed(found))
