"""Finds where somebody speaks, by the best detector that is installed, in one pass over the sound."""

from __future__ import annotations

import importlib
import importlib.util
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tenuto.engines.sound import SAMPLE_RATE

READ_SECONDS = 10
FULL_SCALE = 32768.0
# Speech begins where it is likelier than not; it ends a little below, so that a soft syllable does not cut it.
BEGINS, ENDS = 0.5, 0.35
PAUSE_SECONDS = 0.25
SHORTEST_SECONDS = 0.15
PAD_SECONDS = 0.05

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """A stretch of time, in seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True)
class Speech:
    """Where somebody speaks and how loud that is (root mean square, 1 is full scale)."""

    spans: tuple[Span, ...]
    rms: float
    detector: str


class Detector(Protocol):
    """Says frame by frame how likely speech is; it remembers what came before."""

    name: str
    frame_samples: int

    def likelihoods(self, samples: Floats) -> Floats:
        """One value from 0 to 1 for each frame of `samples`, which are whole frames."""
        ...


def find_speech(reader: wave.Wave_read, progress: Callable[[float], None], *, detector: str = "") -> Speech:
    """Where somebody speaks in an open 16 kHz recording; `detector` names one, else the best is taken."""
    chosen = make_detector(detector)
    likely: list[Floats] = []
    powers: list[Floats] = []
    done, total = 0, max(1, reader.getnframes())
    for samples in _pieces(reader, chosen.frame_samples):
        likely.append(chosen.likelihoods(samples))
        powers.append(np.square(samples.reshape(-1, chosen.frame_samples)).mean(axis=1))
        done += len(samples)
        progress(min(1.0, done / total))
    if not likely:
        return Speech((), 0.0, chosen.name)
    frame_seconds = chosen.frame_samples / SAMPLE_RATE
    runs = speaking_runs(np.concatenate(likely), frame_seconds)
    power = np.concatenate(powers)
    heard = np.concatenate([power[first:last] for first, last in runs]) if runs else power[:0]
    length = reader.getnframes() / SAMPLE_RATE
    spans = tuple(
        Span(max(0.0, first * frame_seconds - PAD_SECONDS), min(length, last * frame_seconds + PAD_SECONDS))
        for first, last in runs
    )
    return Speech(spans, float(np.sqrt(heard.mean())) if heard.size else 0.0, chosen.name)


def speaking_runs(likely: Floats, frame_seconds: float) -> list[tuple[int, int]]:
    """First frame and the one behind the last of each stretch of speech; short pauses belong to it."""
    pause = max(1, round(PAUSE_SECONDS / frame_seconds))
    runs: list[tuple[int, int]] = []
    start, last = -1, 0
    for index, value in enumerate(likely.tolist()):
        if start < 0 and value >= BEGINS:
            start, last = index, index
        elif start >= 0 and value >= ENDS:
            last = index
        elif start >= 0 and index - last >= pause:
            runs.append((start, last + 1))
            start = -1
    if start >= 0:
        runs.append((start, last + 1))
    return [run for run in runs if (run[1] - run[0]) * frame_seconds >= SHORTEST_SECONDS]


def make_detector(name: str = "") -> Detector:
    """The detector of that name, or the best that is installed."""
    known: dict[str, Callable[[], Detector]] = {"silero": SileroDetector, "webrtc": WebRTCDetector}
    return known[name or ("silero" if silero_path() is not None else "webrtc")]()


def silero_path() -> Path | None:
    """The model of Silero, which faster-whisper brings along."""
    package = importlib.util.find_spec("faster_whisper")
    if package is None or package.origin is None or importlib.util.find_spec("onnxruntime") is None:
        return None
    return next(iter(sorted((Path(package.origin).parent / "assets").glob("silero_vad_v6*.onnx"))), None)


class SileroDetector:
    """A small neural network: hears speech in noise and music."""

    name = "silero"
    frame_samples = 512
    context_samples = 64

    def __init__(self) -> None:
        runtime: Any = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session = runtime.InferenceSession(str(silero_path()), options, providers=["CPUExecutionProvider"])
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(self.context_samples, np.float32)

    def likelihoods(self, samples: Floats) -> Floats:
        """What the network says."""
        joined = np.concatenate([self._context, samples])
        width = self.context_samples + self.frame_samples
        frames = np.lib.stride_tricks.sliding_window_view(joined, width)[:: self.frame_samples]
        given = {"input": np.ascontiguousarray(frames), "h": self._hidden, "c": self._cell}
        likely, self._hidden, self._cell = self._session.run(None, given)
        self._context = samples[-self.context_samples :]
        return np.asarray(likely, np.float32).reshape(-1)


class WebRTCDetector:
    """The detector of telephones, from pocketsphinx, held to what stands out of the background."""

    name = "webrtc"
    frame_samples = 480
    mode = 3
    smoothed_frames = 5
    above_floor = 6.0  # in power: 8 dB
    forgets = 1.002  # how fast the floor rises, a frame

    def __init__(self) -> None:
        package: Any = importlib.import_module("pocketsphinx")
        self._is_speech = package.Vad(self.mode, SAMPLE_RATE, self.frame_samples / SAMPLE_RATE).is_speech
        self._floor = 1e-4
        self._before = np.zeros(self.smoothed_frames - 1, np.float32)

    def likelihoods(self, samples: Floats) -> Floats:
        """The share of the frames around that are speech."""
        frames = (samples * FULL_SCALE).astype(np.int16).reshape(-1, self.frame_samples)
        powers = np.square(samples.reshape(frames.shape)).mean(axis=1).tolist()
        found = [self._speaks(frame.tobytes(), power) for frame, power in zip(frames, powers, strict=True)]
        joined = np.concatenate([self._before, np.asarray(found, np.float32)])
        self._before = joined[1 - self.smoothed_frames :]
        return np.convolve(joined, np.full(self.smoothed_frames, 1 / self.smoothed_frames, np.float32), mode="valid")

    def _speaks(self, frame: bytes, power: float) -> bool:
        self._floor = min(max(power, 1e-9), self._floor * self.forgets)
        return bool(self._is_speech(frame)) and power > self._floor * self.above_floor


def _pieces(reader: wave.Wave_read, frame_samples: int) -> Iterator[Floats]:
    """The whole recording, a few seconds at a time, the last frame filled up with silence."""
    reader.rewind()
    count = READ_SECONDS * SAMPLE_RATE // frame_samples * frame_samples
    while data := reader.readframes(count):
        samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(FULL_SCALE)
        yield np.pad(samples, (0, -len(samples) % frame_samples))
