"""Accompaniments, and whole songs whose two parts are known: flite sings, strings and circuits of our own play.

The separator's weights were trained on songs of tools/made_songs.py. Nothing here is shared with those: there a singer
of formants, sums of sines, noise for rooms; here flite's voices in melodies of tests/singing.py, plucked strings
(Karplus-Strong), frequency modulation, detuned saws, drums with metal in them, echoes that feed back (Schroeder).
"""

import functools
from dataclasses import dataclass

import numpy as np

from singing import sing
from tenuto.domain.lyrics import LyricLine

RATE = 44_100
LINES = (
    "carry me over to the other side",
    "where the morning light has nothing to hide",
    "every road is leading me back to you",
    "sing it again for the lonely night",
)


@dataclass(frozen=True)
class Plan:
    """How a song is made: its voice, its harmony, who plays on the left and who on the right."""

    voice: str
    bpm: int
    root: int  # semitones above C
    mode: str
    chords: tuple[int, ...]  # semitones of each bar's chord above the root
    left: str
    right: str
    voice_db: float  # against the band, while it sings
    width: float = 0.7
    middle: str = ""  # somebody who plays where the voice is
    echo: float = 0.15  # of the voice


PLANS = {
    "ballad": Plan("slt", 92, 0, "major", (0, 9, 5, 7), "strings", "bells", 0.0),
    "folk": Plan("rms", 108, 7, "major", (0, 5, 0, 7), "guitar", "organ", 1.0, width=0.8),
    "dance": Plan("awb", 122, 9, "minor", (0, 8, 3, 10), "saws", "guitar", 1.0, width=0.6),
    "full": Plan("kal16", 100, 2, "minor", (0, 5, 10, 3), "guitar", "strings", 2.0, middle="bells", echo=0.25),
}


@dataclass(frozen=True)
class Song:
    """Both parts, each (2, samples) from -1 to 1; `mono` has the same on both sides."""

    vocals: np.ndarray
    band: np.ndarray
    lines: tuple[LyricLine, ...] = ()

    @property
    def mix(self):
        return self.vocals + self.band

    def leaking(self, decibels):
        """The voice with its band under it, so loud against the voice where it sings."""
        sounds = np.abs(self.vocals).max(axis=0) > 1e-3
        level = np.sqrt(np.square(self.vocals[:, sounds]).mean() / np.square(self.band[:, sounds]).mean())
        return self.vocals + self.band * level * 10 ** (decibels / 20)

    @property
    def mono(self):
        return Song(
            *(np.repeat(part.mean(axis=0, keepdims=True), 2, axis=0) for part in (self.vocals, self.band)), self.lines
        )


@functools.lru_cache(maxsize=4)
def song(name, lines=LINES, seed=71):
    """One of PLANS, sung and played; another seed is another melody and rhythm."""
    plan = PLANS[name]
    seed += list(PLANS).index(name)
    sung = sing(lines, voice=plan.voice, bpm=plan.bpm, root=plan.root, mode=plan.mode, seed=seed)
    voice = sung.samples
    vocals = np.stack([voice, voice]) + plan.echo * echo(voice)
    band = play(plan, len(voice), seed)
    sounds = np.abs(voice) > 1e-3
    level = np.sqrt(np.square(band[:, sounds]).mean() / np.square(vocals[:, sounds]).mean())
    vocals = vocals * level * 10 ** (plan.voice_db / 20)
    loudest = np.abs(vocals + band).max() / 0.9
    return Song((vocals / loudest).astype(np.float32), (band / loudest).astype(np.float32), sung.lines)


def play(plan, length, seed):
    """The band of a plan, (2, length)."""
    rng = np.random.default_rng(seed)
    band = np.zeros((2, length), np.float32)
    beat = 60 / plan.bpm
    for number in range(int(length / RATE / beat) + 1):
        bar, within = divmod(number, 4)
        root = 48 + plan.root + plan.chords[bar % len(plan.chords)]
        third = 3 if (plan.mode == "minor") == (plan.chords[bar % len(plan.chords)] in (0, 5, 7)) else 4
        at = number * beat
        add(band, hit_kick() if within in (0, 2) else hit_snare(), at, 0.0, rng.uniform(0.8, 1.0))
        for half in (0, 0.5):
            add(band, hit_hat(), at + half * beat, 0.3, 0.25)
        add(band, pluck(root - 12 if root < 55 else root - 24, beat, 0.996), at, 0.0, 0.9)
        if within == 0:
            for note in (0, third, 7):
                add(band, PLAYERS[plan.left](root + note, 4 * beat), at, -plan.width, 0.35)
        for half, note in ((0, (0, third, 7, 12)[within]), (0.5, (7, 12, third, 7)[within])):
            add(band, PLAYERS[plan.right](root + 12 + note, beat), at + half * beat, plan.width, 0.4)
        if plan.middle and within in (1, 3):
            add(band, PLAYERS[plan.middle](root + 12 + third, 2 * beat), at, 0.05, 0.2)
    return band + 0.1 * np.stack([echo(side)[0] for side in band])


