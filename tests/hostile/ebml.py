"""Writers for Matroska elements: a small valid file, or one whose sizes, rates and times lie."""

import struct

from hostile.forge import tone

RATE = 16_000
UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"


def vint(number):
    """A size as eight bytes."""
    return (number | 1 << 56).to_bytes(8, "big")


def element(name, *parts, size=None):
    """An element named by its hex id; `size` is what it claims, as a number or as raw bytes."""
    body = b"".join(parts)
    claimed = vint(len(body)) if size is None else size if isinstance(size, bytes) else vint(size)
    return bytes.fromhex(name) + claimed + body


def number(name, value):
    return element(name, value.to_bytes(8, "big"))


def real(name, value):
    return element(name, struct.pack(">d", value))


def head(kind=b"matroska"):
    return element("1a45dfa3", element("4282", kind), number("4287", 4), number("4285", 2))


def info(*, scale=1_000_000, duration=None):
    length = b"" if duration is None else real("4489", duration)
    return element("1549a966", number("2ad7b1", scale), length)


def sound_track(*, codec=b"A_PCM/INT/LIT", rate=float(RATE), channels=1, bits=16, private=b"", track=1):
    depth = number("6264", bits) if bits else b""
    sound = element("e1", real("b5", rate), number("9f", channels), depth)
    setup = element("63a2", private) if private else b""
    return element(
        "ae", number("d7", track), number("73c5", track), number("83", 2), element("86", codec), setup, sound
    )


def cluster(time, *blocks, size=None):
    return element("1f43b675", number("e7", time), *blocks, size=size)


def block(data, *, offset=0, track=1):
    return element("a3", bytes((0x80 | track,)) + struct.pack(">hB", offset, 0x80) + data)


def pcm_clusters(seconds=1.0, *, times=None, sizes=None):
    """Tenth-second blocks of PCM, one per cluster; `times` are the clusters' own milliseconds."""
    sound = tone(seconds)
    step = RATE // 10 * 2
    pieces = [sound[start : start + step] for start in range(0, len(sound), step)]
    times = times or [100 * place for place in range(len(pieces))]
    return [cluster(time, block(piece), size=sizes) for time, piece in zip(times, pieces, strict=True)]


def matroska(*parts, segment_size=None, kind=b"matroska"):
    return head(kind) + element("18538067", *parts, size=segment_size)


def pcm_file(*, tracks=None, about=None, clusters=None, more=(), **options):
    """A Matroska file of one second of PCM; its parts may be replaced by name."""
    about = info(duration=1000.0) if about is None else about
    tracks = element("1654ae6b", *(tracks or (sound_track(),)))
    return matroska(about, tracks, *more, *(clusters or pcm_clusters()), **options)
