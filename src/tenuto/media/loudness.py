"""How loud a recording is, by EBU R128, measured by FFmpeg's own filters while the sound streams through."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av

from tenuto.domain.music import Loudness
from tenuto.media.sound import Converter, convert_all

# Peaks between the samples show when there are four times as many; below 48 kHz that is what BS.1770 asks for.
OVERSAMPLING, HIGHEST_RATE = 4, 192_000
GATE_LUFS = -70.0
SHORTEST_SECONDS, SHORTEST_RANGE_SECONDS = 0.4, 3.0
# `ebur128` tells true peaks in thousandths of full scale, too coarse for quiet sound: `astats` tells them in dB.
PEAK = "metadata=1:measure_overall=Peak_level:measure_perchannel=none"


def measure_loudness(frames: Iterator[Any], *, with_peak: bool = True) -> Loudness:
    """Integrated loudness, range and true peak of all the frames, at their own rate and layout.

    The peak takes most of the time: `with_peak` may leave it out.
    """
    first = next(frames, None)
    if first is None:
        return Loudness(None, None, None)
    meter = _Meter(first.sample_rate, first.layout.name, with_peak=with_peak)
    converter = Converter(layout=first.layout.name, rate=first.sample_rate, sample_format="flt")
    for frame in convert_all(chain([first], frames), converter):
        meter.push(frame)
    return meter.close()


class _Meter:
    """The filters, and what they have told so far."""

    def __init__(self, rate: int, layout: str, *, with_peak: bool) -> None:
        self._rate, self._samples = rate, 0
        self._told: dict[str, str] = {}
        self._graph = av.filter.Graph()
        nodes = [
            self._graph.add_abuffer(sample_rate=rate, format="flt", layout=layout),
            self._graph.add("ebur128", "metadata=1:framelog=quiet"),
        ]
        if with_peak:
            nodes.append(self._graph.add("aresample", str(max(rate, min(OVERSAMPLING * rate, HIGHEST_RATE)))))
            nodes.append(self._graph.add("astats", PEAK))
        self._graph.link_nodes(*nodes, self._graph.add("abuffersink")).configure()

    def push(self, frame: Any) -> None:
        frame.pts, frame.time_base = self._samples, Fraction(1, self._rate)
        self._samples += frame.samples
        self._graph.push(frame)
        self._drain()

    def close(self) -> Loudness:
        self._graph.push(None)
        self._drain()
        seconds = self._samples / self._rate
        loud = self._number("lavfi.r128.I") if seconds >= SHORTEST_SECONDS else None
        if loud is not None and loud <= GATE_LUFS:
            loud = None
        spread = self._number("lavfi.r128.LRA") if loud is not None and seconds >= SHORTEST_RANGE_SECONDS else None
        return Loudness(loud, self._number("lavfi.astats.Overall.Peak_level"), spread)

    def _drain(self) -> None:
        while True:
            try:
                self._told.update(self._graph.pull().metadata)
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def _number(self, name: str) -> float | None:
        value = float(self._told.get(name, "nan"))
        return round(value, 2) if math.isfinite(value) else None