def add(band, sound, second, place, level):
    """Put a sound between -1, the left, and 1."""
    first = min(int(second * RATE), band.shape[1])
    sound = sound[: band.shape[1] - first] * level
    band[0, first : first + len(sound)] += sound * np.cos((place + 1) * np.pi / 4)
    band[1, first : first + len(sound)] += sound * np.sin((place + 1) * np.pi / 4)


def pitch(note):
    return 440 * 2 ** ((note - 69) / 12)


@functools.cache
def pluck(note, seconds, damping=0.998):
    """A string: noise that goes round in a loop and is dulled each time."""
    period = round(RATE / pitch(note))
    turn = np.random.default_rng(note).uniform(-1, 1, period)
    turns = [turn]
    for _ in range(int(seconds * 1.5 * RATE / period)):
        turn = damping * 0.5 * (turn + np.roll(turn, 1))
        turns.append(turn)
    return faded(np.concatenate(turns))


@functools.cache
def bells(note, seconds):
    """An electric piano by frequency modulation."""
    when = np.arange(int(seconds * 1.5 * RATE)) / RATE
    bend = 2.5 * np.exp(-when * 4) * np.sin(2 * np.pi * pitch(note) * 14 * when) * 0.2
    bend += 1.2 * np.exp(-when * 2) * np.sin(2 * np.pi * pitch(note) * when)
    return faded(np.sin(2 * np.pi * pitch(note) * when + bend) * np.exp(-when * 2.2) * 0.6)


@functools.cache
def saws(note, seconds):
    """Three saws, a little out of tune, behind a soft filter."""
    when = np.arange(int(seconds * RATE)) / RATE
    sound = sum(2 * np.mod(pitch(note) * detune * when + detune, 1) - 1 for detune in (0.996, 1.0, 1.005))
    return faded(dulled(sound, 2500) * 0.3)


@functools.cache
def strings(note, seconds):
    """Saws that swell."""
    sound = saws(note, seconds)
    return dulled(sound, 1800) * np.minimum(1, np.arange(len(sound)) / RATE / 0.25)


@functools.cache
def organ(note, seconds):
    """Squares in octaves."""
    when = np.arange(int(seconds * 0.9 * RATE)) / RATE
    sound = sum(
        level * np.sign(np.sin(2 * np.pi * pitch(note) * ratio * when)) for ratio, level in ((1, 0.5), (2, 0.3))
    )
    return faded(dulled(sound, 3000) * 0.5)


PLAYERS = {"guitar": pluck, "bells": bells, "saws": saws, "strings": strings, "organ": organ}


@functools.cache
def hit_kick():
    when = np.arange(int(0.3 * RATE)) / RATE
    return np.sin(2 * np.pi * np.cumsum(50 + 180 * np.exp(-when * 45)) / RATE) * np.exp(-when * 11)


@functools.cache
def hit_snare():
    when = np.arange(int(0.22 * RATE)) / RATE
    noise = np.random.default_rng(5).uniform(-1, 1, len(when))
    return (noise * np.sign(np.sin(2 * np.pi * 330 * when)) * 0.5 + np.sin(2 * np.pi * 185 * when) * 0.4) * np.exp(
        -when * 19
    )


@functools.cache
def hit_hat():
    """Six squares that do not fit together, as old drum machines have them."""
    when = np.arange(int(0.1 * RATE)) / RATE
    metal = sum(np.sign(np.sin(2 * np.pi * place * when)) for place in (2053, 3050, 3690, 5227, 5400, 8001))
    return (metal - dulled(metal, 7000)) / 6 * np.exp(-when * 50)


def dulled(sound, hertz):
    """Without what is high."""
    places = np.fft.rfftfreq(len(sound), 1 / RATE)
    return np.fft.irfft(np.fft.rfft(sound) / (1 + (places / hertz) ** 4), len(sound))


def faded(sound):
    """With a soft end."""
    end = min(len(sound), RATE // 50)
    sound[len(sound) - end :] *= np.linspace(1, 0, end)
    return sound


def echo(sound):
    """A room of four loops on each side, (2, samples)."""
    return (
        np.stack([sum(_loop(sound, delay + shift, 0.78) for delay in (1687, 1601, 2053, 2251)) for shift in (0, 23)])
        / 4
    )


def _loop(sound, delay, gain):
    turns = np.pad(sound, (delay, -len(sound) % delay)).reshape(-1, delay).astype(np.float64)
    for number in range(1, len(turns)):
        turns[number] += gain * turns[number - 1]
    return turns.ravel()[: len(sound)]


def distortion_ratio(true, found):
    """The signal-to-distortion ratio in decibels, plain, over the whole of both channels."""
    return 10 * np.log10(np.square(true).sum() / np.square(true - found).sum())


def centre_cancelled(mix):
    """What the oldest trick makes of a mix: the band is left less right, the voice is the rest."""
    band = np.repeat((mix[0] - mix[1])[None] / 2, 2, axis=0)
    return mix - band, band
