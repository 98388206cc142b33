"""Sentences spoken by flite, with the times of their words as flite itself tells them."""

import functools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from needs import need
from recordings import SAMPLE_RATE, write_wave

VOICES = ("slt", "rms", "awb", "kal16")
SENTENCES = (
    "the quick brown fox jumps over the lazy dog",
    "please send the report before friday morning",
    "we decided to postpone the meeting until next week",
    "a large house with a green door stood near the river",
    "nobody knows what happened to the old machine",
    "my brother bought seven yellow apples at the market",
)
UNKNOWN = (
    "the kubernetes cluster failed again",
    "we saw a blimfrax near the zorvel gate",
    "the snorbit has three quendle boxes",
    "she lives in trelgaron with her dog",
)
"""Sentences with words in no dictionary."""


@dataclass(frozen=True)
class Spoken:
    """A sentence as 16-bit samples at 16 kHz, and (start, end) of each word in milliseconds."""

    samples: np.ndarray
    words: tuple[str, ...]
    times: tuple[tuple[float, float], ...]

    @property
    def duration_ms(self):
        return len(self.samples) * 1000 // SAMPLE_RATE


@functools.cache
def speak(text, voice):
    """The sentence in that voice, or None where its phones cannot be told apart by word."""
    need(shutil.which("flite"), "flite is not installed")
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        told = _flite("-voice", voice, "-psdur", "-t", text, "-o", str(sound)).split()
        samples = _samples(sound)
    ends = [(name, float(end) * 1000) for name, _, end in (pair.partition(":") for pair in told)]
    starts = [0.0, *(end for _, end in ends)]
    phones = [(start, end) for start, (name, end) in zip(starts, ends, strict=False) if name != "pau"]
    words = tuple(text.split())
    counts = [_phones(word, voice) for word in words]
    if sum(counts) != len(phones):
        return None
    times, at = [], 0
    for count in counts:
        times.append((phones[at][0], phones[at + count - 1][1]))
        at += count
    return Spoken(samples, words, tuple(times))


def all_spoken(sentences):
    """Every sentence in every voice."""
    return [spoken for voice in VOICES for text in sentences if (spoken := speak(text, voice))]


def in_a_row(sentences, pause_ms=700):
    """(samples, [(start_ms, spoken)]): sentences one after the other in changing voices."""
    silence = np.zeros(SAMPLE_RATE * pause_ms // 1000, np.int16)
    parts, placed, length = [silence], [], len(silence)
    for number, text in enumerate(sentences):
        spoken = speak(text, VOICES[number % len(VOICES)])
        placed.append((length * 1000 // SAMPLE_RATE, spoken))
        parts += [spoken.samples, silence]
        length += len(spoken.samples) + len(silence)
    return np.concatenate(parts), placed


def as_sound(path, samples):
    """Write what an engine takes."""
    return write_wave(path, samples)


@functools.cache
def _phones(word, voice):
    with tempfile.NamedTemporaryFile(suffix=".wav") as unused:
        said = _flite("-voice", voice, "-ps", "-t", word, "-o", unused.name).split()
    return sum(phone != "pau" for phone in said)


def _flite(*arguments):
    return subprocess.run(["flite", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def _samples(path):
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])
