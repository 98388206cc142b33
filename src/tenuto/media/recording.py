"""An untrusted recording as floats, decoded anew each time it is read, so that none of it lies on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenuto.domain.media import MediaLimits
from tenuto.media.floats import PIECE_FRAMES, Floats
from tenuto.media.opening import open_recording
from tenuto.media.sound import Converter, Tally, frames

# What players take channels for that a file does not name.
USUAL_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass(frozen=True)
class Recording:
    """A recording whose rate and channels are known."""

    path: Path
    rate: int
    layout: str
    limits: MediaLimits
    tell: Callable[[float], None] = lambda _share: None

    def pieces(self) -> Iterator[Floats]:
        """All of it, in pieces of shape (frames, channels)."""
        with open_recording(self.path, self.limits) as opened:
            size = max(opened.source.size, 1)
            for piece in float_pieces(frames(opened, Tally(), self.limits), rate=self.rate):
                self.tell(min(opened.source.tell() / size, 1.0))
                yield piece


def layout_of(frame: Any) -> str:
    """What the channels of a frame are, as FFmpeg calls them."""
    name = str(frame.layout.name)
    return USUAL_LAYOUTS.get(frame.layout.nb_channels, name) if " channels" in name else name


def float_pieces(source: Iterator[Any], *, rate: int) -> Iterator[Floats]:
    """Frames as pieces of about one size; all have the channels of the first one."""
    converter: Converter | None = None
    held: list[Floats] = []
    for frame in source:
        if converter is None:
            channels = frame.layout.nb_channels
            converter = Converter(layout=frame.layout.name, rate=rate, sample_format="flt")
        held += [_samples(converted, channels) for converted in converter.convert(frame)]
        if sum(map(len, held)) >= PIECE_FRAMES:
            yield np.concatenate(held)
            held = []
    if converter is not None:
        held += [_samples(converted, channels) for converted in converter.flush()]
    if held:
        yield np.concatenate(held)


def _samples(frame: Any, channels: int) -> Floats:
    found = np.frombuffer(frame.planes[0], np.float32, frame.samples * channels)
    return found.reshape(-1, channels)
