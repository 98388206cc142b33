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

    def paste(self, source: Planes, box: Box) -> None:
        """Overwrite a part with the same part of `source`."""
        self._bright[box.top : box.bottom, box.left : box.right] = source._bright[
            box.top : box.bottom, box.left : box.right
        ]
        part = np.s_[box.top // 2 : (box.bottom + 1) // 2, box.left // 2 : (box.right + 1) // 2]
        for mine, other in zip(self._colours, source._colours, strict=True):
            mine[part] = other[part]

    def draw(self, picture: Picture, box: Box) -> None:
        """Overwrite a part with that of a picture in red, green and blue, of which no more than that is turned."""
        height, width = self._bright.shape
        inner, outer = (box.grown(margin, height, width) for margin in (0, MARGIN))
        part = Planes.of(picture[outer.top : outer.bottom, outer.left : outer.right])
        top, left = inner.top - outer.top, inner.left - outer.left
        bottom, right = top + inner.bottom - inner.top, left + inner.right - inner.left
        self._bright[inner.top : inner.bottom, inner.left : inner.right] = part._bright[top:bottom, left:right]
        for mine, other in zip(self._colours, part._colours, strict=True):
            mine[inner.top // 2 : inner.bottom // 2, inner.left // 2 : inner.right // 2] = other[
                top // 2 : bottom // 2, left // 2 : right // 2
            ]

    def frame(self) -> Any:
        """What an encoder takes; later changes of this picture do not touch it."""
        frame = av.VideoFrame.from_ndarray(self.data, format="yuv420p")
        frame.colorspace, frame.color_range = BT709, ColorRange.MPEG
        return frame
