"""What the local server says when it is asked for speech: tones for words, or flite; as a stream whose header knows no length."""

import struct
import subprocess
import tempfile
import wave
import zlib
from pathlib import Path

import numpy as np

from tenuto.engines.speaking import OPENAI_VOICES

RATE = 24_000
WORD_MS, GAP_MS = 220, 60
VOICES = (*OPENAI_VOICES, "af_bella", "voice_1234")


def tones(text):
    """(rate, samples): a tone for each word, whose pitch follows from the word."""
    parts = []
    for word in text.split():
        at = np.arange(RATE * WORD_MS // 1000) / RATE
        parts += [
            np.sin(2 * np.pi * (200 + zlib.crc32(word.encode()) % 400) * at) * 9000,
            np.zeros(RATE * GAP_MS // 1000),
        ]
    return RATE, np.concatenate(parts).astype("<i2")


def flite(text):
    """(rate, samples) of a voice that can be understood."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(sound)], check=True, timeout=60)
        with wave.open(str(sound)) as reader:
            return reader.getframerate(), np.frombuffer(reader.readframes(reader.getnframes()), "<i2")


def streamed(rate, samples, *, channels=1, size=0xFFFFFFFF):
    """A WAV as a service sends it: its header was written before its end was known."""
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", len(form)) + form
    note = struct.pack("<4sI4s", b"LIST", 4, b"INFO")
    return head + note + struct.pack("<4sI", b"data", size) + data


def checked(wish):
    """Refuse what the real service would refuse, or what would be lost on it without a word."""
    assert set(wish) <= {"input", "model", "voice", "response_format", "instructions", "speed"}
    assert wish["response_format"] == "wav"
    assert 0 < len(wish["input"]) <= 4096
    assert any(sign.isalnum() for sign in wish["input"])
    if wish["model"].startswith("gpt-"):
        assert "speed" not in wish, "the model ignores it"
    else:
        assert 0.25 <= wish.get("speed", 1.0) <= 4
    if wish["model"].startswith("tts-1"):
        assert "instructions" not in wish, "the model ignores them"
    return wish
