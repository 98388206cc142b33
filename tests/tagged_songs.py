"""Songs as files: short sounds with the tags and covers that people's collections have."""

import io
import struct
import wave
import zlib

import av
import numpy as np

RATE = 22_050


def tone(seconds=1.0, pitch=440.0):
    """A sine as 16-bit samples."""
    return (np.sin(2 * np.pi * pitch * np.arange(int(seconds * RATE)) / RATE) * 9000).astype(np.int16)


def wav(samples):
    """A WAV without tags."""
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    return made.getvalue()


def encoded(path, codec, **metadata):
    """A sound in another format, written to `path`, tagged as FFmpeg does it."""
    with av.open(str(path), "w") as out:
        out.metadata.update(metadata)
        rate = 48_000 if codec == "libopus" else RATE
        stream = out.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size)
        frame = av.AudioFrame.from_ndarray(tone()[None, :], format="s16", layout="mono")
        frame.rate = RATE
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return path


def cover_picture(size=4):
    """A small PNG."""
    rows = b"".join(b"\x00" + b"\x20\x40\x80" * size for _ in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def tagged_flac(folder, *, cover=None, **tags):
    """A FLAC with Vorbis comments and a front cover whose tag lies about its kind."""
    from mutagen.flac import FLAC, Picture

    path = encoded(folder / "made.flac", "flac")
    file = FLAC(path)
    file.update(tags)
    if cover is not None:
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "text/html", cover
        file.add_picture(picture)
    file.save()
    return path.read_bytes()
