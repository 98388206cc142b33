"""What encodes pictures here, and how it is told to: for everything that makes videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import av
from av.video.reformatter import ColorRange

from tenuto.media.karaoke_planes import BT709

# Best first, with what each is told; a PyAV built without the first has the last at least.
ENCODERS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "20"},
    "libopenh264": {"b": "4M"},
    "mpeg4": {"b": "8M"},
}
THREADS = 2
# Where nothing moves, looking for what has moved finds nothing: a quarter of x264's work, for 2 % more bytes.
STILL = "stillimage"
STILL_X264 = {"me_method": "dia", "subq": "0"}


def best_encoder() -> str:
    """The best encoder of this machine."""
    return next(name for name in ENCODERS if name in av.codecs_available)


def options(encoder: str, tune: str) -> dict[str, str]:
    """What an encoder is told of its work; `tune` is what the pictures are like, in words of x264."""
    if encoder != "libx264":
        return dict(ENCODERS[encoder])
    return {**ENCODERS[encoder], "tune": tune, **(STILL_X264 if tune == STILL else {})}


def set_up(context: Any, encoder: str, tune: str, *, size: tuple[int, int], key_frame_every: int) -> None:
    """Tell a codec context what it encodes: pictures of a size, in the colours of `Planes`."""
    context.options = options(encoder, tune)
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.colorspace, context.color_range = BT709, ColorRange.MPEG
    context.color_primaries = context.color_trc = BT709
    context.gop_size = key_frame_every
    context.thread_count = THREADS
