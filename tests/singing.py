"""Songs sung by flite: its words stretched to notes and pitched to a melody, with the exact times of lines and words.

What flite says is cut into grains of a pitch period (TD-PSOLA); vowels are held as long as their note, consonants stay
as short as they were spoken.
"""

import functools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from needs import need
from tenuto.domain.lyrics import LyricLine, LyricWord

RATE = 16_000  # flite's own
VOICES = {"slt": 57, "rms": 47, "awb": 49, "kal16": 45}  # the voice and its lowest note
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
VOWELS = frozenset(
    ("aa", "ae", "ah", "ao", "aw", "ax", "axr", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw")
)
LOWEST_HZ, HIGHEST_HZ = 60, 400
STEP = 80  # 5 ms, between two looks at the pitch
UNVOICED = 80  # samples of a grain that has no pitch
SHORTEST_VOWEL = 0.14
INTRO_BEATS, GAP_BEATS, BREAK_BEATS = 8, 1, 12


@dataclass(frozen=True)
class Sung:
    """A song: mono samples from -1 to 1, and its lines as they were given, those with words timed exactly."""

    samples: np.ndarray
    sample_rate: int
    lines: tuple[LyricLine, ...]
    bpm: float

    @property
    def duration_ms(self):
        return len(self.samples) * 1000 // self.sample_rate


@dataclass(frozen=True)
class Said:
    """A spoken line: (start, end, phone) in seconds, and how many phones each word has."""

    samples: np.ndarray
    phones: tuple[tuple[float, float, str], ...]
    counts: tuple[int, ...]


def sing(lines, *, voice="slt", bpm=100, root=0, mode="major", seed=0, sample_rate=44_100):
    """Sing `lines`; an empty one is an instrumental break of three bars."""
    return _sung(tuple(lines), voice, bpm, root=root, mode=mode, seed=seed, sample_rate=sample_rate)


@functools.lru_cache(maxsize=8)
def _sung(lines, voice, bpm, *, root, mode, seed, sample_rate):
    rng = np.random.default_rng(seed)
    beat, at = 60 / bpm, INTRO_BEATS * 60 / bpm
    tune = _tune(VOICES[voice] + root % 12 - (12 if root % 12 > 6 else 0), SCALES[mode], rng)
    placed, made = [], []
    for number, text in enumerate(lines):
        if not text.split():
            made.append(LyricLine(text))
            at += BREAK_BEATS * beat
            continue
        said = say(text, voice)
        edges, notes = _score(said, beat, tune, number, rng)
        placed.append((at, _stretched(said, edges, notes, rng)))
        made.append(_line(text, said, at + edges))
        at = np.ceil((at + edges[-1]) / beat + GAP_BEATS) * beat
    sound = np.zeros(int((at + 2) * RATE), np.float32)
    for start, samples in placed:
        first = int(start * RATE)
        sound[first : first + len(samples)] += samples
    loud = np.abs(sound) > 1e-3
    sound *= 0.1 / np.sqrt(np.square(sound[loud]).mean()) if loud.any() else 1.0
    return Sung(_at_rate(np.clip(sound, -0.99, 0.99), sample_rate), sample_rate, tuple(made), bpm)


def _tune(lowest, scale, rng):
    """A function of (line, syllable) → MIDI note; every second line has the same melody."""
    steps = rng.integers(-2, 3, (2, 32))
    walks = np.clip(np.cumsum(steps, axis=1) % 12 - 1, 0, 9)
    return lambda line, syllable: (
        lowest + 12 * int(walks[line % 2][syllable % 32] // 7) + scale[int(walks[line % 2][syllable % 32]) % 7]
    )


def _score(said, beat, tune, number, rng):
    """When each phone ends in the song (the first edge is 0), and the note that is sung in it."""
    lengths = [end - start for start, end, _ in said.phones]
    sung = [index for index, (_, _, phone) in enumerate(said.phones) if phone in VOWELS]
    notes, before = [0] * len(lengths), 0
    for syllable, index in enumerate(sung):
        last = syllable == len(sung) - 1
        until = len(lengths) if last else index + 1
        notes[before:until] = [tune(number, syllable)] * (until - before)
        consonants = sum(lengths[before:index])
        halves = np.ceil((consonants + SHORTEST_VOWEL) / (beat / 2))
        held = (max(2, halves) + int(rng.integers(0, 3)) if last else halves + int(rng.random() < 0.15)) * beat / 2
        lengths[index] = max(held - consonants, SHORTEST_VOWEL)
        before = until
    return np.concatenate([[0.0], np.cumsum(lengths)]), notes


def _line(text, said, edges):
    words, at = [], 0
    for word, count in zip(text.split(), said.counts, strict=True):
        words.append(LyricWord(round(edges[at] * 1000), round(edges[at + count] * 1000), word))
        at += count
    return LyricLine(text, words[0].start_ms, words[-1].end_ms, tuple(words))


def _stretched(said, edges, notes, rng):
    """The spoken line on the clock and the notes of the song."""
    marks, periods = _grains(said.samples)
    spoken = [said.phones[0][0], *(end for _, end, _ in said.phones)]
    sound = np.zeros(int(edges[-1] * RATE) + 1000, np.float32)
    phase, at = rng.uniform(0, 6.28), 0.0
    while at < edges[-1]:
        note = notes[min(len(notes) - 1, int(np.searchsorted(edges, at, "right")) - 1)]
        where = np.interp(at, edges, spoken) * RATE
        nearest = int(np.abs(marks - where).argmin())
        period = periods[nearest]
        if period:
            hz = 440 * 2 ** ((note - 69) / 12) * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * at + phase))
            step, width, sign = 1 / hz, period, 1
        else:  # Grains of noise that are repeated in the same direction would hum.
            step, width, sign = UNVOICED / RATE, UNVOICED, rng.choice((-1, 1))
        _add_grain(sound, int(at * RATE), said.samples, int(marks[nearest]), width=width, sign=sign)
        at += step
    return sound


