"""Small songs whose tempo and key are known: drums, bass, chords and a melody, made of sines and noise."""

from dataclasses import dataclass

import numpy as np

RATE = 22_050
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Degrees of the scale; each loop is at home on the tonic, as most songs are.
LOOPS = {
    "major": ((0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4), (0, 3, 0, 4)),
    "minor": ((0, 3, 4, 0), (0, 5, 3, 4), (0, 6, 5, 4), (0, 3, 6, 0)),
}
# Beats at which kick, snare and hat sound, in a bar of four.
GROOVES = {
    "rock": ((0, 2, 2.5), (1, 3), (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)),
    "four": ((0, 1, 2, 3), (1, 3), (0.5, 1.5, 2.5, 3.5)),
    "ballad": ((0, 2.5), (1, 3), (0, 1, 2, 3)),
    "shuffle": ((0, 2), (1, 3), (0, 0.67, 1, 1.67, 2, 2.67, 3, 3.67)),
    "none": ((), (), ()),
}


@dataclass(frozen=True)
class Tune:
    """A song, as it is to be."""

    bpm: float = 110.0
    tonic: int = 0  # semitones above C
    mode: str = "major"
    groove: str = "rock"
    loop: int = 0
    seconds: float = 24.0
    seed: int = 0
    cents: float = 0.0  # off the usual tuning


def play(tune):
    """The song, mono at 22.05 kHz, as floats below full scale."""
    player = Player(tune)
    for bar in range(int(tune.seconds * tune.bpm / 240) + 1):
        player.play_bar(bar, LOOPS[tune.mode][tune.loop][bar % 4])
    sound = player.sound[: round(tune.seconds * RATE)]
    return (0.7 * sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


class Player:
    """Plays a tune bar by bar."""

    def __init__(self, tune):
        self.tune, self.beat = tune, 60 / tune.bpm
        self.dice = np.random.default_rng(tune.seed)
        self.brightness = self.dice.uniform(0.3, 0.8)
        self.place = 7
        self.sound = np.zeros(round((tune.seconds + 4) * RATE), np.float32)

    def play_bar(self, bar, chord):
        for drum, times in zip((kick, snare, hat), GROOVES[self.tune.groove], strict=True):
            for time in times:
                self.put(4 * bar + time, drum(self.dice), self.dice.uniform(0.8, 1.0))
        for time in (0, 2):
            self.put(4 * bar + time, self.tone(chord, chord, 3, 1.8), 0.5)
            for third in (0, 2, 4):
                self.put(4 * bar + time, self.tone(chord + third, chord, 5, 1.8), 0.22)
        for time in (0, 1, 1.5, 2, 3):
            self.wander(chord if time in (0, 2) else None)
            self.put(4 * bar + time, self.tone(self.place, chord, 5, 0.9), 0.35)

    def wander(self, chord):
        """The melody goes a step or two; with a chord, to one of its notes."""
        place = int(np.clip(self.place + self.dice.integers(-2, 3), 4, 12))
        if chord is not None:
            place = min(range(4, 13), key=lambda one: ((one - chord) % 7 not in (0, 2, 4), abs(one - place)))
        self.place = place

    def put(self, at, part, level):
        start = max(0, round((at * self.beat + self.dice.normal(0, 0.003)) * RATE))
        room = self.sound[start : start + part.size]
        room += level * part[: room.size]

    def tone(self, degree, chord, octave, beats):
        note = 12 * (octave + degree // 7) + SCALES[self.tune.mode][degree % 7] + self.tune.tonic
        # The chord on the fifth of minor has the leading note of the key.
        if self.tune.mode == "minor" and degree % 7 == 6 and chord == 4:
            note += 1
        return plucked(note + self.tune.cents / 100, beats * self.beat, self.brightness)


def plucked(note, seconds, brightness):
    """A note above C0 that dies away, with its overtones."""
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = 16.352 * 2 ** (note / 12)
    tones = [
        brightness**number * np.sin(2 * np.pi * hertz * (number + 1) * time) * np.exp(-time * (1.5 + number))
        for number in range(8)
        if hertz * (number + 1) < 0.45 * RATE
    ]
    return np.sum(tones, axis=0) * np.minimum(1, time / 0.005) * np.minimum(1, (seconds - time) / 0.02)


def kick(_dice):
    """A sine that falls."""
    time = np.arange(RATE // 4) / RATE
    return np.sin(2 * np.pi * (50 * time - 3 * np.exp(-time * 40))) * np.exp(-time * 14)


def snare(dice):
    """Noise and a drum head."""
    time = np.arange(RATE // 6) / RATE
    return (0.5 * dice.normal(0, 1, time.size) + 0.5 * np.sin(2 * np.pi * 190 * time)) * np.exp(-time * 24)


def hat(dice):
    """High noise."""
    time = np.arange(RATE // 16) / RATE
    noise = dice.normal(0, 1, time.size)
    return 0.25 * np.diff(noise, prepend=0.0) * np.exp(-time * 70)
