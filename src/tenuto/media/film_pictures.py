"""The pictures of a film: read, brought to its size, faded and captioned, and encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.video.frame import PictureType

from tenuto import errors
from tenuto.domain.films import RATE, Film
from tenuto.media.film_captions import Captions
from tenuto.media.film_plan import KEY_FRAME_SECONDS, Moment, Plan
from tenuto.media.film_segments import Coded
from tenuto.media.karaoke_planes import Picture, Planes
from tenuto.media.video_encoders import STILL, best_encoder, options, set_up

MOST_PIXELS = 64_000_000
READERS = {b"\x89PNG": "png_pipe", b"\xff\xd8\xff": "jpeg_pipe"}
CLOCK = Fraction(1, RATE)
# A key frame is as good as those that follow: with "animation" slides would get sharper a moment after each of them.
TUNE = STILL
COVER_SIDE = 640
JPEG_QUALITY = 3  # of 2 to 31, the least is the best


class Pictures:
    """The pictures of scenes as an encoder takes them."""

    def __init__(self, film: Film, captions: Captions) -> None:
        self._film, self._captions = film, captions
        # Two scenes are needed at once, where one fades into the other.
        self._read = lru_cache(maxsize=2)(self._fitted)
        self._planes = lru_cache(maxsize=4)(self._drawn)
        self.name_of = lru_cache(maxsize=None)(_content_name)

    def _fitted(self, path: Path) -> Picture:
        """A picture in red, green and blue, in the middle of a black frame where its shape is another one."""
        film = self._film
        frame = _decoded(path)
        scale = min(film.width / frame.width, film.height / frame.height)
        width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
        picture = frame.reformat(width=width, height=height, format="rgb24", interpolation="LANCZOS").to_ndarray()
        if (width, height) == (film.width, film.height):
            return np.asarray(picture)
        whole = np.zeros((film.height, film.width, 3), np.uint8)
        top, left = (film.height - height) // 2, (film.width - width) // 2
        whole[top : top + height, left : left + width] = picture
        return whole

    def frames(self, plan: Plan, picture: Path, before: Path | None) -> Iterator[tuple[Moment, Any]]:
        """The frames of a scene; those that look alike are one."""
        shown: tuple[float, str] | None = None
        frame: Any = None
        for moment in plan.moments:
            if shown != (moment.faded, moment.caption):
                shown = (moment.faded, moment.caption)
                frame = self._mixed(moment, picture, before).frame()
            yield moment, frame

    def _mixed(self, moment: Moment, picture: Path, before: Path | None) -> Planes:
        new = self._planes(picture, moment.caption)
        if moment.faded == 1.0 or before is None:
            return new
        old = self._planes(before, moment.caption)
        mixed = old.data + (new.data.astype(np.float32) - old.data) * moment.faded
        return Planes(mixed.round().astype(np.uint8))

    def still(self, path: Path) -> Any:
        """The frame of a picture without anything in it."""
        return self._planes(path, "").frame()

    def cover(self, path: Path) -> bytes:
        """A small JPEG of a picture, for lists of films."""
        return to_jpeg(_decoded(path), COVER_SIDE)

    def _drawn(self, path: Path, caption: str) -> Planes:
        if not caption:
            return Planes.of(self._read(path))
        captioned = self._planes(path, "").copy()
        captioned.draw(*self._captions.draw(self._read(path), caption))
        return captioned


def _decoded(path: Path) -> Any:
    """The only frame of a PNG or JPEG."""
    with path.open("rb") as file:
        start = file.read(4)
    reader = next((reader for mark, reader in READERS.items() if start.startswith(mark)), None)
    if reader is None:
        raise errors.BrokenMedia(f"The picture {path.name} is neither a PNG nor a JPEG.")
    try:
        with av.open(f"file:{path}", format=reader) as opened:
            context = opened.streams.video[0].codec_context
            if context.width * context.height > MOST_PIXELS:
                size = f"{context.width} by {context.height}"
                raise errors.LimitExceeded(f"The picture {path.name} is too large: {size} points.")
            frame = next(opened.decode(video=0), None)
    except (av.error.FFmpegError, ValueError, IndexError, MemoryError) as error:
        raise errors.BrokenMedia(f"The picture {path.name} cannot be read: {error}.") from error
    if frame is None:
        raise errors.BrokenMedia(f"The picture {path.name} is empty.")
    return frame


def write_poster(picture: Path, target: Path, side: int) -> None:
    """Write a JPEG of a picture, its longer side of a length."""
    target.write_bytes(to_jpeg(_decoded(picture), side))


def to_jpeg(frame: Any, side: int) -> bytes:
    """A frame as a JPEG, its longer side of a length; smaller ones stay as they are."""
    scale = min(1.0, side / max(frame.width, frame.height))
    context: Any = av.CodecContext.create("mjpeg", "w")
    context.width, context.height = (max(2, round(length * scale) // 2 * 2) for length in (frame.width, frame.height))
    context.pix_fmt, context.time_base = "yuvj420p", Fraction(1, 1)
    context.options = {"qmin": str(JPEG_QUALITY), "qmax": str(JPEG_QUALITY)}
    small = frame.reformat(width=context.width, height=context.height, format="yuvj420p", interpolation="LANCZOS")
    small.pts, small.time_base = 0, Fraction(1, 1)
    return b"".join(bytes(packet) for packet in (*context.encode(small), *context.encode(None)))


def _content_name(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class PictureEncoder:
    """Encodes scenes one by one, each so that it can stand behind any other."""

    def __init__(self, film: Film) -> None:
        self.name = best_encoder()
        self._film = film

    def set_up(self, context: Any) -> None:
        """Tell a codec context how scenes are encoded."""
        film = self._film
        size = (film.width, film.height)
        set_up(context, self.name, TUNE, size=size, key_frame_every=KEY_FRAME_SECONDS * film.fps)
        context.time_base, context.framerate = CLOCK, Fraction(film.fps)
        context.max_b_frames = 0  # so that frames are stored in the order they are seen
        context.flags |= Flags.global_header

    def told(self, header: bytes) -> list[Any]:
        """All that decides what packets are, beside the frames, and the header that players read them with."""
        versions = [av.__version__, *av.library_versions["libavcodec"]]
        film = self._film
        return [self.name, options(self.name, TUNE), film.width, film.height, film.fps, versions, header.hex()]

    def encode(self, frames: Iterable[tuple[Moment, Any]], *, key_frames: set[int], header: bytes) -> Iterator[Coded]:
        """The packet of each frame; those of numbers in `key_frames` need none before them."""
        context: Any = av.CodecContext.create(self.name, "w")
        self.set_up(context)
        for number, (moment, frame) in enumerate(frames):
            frame.pts, frame.time_base = moment.at, CLOCK
            frame.pict_type = PictureType.I if number in key_frames else PictureType.NONE
            yield from map(_coded, context.encode(frame))
        yield from map(_coded, context.encode(None))
        if context.extradata != header:
            raise errors.EngineError(f"The encoder {self.name} gave a scene another header than the film: report it.")


def _coded(packet: Any) -> Coded:
    return Coded(bytes(packet), packet.is_keyframe)
