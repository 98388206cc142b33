"""Sound that tenuto made, written in the formats people ask for: speech in one channel, music in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tenuto import errors
from tenuto.media.sound import Converter, convert_all
from tenuto.media.waves import pieces, read_wave

PIECE_FRAMES = 1 << 14
ANY_SIZE = 1024
LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class SoundFormat:
    """How a format is written."""

    container: str
    codec: str
    sample_format: str
    media_type: str
    bit_rate: int = 0
    rate: int = 0  # 0 for the rate of the source
    channels: int = 1
    muxing: Mapping[str, str] = field(default_factory=dict)


def _speech(container: str, codec: str, sample_format: str, media_type: str, bit_rate: int = 0) -> SoundFormat:
    return SoundFormat(container, codec, sample_format, media_type, bit_rate, rate=24_000)


def _music(container: str, codec: str, sample_format: str, media_type: str, **more: Any) -> SoundFormat:
    return SoundFormat(container, codec, sample_format, media_type, channels=2, **more)


SPEECH_FORMATS = {
    "mp3": _speech("mp3", "libmp3lame", "s16p", "audio/mpeg", 64_000),
    "opus": _speech("ogg", "libopus", "s16", "audio/ogg", 48_000),
    "aac": _speech("adts", "aac", "fltp", "audio/aac", 64_000),
    "flac": _speech("flac", "flac", "s16", "audio/flac"),
    "wav": _speech("wav", "pcm_s16le", "s16", "audio/wav"),
    "pcm": _speech("s16le", "pcm_s16le", "s16", "audio/pcm"),
}
MUSIC_FORMATS = {
    "wav": _music("wav", "pcm_s16le", "s16", "audio/wav"),
    "flac": _music("flac", "flac", "s16", "audio/flac"),
    "mp3": _music("mp3", "libmp3lame", "s16p", "audio/mpeg", bit_rate=256_000),
    # Opus knows no 44.1 kHz.
    "opus": _music("ogg", "libopus", "s16", "audio/ogg", bit_rate=160_000, rate=48_000),
    "m4a": _music("ipod", "aac", "fltp", "audio/mp4", bit_rate=192_000, muxing={"movflags": "+faststart"}),
}
# What tenuto composes or masters is in floats, so that a WAV of more bits holds more of it.
MASTER_FORMATS = {
    **MUSIC_FORMATS,
    "wav24": _music("wav", "pcm_s24le", "s32", "audio/wav"),
    "wav32f": _music("wav", "pcm_f32le", "flt", "audio/wav"),
}


def music_format(name: str, known: Mapping[str, SoundFormat] = MUSIC_FORMATS) -> SoundFormat:
    """The format of music that is called so."""
    try:
        return known[name]
    except KeyError:
        raise errors.ValidationError(f"Music is not written as {name!r}, but as {', '.join(known)}.") from None


def file_ending(name: str) -> str:
    """How files in a format end."""
    return "wav" if name in ("wav24", "wav32f") else name


def encode(
    source: Path, target: Path, form: SoundFormat, tell: Callable[[float], None], tags: Mapping[str, str] | None = None
) -> None:
    """Write our own WAV `source` in the format `form`."""
    with read_wave(source, channels=form.channels) as reader:
        encode_frames(wave_frames(reader, tell), target, form, rate=reader.getframerate(), tags=tags)


def encode_frames(
    frames: Iterator[Any], target: Path, form: SoundFormat, *, rate: int, tags: Mapping[str, str] | None = None
) -> None:
    """Write sound of our own, at its `rate`, in the format `form`."""
    with av.open(f"file:{target}", "w", format=form.container, container_options=dict(form.muxing)) as out:
        out.metadata.update(tags or {})
        rate, layout = form.rate or rate, LAYOUTS[form.channels]
        stream: Any = out.add_stream(form.codec, rate=rate, layout=layout)
        stream.codec_context.format = form.sample_format
        if form.bit_rate:
            stream.bit_rate = form.bit_rate
        stream.codec_context.open(strict=False)
        fifo, clock = av.AudioFifo(), 0

        def write(sound: Any) -> None:
            nonlocal clock
            sound.pts, sound.time_base = clock, Fraction(1, rate)
            clock += sound.samples
            out.mux(stream.encode(sound))

        converter = Converter(layout=layout, rate=rate, sample_format=form.sample_format)
        for sound in convert_all(frames, converter):
            sound.pts = None
            fifo.write(sound)
            for whole in fifo.read_many(stream.codec_context.frame_size or ANY_SIZE):
                write(whole)
        rest = fifo.read(0, partial=True)
        if rest is not None:
            write(rest)
        out.mux(stream.encode(None))
    if not clock:
        raise errors.EngineError("There is no sound to be written.")


def wave_frames(reader: Any, tell: Callable[[float], None]) -> Iterator[Any]:
    """All the sound of an open WAV, as frames."""
    total, layout = reader.getnframes(), LAYOUTS[reader.getnchannels()]
    for piece in pieces(reader, frames=PIECE_FRAMES, limit=total):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece.reshape(1, -1)), format="s16", layout=layout)
        frame.sample_rate = reader.getframerate()
        yield frame
        tell(reader.tell() / total)
