"""Recordings with known text, and how wrong a transcript of one is."""

import importlib.resources
import re
import wave
from pathlib import Path

import av
import numpy as np

from needs import need

SAMPLE_RATE = 16_000
TESTDATA = Path("/usr/share/pocketsphinx/test/data")
LINE = re.compile(r"<s> (?P<text>.*?)\s*</s> \((?P<name>.*)\)")


def shipped_recording():
    """(path, text) of the recording that ships with tenuto; the path is a FLAC."""
    folder = importlib.resources.files("tenuto") / "demo"
    return Path(str(folder / "conversation.flac")), (folder / "conversation.txt").read_text()


def real_clips(collection="librivox"):
    """(path, text) of people reading, from Debian's pocketsphinx-testdata; the paths are WAV."""
    folder = TESTDATA / collection
    need(folder.is_dir(), "Debian's pocketsphinx-testdata is not installed")
    listing = folder / ("transcription" if collection == "librivox" else f"{collection}.transcription")
    found = [LINE.match(line) for line in listing.read_text().splitlines()]
    return [(folder / f"{match['name']}.wav", match["text"]) for match in found]


def write_wave(path, samples):
    """Write 16-bit samples as the WAV that engines take."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(np.asarray(samples, np.int16).tobytes())
    return path


def as_wave(recording, path):
    """Write a 16 kHz mono recording of any format as the WAV that engines take."""
    with av.open(str(recording)) as container:
        return write_wave(path, np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)]))


def word_errors(reference, heard):
    """(errors, words of the reference): substitutions, deletions and insertions, without case and punctuation."""
    wanted, got = plain_words(reference), plain_words(heard)
    row = list(range(len(got) + 1))
    for count, word in enumerate(wanted, 1):
        above, row = row, [count]
        for column, other in enumerate(got, 1):
            row.append(min(row[-1] + 1, above[column] + 1, above[column - 1] + (word != other)))
    return row[-1], len(wanted)


def word_error_rate(reference, heard):
    """Errors per word of the reference."""
    errors, words = word_errors(reference, heard)
    return errors / words


def plain_words(text):
    """The words alone, in lower case."""
    return re.findall(r"[\w']+", text.lower())
