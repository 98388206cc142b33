"""Turns the packets of an open recording into frames of plain, finite sound, and counts what was damaged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from tenuto import errors
from tenuto.domain.media import MediaInfo, MediaLimits
from tenuto.media.opening import Opened, check_sound

MUCH = 0.95  # less than this share of what was promised, or undamaged, is a truncated recording
SLACK_SECONDS = 0.25  # encoders promise their padding too
# A recording that gives no sound in so many packets will not give any.
HOPELESS_PACKETS = 2000
LOUDEST_FLOAT = 8.0
FLOATS = {"flt": np.float32, "fltp": np.float32, "dbl": np.float64, "dblp": np.float64}


@dataclass
class Tally:
    """What came out so far."""

    seconds: float = 0.0
    packets: int = 0
    damaged: int = 0
    rate: int = 0
    channels: int = 0


def packets(opened: Opened, tally: Tally) -> Iterator[Any]:
    """All packets of the stream, the last one empty; damage that stops the demuxer is the end."""
    demuxed = opened.container.demux(opened.stream)
    while True:
        try:
            packet = next(demuxed, None)
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            tally.damaged += 1
            return
        if packet is None:
            return
        tally.packets += bool(packet.size)
        yield packet


def decode_packet(opened: Opened, packet: Any, tally: Tally, limits: MediaLimits) -> Iterator[Any]:
    """The frames in one packet, checked against the limits; None as packet asks for what the decoder holds back."""
    try:
        frames = opened.stream.codec_context.decode(packet)
    except av.error.EOFError:
        return
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        tally.damaged += 1
        if not tally.seconds and tally.damaged > HOPELESS_PACKETS:
            raise errors.BrokenMedia from error
        return
    # The parser ends a packet where the checksum is right: two FLAC frames in one tell of a wrong one.
    if len(frames) > 1 and opened.kind.demuxer == "flac":
        tally.damaged += 1
    for frame in frames:
        if not frame.samples:
            continue
        if (frame.sample_rate, frame.layout.nb_channels) != (tally.rate, tally.channels):
            _note_sound(frame, tally, limits)
        tally.seconds += frame.samples / frame.sample_rate
        if tally.seconds > limits.max_duration_seconds:
            raise too_long(limits)
        # Time stamps may leap by days: the sound's clock is the number of its samples.
        frame.pts = None
        yield make_finite(frame)


def frames(opened: Opened, tally: Tally, limits: MediaLimits) -> Iterator[Any]:
    """All the sound, frame by frame."""
    for packet in packets(opened, tally):
        yield from decode_packet(opened, packet if packet.size else None, tally, limits)
    yield from decode_packet(opened, None, tally, limits)


def _note_sound(frame: Any, tally: Tally, limits: MediaLimits) -> None:
    check_sound(frame.layout.nb_channels, frame.sample_rate, limits)
    if not tally.rate:
        tally.rate, tally.channels = frame.sample_rate, frame.layout.nb_channels


def too_long(limits: MediaLimits) -> errors.LimitExceeded:
    """The error for a recording beyond the duration limit."""
    hours = limits.max_duration_seconds / 3600
    return errors.LimitExceeded(f"It is longer than the {hours:.4g} h this server takes: cut it into parts.")


def make_finite(frame: Any) -> Any:
    """Replace what is not a number, or absurdly loud, in float sound."""
    kind = FLOATS.get(frame.format.name)
    if kind is None:
        return frame
    channels = frame.layout.nb_channels
    planes, count = (channels, frame.samples) if frame.format.is_planar else (1, frame.samples * channels)
    # Of eight planes PyAV makes nine, and touching the last one crashes: never go by the length of the list.
    for plane in frame.planes[:planes]:
        samples = np.frombuffer(plane, kind, count)
        # One dot product tells of any such sample, many times faster than looking at each: full scale is 1.
        with np.errstate(all="ignore"):
            quiet = np.dot(samples, samples) <= samples.size
        if not quiet:
            np.nan_to_num(samples, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
            np.clip(samples, -LOUDEST_FLOAT, LOUDEST_FLOAT, out=samples)
    return frame


class Converter:
    """Resamples and mixes frames to one format, whatever they change to on the way."""

    def __init__(self, *, layout: str, rate: int, sample_format: str) -> None:
        self._layout, self._rate, self._format = layout, rate, sample_format
        self._source: tuple[object, ...] = ()
        self._resampler: Any = None

    def convert(self, frame: Any) -> Iterator[Any]:
        """The frames that are ready after this one."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source:
            yield from self.flush()
            self._source = source
            self._resampler = av.AudioResampler(format=self._format, layout=self._layout, rate=self._rate)
        yield from self._resampler.resample(frame)

    def flush(self) -> Iterator[Any]:
        """The frames that were held back."""
        if self._resampler is not None:
            yield from self._resampler.resample(None)
            self._resampler = None


def convert_all(source: Iterator[Any], converter: Converter) -> Iterator[Any]:
    """All frames of `source`, converted."""
    for frame in source:
        yield from converter.convert(frame)
    yield from converter.flush()


def describe(opened: Opened, tally: Tally, seconds: float, *, whole: bool = True) -> MediaInfo:
    """What is known once `seconds` of sound were found; the header is held to its promise when all was read."""
    if not tally.rate or seconds <= 0:
        raise errors.BrokenMedia
    warnings = []
    truncated = tally.damaged > (1 - MUCH) * tally.packets
    if tally.damaged:
        warnings.append(f"Damaged packets: {tally.damaged}; their sound may be missing or wrong.")
    promised = max(opened.promised_seconds or 0.0, seconds / opened.share_of_data) if whole else 0.0
    if seconds < min(MUCH * promised, promised - SLACK_SECONDS):
        truncated = True
        warnings.append(f"The header promises {promised:.1f} s, but there are only {seconds:.1f} s of sound.")
    elif opened.unclosed:
        warnings.append("The file ends without the mark of its end; it may be cut.")
    return MediaInfo(
        container=opened.kind.demuxer,
        codec=opened.codec,
        media_type=opened.kind.media_type,
        duration_ms=max(1, math.ceil(seconds * 1000 - 1e-6)),
        sample_rate=tally.rate,
        channels=tally.channels,
        truncated=truncated,
        warnings=tuple(warnings),
        title=opened.title,
    )
