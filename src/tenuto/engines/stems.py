"""Reads a mix in blocks and writes what a separator makes of it: the voice, and all else as what then remains."""

from __future__ import annotations

import math
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.engines.base import Progress

SAMPLE_RATE = 44_100
CHANNELS, SAMPLE_BYTES = 2, 2
BLOCK_SECONDS = 30.0
OVERLAP_SECONDS = 1.5  # where one block fades into the next
FULL_SCALE = 32_768
MONO_SIDE = 1e-5  # the side's share of the power, below which both channels are one
FAINT_VOICE_DB = -35.0

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[np.int16]
FindVoice = Callable[[Floats, Progress], Floats]
"""Takes a block of the mix, (2, samples) from -1 to 1, and returns the voice in it, of the same shape.

It may tell how much of the block is done.
"""


@dataclass
class Measured:
    """What was noticed on the way."""

    frames: int = 0
    power: float = 0.0
    side_power: float = 0.0
    voice_power: float = 0.0

    @property
    def mono(self) -> bool:
        """Whether both channels are the same."""
        return self.side_power <= MONO_SIDE * self.power

    @property
    def voice_db(self) -> float | None:
        """How loud the found voice is against the mix; None where one of them is silent."""
        if not (self.power and self.voice_power):
            return None
        return round(10 * math.log10(self.voice_power / self.power), 1)

    def note(self, mix: Samples, voice: Samples) -> None:
        """Count a stretch that is written."""
        left, right = mix.astype(np.float32).T / FULL_SCALE
        self.frames += len(mix)
        self.power += float(np.square(left).sum() + np.square(right).sum())
        self.side_power += float(np.square(left - right).sum() / 2)
        self.voice_power += float(np.square(voice.astype(np.float32) / FULL_SCALE).sum())

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before trusting the stems."""
        if self.power and (self.voice_db is None or self.voice_db < FAINT_VOICE_DB):
            return ("Hardly any voice was found: this may be an instrumental.",)
        return ()


def part(mix: Path, vocals: Path, instrumental: Path, find_voice: FindVoice, progress: Progress) -> Measured:
    """Write both stems of `mix`, block by block; they sum to it exactly."""
    measured = Measured()
    progress(0.0)
    with ExitStack() as stack:
        reader = stack.enter_context(open_mix(mix))
        writers = [stack.enter_context(_writer(path)) for path in (vocals, instrumental)]
        total = max(1, reader.getnframes())

        def tell(share: float) -> None:
            ahead = min(total - measured.frames, round((BLOCK_SECONDS - OVERLAP_SECONDS) * SAMPLE_RATE))
            progress(min(1.0, (measured.frames + share * ahead) / total))

        for samples, voice in _parted(reader, lambda block: find_voice(block, tell)):
            found = _limited(voice, samples)
            writers[0].writeframes(found.tobytes())
            writers[1].writeframes((samples - found).tobytes())
            measured.note(samples, found)
            progress(min(1.0, measured.frames / total))
    progress(1.0)
    return measured


@contextmanager
def open_mix(mix: Path) -> Iterator[wave.Wave_read]:
    """Open `mix`, or say why a separator cannot take it."""
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(mix.open("rb"))
            reader = stack.enter_context(wave.open(stream))
        except (OSError, EOFError, wave.Error) as error:
            reason = error or "it ends too early"
            raise errors.EngineError(f"The mix for the separator cannot be read: {reason}.") from error
        shape = (reader.getframerate(), reader.getnchannels(), reader.getsampwidth())
        if shape != (SAMPLE_RATE, CHANNELS, SAMPLE_BYTES):
            raise errors.EngineError(
                "A separator takes 16-bit stereo WAV at 44100 Hz, "
                f"not {8 * shape[2]}-bit with {shape[1]} channels at {shape[0]} Hz."
            )
        yield reader


def _parted(reader: wave.Wave_read, find_voice: Callable[[Floats], Floats]) -> Iterator[tuple[Samples, Floats]]:
    """Stretches of the mix and of its voice, (samples, 2), one after the other without a gap."""
    length, overlap = round(BLOCK_SECONDS * SAMPLE_RATE), round(OVERLAP_SECONDS * SAMPLE_RATE)
    rising = np.linspace(0, 1, overlap, dtype=np.float32)[:, None]
    block = _read(reader, length)
    before: Floats | None = None  # the end of the last block's voice, where it fades out
    while len(block):
        voice = _voice_in(block, find_voice)
        if before is not None:
            voice[:overlap] = before[: len(voice)] * (1 - rising[: len(voice)]) + voice[:overlap] * rising[: len(voice)]
        more = _read(reader, length - overlap) if len(block) == length else block[:0]
        if not len(more):
            yield block, voice
            return
        yield block[:-overlap], voice[:-overlap]
        before = voice[-overlap:]
        block = np.concatenate([block[-overlap:], more])


def _voice_in(block: Samples, find_voice: Callable[[Floats], Floats]) -> Floats:
    sound = np.ascontiguousarray(block.T, np.float32) * np.float32(1 / FULL_SCALE)
    if not sound.any():
        return np.zeros(block.shape, np.float32)
    return np.ascontiguousarray(find_voice(sound).T)


def _read(reader: wave.Wave_read, frames: int) -> Samples:
    read = reader.readframes(frames)
    whole = len(read) // (CHANNELS * SAMPLE_BYTES) * CHANNELS
    return np.frombuffer(read, "<i2", whole).reshape(-1, CHANNELS)


def _limited(voice: Floats, mix: Samples) -> Samples:
    """The voice in 16 bits, bent where it or the rest of the mix would not fit into them."""
    room = mix.astype(np.int32)
    least, most = np.maximum(room - 32_767, -32_768), np.minimum(room + 32_768, 32_767)
    return np.clip(np.rint(voice * FULL_SCALE).astype(np.int32), least, most).astype(np.int16)


@contextmanager
def _writer(path: Path) -> Iterator[wave.Wave_write]:
    with path.open("wb") as stream, wave.open(stream, "wb") as writer:
        writer.setparams((CHANNELS, SAMPLE_BYTES, SAMPLE_RATE, 0, "NONE", "not compressed"))
        yield writer
