"""Writers for RIFF, AIFF, AU, CAF and tags that let every field lie."""

import math
import struct

import numpy as np

RATE = 16_000


def tone(seconds=1.0, rate=RATE, channels=1, *, dtype="<i2"):
    """A quiet 440 Hz tone as interleaved samples."""
    mono = 0.25 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    if np.dtype(dtype).kind == "f":
        samples = mono.astype(dtype)
    else:
        bits = np.dtype(dtype).itemsize * 8
        samples = (mono * (2 ** (bits - 1) - 1) + (128 if np.dtype(dtype).kind == "u" else 0)).astype(dtype)
    return np.repeat(samples, channels).tobytes()


def tone24(seconds=1.0, rate=RATE):
    """The same tone as packed 24-bit samples."""
    wide = np.frombuffer(tone(seconds, rate, dtype="<i4"), np.uint8).reshape(-1, 4)
    return wide[:, 1:].tobytes()


# RIFF


def chunk(name, data=b"", *, size=None):
    """A RIFF chunk, padded to an even length; `size` is what it claims."""
    claimed = len(data) if size is None else size
    return name + struct.pack("<I", claimed) + data + b"\0" * (len(data) % 2)


def fmt(*, codec=1, channels=1, rate=RATE, bits=16, block=None, extra=b""):
    """A WAV format chunk."""
    block = min(channels * ((bits + 7) // 8), 65535) if block is None else block
    head = struct.pack("<HHIIHH", codec, channels, rate, min(rate * block, 2**32 - 1), block, bits)
    return chunk(b"fmt ", head + extra)


def extensible(*, channels, mask, rate=48_000, bits=16):
    """A WAVE_FORMAT_EXTENSIBLE format chunk for PCM."""
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    extra = struct.pack("<HHI", 22, bits, mask) + guid
    return fmt(codec=0xFFFE, channels=channels, rate=rate, bits=bits, extra=extra)


def riff(*chunks, magic=b"RIFF", form=b"WAVE", size=None):
    """A RIFF file of these chunks."""
    body = form + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


def wav(seconds=1.0, *, before=(), after=(), dtype="<i2", data_size=None, size=None, **options):
    """A WAV of a tone; `options` are those of the format chunk."""
    bits = np.dtype(dtype).itemsize * 8
    options = {"bits": bits, "codec": 3 if np.dtype(dtype).kind == "f" else 1, **options}
    sound = tone(seconds, options.get("rate", RATE), options.get("channels", 1), dtype=dtype)
    return riff(*before, fmt(**options), chunk(b"data", sound, size=data_size), *after, size=size)


def wav_of(sound, *, extra_chunks=(), **options):
    """A WAV with this sound, whatever its header says of it."""
    return riff(fmt(**options), *extra_chunks, chunk(b"data", sound))


def rf64(seconds=1.0, *, magic=b"RF64", data_bytes=None, riff_bytes=None):
    """A WAV with 64-bit sizes."""
    sound = tone(seconds)
    real = len(sound) if data_bytes is None else data_bytes
    ds64 = struct.pack("<QQQI", real + 72 if riff_bytes is None else riff_bytes, real, real // 2, 0)
    return riff(chunk(b"ds64", ds64), fmt(), chunk(b"data", sound, size=2**32 - 1), magic=magic, size=2**32 - 1)


def rifx(seconds=1.0):
    """A big-endian WAV."""
    sound = tone(seconds, dtype=">i2")
    head = struct.pack(">HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    body = b"WAVEfmt " + struct.pack(">I", 16) + head + b"data" + struct.pack(">I", len(sound)) + sound
    return b"RIFX" + struct.pack(">I", len(body)) + body


# AIFF, AU, CAF


def float80(value):
    """A number as IEEE 754 extended precision; `value` may also be ten raw bytes."""
    if isinstance(value, bytes):
        return value
    if not value:
        return bytes(10)
    mantissa, exponent = math.frexp(abs(value))
    sign = 0x8000 if value < 0 else 0
    return struct.pack(">HQ", sign | (exponent + 16382), int(mantissa * 2**64) & (2**64 - 1))


def big_chunk(name, data=b"", *, size=None):
    """An IFF chunk."""
    return name + struct.pack(">I", len(data) if size is None else size) + data + b"\0" * (len(data) % 2)


def aiff(
    seconds=1.0,
    *,
    channels=1,
    rate=RATE,
    frames=None,
    codec=b"",
    dtype=">i2",
    sound=None,
    offset=0,
    before=b"",
    **sizes,
):
    """An AIFF, or an AIFC when `codec` names one; `sizes` may hold comm_size and sound_size."""
    sound = tone(seconds, dtype=dtype) if sound is None else sound
    bits = np.dtype(dtype).itemsize * 8
    count = len(sound) // (bits // 8) if frames is None else frames
    comm = struct.pack(">HIH", channels, count, bits) + float80(rate)
    comm += codec + b"\0\0" if codec else b""
    body = (b"AIFC" + big_chunk(b"FVER", bytes.fromhex("a2805140"))) if codec else b"AIFF"
    body += before + big_chunk(b"COMM", comm, size=sizes.get("comm_size"))
    sound = struct.pack(">II", offset, 0) + b"\xaa" * offset + sound
    return (
        b"FORM"
        + struct.pack(">I", len(body) + len(sound) + 8)
        + body
        + big_chunk(b"SSND", sound, size=sizes.get("sound_size"))
    )


def au(seconds=1.0, *, encoding=3, channels=1, rate=RATE, size=None, offset=28, note=b"\0\0\0\0", sound=None):
    """A Sun audio file; encoding 3 is 16-bit PCM, 1 is mu-law."""
    sound = tone(seconds, dtype=">i2") if sound is None else sound
    size = len(sound) if size is None else size
    return b".snd" + struct.pack(">IIIII", offset, size, encoding, rate, channels) + note + sound


def caf_chunk(name, data=b"", *, size=None):
    """A Core Audio chunk."""
    return name + struct.pack(">q", len(data) if size is None else size) + data


def caf(seconds=1.0, *, rate=float(RATE), channels=1, data_size=None, before=b"", packet_bytes=2, bits=16):
    """A Core Audio file of 16-bit little-endian PCM."""
    desc = struct.pack(">d4sIIIII", rate, b"lpcm", 2, packet_bytes, 1, channels, bits)
    sound = b"\0\0\0\0" + tone(seconds)
    return b"caff\0\1\0\0" + caf_chunk(b"desc", desc) + before + caf_chunk(b"data", sound, size=data_size)


# Tags


def syncsafe(number):
    """Four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(*frames, size=None, flags=0, version=4):
    """An ID3v2 tag."""
    body = b"".join(frames)
    return b"ID3" + bytes((version, 0, flags)) + syncsafe(len(body) if size is None else size) + body


def id3_frame(name, data, *, size=None):
    """One frame of an ID3v2.4 tag."""
    return name + syncsafe(len(data) if size is None else size) + b"\0\0" + data


def picture_frame(data, *, size=None):
    """Cover art in an ID3v2.4 tag."""
    return id3_frame(b"APIC", b"\0image/png\0\3\0" + data, size=size)


def xing(frame, frames, *, size=None):
    """An MPEG frame header and a Xing block telling of `frames` frames, as long as the frame it replaces."""
    head = frame[:4]
    mono = head[3] >> 6 == 3
    side = (17 if mono else 32) if head[1] & 8 else (9 if mono else 17)
    block = b"Xing" + struct.pack(">III", 3, frames, 1000 if size is None else size)
    return (head + b"\0" * side + block).ljust(len(frame), b"\0")
