"""Pictures as encoders take them: brightness, and two planes of colour at half the size. Put together part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace

Picture = npt.NDArray[np.uint8]
BT709 = 1  # how players read colours of this size when nothing is said; older ones know no other way


MARGIN = 2  # Colours of a part are those of the whole picture where so much around it is turned with it.


@dataclass(frozen=True)
class Box:
    """A part of a picture."""

    top: int
    bottom: int
    left: int
    right: int

    def grown(self, margin: int, height: int, width: int) -> Box:
        """With at least so much around it, in whole points of colour, as far as a picture goes."""
        return Box(
            top=max(0, self.top - margin) // 2 * 2,
            bottom=min(height, (self.bottom + margin + 1) // 2 * 2),
            left=max(0, self.left - margin) // 2 * 2,
            right=min(width, (self.right + margin + 1) // 2 * 2),
        )


class Planes:
    """A picture in YUV 4:2:0, whose parts can be overwritten with those of another one of its size."""

    def __init__(self, data: Picture) -> None:
        self.data = data
        height, width = data.shape[0] * 2 // 3, data.shape[1]
        flat, half = data.reshape(-1), (height // 2, width // 2)
        size = height * width
        self._bright = flat[:size].reshape(height, width)
        self._colours = [flat[start : start + size // 4].reshape(half) for start in (size, size + size // 4)]

    @classmethod
    def of(cls, picture: Picture) -> Planes:
        """The same picture, from red, green and blue."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        turned = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        return cls(turned.to_ndarray().astype(np.uint8, copy=False))

    def copy(self) -> Planes:
        """Another one that may be changed."""
        return Planes(self.data.copy())

    def paste(self, source: Planes, box: Box, *, top: int = 0, left: int = 0) -> None:
        """Overwrite a part with that of `source`, which begins so far down and to the right, at a point of colour."""
        self._bright[box.top : box.bottom, box.left : box.right] = source._bright[
            box.top - top : box.bottom - top, box.left - left : box.right - left
        ]
        rows = slice((box.top - top) // 2, (box.bottom - top + 1) // 2)
        columns = slice((box.left - left) // 2, (box.right - left + 1) // 2)
        part = np.s_[box.top // 2 : (box.bottom + 1) // 2, box.left // 2 : (box.right + 1) // 2]
        for mine, other in zip(self._colours, source._colours, strict=True):
            mine[part] = other[rows, columns]

    def draw(self, picture: Picture, box: Box) -> None:
        """Overwrite a part with that of a picture in red, green and blue, of which no more than that is turned."""
        height, width = self._bright.shape
        around = box.grown(MARGIN, height, width)
        part = Planes.of(picture[around.top : around.bottom, around.left : around.right])
        self.paste(part, box.grown(0, height, width), top=around.top, left=around.left)

    def frame(self) -> Any:
        """What an encoder takes; later changes of this picture do not touch it."""
        frame = av.VideoFrame.from_ndarray(self.data, format="yuv420p")
        frame.colorspace, frame.color_range = BT709, ColorRange.MPEG
        return frame