def _add_grain(sound, target, source, mark, *, width, sign):
    first, last = max(mark - width, 0, mark - target), min(mark + width, len(source), len(sound) - target + mark)
    window = np.hanning(2 * width + 1)[first - mark + width : last - mark + width]
    sound[target + first - mark : target + last - mark] += sign * source[first:last] * window


def _grains(samples):
    """Where grains stand in the spoken sound, and the period of each, 0 where it has no pitch."""
    track = _periods(samples)
    marks, periods, at = [], [], 0
    while at < len(samples):
        period = int(track[min(len(track) - 1, at // STEP)])
        if period and periods and periods[-1]:
            near = slice(max(0, at - period // 4), at + period // 4 + 1)
            at = near.start + int(samples[near].argmax())
        elif period:
            at += int(samples[at : at + period].argmax())
        marks.append(at)
        periods.append(period)
        at += period or UNVOICED
    return np.array(marks), periods


def _periods(samples):
    """The pitch period in samples, every 5 ms, 0 where there is none: the first high peak of the autocorrelation."""
    longest, shortest = RATE // LOWEST_HZ, RATE // HIGHEST_HZ
    padded = np.pad(samples, (longest, 2 * longest))
    found = []
    for at in range(0, len(samples), STEP):
        window = padded[at : at + 3 * longest].astype(np.float64)
        head = window[: 2 * longest]
        energy = np.concatenate([[0], np.cumsum(window**2)])
        across = np.correlate(window, head, "valid")[: longest + 1]
        norms = np.sqrt((energy[2 * longest :] - energy[: longest + 1])[: longest + 1] * (head @ head)) + 1e-9
        alike = across / norms
        alike[:shortest] = 0
        best = alike.max()
        loud = head @ head / len(head) > 1e-5
        peaks = (i for i in range(shortest, longest) if alike[i] >= 0.9 * best and alike[i] >= alike[i + 1])
        found.append(next(peaks, 0) if loud and best > 0.6 else 0)
    return np.array(found)


@functools.cache
def say(text, voice):
    """A line spoken in one breath, or word by word where its phones cannot be told apart by word."""
    need(shutil.which("flite"), "flite is not installed")
    words = text.split()
    counts = tuple(_count(word, voice) for word in words)
    said = _spoken(text, voice)
    if len(said.phones) == sum(counts):
        return Said(said.samples, said.phones, counts)
    if len(words) == 1:
        return Said(said.samples, said.phones, (len(said.phones),))
    parts = [say(word, voice) for word in words]
    samples = np.concatenate([_trimmed(part) for part in parts])
    phones, at = [], 0.0
    for part in parts:
        zero = part.phones[0][0]
        phones += [(start - zero + at, end - zero + at, name) for start, end, name in part.phones]
        at += len(_trimmed(part)) / RATE
    return Said(samples, tuple(phones), tuple(len(part.phones) for part in parts))


def _trimmed(said):
    return said.samples[round(said.phones[0][0] * RATE) : round(said.phones[-1][1] * RATE)]


def _spoken(text, voice):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        told = _flite("-voice", voice, "-psdur", "-t", text, "-o", str(path)).split()
        samples = _decoded(path)
    ends = [(name, float(end)) for name, _, end in (pair.partition(":") for pair in told)]
    starts = [0.0, *(end for _, end in ends)]
    phones = [(start, end, name) for start, (name, end) in zip(starts, ends, strict=False)]
    return Said(*_without_pauses(samples, phones), ())


def _without_pauses(samples, phones):
    """flite pauses at commas; a singer pauses where the song does."""
    kept, said, at = [], [], 0.0
    for start, end, name in phones:
        if name != "pau":
            kept.append(samples[round(start * RATE) : round(end * RATE)])
            said.append((at, at + len(kept[-1]) / RATE, name))
            at += len(kept[-1]) / RATE
    return np.concatenate(kept), tuple(said)


@functools.cache
def _count(word, voice):
    with tempfile.NamedTemporaryFile(suffix=".wav") as unused:
        told = _flite("-voice", voice, "-ps", "-t", word, "-o", unused.name).split()
    return sum(phone != "pau" for phone in told)


def _flite(*arguments):
    return subprocess.run(["flite", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def _decoded(path):
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
    return samples.astype(np.float32) / 32768


def _at_rate(samples, rate):
    if rate == RATE:
        return samples
    resampler = av.AudioResampler("fltp", "mono", rate)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1).astype(np.float32), "fltp", "mono")
    frame.sample_rate = RATE
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray().ravel() for part in frames])
