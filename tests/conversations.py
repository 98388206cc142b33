"""Conversations whose speakers are known to the hundredth of a second, and how wrong a diarization of one is."""

import itertools
import shutil
import subprocess
import wave

import numpy as np

from needs import need
from recordings import SAMPLE_RATE, TESTDATA, real_clips

COLLAR_SECONDS = 0.25  # on both sides of each border of the truth nothing is counted, as is usual
STEP = 100  # a second
FLITE_VOICES = ("rms", "slt", "awb", "kal16")
SENTENCES = (
    "Good morning. Did you find the papers on the table?",
    "Yes, and I read every page of them before breakfast.",
    "The road along the river is closed until the end of the week.",
    "Nobody told me that the train would leave so early today.",
    "We should ask the others what they think about the new house.",
    "My brother bought a small boat, and it is older than he is.",
)


def flite_voice(voice, folder):
    """Sentences in one synthetic voice, as 16-bit samples."""
    need(shutil.which("flite"), "Debian's flite is not installed")
    clips = []
    for number, text in enumerate(SENTENCES):
        path = folder / f"{voice}-{number}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, timeout=60)
        clips.append(_samples(path))
    return clips


def real_voices():
    """Three people, from Debian's pocketsphinx-testdata: a reader, a caller of cards, and one who says a command."""
    reader = [_samples(path) for path, _ in real_clips("librivox")]
    cards = [_samples(path) for path, _ in real_clips("cards")]
    return {"reader": reader, "cards": cards, "command": [np.fromfile(TESTDATA / "goforward.raw", "<i2")]}


def converse(clips, turns, seed=1):
    """Mix clips (speaker → samples) into `turns` turns: samples, and the truth as (start, end, speaker) in seconds."""
    rng = np.random.default_rng(seed)
    speakers = [*clips, *(str(name) for name in rng.choice(list(clips), turns - len(clips)))]
    pieces, truth, at = [], [], 0.0
    for number, name in enumerate(speakers):
        clip = clips[name][number % len(clips[name])]
        truth += [(at + start, at + end, name) for start, end in loud_stretches(clip)]
        gap = np.zeros(int(rng.uniform(0.2, 0.8) * SAMPLE_RATE), np.int16)
        pieces += [clip, gap]
        at += (clip.size + gap.size) / SAMPLE_RATE
    sound = np.concatenate(pieces) + rng.normal(size=sum(piece.size for piece in pieces)) * 15
    return np.clip(sound, -32768, 32767).astype(np.int16), truth


def loud_stretches(samples):
    """Where a clean clip has sound: within 22 dB of its loud parts, pauses below 0.3 s included."""
    frames = samples[: samples.size // 160 * 160].reshape(-1, 160).astype(np.float64)
    power = np.convolve(np.square(frames).mean(axis=1), np.ones(3) / 3, "same")
    found = []
    for frame in np.flatnonzero(power > np.percentile(power, 95) * 10**-2.2).tolist():
        if found and frame - found[-1][1] <= 30:
            found[-1][1] = frame + 1
        else:
            found.append([frame, frame + 1])
    return [(start / 100, end / 100) for start, end in found if end - start >= 8]


def error_rate(truth, turns):
    """Missed, invented and confused speech as a share of the true speech, speakers paired in the best way."""
    end = max(stop for _, stop, _ in [*truth, *turns]) if truth or turns else 0.0
    length = int(end * STEP) + 2
    counted = np.ones(length, bool)
    for border in itertools.chain.from_iterable((start, stop) for start, stop, _ in truth):
        counted[max(0, round((border - COLLAR_SECONDS) * STEP)) : round((border + COLLAR_SECONDS) * STEP)] = False
    wanted, found = _rows(truth, length)[:, counted], _rows(turns, length)[:, counted]
    size = max(len(wanted), len(found))
    shared = np.zeros((size, size))
    shared[: len(wanted), : len(found)] = wanted.astype(int) @ found.T.astype(int)
    right = max(
        sum(shared[row, column] for row, column in enumerate(order)) for order in itertools.permutations(range(size))
    )
    said, heard = wanted.sum(axis=0), found.sum(axis=0)
    return (np.maximum(said, heard).sum() - right) / max(1, said.sum())


def _rows(turns, length):
    names = sorted({name for *_, name in turns}, key=str)
    rows = np.zeros((max(1, len(names)), length), bool)
    for start, stop, name in turns:
        rows[names.index(name), round(start * STEP) : round(stop * STEP)] = True
    return rows


def _samples(path):
    with wave.open(str(path)) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (SAMPLE_RATE, 1), path
        return np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
