"""Our own WAV files: where to cut a long one, and the cutting. Both read a little at a time."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.domain.media import Block

HOP_MS = 20
SMOOTHED_HOPS = 15  # a quiet spot is 300 ms long, so a cut keeps clear of the words on both sides
SHORTEST_SHARE, LONGEST_SHARE = 0.8, 1.2
# What is left for the last block is never a mere scrap.
LAST_SHARE = 0.3
LEVEL_STEP_DB = 3.0
COPIED_FRAMES = 1 << 16
READ_SECONDS = 10

Samples = npt.NDArray[np.int16]


@contextmanager
def read_wave(path: Path, *, channels: int = 1) -> Iterator[wave.Wave_read]:
    """Open a 16-bit WAV, of one channel or two, that tenuto has written."""
    try:
        with wave.open(str(path), "rb") as reader:
            if (reader.getnchannels(), reader.getsampwidth()) != (channels, 2):
                kind = {1: "mono", 2: "stereo"}[channels]
                raise errors.BrokenMedia(f"The decoded sound is not 16-bit {kind}: decode it again.")
            yield reader
    except (wave.Error, EOFError) as error:
        raise errors.BrokenMedia(f"The decoded sound cannot be read ({error}): decode it again.") from error


def duration_ms(reader: wave.Wave_read) -> int:
    """Its length, the last begun millisecond included."""
    return -(-reader.getnframes() * 1000 // reader.getframerate())


def pieces(reader: wave.Wave_read, *, frames: int, limit: int) -> Iterator[Samples]:
    """`limit` frames from here on, `frames` at a time, channels interleaved; the last piece may be shorter."""
    width = 2 * reader.getnchannels()
    while limit > 0:
        data = reader.readframes(min(frames, limit))
        if not data:
            return
        limit -= max(len(data) // width, 1)
        yield np.frombuffer(data[: len(data) // width * width], "<i2")


def plan_blocks(path: Path, *, target_seconds: float) -> list[Block]:
    """Blocks of about `target_seconds` that cover the recording, cut where it is quietest."""
    if target_seconds <= 0:
        raise errors.ValidationError("A block must be longer than nothing: choose a target above 0 s.")
    target_ms = max(round(target_seconds * 1000), HOP_MS)
    cuts = [0]
    with read_wave(path) as reader:
        end_ms = duration_ms(reader)
        while end_ms - cuts[-1] > target_ms * LONGEST_SHARE:
            start_ms = cuts[-1]
            latest_ms = min(target_ms * LONGEST_SHARE, end_ms - start_ms - target_ms * LAST_SHARE)
            cuts.append(
                _quietest(
                    reader,
                    start_ms + round(target_ms * SHORTEST_SHARE),
                    start_ms + round(latest_ms),
                    wanted_ms=start_ms + target_ms,
                )
            )
    cuts.append(end_ms)
    return [Block(i, start, end) for i, (start, end) in enumerate(pairwise(cuts)) if end > start]


def _quietest(reader: wave.Wave_read, first_ms: int, last_ms: int, *, wanted_ms: int) -> int:
    """The middle of the quietest stretch between two times; of equally quiet ones, the nearest to `wanted_ms`."""
    rate = reader.getframerate()
    hop = rate * HOP_MS // 1000
    margin_ms = SMOOTHED_HOPS * HOP_MS // 2
    start_ms = max(0, first_ms - margin_ms)
    reader.setpos(min(start_ms * rate // 1000, reader.getnframes()))
    span = (last_ms + margin_ms - start_ms) * rate // 1000
    found = [powers(piece, hop) for piece in pieces(reader, frames=hop * 50 * READ_SECONDS, limit=span)]
    power = np.concatenate(found) if found else np.zeros(0)
    if not power.size:
        return min(max(wanted_ms, first_ms), last_ms)
    weights = np.convolve(np.ones(power.size), np.ones(SMOOTHED_HOPS))
    middle = slice(SMOOTHED_HOPS // 2, SMOOTHED_HOPS // 2 + power.size)
    smooth = (np.convolve(power, np.ones(SMOOTHED_HOPS)) / weights)[middle]
    level = np.round(10 * np.log10(smooth + 1.0) / LEVEL_STEP_DB)
    times = start_ms + np.arange(power.size) * HOP_MS + HOP_MS // 2
    inside = (times >= first_ms) & (times <= last_ms)
    if not inside.any():
        return min(max(wanted_ms, first_ms), last_ms)
    level, times = level[inside], times[inside]
    best = np.lexsort((np.abs(times - wanted_ms), level))[0]
    return int(times[best])


def powers(samples: Samples, hop: int) -> npt.NDArray[np.float64]:
    """Mean square of each whole hop."""
    whole = samples[: samples.size // hop * hop].reshape(-1, hop).astype(np.float32)
    return np.asarray(np.einsum("ij,ij->i", whole, whole) / hop, np.float64)


def cut_block(path: Path, block: Block, target: Path) -> None:
    """Write one block as a WAV."""
    with read_wave(path) as reader, wave.open(str(target), "wb") as out:
        rate = reader.getframerate()
        out.setparams(reader.getparams())
        start = min(block.start_ms * rate // 1000, reader.getnframes())
        end = min(block.end_ms * rate // 1000, reader.getnframes())
        reader.setpos(start)
        for piece in pieces(reader, frames=COPIED_FRAMES, limit=end - start):
            out.writeframesraw(piece.tobytes())
