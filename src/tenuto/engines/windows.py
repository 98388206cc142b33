"""Cuts stretches of speech into windows and makes a voiceprint of each, reading the recording in pieces."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenuto.domain.speakers import Turn
from tenuto.engines import voiceprints
from tenuto.engines.sound import SAMPLE_RATE, open_wave
from tenuto.engines.speech import FULL_SCALE, Span

WINDOW_SECONDS = 1.6
PIECE_SECONDS = 30.0
SHORTEST_FRAMES = 20
# A minute of a voice describes it as well as an hour.
DESCRIBED_SECONDS, DESCRIBED_HOP = 60.0, 0.8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """Windows of speech: the number of the span each is of, its middle in seconds, and what its voice is like."""

    span: npt.NDArray[np.int64]
    times: Floats
    prints: Floats


def windows_of(span: Span, hop: float) -> Iterator[list[Span]]:
    """The windows of a span, as many at a time as fit into one piece of the recording."""
    if span.length <= WINDOW_SECONDS:
        yield [span]
        return
    count = int((span.length - WINDOW_SECONDS) / hop) + 1
    starts = [span.start + index * hop for index in range(count)]
    if span.end - (starts[-1] + WINDOW_SECONDS) > hop / 4:
        starts.append(span.end - WINDOW_SECONDS)
    size = max(1, int((PIECE_SECONDS - WINDOW_SECONDS) / hop))
    for first in range(0, len(starts), size):
        yield [Span(start, start + WINDOW_SECONDS) for start in starts[first : first + size]]


class Windower:
    """Makes voiceprints of windows; it keeps the network loaded."""

    def __init__(self) -> None:
        self._encoder = voiceprints.Encoder()

    def prints(
        self,
        reader: wave.Wave_read,
        spans: Sequence[Span],
        progress: Callable[[float], None],
        *,
        rms: float,
        hop: float,
    ) -> Windows:
        """The windows of all spans; `rms` is how loud the speech is as a whole."""
        gain = np.float32(voiceprints.gain_for(rms) / FULL_SCALE)
        total = sum(span.length for span in spans)
        numbers: list[int] = []
        middles: list[float] = []
        waiting: list[Floats] = []
        made: list[Floats] = []
        done = 0.0
        for number, span in enumerate(spans):
            for part in windows_of(span, hop):
                waiting += _bands(reader, part, gain)
                numbers += [number] * len(part)
                middles += [(window.start + window.end) / 2 for window in part]
                if len(waiting) >= voiceprints.BATCH:
                    made.append(self._encoder.embed(np.stack(waiting)))
                    waiting = []
            done += span.length
            progress(done / total)
        if waiting:
            made.append(self._encoder.embed(np.stack(waiting)))
        found = np.concatenate(made) if made else np.zeros((0, voiceprints.SIZE), np.float32)
        return Windows(np.asarray(numbers, np.int64), np.asarray(middles, np.float32), found)

    def voices(self, audio: Path, turns: Sequence[Turn]) -> tuple[tuple[float, ...], ...]:
        """What each voice of given turns is like, from its longest ones."""
        number = max((turn.speaker for turn in turns), default=-1) + 1
        found: list[tuple[float, ...]] = []
        with open_wave(audio) as reader:
            for speaker in range(number):
                spans = _longest([turn for turn in turns if turn.speaker == speaker])
                rms = loudness(reader, spans)
                windows = self.prints(reader, spans, lambda _share: None, rms=rms, hop=DESCRIBED_HOP)
                found.append(mean_print(windows.prints))
        return tuple(found)


def mean_print(prints: Floats) -> tuple[float, ...]:
    """What the voice of several windows is like; nothing when there is none."""
    if not len(prints):
        return ()
    return tuple(round(float(value), 5) for value in voiceprints.unit(prints.mean(axis=0)))


def loudness(reader: wave.Wave_read, spans: Sequence[Span]) -> float:
    """The root mean square over spans, 1 is full scale."""
    energy, count = 0.0, 0
    for span in spans:
        samples = _samples(reader, span.start, span.end)
        energy += float(np.dot(samples, samples))
        count += len(samples)
    return float(np.sqrt(energy / count)) / FULL_SCALE if count else 0.0


def _longest(turns: Sequence[Turn]) -> list[Span]:
    """The longest turns, as many as describe a voice, each cut to what one piece holds."""
    spans: list[Span] = []
    for turn in sorted(turns, key=lambda turn: turn.start_ms - turn.end_ms):
        if sum(span.length for span in spans) >= DESCRIBED_SECONDS:
            break
        start = turn.start_ms / 1000
        spans.append(Span(start, min(turn.end_ms / 1000, start + PIECE_SECONDS)))
    return sorted((span for span in spans if span.length > 0), key=lambda span: span.start)


def _bands(reader: wave.Wave_read, windows: Sequence[Span], gain: np.float32) -> list[Floats]:
    """The bands of windows that lie in one piece, each of the length the network takes."""
    first = windows[0].start
    frames = voiceprints.mel_frames(_samples(reader, first, windows[-1].end) * gain)
    found = []
    for window in windows:
        at = min(round((window.start - first) * 100), len(frames) - 1)
        long = max(SHORTEST_FRAMES, round(window.length * 100))
        found.append(voiceprints.fit_window(frames[at : at + long]))
    return found


def _samples(reader: wave.Wave_read, start: float, end: float) -> Floats:
    first = min(round(start * SAMPLE_RATE), reader.getnframes())
    reader.setpos(first)
    data = reader.readframes(max(0, round(end * SAMPLE_RATE) - first))
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32)
