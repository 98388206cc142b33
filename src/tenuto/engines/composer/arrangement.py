"""The arrangement: a form of sections, chords for each bar, and who plays what in it."""

from __future__ import annotations

from collections.abc import Iterator

from tenuto.engines.composer import patterns
from tenuto.engines.composer.dice import dice
from tenuto.engines.composer.drummer import Drummer
from tenuto.engines.composer.form import BREAK, ENDS_FROM_BARS, Section, form
from tenuto.engines.composer.groove import humanised
from tenuto.engines.composer.melody import Melody
from tenuto.engines.composer.prompt import Brief
from tenuto.engines.composer.score import BASS, CHORDS, DRUMS, LEAD, Note, Score
from tenuto.engines.composer.styles import loops
from tenuto.engines.composer.theory import Chord, progress

LEAST_OF_A_BAR = 0.02  # of a bar; less than that at the end is rounding
APPROACH = "a"
STRUM_BEATS = 0.02  # from string to string
STRUMMED = ("acoustic guitar",)
POWER_CHORDS = ("distorted guitar",)


def arrange(brief: Brief) -> Score:
    """Write the piece that a brief asks for."""
    beats = brief.seconds * brief.bpm / 60
    bars = max(1, int(-(-(beats / brief.metre.beats - LEAST_OF_A_BAR) // 1)))
    sections = form(bars)
    chords = _chords(brief, sections, bars)
    ends = bars >= ENDS_FROM_BARS
    players = _Players(brief)
    notes = [
        note
        for section in sections
        for number in range(section.bars - (ends and section is sections[-1]))
        for note in players.bar(section, number, chords)
    ]
    if ends:
        notes += players.end(bars - 1, chords[-1])
    played = (note for note in humanised(notes, brief) if note.beat < beats)
    return Score(brief, sections, chords, sorted(played, key=lambda note: (note.beat, note.part, note.pitch)))


def _chords(brief: Brief, sections: list[Section], bars: int) -> list[Chord]:
    chance = dice(brief.seed, "chords")
    choices = loops(brief.style, brief.scale.mode)
    first, second = (choices[number] for number in chance.permutation(len(choices))[:2])
    degrees = [
        (second if section.name == BREAK else first)[bar % len(first)]
        for section in sections
        for bar in range(section.first_bar, section.first_bar + section.bars)
    ]
    if bars >= ENDS_FROM_BARS:
        degrees[-1] = 0
    return progress(brief.scale, degrees, sevenths=brief.style.sevenths)


class _Players:
    """Everybody who plays in a piece."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._drummer = Drummer(brief, dice(brief.seed, DRUMS)) if brief.drums else None
        self._melody = Melody(brief, dice(brief.seed, LEAD)) if LEAD in brief.instruments else None
        self._bass_dice = dice(brief.seed, BASS)
        self._force = 0.75 + 0.3 * brief.energy

    def bar(self, section: Section, number: int, chords: list[Chord]) -> Iterator[Note]:
        """What all of them play in one bar of a section."""
        at = section.first_bar + number
        chord, following = chords[at], chords[min(at + 1, len(chords) - 1)]
        strength = section.strength * self._force
        if self._drummer and DRUMS in section.cast:
            yield from self._drummer.bar(section, number)
        if BASS in self._brief.instruments and BASS in section.cast:
            yield from self._bass(at, chord, following, strength)
        if CHORDS in self._brief.instruments:
            yield from self._comp(at, chord, strength)
        if self._melody and (LEAD in section.cast or not self._brief.drums):
            yield from self._melody.bar(at, chord, strength)

    def end(self, bar: int, chord: Chord) -> Iterator[Note]:
        """The last chord, left to ring."""
        metre = self._brief.metre
        if self._drummer:
            yield from self._drummer.end(bar)
        if BASS in self._brief.instruments:
            yield Note(BASS, bar * metre.beats, metre.beats, chord.bass(self._brief.scale)["R"], self._force)
        if CHORDS in self._brief.instruments:
            for pitch in chord.voices:
                yield Note(CHORDS, bar * metre.beats, metre.beats, pitch, self._force)

    def _bass(self, bar: int, chord: Chord, following: Chord, strength: float) -> Iterator[Note]:
        metre, scale = self._brief.metre, self._brief.scale
        notes, goal = chord.bass(scale), following.bass(scale)["R"]
        for stroke in patterns.strokes(patterns.line(patterns.BASSES, self._brief.style.bass[1], metre)):
            aside = 1 if self._bass_dice.random() < 0.5 else -1  # noqa: PLR2004 - a coin
            pitch = goal + aside if stroke.mark == APPROACH else notes[stroke.mark]
            beat = (bar * metre.steps + stroke.step) / metre.steps_per_beat
            yield Note(BASS, beat, 0.94 * stroke.steps / metre.steps_per_beat, pitch, 0.9 * strength)

    def _comp(self, bar: int, chord: Chord, strength: float) -> Iterator[Note]:
        metre = self._brief.metre
        instrument = self._brief.instruments[CHORDS]
        voices = _hand(chord, instrument)
        for stroke in patterns.strokes(patterns.line(patterns.CHORDS, self._playing(instrument), metre)):
            beat = (bar * metre.steps + stroke.step) / metre.steps_per_beat
            beats = 0.95 * stroke.steps / metre.steps_per_beat
            velocity = strength * (0.85 if stroke.step % metre.steps_per_beat == 0 else 0.7)
            if stroke.mark.isdigit():
                yield Note(CHORDS, beat, 2 * beats, voices[int(stroke.mark) % len(voices)], velocity)
                continue
            strum = STRUM_BEATS if instrument in STRUMMED else 0.0
            for string, pitch in enumerate(voices):
                yield Note(CHORDS, beat + strum * string, beats, pitch, velocity)

    def _playing(self, instrument: str) -> str:
        """How chords are played: what sustains is held where the style was made for something that does not."""
        own, playing = self._brief.style.chords
        sustained = instrument in ("pad", "strings") and own != instrument
        return "held" if sustained else playing


def _hand(chord: Chord, instrument: str) -> tuple[int, ...]:
    """The notes somebody takes on an instrument."""
    if instrument in POWER_CHORDS:
        root = chord.spelled[0] - 12
        return root, root + chord.spelled[2] - chord.spelled[0], root + 12
    if instrument in STRUMMED:
        return *chord.voices, chord.voices[0] + 12
    return chord.voices
