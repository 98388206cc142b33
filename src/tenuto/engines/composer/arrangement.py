"""The arrangement: a form of sections, chords for each bar, and who plays what in it."""

from __future__ import annotations

from collections.abc import Iterator

from tenuto.engines.composer import patterns
from tenuto.engines.composer.dice import dice
from tenuto.engines.composer.drummer import Drummer
from tenuto.engines.composer.form import BREAK, BUILD, DROP, ENDS_FROM_BARS, OUTRO, Section, form
from tenuto.engines.composer.groove import humanised
from tenuto.engines.composer.melody import Melody
from tenuto.engines.composer.prompt import Brief
from tenuto.engines.composer.score import BASS, CHORDS, DRUMS, LEAD, Note, Score
from tenuto.engines.composer.styles import loops
from tenuto.engines.composer.theory import MAJOR_THIRD, Chord, progress

LEAST_OF_A_BAR = 0.02  # of a bar; less than that at the end is rounding
LEAST_RING_SECONDS = 1.2  # that the last chord has
STRUM_BEATS = 0.02  # from string to string
STRUMMED = ("acoustic guitar",)
POWER_CHORDS = ("distorted guitar",)
SUSTAINED = ("pad", "strings", "synth", "organ", "choir", "accordion")
BOWED = ("strings", "pad", "choir")


def arrange(brief: Brief) -> Score:
    """Write the piece that a brief asks for."""
    beats = brief.seconds * brief.bpm / 60
    bars = max(1, int(-(-(beats / brief.metre.beats - LEAST_OF_A_BAR) // 1)))
    if bars > ENDS_FROM_BARS and (beats - (bars - 1) * brief.metre.beats) * 60 / brief.bpm < LEAST_RING_SECONDS:
        bars -= 1  # the last chord begins a bar earlier, and rings on
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
        notes += players.end(bars - 1, chords[-1], beats)
    played = (note for note in humanised(notes, brief) if note.beat < beats)
    return Score(brief, sections, chords, sorted(played, key=lambda note: (note.beat, note.part, note.pitch)))


def _chords(brief: Brief, sections: list[Section], bars: int) -> list[Chord]:
    chance = dice(brief.seed, "chords")
    choices = loops(brief.style, brief.scale.mode)
    first, second = (choices[number] for number in chance.permutation(len(choices))[:2])
    degrees = []
    for section in sections:
        loop = second if section.name == BREAK else first
        # A drop begins at home. What leads to one ends where the loop does, and so does the bar before the last chord.
        begin = 0 if section.name == DROP else (section.name == OUTRO) - section.bars
        degrees += [loop[bar % len(loop)] for bar in range(begin, begin + section.bars)]
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
        self._present = {*brief.instruments, *((DRUMS,) if brief.drums else ())}

    def bar(self, section: Section, number: int, chords: list[Chord]) -> Iterator[Note]:
        """What all of them play in one bar of a section."""
        at = section.first_bar + number
        chord, following = chords[at], chords[min(at + 1, len(chords) - 1)]
        strength = section.strength * self._force * self._rise(section, number)
        playing = self._playing_in(section)
        if self._drummer and DRUMS in playing:
            yield from self._drummer.bar(section, number)
        if BASS in playing:
            yield from self._bass(at, chord, following, strength)
        if CHORDS in playing:
            yield from self._comp(at, chord, strength, resting=section.name == BREAK)
        if self._melody and LEAD in playing:
            lifted = section.name == DROP and number >= section.bars / 2
            yield from self._melody.bar(at, number, chord, strength=strength, lifted=lifted)

    def _rise(self, section: Section, number: int) -> float:
        """Who builds up to something begins softly."""
        return 0.85 + 0.15 * (number + 1) / section.bars if section.name == BUILD else 1.0

    def _playing_in(self, section: Section) -> set[str]:
        """Who plays in a section; a melody without drums never rests, and where nobody would play, all do."""
        cast = {*section.cast, *(() if self._brief.drums else (LEAD,))}
        return self._present & cast or self._present

    def end(self, bar: int, chord: Chord, beats: float) -> Iterator[Note]:
        """The last chord, left to ring until the piece of so many beats ends."""
        begin = bar * self._brief.metre.beats
        if self._drummer:
            yield from self._drummer.end(bar)
        if BASS in self._brief.instruments:
            yield Note(BASS, begin, beats - begin, chord.bass(self._brief.scale)["R"], self._force)
        if CHORDS in self._brief.instruments:
            for pitch in chord.voices:
                yield Note(CHORDS, begin, beats - begin, pitch, self._force)
        if self._melody and not self._present & {BASS, CHORDS}:
            yield Note(LEAD, begin, beats - begin, chord.spelled[0], self._force)

    def _bass(self, bar: int, chord: Chord, following: Chord, strength: float) -> Iterator[Note]:
        metre, scale = self._brief.metre, self._brief.scale
        notes, goal = chord.bass(scale), following.bass(scale)["R"]
        for stroke in patterns.strokes(patterns.line(patterns.BASSES, self._bass_playing(), metre)):
            aside = 1 if self._bass_dice.random() < 0.5 else -1  # noqa: PLR2004 - a coin
            pitch = goal + aside if stroke.mark == patterns.LEADS_ON else notes[stroke.mark]
            beat = (bar * metre.steps + stroke.step) / metre.steps_per_beat
            yield Note(BASS, beat, 0.94 * stroke.steps / metre.steps_per_beat, pitch, 0.9 * strength)

    def _bass_playing(self) -> str:
        """How the bass is played: where neither drums nor chords tell the beat, it walks in quarters."""
        playing, sparse = self._brief.style.bass[1], self._brief.style.sparse
        alone = not self._brief.drums and self._brief.instruments.get(CHORDS) in BOWED
        return "quarters" if alone and playing == "held" and not sparse else playing

    def _comp(self, bar: int, chord: Chord, strength: float, *, resting: bool) -> Iterator[Note]:
        metre = self._brief.metre
        instrument = self._brief.instruments[CHORDS]
        voices = _hand(chord, instrument)
        playing = "held" if resting and instrument in SUSTAINED else self._playing(instrument)
        for stroke in patterns.strokes(patterns.line(patterns.CHORDS, playing, metre)):
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
        return "held" if instrument in BOWED and own != instrument else playing


def _hand(chord: Chord, instrument: str) -> tuple[int, ...]:
    """The notes somebody takes on an instrument."""
    if instrument in POWER_CHORDS:
        root, third, fifth = (note - 12 for note in chord.spelled[:3])
        # Above a bare fifth nobody hears major: there the third stands on top.
        return (root, fifth, root + 12, third + 12) if third - root == MAJOR_THIRD else (root, fifth, root + 12)
    if instrument in STRUMMED:
        return *chord.voices, chord.voices[0] + 12
    return chord.voices
