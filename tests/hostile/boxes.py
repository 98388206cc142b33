"""Writers for MP4 boxes: a small valid file whose every table can be replaced by one that lies."""

import struct

from hostile.forge import tone

RATE = 16_000


def box(kind, *parts, size=None):
    """A box; `size` is what it claims."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8 if size is None else size) + kind + body


def full(kind, *parts, version=0, flags=0, size=None):
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts, size=size)


def table(kind, rows, row, *, count=None):
    """A box that is a table of `rows` packed as `row`; `count` is what it claims."""
    packed = b"".join(struct.pack(row, *(item if isinstance(item, tuple) else (item,))) for item in rows)
    return full(kind, struct.pack(">I", len(rows) if count is None else count), packed)


FTYP = box(b"ftyp", b"qt  ", struct.pack(">I", 512), b"qt  ")
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def mvhd(*, timescale=1000, duration=1000):
    return full(
        b"mvhd",
        struct.pack(">IIIIIH", 0, 0, timescale, duration, 0x10000, 0x100),
        bytes(10),
        MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )


def tkhd(*, duration=1000, track=1):
    body = (
        struct.pack(">IIIII", 0, 0, track, 0, duration)
        + bytes(8)
        + struct.pack(">HHHH", 0, 0, 0x100, 0)
        + MATRIX
        + bytes(8)
    )
    return full(b"tkhd", body, flags=7)


def mdhd(*, timescale=RATE, duration=RATE):
    return full(b"mdhd", struct.pack(">IIIIHH", 0, 0, timescale, duration, 0x55C4, 0))


def hdlr(kind=b"soun"):
    return full(b"hdlr", b"mhlr", kind, bytes(12), b"\0")


def sound_entry(*, codec=b"sowt", channels=1, bits=16, rate=RATE, more=b""):
    """A sample description; `sowt` is 16-bit little-endian PCM."""
    body = (
        bytes(6) + struct.pack(">H", 1) + bytes(8) + struct.pack(">HHHHI", channels, bits, 0, 0, (rate & 0xFFFF) << 16)
    )
    return box(codec, body, more)


def stsd(*entries, count=None):
    return full(b"stsd", struct.pack(">I", len(entries) if count is None else count), *entries)


def dref(*entries):
    entries = entries or (full(b"url ", flags=1),)
    return box(b"dinf", full(b"dref", struct.pack(">I", len(entries)), *entries))


def stsz(size, count, sizes=b""):
    return full(b"stsz", struct.pack(">II", size, count), sizes)


def sound_tables(*, samples=RATE, chunks=None, **replaced):
    """The tables of a track of PCM whose sound starts at byte 36 of the file; each may be replaced by name."""
    chunks = chunks or [36]
    ours = {
        "stsd": stsd(sound_entry()),
        "stts": table(b"stts", [(samples, 1)], ">II"),
        "stsc": table(b"stsc", [(1, samples // len(chunks), 1)], ">III"),
        "stsz": stsz(2, samples),
        "stco": table(b"stco", chunks, ">I"),
    }
    return box(b"stbl", *{**ours, **replaced}.values())


def track(*, tables=None, drefs=None, media_head=None, edits=b"", handler=b"soun", number=1):
    media_info = box(b"minf", full(b"smhd", bytes(4)), dref() if drefs is None else drefs, tables or sound_tables())
    media = box(b"mdia", mdhd() if media_head is None else media_head, hdlr(handler), media_info)
    return box(b"trak", tkhd(track=number), edits, media)


def movie(*tracks, head=None, more=b""):
    return box(b"moov", mvhd() if head is None else head, *tracks, more)


def quicktime(*tracks, sound=None, ftyp=FTYP, after=b"", **options):
    """A whole file: a type, one second of PCM from byte 36 on, and the movie."""
    sound = tone(1.0) if sound is None else sound
    gap = box(b"wide")
    return ftyp + gap + box(b"mdat", sound) + movie(*(tracks or (track(),)), **options) + after


def edit_list(*rows):
    """An edit list of (duration, start) rows in the movie's time."""
    return box(b"edts", table(b"elst", [(duration, start, 0x10000) for duration, start in rows], ">IiI"))


def replace_box_bytes(data, kind, change):
    """The file with the body of the first box named `kind` put through `change`, which keeps its length."""
    at = data.index(kind) + 4
    size = struct.unpack(">I", data[at - 8 : at - 4])[0] - 8
    body = change(data[at : at + size])
    assert len(body) == size
    return data[:at] + body + data[at + size :]
