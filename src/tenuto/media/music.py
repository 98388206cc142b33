"""Songs as every part that works on music wants them: 44.1 kHz, stereo, 16 bits, on disk, read in pieces."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.media.sound import Converter
from tenuto.media.waves import Samples, pieces, read_wave

RATE = 44_100
FRAME_BYTES = 4
SCRATCH_BYTES = 8  # of a frame while it is worked on in floats
LARGEST_WAV_BYTES = (1 << 32) - (1 << 12)
LONGEST_FRAMES = LARGEST_WAV_BYTES // FRAME_BYTES
PIECE_FRAMES = RATE * 10
# Encoders of joint stereo leave a trace of difference between equal channels: 50 dB below the sound it is none.
SAME_SHARE = 1e-5

Sound = npt.NDArray[np.float32]


def write_music(frames: Iterator[Any], target: Path) -> tuple[int, bool]:
    """Write the frames as music; return how many samples a channel has, and whether both channels say the same."""
    written, apart, together = 0, 0.0, 0.0
    with write_wave(target) as out:
        for piece in _in_two_channels(frames):
            written += len(piece)
            check_length(written)
            sound = piece.astype(np.float32)
            # Of samples in 16 bits the last one is rounding.
            apart += float(np.square(np.maximum(np.abs(sound[:, 0] - sound[:, 1]) - 1, 0)).sum())
            together += float(np.square(sound).sum())
            out.writeframesraw(piece.tobytes())
    return written, apart <= SAME_SHARE * together


@contextmanager
def write_wave(target: Path, rate: int = RATE) -> Iterator[wave.Wave_write]:
    """A stereo 16-bit WAV to be filled."""
    with wave.open(str(target), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        yield out


def check_length(frames: int) -> None:
    """Refuse more sound than a WAV holds."""
    if frames > LONGEST_FRAMES:
        raise errors.LimitExceeded("It is longer than 6 h 45 min, the most a stereo WAV file holds: cut it into parts.")


def _in_two_channels(frames: Iterator[Any]) -> Iterator[Samples]:
    """Pieces of shape (frames, 2). One channel is written twice as it is: FFmpeg would take 3 dB from it."""
    converters = {
        True: Converter(layout="mono", rate=RATE, sample_format="s16"),
        False: Converter(layout="stereo", rate=RATE, sample_format="s16"),
    }
    mono = False
    for frame in frames:
        was_mono, mono = mono, frame.layout.nb_channels == 1
        if mono != was_mono:
            yield from map(_samples, converters[was_mono].flush())
        yield from map(_samples, converters[mono].convert(frame))
    yield from map(_samples, converters[mono].flush())


def _samples(frame: Any) -> Samples:
    channels = frame.layout.nb_channels
    found = np.frombuffer(memoryview(frame.planes[0])[: frame.samples * 2 * channels], np.int16)
    return np.repeat(found, 2).reshape(-1, 2) if channels == 1 else found.reshape(-1, 2)


@contextmanager
def read_music(path: Path) -> Iterator[wave.Wave_read]:
    """Open a stereo 16-bit WAV that tenuto has written."""
    with read_wave(path, channels=2) as reader:
        yield reader


def stereo_pieces(reader: wave.Wave_read, *, frames: int = PIECE_FRAMES) -> Iterator[Samples]:
    """All the sound from here on, in pieces of shape (frames, 2)."""
    for piece in pieces(reader, frames=frames, limit=reader.getnframes() - reader.tell()):
        yield piece.reshape(-1, 2)


def as_pcm(sound: npt.NDArray[Any]) -> bytes:
    """Samples on the scale of 16 bits as the bytes of a WAV, rounded and held inside of it."""
    return bytes(np.clip(np.rint(sound), -32_768, 32_767).astype("<i2").tobytes())
