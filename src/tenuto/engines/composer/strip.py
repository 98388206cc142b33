"""A strip of the mixing desk: the notes of one part become sound, block after block, each with its room and echo."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tenuto.engines.composer import instruments, kit
from tenuto.engines.composer.dice import Dice, dice
from tenuto.engines.composer.oscillator import Floats
from tenuto.engines.composer.score import BASS, CHORDS, DRUMS, LEAD, Note, Score

LEVELS = {DRUMS: 0.31, BASS: 0.14, CHORDS: 0.2, LEAD: 0.17}
ROOMS = {DRUMS: 0.25, BASS: 0.0, CHORDS: 1.0, LEAD: 1.1}
DUCKED = (BASS, CHORDS)
ECHO_BEATS, ECHOES = 0.75, ((0, 0.28), (1, 0.17), (0, 0.09))  # side and level, each as much later
FEWEST_VOICES = 3  # chords of more voices are not louder
CACHE_BYTES = 48 << 20
ROOM_SECONDS, ROOM_FADE, ROOM_LOW_HZ, ROOM_HIGH_HZ = 1.8, 3.6, 250.0, 5500.0

Ducking = Callable[[int, int], Floats]
"""The gain that the kick leaves to others, from a sample on, for so many samples."""


class Sounds:
    """Notes as sound; the same note is made once as long as there is room to remember it."""

    def __init__(self, rate: int) -> None:
        self._rate, self._bytes = rate, 0
        self._known: OrderedDict[tuple[str, int, float], Floats] = OrderedDict()

    def get(self, name: str, pitch: int, extent: float) -> Floats:
        """A note of an instrument that lasts so many seconds; of drums (no name), one of a few strokes."""
        key = (name, pitch, round(extent, 3))
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        made = instruments.render(*key, self._rate) if name else kit.strike(pitch, int(extent), self._rate)
        self._known[key] = made
        self._bytes += made.nbytes
        while self._bytes > CACHE_BYTES and len(self._known) > 1:
            self._bytes -= self._known.popitem(last=False)[1].nbytes
        return made


def _easy_size(length: int) -> int:
    """A size not much above `length` that is transformed fast: a power of two, or one and a half of it."""
    power = 1 << (length - 1).bit_length()
    return 3 * power // 4 if 3 * power // 4 >= length else power


class Room:
    """A room that sound is played in, the same for every part."""

    def __init__(self, rate: int) -> None:
        samples = round(ROOM_SECONDS * rate)
        times = np.arange(samples) / rate
        noise = [kit.band(dice(side, "room").normal(size=samples), rate, ROOM_LOW_HZ, ROOM_HIGH_HZ) for side in (0, 1)]
        answer = np.stack(noise) * np.exp(-times * ROOM_FADE) * np.minimum(1, times / 0.012)
        self._answer = (answer / np.sqrt(np.square(answer).sum(axis=1, keepdims=True))).astype(np.float32)
        self._spectra: dict[int, Any] = {}  # of the answer, by size

    def hear(self, spoken: Floats) -> Floats:
        """What the room answers to a sound in its middle; longer than the sound, by the room's own time."""
        length = spoken.size + self._answer.shape[1] - 1
        size = _easy_size(length)
        if size not in self._spectra:
            self._spectra[size] = np.fft.rfft(self._answer, size)
        return np.asarray(np.fft.irfft(np.fft.rfft(spoken, size) * self._spectra[size], size)[:, :length], np.float32)


class Answers:
    """What a room answers to sound that comes block after block."""

    def __init__(self, room: Room) -> None:
        self._room, self._ringing = room, np.zeros((2, 0), np.float32)

    def block(self, spoken: Floats) -> Floats:
        """As long as what is spoken; the rest rings on."""
        answer = self._room.hear(spoken)
        answer[:, : self._ringing.shape[1]] += self._ringing[:, : answer.shape[1]]
        self._ringing = answer[:, spoken.size :].copy()
        return answer[:, : spoken.size]


class Strip:
    """The sound of one part."""

    def __init__(self, score: Score, part: str, *, rate: int, sounds: Sounds) -> None:
        self._rate, self._sounds = rate, sounds
        self._part, self._instrument = part, score.played_on(part)
        self._beat = 60 / score.brief.bpm
        self._notes: Sequence[Note] = [note for note in score.notes if note.part == part]
        self._next = 0
        self._strokes: Dice = dice(score.brief.seed, "strokes")
        voices = max(FEWEST_VOICES, max((len(chord.voices) for chord in score.chords), default=0))
        self._level = LEVELS[part] / (np.sqrt(voices) if part == CHORDS else 1.0)
        self._wet = np.float32(ROOMS[part] * score.brief.style.room)
        self._carried = np.zeros((2, 0), np.float32)

    def block(self, start: int, samples: int, ducking: Ducking) -> Floats:
        """The next `samples` of it; what rings on is carried over."""
        sound = self._played(start, samples)
        if self._part in DUCKED:
            sound *= ducking(start, sound.shape[1])
        if self._part == LEAD:
            sound = self._with_echoes(sound)
        if sound.shape[1] < self._carried.shape[1]:
            sound, self._carried = self._carried, sound
        sound[:, : self._carried.shape[1]] += self._carried
        self._carried = sound[:, samples:].copy()
        return sound[:, :samples]

    def spoken(self, sound: Floats) -> Floats:
        """What of a block the room hears, in its middle."""
        return np.asarray((sound[0] + sound[1]) * (self._wet / 2))

    def _played(self, start: int, samples: int) -> Floats:
        """All notes that begin in these samples, to their ends."""
        placed: list[tuple[int, Floats, float]] = []
        while self._next < len(self._notes):
            note = self._notes[self._next]
            at = round(note.beat * self._beat * self._rate) - start
            if at >= samples:
                break
            extent = note.beats * self._beat if self._instrument else int(self._strokes.integers(kit.STROKES))
            placed.append((at, self._sounds.get(self._instrument, note.pitch, extent), note.velocity))
            self._next += 1
        length = max([samples, *(at + sound.shape[1] for at, sound, _ in placed)])
        found = np.zeros((2, length), np.float32)
        for at, sound, velocity in placed:
            found[:, at : at + sound.shape[1]] += sound * np.float32(self._level * velocity**1.4)
        return found

    def _with_echoes(self, sound: Floats) -> Floats:
        step = round(ECHO_BEATS * self._beat * self._rate)
        found = np.zeros((2, sound.shape[1] + step * len(ECHOES)), np.float32)
        found[:, : sound.shape[1]] = sound
        for number, (side, level) in enumerate(ECHOES, 1):
            found[side, number * step : number * step + sound.shape[1]] += sound.mean(axis=0) * np.float32(level)
        return found
