"""Real recordings by real encoders, the stock from which others are cut, joined and spoilt."""

import io
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import av
import numpy as np

DETERMINED = {"fflags": "+bitexact"}


def sound_frames(seconds, rate, layout, *, size=1024):
    """A tone that rises and falls, with a little noise so that lossy frames are not all alike."""
    channels = av.AudioLayout(layout).nb_channels
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(1).normal(0, 0.01, len(time))
    mono = (0.3 * np.sin(2 * np.pi * 440 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time)) + noise).astype(
        np.float32
    )
    for start in range(0, len(mono), size):
        piece = np.repeat(mono[start : start + size], channels)[None, :]
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, start
        yield frame


@cache
def encode(container, codec, seconds=1.0, rate=48_000, layout="stereo", **options):
    """A recording as bytes. Options: `muxer` and `encoder` as tuples of pairs, `bit_rate`, `tags`, `video` and `tracks`."""
    muxer = {**DETERMINED, **dict(options.get("muxer", ()))}
    with _written(container, muxer) as (out, finished):
        for name, value in options.get("tags", ()):
            out.metadata[name] = value
        video = _add_video(out) if options.get("video") else None
        for _ in range(options.get("tracks", 1)):
            stream = out.add_stream(codec, rate=rate, layout=layout, options=dict(options.get("encoder", ())))
            stream.codec_context.flags |= 0x00800000  # bit exact: no version of the encoder in the file
            if "bit_rate" in options:
                stream.bit_rate = options["bit_rate"]
        if video:
            _write_video(out, video, seconds)
        for stream in out.streams.audio:
            _write_sound(out, stream, seconds, rate, layout)
    return finished[0]


@contextmanager
def _written(container, muxer):
    """An open muxer, and a list that holds the file once it is closed; a real file, for some muxers read it again."""
    finished = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with av.open(str(path), "w", format=container, options=muxer) as out:
            yield out, finished
        finished.append(path.read_bytes())


def _write_sound(out, stream, seconds, rate, layout):
    context = stream.codec_context
    if not context.is_open:
        context.open()
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=rate, frame_size=context.frame_size or 1024
    )
    for frame in sound_frames(seconds, rate, layout):
        for ready in resampler.resample(frame):
            out.mux(stream.encode(ready))
    for ready in resampler.resample(None):
        out.mux(stream.encode(ready))
    out.mux(stream.encode(None))


def _add_video(out):
    stream = out.add_stream("mpeg4", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    return stream


def _write_video(out, stream, seconds):
    for number in range(round(seconds * 10)):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 20 % 256, np.uint8), format="rgb24")
        frame.pts = number
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


@cache
def film(container):
    """A second of pictures without any sound."""
    with _written(container, DETERMINED) as (out, finished):
        _write_video(out, _add_video(out), 1.0)
    return finished[0]


@cache
def packets_of(data):
    """The coded packets of a recording, and what its decoder is set up with."""
    with av.open(io.BytesIO(data)) as source:
        stream = source.streams.audio[0]
        return [bytes(packet) for packet in source.demux(stream) if packet.size], stream.codec_context.extradata


def wav16(**options):
    return encode("wav", "pcm_s16le", **options)


def mp3(seconds=1.0, **options):
    return encode("mp3", "libmp3lame", seconds, **{"muxer": (("write_xing", "0"), ("id3v2_version", "0")), **options})


def flac(seconds=1.0, **options):
    return encode("flac", "flac", seconds, **options)


def opus(seconds=1.0, **options):
    return encode("ogg", "libopus", seconds, **options)


def vorbis(seconds=1.0, **options):
    return encode("ogg", "vorbis", seconds, encoder=(("strict", "-2"),), **options)


def m4a(seconds=1.0, **options):
    return encode("mp4", "aac", seconds, **options)


def webm(seconds=1.0, **options):
    return encode("webm", "libopus", seconds, **options)
