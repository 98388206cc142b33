"""Reading the one kind of file that engines take: a 16-bit mono WAV at 16 kHz."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tenuto import errors

SAMPLE_RATE = 16_000
SAMPLE_BYTES = 2


@contextmanager
def open_wave(audio: Path) -> Iterator[wave.Wave_read]:
    """Open `audio`, or say why an engine cannot take it."""
    with ExitStack() as stack:
        try:
            # Opened here: `wave` drops its own file without closing it when the header is bad.
            stream = stack.enter_context(audio.open("rb"))
            reader = stack.enter_context(wave.open(stream))
        except (OSError, EOFError, wave.Error) as error:
            reason = error or "it ends too early"
            raise errors.EngineError(f"The sound for the engine cannot be read: {reason}.") from error
        shape = (reader.getframerate(), reader.getnchannels(), reader.getsampwidth())
        if shape != (SAMPLE_RATE, 1, SAMPLE_BYTES):
            raise errors.EngineError(
                "An engine takes 16-bit mono WAV at 16000 Hz, "
                f"not {8 * shape[2]}-bit with {shape[1]} channels at {shape[0]} Hz.",
            )
        yield reader


def duration_ms(reader: wave.Wave_read) -> int:
    """How long the sound is."""
    return reader.getnframes() * 1000 // SAMPLE_RATE
