"""The child's side: each function opens an untrusted recording, in a process that may die of it."""

from __future__ import annotations

import errno
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np

from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.media.channels import write_levels
from tenuto.media.encoding import SPEECH_FORMATS, encode
from tenuto.media.estimate import estimate_seconds
from tenuto.media.opening import Opened, open_recording
from tenuto.media.playback import write_playback
from tenuto.media.sound import Converter, Tally, convert_all, describe, frames
from tenuto.media.tags import read_tags

Payload = dict[str, Any]
Emit = Callable[[Payload], None]

RATE = 16_000
SILENT_PEAK = 33  # of 32,768: -60 dB
LONGEST_WAV_SECONDS = 37 * 3600  # a WAV holds no more than 4 GB


def probe(payload: Payload, _emit: Emit) -> Payload:
    """Open, decode the start and count the rest."""
    limits = MediaLimits(**payload["limits"])
    with translated(), open_recording(Path(payload["source"]), limits) as opened:
        tally = Tally()
        seconds, whole = estimate_seconds(opened, tally, limits)
        return asdict(describe(opened, tally, seconds, whole=whole))


def tags(payload: Payload, _emit: Emit) -> Payload:
    """Read what it says of its song, and write the picture of its cover."""
    source = Path(payload["source"])
    with translated(), open_recording(source, MediaLimits(**payload["limits"])) as opened:
        return asdict(read_tags(opened, source, Path(payload["target"])))


def decode(payload: Payload, emit: Emit) -> Payload:
    """Write all of it as 16 kHz mono 16-bit WAV."""
    limits = MediaLimits(**payload["limits"])
    with translated(), open_recording(Path(payload["source"]), limits) as opened:
        tally, progress = Tally(), Progress(opened, emit)
        converter = Converter(layout="mono", rate=RATE, sample_format="s16")
        samples = 0
        sound = convert_all(progress.along(frames(opened, tally, limits)), converter)
        with wave.open(payload["target"], "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            for frame in sound:
                out.writeframesraw(memoryview(frame.planes[0])[: frame.samples * 2])
                samples += frame.samples
                if samples > LONGEST_WAV_SECONDS * RATE:
                    raise errors.LimitExceeded("It is longer than 37 h, the most a WAV file holds: cut it into parts.")
        return asdict(describe(opened, tally, samples / RATE))


def playback_copy(payload: Payload, emit: Emit) -> Payload:
    """Write all of it as AAC for a browser."""
    limits = MediaLimits(**payload["limits"])
    with translated(), open_recording(Path(payload["source"]), limits) as opened:
        tally, progress = Tally(), Progress(opened, emit)
        seconds = write_playback(progress.along(frames(opened, tally, limits)), Path(payload["target"]))
        return asdict(describe(opened, tally, seconds))


def voice_sample(payload: Payload, emit: Emit) -> Payload:
    """Write a sample of a voice as 16-bit mono WAV at its own rate."""
    limits = MediaLimits(**payload["limits"])
    with translated(), open_recording(Path(payload["source"]), limits) as opened:
        tally, progress = Tally(), Progress(opened, emit)
        sound = progress.along(frames(opened, tally, limits))
        first = next(sound, None)
        if first is None:
            raise errors.BrokenMedia("The sample holds no sound: bring a recording of somebody who speaks.")
        converter = Converter(layout="mono", rate=first.sample_rate, sample_format="s16")
        most = payload["longest_seconds"] * first.sample_rate
        samples = peak = 0
        with wave.open(payload["target"], "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(first.sample_rate)
            for frame in convert_all(chain([first], sound), converter):
                heard = memoryview(frame.planes[0])[: frame.samples * 2]
                out.writeframesraw(heard)
                samples += frame.samples
                peak = max(peak, int(np.frombuffer(heard, "<i2").max(initial=0)))
                if samples > most:
                    longest = payload["longest_seconds"]
                    raise errors.LimitExceeded(f"A sample of a voice has at most {longest} s; cut out a part of it.")
        if samples < first.sample_rate:
            raise errors.ValidationError("A sample of a voice lasts a second at least, better ten: bring a longer one.")
        if peak < SILENT_PEAK:
            raise errors.ValidationError("The sample is silent: bring a recording of somebody who speaks.")
        return {**asdict(describe(opened, tally, samples / first.sample_rate)), "sample_rate": first.sample_rate}


def channel_levels(payload: Payload, emit: Emit) -> Payload:
    """Write how loud each channel is, all along."""
    limits = MediaLimits(**payload["limits"])
    with translated(), open_recording(Path(payload["source"]), limits) as opened:
        tally, progress = Tally(), Progress(opened, emit)
        correlation = write_levels(progress.along(frames(opened, tally, limits)), Path(payload["target"]))
        return {"channels": tally.channels, "correlation": correlation}


def speech(payload: Payload, emit: Emit) -> Payload:
    """Write speech of our own in another format."""
    with translated():
        form = SPEECH_FORMATS[payload["format"]]
        encode(Path(payload["source"]), Path(payload["target"]), form, lambda share: emit({"progress": share}))
    return {}


class Progress:
    """Tells the parent how far the source was read, at most a hundred times."""

    def __init__(self, opened: Opened, emit: Emit) -> None:
        self._source, self._emit, self._told = opened.source, emit, 0.0

    def along(self, source: Iterator[Any]) -> Iterator[Any]:
        """Hand `source` on, and report whenever another hundredth was done."""
        for item in source:
            share = self._source.tell() / max(self._source.size, 1)
            if share >= self._told + 0.01:
                self._told = share
                self._emit({"progress": min(share, 1.0)})
            yield item


@contextmanager
def translated(what: str = "recording", made: str = "decoded sound") -> Iterator[None]:
    """Say foreign errors in ours; whatever a library still complains of is the file's fault."""
    try:
        yield
    except MemoryError as error:
        raise errors.BrokenMedia(
            f"The {what} could not be opened safely: it asks for more memory than it should need."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.StorageFull(f"There is no room left for the {made}: free some disk space.") from error
        if error.errno == errno.EFBIG:
            raise errors.LimitExceeded(f"The {made} is larger than this server takes.") from error
        if isinstance(error, av.error.FFmpegError):
            raise errors.BrokenMedia from error
        raise errors.StorageError(f"A file could not be read or written: {error.strerror}.") from error
    except (av.error.FFmpegError, ValueError, OverflowError, ZeroDivisionError, LookupError) as error:
        raise errors.BrokenMedia(f"The {what} could not be opened safely: {error}.") from error
