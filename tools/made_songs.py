"""Songs made of nothing but numbers, to train the separator on: a singer of formants, and a band of sums of sines.

No recording, no speech engine and no sound font is used, so that the weights are free of anybody's rights and the same
seed makes the same songs everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RATE = 44_100
FRAMES = 200  # a second, for all that changes slowly
Floats = npt.NDArray[np.float32]
Dice = np.random.Generator

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Centre and width in hertz of the first four formants.
VOWELS = np.array([
    [[730, 90], [1090, 110], [2440, 170], [3400, 250]],
    [[530, 70], [1840, 100], [2480, 170], [3500, 250]],
    [[300, 60], [2290, 100], [3010, 180], [3700, 260]],
    [[570, 80], [840, 90], [2410, 170], [3300, 250]],
    [[320, 60], [900, 90], [2240, 170], [3300, 250]],
    [[490, 70], [1350, 100], [1690, 150], [3300, 250]],
    [[660, 90], [1720, 110], [2410, 170], [3500, 250]],
], np.float32)  # fmt: skip
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 0, 4), (0, 2, 3, 4), (3, 0, 4, 5))


@dataclass(frozen=True)
class Made:
    """A song and its two parts, each (2, samples); the mix is their sum."""

    vocals: Floats
    band: Floats

    @property
    def mix(self) -> Floats:
        """What a separator gets."""
        return self.vocals + self.band


@dataclass(frozen=True)
class Plan:
    """What singer and band agree on."""

    seconds: float
    beat: float  # seconds
    root: int  # MIDI note near 60
    scale: tuple[int, ...]
    chords: tuple[int, ...]  # a step of the scale for each bar of four beats

    def note(self, step: int, base: int = 0) -> int:
        """The MIDI note of a step of the scale."""
        return self.root + base + 12 * (step // 7) + self.scale[step % 7]


def make_song(seed: int, *, seconds: float = 24.0, mono: bool = False) -> Made:
    """The song of that number."""
    dice = np.random.default_rng(seed)
    chords = PROGRESSIONS[dice.integers(len(PROGRESSIONS))]
    plan = Plan(
        seconds,
        60 / dice.uniform(72, 140),
        int(dice.integers(55, 67)),
        SCALES["major" if dice.random() < 0.55 else "minor"],
        chords,
    )
    voice = sing(plan, dice)
    band = play(plan, dice)
    place = float(dice.choice([0.0, 0.0, 0.0, 0.0, dice.uniform(-0.15, 0.15)]))
    wet = dice.uniform(0.03, 0.4)
    vocals = placed(voice, place) + wet * room(voice, dice, decay=dice.uniform(4, 9))
    if mono:
        vocals, band = (np.repeat(part.mean(axis=0, keepdims=True), 2, axis=0) for part in (vocals, band))
    sung = np.abs(voice) > 1e-3
    level = np.sqrt(np.square(band[:, sung]).mean() / np.square(vocals[:, sung]).mean()) * 10 ** (
        dice.uniform(-4, 5) / 20
    )
    vocals = vocals * level
    loudest = np.abs(vocals + band).max() / 0.9
    return Made((vocals / loudest).astype(np.float32), (band / loudest).astype(np.float32))


def hertz(note: float) -> float:
    """The pitch of a MIDI note."""
    return float(440 * 2 ** ((note - 69) / 12))


def placed(sound: Floats, place: float) -> Floats:
    """A sound in stereo, from -1 (left) to 1 (right), as loud as before."""
    angle = (place + 1) * np.pi / 4
    return (np.stack([sound * np.cos(angle), sound * np.sin(angle)]) * np.sqrt(2)).astype(np.float32)


def room(sound: Floats, dice: Dice, *, decay: float) -> Floats:
    """The echo of a room, as loud as the sound and different on both sides."""
    length = int(RATE * 1.2)
    tail = dice.normal(size=(2, length)) * np.exp(-np.arange(length) / RATE * decay)
    tail = coloured(tail, 150, 6000)
    tail /= np.sqrt(np.square(tail).sum(axis=1, keepdims=True))
    sound = np.broadcast_to(np.atleast_2d(sound), (2, np.atleast_2d(sound).shape[1]))
    size = 1 << (sound.shape[1] + length).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[:, : sound.shape[1]].astype(
        np.float32
    )


def coloured(sound: Floats, low: float, high: float) -> Floats:
    """What is between two frequencies, with soft edges."""
    places = np.fft.rfftfreq(sound.shape[-1], 1 / RATE)
    shape = 1 / (1 + (low / np.maximum(places, 1)) ** 4) / (1 + (places / high) ** 4)
    return np.fft.irfft(np.fft.rfft(sound) * shape, sound.shape[-1]).astype(np.float32)


# The singer


def sing(plan: Plan, dice: Dice) -> Floats:
    """A voice that sings a random melody in vowels, with noises for consonants between them."""
    count = int(plan.seconds * FRAMES)
    pitch, loud, vowel, noise = np.zeros(count), np.zeros(count), np.zeros(count, int), np.zeros(count)
    high = dice.random() < 0.5
    base, size = (int(dice.integers(0, 6)), dice.uniform(1.08, 1.25)) if high else (-12, dice.uniform(0.9, 1.08))
    at, step, left = 0.0 if dice.random() < 0.3 else 4 * plan.beat, int(dice.integers(0, 6)), int(dice.integers(5, 12))
    while at < plan.seconds - 1:
        length = plan.beat * float(dice.choice([0.5, 0.5, 1.0, 1.0, 1.5, 2.0])) * (1.5 if left == 0 else 1)
        first, last = int(at * FRAMES), min(count, int((at + length) * FRAMES))
        spoken = min(last - first, int(dice.uniform(0.04, 0.12) * FRAMES))
        step = int(np.clip(step + dice.integers(-2, 3), 0, 9))
        pitch[first:last] = hertz(plan.note(step, base))
        vowel[first:last] = dice.integers(len(VOWELS))
        loud[first + spoken : last - 3] = dice.uniform(0.6, 1.0)
        if dice.random() < 0.3:  # A voiced consonant, or none: the tone goes on.
            loud[first : first + spoken] = 0.4
        else:
            noise[first : first + spoken] = dice.uniform(0.1, 0.6)
        at += length
        left -= 1
        if left < 0:
            at = np.ceil(at / plan.beat) * plan.beat + plan.beat * int(dice.integers(1, 5))
            left = int(dice.integers(4, 12))
    return _voice(pitch, loud, vowel, noise, size=size, dice=dice)


def _voice(
    pitch: Floats, loud: Floats, vowel: npt.NDArray[np.int_], noise: Floats, *, size: float, dice: Dice
) -> Floats:
    when = np.arange(len(pitch)) / FRAMES
    pitch = np.where(pitch > 0, pitch, pitch[pitch > 0][0])
    glide = np.exp(-np.arange(14) / dice.uniform(2, 5))
    pitch = np.convolve(np.pad(pitch, (13, 0), mode="edge"), glide / glide.sum(), "valid")
    depth = dice.uniform(0.002, 0.018)
    pitch = pitch * (
        1 + depth * np.sin(2 * np.pi * dice.uniform(4.8, 6.4) * when) + 0.002 * dice.normal(size=len(when))
    )
    formants = _smooth(VOWELS[vowel].reshape(len(when), -1), 9).reshape(-1, 4, 2) * size
    loud, noise = _smooth(loud, 7), _smooth(noise, 3)
    samples = int(len(when) / FRAMES * RATE)
    fine = np.arange(samples) / RATE
    phase = (2 * np.pi * np.mod(np.cumsum(np.interp(fine, when, pitch)) / RATE, 1)).astype(np.float32)
    tilt, chest = dice.uniform(0.9, 2.0), dice.uniform(0, 4)
    sound = np.zeros(samples, np.float32)
    for harmonic in range(1, 60):
        places = harmonic * pitch
        if places.min() > 9500:
            break
        body = 1 + chest / (1 + np.square(places / 260))  # what a mouth close to the microphone adds below
        strength = loud * _resonance(places, formants) * body / harmonic**tilt * (places < 9500)
        sound += np.interp(fine, when, strength).astype(np.float32) * np.sin(harmonic * phase)
    air = coloured(dice.normal(size=samples), dice.uniform(1500, 5000), dice.uniform(7000, 12000))
    breath = coloured(dice.normal(size=samples), 800, 6000)
    strong = np.sqrt(np.square(sound[np.abs(sound) > 1e-3]).mean())
    sound /= strong
    sound += air / air.std() * np.interp(fine, when, noise) * dice.uniform(0.2, 0.7)
    sound += breath / breath.std() * np.interp(fine, when, loud) * dice.uniform(0.0, 0.06)
    return (sound * 0.1).astype(np.float32)


def _resonance(places: Floats, formants: Floats) -> Floats:
    """How strongly the mouth sounds at one place of each frame."""
    away = (places[:, None] - formants[:, :, 0]) / formants[:, :, 1]
    return (np.array([1.0, 0.7, 0.4, 0.25]) / (1 + np.square(away))).sum(axis=1) + 0.02


def _smooth(values: Floats, width: int) -> Floats:
    kernel = np.hanning(width + 2)[1:-1] / np.hanning(width + 2)[1:-1].sum()
    padded = np.pad(values, [(width // 2, width // 2)] + [(0, 0)] * (values.ndim - 1), mode="edge")
    return np.apply_along_axis(lambda column: np.convolve(column, kernel, "valid"), 0, padded)


# The band


@dataclass(frozen=True)
class Sound:
    """What an instrument sounds like."""

    partials: Floats
    stretch: float  # how far its partials are from harmonics
    attack: float
    decay: float  # 0 for one that holds its notes
    vibrato: float
    fading: float  # how much faster high partials decay
    made: dict[tuple[float, float], Floats] = field(default_factory=dict)

    @classmethod
    def random(cls, dice: Dice, *, plucked: bool) -> Sound:
        """One nobody has heard."""
        number = np.arange(1, 15)
        partials = number ** -dice.uniform(0.7, 2.2) * dice.uniform(0.15, 1.0, len(number))
        if dice.random() < 0.3:
            partials[1::2] *= 0.15
        return cls(
            partials,
            dice.uniform(0, 0.0004),
            dice.uniform(0.002, 0.012) if plucked else dice.uniform(0.02, 0.15),
            dice.uniform(1.2, 6.0) if plucked else dice.choice([0.0, 0.5]),
            0.0 if plucked else float(dice.choice([0.0, dice.uniform(0.002, 0.01)])),
            dice.uniform(0.05, 0.6) if plucked else 0.0,
        )

    def note(self, pitch: float, seconds: float) -> Floats:
        """One note."""
        if (pitch, seconds) not in self.made:
            self.made[pitch, seconds] = self._note(pitch, seconds)
        return self.made[pitch, seconds]

    def _note(self, pitch: float, seconds: float) -> Floats:
        when = np.arange(int((seconds + 0.08) * RATE), dtype=np.float32) / RATE
        shape = np.minimum(1, when / self.attack) * np.clip((seconds + 0.08 - when) / 0.08, 0, 1)
        wave = 2 * np.pi * (pitch * when + self.vibrato * pitch / (2 * np.pi * 5.2) * np.sin(2 * np.pi * 5.2 * when))
        sound = np.zeros(len(when))
        for number, strength in enumerate(self.partials, 1):
            ratio = number * np.sqrt(1 + self.stretch * number**2)
            if pitch * ratio < 12_000:
                fade = np.exp(-when * self.decay * (1 + self.fading * (number - 1)))
                sound += strength * fade * np.sin(ratio * wave)
        return (sound * shape / np.sqrt(np.square(self.partials).sum())).astype(np.float32)


def play(plan: Plan, dice: Dice) -> Floats:
    """A band: drums and bass in the middle, chords and figures at the sides, at times a tune in the middle."""
    total = np.zeros((2, int(plan.seconds * RATE)), np.float32)
    if dice.random() < 0.85:
        total += drums(plan, dice) * dice.uniform(0.5, 1.2)
    bass = Sound.random(dice, plucked=dice.random() < 0.6)
    total += placed(_bass_line(plan, bass, dice), 0.0) * dice.uniform(0.4, 0.9)
    width = dice.uniform(0.25, 0.95)
    dry = placed(_chords(plan, Sound.random(dice, plucked=dice.random() < 0.5), dice), -width) * dice.uniform(0.3, 0.8)
    dry += placed(_figure(plan, Sound.random(dice, plucked=True), dice), width * dice.uniform(0.5, 1)) * dice.uniform(
        0.3, 0.8
    )
    if dice.random() < 0.5:
        pad = _chords(plan, Sound.random(dice, plucked=False), dice)
        late = int(dice.uniform(0.008, 0.025) * RATE)
        dry += np.stack([pad, np.roll(pad, late)]) * dice.uniform(0.1, 0.4)
    if dice.random() < 0.3:
        tune = _figure(plan, Sound.random(dice, plucked=dice.random() < 0.5), dice)
        dry += placed(tune, dice.uniform(-0.1, 0.1)) * dice.uniform(0.1, 0.4)
    return total + dry + dice.uniform(0.05, 0.3) * room(dry, dice, decay=dice.uniform(4, 8))


def drums(plan: Plan, dice: Dice) -> Floats:
    """A pattern of four beats, played again and again and hit a little differently each time."""
    kick, snare, hat = _kick(dice), _snare(dice), _hat(dice)
    eighths = [
        (kick, dice.random(8) < (0.9, 0.1, 0.2, 0.3, 0.8, 0.2, 0.3, 0.1), 0.0, 1.0),
        (snare, dice.random(8) < (0.0, 0.0, 0.95, 0.0, 0.0, 0.1, 0.95, 0.1), 0.0, dice.uniform(0.4, 0.9)),
        (hat, dice.random(8) < 0.8, dice.uniform(-0.5, 0.5), dice.uniform(0.1, 0.4)),
    ]
    total = np.zeros((2, int(plan.seconds * RATE)), np.float32)
    for number in range(int(plan.seconds / plan.beat * 2)):
        for sound, pattern, place, level in eighths:
            if pattern[number % 8]:
                hit = placed(sound * level * dice.uniform(0.85, 1.0), place)
                first = min(int(number * plan.beat / 2 * RATE), total.shape[1])
                total[:, first : first + hit.shape[1]] += hit[:, : total.shape[1] - first]
    return total


def _kick(dice: Dice) -> Floats:
    when = np.arange(int(0.35 * RATE)) / RATE
    low = dice.uniform(42, 65)
    return (
        np.sin(2 * np.pi * (low * when - dice.uniform(2, 5) * np.exp(-when * 30))) * np.exp(-when * dice.uniform(8, 16))
    ).astype(np.float32)


def _snare(dice: Dice) -> Floats:
    when = np.arange(int(0.3 * RATE)) / RATE
    noise = coloured(dice.normal(size=len(when)), dice.uniform(300, 1500), 9000) * 0.6
    tone = np.sin(2 * np.pi * dice.uniform(150, 240) * when) * 0.5
    return ((noise + tone) * np.exp(-when * dice.uniform(12, 26))).astype(np.float32)


def _hat(dice: Dice) -> Floats:
    when = np.arange(int(0.12 * RATE)) / RATE
    return (coloured(dice.normal(size=len(when)), 6000, 16_000) * np.exp(-when * dice.uniform(30, 80))).astype(
        np.float32
    )


def _lay(total: Floats, sound: Floats, second: float) -> None:
    first = min(int(second * RATE), len(total))
    total[first : first + len(sound)] += sound[: len(total) - first]


def _bars(plan: Plan) -> list[tuple[float, int]]:
    count = int(np.ceil(plan.seconds / (4 * plan.beat)))
    return [(bar * 4 * plan.beat, plan.chords[bar % len(plan.chords)]) for bar in range(count)]


def _bass_line(plan: Plan, sound: Sound, dice: Dice) -> Floats:
    total = np.zeros(int(plan.seconds * RATE), np.float32)
    beats = dice.choice([0.5, 1.0, 2.0])
    for start, chord in _bars(plan):
        for at in np.arange(0, 4, beats):
            step = chord if dice.random() < 0.8 else chord + 4
            _lay(total, sound.note(hertz(plan.note(step, -24)), beats * plan.beat * 0.9), start + at * plan.beat)
    return total


def _chords(plan: Plan, sound: Sound, dice: Dice) -> Floats:
    total = np.zeros(int(plan.seconds * RATE), np.float32)
    beats, octave = float(dice.choice([1.0, 2.0, 4.0])), int(dice.choice([-12, 0]))
    for start, chord in _bars(plan):
        for at in np.arange(0, 4, beats):
            for step in (0, 2, 4):
                _lay(
                    total,
                    sound.note(hertz(plan.note(chord + step, octave)), beats * plan.beat * 0.95) * 0.6,
                    start + at * plan.beat,
                )
    return total


def _figure(plan: Plan, sound: Sound, dice: Dice) -> Floats:
    total = np.zeros(int(plan.seconds * RATE), np.float32)
    beats, octave = float(dice.choice([0.5, 0.5, 1.0])), int(dice.choice([0, 12]))
    order = dice.integers(0, 4, 8)
    for start, chord in _bars(plan):
        for number, at in enumerate(np.arange(0, 4, beats)):
            step = chord + (0, 2, 4, 7)[order[number % 8]]
            if dice.random() < 0.92:
                _lay(total, sound.note(hertz(plan.note(step, octave)), beats * plan.beat * 1.5), start + at * plan.beat)
    return total
