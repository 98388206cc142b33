"""A score as a MIDI file, read back by a reader of the test's own."""

import struct

import pytest

from tenuto.engines.composer.arrangement import arrange
from tenuto.engines.composer.midi import write_midi
from tenuto.engines.composer.prompt import read


def number(data, at):
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def events(track):
    """(pulse, status, data) of all events."""
    at = pulse = 0
    while at < len(track):
        wait, at = number(track, at)
        pulse += wait
        status = track[at]
        if status == 0xFF:
            length, begin = number(track, at + 2)
            yield pulse, (status, track[at + 1]), track[begin : begin + length]
            at = begin + length
        else:
            size = 1 if status & 0xF0 == 0xC0 else 2
            yield pulse, status, track[at + 1 : at + 1 + size]
            at += 1 + size


def tracks(path):
    data = path.read_bytes()
    kind, count, pulses = struct.unpack(">HHH", data[8:14])
    assert (data[:4], kind, pulses) == (b"MThd", 1, 480)
    at = 14
    for _ in range(count):
        assert data[at : at + 4] == b"MTrk"
        (size,) = struct.unpack(">I", data[at + 4 : at + 8])
        yield list(events(data[at + 8 : at + 8 + size]))
        at += 8 + size
    assert at == len(data)


@pytest.mark.parametrize(
    ("metre", "quarter_us", "signature"), [("4/4", 500_000, b"\x04\x02"), ("6/8", 333_333, b"\x06\x03")]
)
def test_tempo_key_and_notes_are_those_of_the_score(tmp_path, metre, quarter_us, signature):
    score = arrange(read(f"pop in Eb major at 120 bpm, {metre}", seconds=20.0))
    write_midi(score, tmp_path / "a.mid")
    head, *parts = tracks(tmp_path / "a.mid")
    told = {status[1]: data for _, status, data in head}
    assert int.from_bytes(told[0x51], "big") == quarter_us
    assert told[0x58][:2] == signature
    assert told[0x59] == struct.pack(">bB", -3, 0)
    for name, channel, track in zip(("drums", "bass", "chords", "lead"), (9, 0, 1, 2), parts, strict=True):
        begun = [(pulse, data[0]) for pulse, status, data in track if status == 0x90 | channel]
        ended = [(pulse, data[0]) for pulse, status, data in track if status == 0x80 | channel]
        pulses = 480 * score.brief.metre.quarters
        notes = sorted((round(note.beat * pulses), note.pitch) for note in score.notes if note.part == name)
        assert sorted(begun) == notes
        assert len(ended) == len(begun)
        assert track[-1][1] == (0xFF, 0x2F)


def test_a_minor_key_has_the_signs_of_its_relative(tmp_path):
    write_midi(arrange(read("pop in F# minor")), tmp_path / "a.mid")
    told = {status[1]: data for _, status, data in next(tracks(tmp_path / "a.mid"))}
    assert told[0x59] == struct.pack(">bB", 3, 1)
