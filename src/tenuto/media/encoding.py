"""Sound that tenuto made, written in the formats people ask for: speech in one channel, music in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tenuto import errors
from tenuto.media.sound import Converter, convert_all
from tenuto.media.waves import pieces, read_wave

# What tempo and key are called where a container has a place for them; all else is called the same everywhere.
OWN_TAGS: Mapping[str, Mapping[str, str]] = {
    "mp3": {"bpm": "TBPM", "key": "TKEY"},
    "flac": {"bpm": "BPM", "key": "INITIALKEY"},
    "ogg": {"bpm": "BPM", "key": "INITIALKEY"},
    "ipod": {"bpm": "tmpo"},
}
PIECE_FRAMES = 1 << 14
ANY_SIZE = 1024
LAYOUTS = {1: "mono", 2: "stereo"}
LAME_SCALE = 0.95  # at the bit rates that speech is written with


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
    scale: float = 1.0  # what the encoder multiplies all sound by, unasked


def _speech(
    container: str, codec: str, sample_format: str, media_type: str, bit_rate: int = 0, **more: Any
) -> SoundFormat:
    return SoundFormat(container, codec, sample_format, media_type, bit_rate, rate=24_000, **more)


def _music(container: str, codec: str, sample_format: str, media_type: str, **more: Any) -> SoundFormat:
    return SoundFormat(container, codec, sample_format, media_type, channels=2, **more)


# An Ogg has a random number otherwise, and the same sound is another file each time.
REPEATABLE = {"fflags": "+bitexact"}
SPEECH_FORMATS = {
    # LAME makes all sound quieter by a twentieth; floats have room for what makes up for it.
    "mp3": _speech("mp3", "libmp3lame", "fltp", "audio/mpeg", 64_000, scale=LAME_SCALE),
    "opus": _speech("ogg", "libopus", "s16", "audio/ogg", 48_000, muxing=REPEATABLE),
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
    "opus": _music("ogg", "libopus", "s16", "audio/ogg", bit_rate=160_000, rate=48_000, muxing=REPEATABLE),
    "m4a": _music("ipod", "aac", "fltp", "audio/mp4", bit_rate=192_000, muxing={"movflags": "+faststart"}),
}
PODCAST_FORMATS = {
    "m4a": SoundFormat("ipod", "aac", "fltp", "audio/mp4", 128_000, muxing={"movflags": "+faststart"}),
    "mp3": SoundFormat("mp3", "libmp3lame", "s16p", "audio/mpeg", 96_000, scale=LAME_SCALE),
    "opus": SoundFormat("ogg", "libopus", "s16", "audio/ogg", 64_000, muxing=REPEATABLE),
}
# What tenuto composes or masters is in floats, so that a WAV of more bits holds more of it.
MASTER_FORMATS = {
    **MUSIC_FORMATS,
    "flac24": _music("flac", "flac", "s32", "audio/flac"),
    "wav24": _music("wav", "pcm_s24le", "s32", "audio/wav"),
    "wav32f": _music("wav", "pcm_f32le", "flt", "audio/wav"),
}


def music_format(name: str, known: Mapping[str, SoundFormat] = MUSIC_FORMATS) -> SoundFormat:
    """The format of music that is called so."""
    try:
        return known[name]
    except KeyError:
        raise errors.ValidationError(f"Music is not written as {name!r}, but as {', '.join(known)}.") from None


def podcast_format(name: str) -> SoundFormat:
    """The format of podcasts that is called so."""
    try:
        return PODCAST_FORMATS[name]
    except KeyError:
        known = ", ".join(PODCAST_FORMATS)
        raise errors.ValidationError(f"Podcasts are not written as {name!r}, but as {known}.") from None


def file_ending(name: str) -> str:
    """How files in a format end."""
    return name.removesuffix("24").removesuffix("32f")


def rate_in(form: SoundFormat, rate: int) -> int:
    """The rate at which a format holds sound of a rate: the same, or the next one above that it knows."""
    known = sorted(av.Codec(form.codec, "w").audio_rates or [])
    if form.rate or not known or rate in known:
        return form.rate or rate
    return next((other for other in known if other >= rate), known[-1])


def encode(
    source: Path, target: Path, form: SoundFormat, tell: Callable[[float], None], tags: Mapping[str, str] | None = None
) -> None:
    """Write our own WAV `source` in the format `form`."""
    with read_wave(source, channels=form.channels) as reader:
        frames = wave_frames(reader, tell, factor=1 / form.scale)
        encode_frames(frames, target, form, rate=reader.getframerate(), tags=tags)


def encode_frames(
    frames: Iterator[Any],
    target: Path,
    form: SoundFormat,
    *,
    rate: int,
    layout: str = "",
    tags: Mapping[str, str] | None = None,
    chapters: Sequence[Any] = (),
) -> None:
    """Write sound of our own, at its `rate`, in the format `form`, with other channels than usual where told."""
    with av.open(f"file:{target}", "w", format=form.container, container_options=dict(form.muxing)) as out:
        out.metadata.update(_tags_in(form, tags or {}))
        out.set_chapters(list(chapters))
        rate, layout = rate_in(form, rate), layout or LAYOUTS[form.channels]
        stream: Any = out.add_stream(form.codec, rate=rate, layout=layout)
        stream.codec_context.format = form.sample_format
        if form.bit_rate:
            stream.bit_rate = form.bit_rate * av.AudioLayout(layout).nb_channels // form.channels
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


def _tags_in(form: SoundFormat, tags: Mapping[str, str]) -> dict[str, str]:
    own = OWN_TAGS.get(form.container, {})
    named = {own.get(name, "" if name in ("bpm", "key") else name): text for name, text in tags.items()}
    return {name: text for name, text in named.items() if name and text}


def wave_frames(reader: Any, tell: Callable[[float], None], *, factor: float = 1.0) -> Iterator[Any]:
    """All the sound of an open WAV, as frames; those that are made louder have floats."""
    total, layout = reader.getnframes(), LAYOUTS[reader.getnchannels()]
    for piece in pieces(reader, frames=PIECE_FRAMES, limit=total):
        row = np.ascontiguousarray(piece.reshape(1, -1))
        if factor == 1:
            frame = av.AudioFrame.from_ndarray(row, format="s16", layout=layout)
        else:
            louder = row.astype(np.float32) * np.float32(factor / (1 << 15))
            frame = av.AudioFrame.from_ndarray(louder, format="flt", layout=layout)
        frame.sample_rate = reader.getframerate()
        yield frame
        tell(reader.tell() / total)
