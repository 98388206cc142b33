"""Make the recording that ships with tenuto: two synthetic voices in turn, from our own text, as FLAC.

Needs Debian's `flite` for the voices; run it as `python tools/make_demo_recording.py` and commit what it writes.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import av
import numpy as np

FOLDER = Path(__file__).parents[1] / "src" / "tenuto" / "demo"
SAMPLE_RATE = 16_000
PAUSE_SECONDS = 0.6
TURNS = (
    ("rms", "Good morning. What does this program do for people with long recordings?"),
    ("slt", "It turns a recording into text, with the time of each word."),
    ("rms", "What happens when the machine stops in the middle of the work?"),
    ("slt", "Nothing is lost. It goes on at the last step that was not finished."),
    ("rms", "Does it send my recordings to another company?"),
    ("slt", "It does not. Everything stays on your computer, unless you choose another service."),
    ("rms", "And what can I do with the text?"),
    ("slt", "You can correct mistakes, change the names of the speakers, and make subtitles."),
)


def speak(voice: str, text: str) -> np.ndarray:
    """One sentence in one voice, as 16-bit samples."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        with wave.open(str(path)) as reader:
            if (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) != (SAMPLE_RATE, 1, 2):
                raise SystemExit(f"The voice {voice} does not speak at {SAMPLE_RATE} Hz in 16-bit mono.")
            return np.frombuffer(reader.readframes(reader.getnframes()), np.int16)


def conversation() -> np.ndarray:
    """All turns with pauses between; a faint noise keeps the pauses from being digital silence."""
    pause = np.zeros(int(PAUSE_SECONDS * SAMPLE_RATE), np.int16)
    samples = np.concatenate([pause, *(part for voice, text in TURNS for part in (speak(voice, text), pause))])
    noise = np.random.default_rng(1).normal(0, 6, len(samples))
    return np.clip(samples + noise, -32768, 32767).astype(np.int16)


def write_flac(samples: np.ndarray, path: Path) -> None:
    """Encode with no tags that name a program or a time, so that two runs write the same bytes."""
    with av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.codec_context.options = {"compression_level": "12"}
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def main() -> None:
    """Write the recording and its text."""
    FOLDER.mkdir(exist_ok=True)
    write_flac(conversation(), FOLDER / "conversation.flac")
    (FOLDER / "conversation.txt").write_text("".join(f"{text}\n" for _, text in TURNS))


if __name__ == "__main__":
    main()
