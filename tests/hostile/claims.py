"""B, 15: boxes, chunks, tags and tables that claim gigabytes and hold nothing."""

import struct

from hostile import boxes, ebml, encode, forge, streams
from hostile.case import Case, of
from hostile.forge import chunk, fmt, riff, wav

MOST = 2**32 - 1
PLAIN = {"layout": "mono", "rate": 44_100}


def in_riff():
    yield "list-of-4-gb", riff(fmt(), chunk(b"LIST", b"INFO", size=MOST), chunk(b"data", forge.tone()))
    yield "format-of-4-gb", riff(chunk(b"fmt ", fmt()[8:], size=MOST), chunk(b"data", forge.tone()))
    yield "format-extra-65535", riff(chunk(b"fmt ", fmt()[8:] + b"\xff\xff"), chunk(b"data", forge.tone()))
    yield "broadcast-of-4-gb", riff(fmt(), chunk(b"bext", bytes(602), size=MOST - 1), chunk(b"data", forge.tone()))
    yield (
        "id3-of-2-gb",
        riff(fmt(), chunk(b"id3 ", forge.id3(size=2**28 - 1), size=2**31), chunk(b"data", forge.tone())),
    )
    yield "xml-of-2-gb", riff(fmt(), chunk(b"iXML", b"<a/>", size=2**31 - 1), chunk(b"data", forge.tone()))
    yield "info-string-of-2-gb", wav(before=(chunk(b"LIST", b"INFO" + chunk(b"INAM", b"a", size=2**31 - 2)),))


def in_mp4():
    for size in (0, 1, 3, 7):
        yield f"first-box-of-{size}", boxes.box(b"ftyp", b"M4A \0\0\0\0", size=size) + boxes.quicktime()
        yield f"box-in-movie-of-{size}", boxes.quicktime(more=boxes.box(b"udta", bytes(8), size=size))
    largest = struct.pack(">I4sQ", 1, b"free", 2**64 - 1)
    yield "box-of-all-bits", boxes.FTYP + largest + boxes.quicktime()
    yield "box-in-movie-of-all-bits", boxes.quicktime(more=largest)
    yield "box-of-63-bits", boxes.FTYP + struct.pack(">I4sQ", 1, b"free", 2**63 - 1) + boxes.quicktime()
    huge = boxes.box(b"esds", bytes(4) + b"\x03\xff\xff\xff\x7f", size=2**31 - 1)
    yield "decoder-setup-of-2-gb", described(boxes.stsd(boxes.sound_entry(codec=b"mp4a", more=huge)))
    alac = boxes.box(b"alac", bytes(4), size=2**30)
    yield "alac-setup-of-1-gb", described(boxes.stsd(boxes.sound_entry(codec=b"alac", more=alac)))
    yield "endless-descriptions", described(boxes.stsd(boxes.sound_entry(), count=MOST))
    name = boxes.box(b"data", struct.pack(">II", 1, 0) + b"Title", size=2**31 - 1)
    tags = boxes.full(b"meta", boxes.hdlr(b"mdir"), boxes.box(b"ilst", boxes.box(b"\xa9nam", name)))
    yield "tag-of-2-gb", boxes.quicktime(more=boxes.box(b"udta", tags))
    yield "compressed-movie-of-4-gb", boxes.FTYP + boxes.box(b"mdat", forge.tone()) + compressed_movie(b"x", MOST)
    yield (
        "keys-endless",
        boxes.quicktime(more=boxes.full(b"meta", boxes.hdlr(b"mdta"), boxes.full(b"keys", struct.pack(">I", MOST)))),
    )


def described(description):
    return boxes.quicktime(boxes.track(tables=boxes.sound_tables(stsd=description)))


def compressed_movie(data, size):
    method = boxes.box(b"dcom", b"zlib")
    return boxes.box(b"moov", boxes.box(b"cmov", method, boxes.box(b"cmvd", struct.pack(">I", size), data)))


def in_flac():
    for name, kind in (("picture", 6), ("comments", 4), ("seek-table", 3), ("cue-sheet", 5), ("padding", 1)):
        block = streams.flac_block(kind, bytes(40), last=True, size=2**24 - 1)
        yield f"{name}-of-16-mb", streams.flac(2, blocks=(block,))
    picture = struct.pack(">II", 3, MOST) + bytes(40)
    yield "picture-type-of-4-gb", streams.flac(2, blocks=(streams.flac_block(6, picture, last=True),))
    art = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 1, 1, 24, 0, MOST)
    yield "picture-data-of-4-gb", streams.flac(2, blocks=(streams.flac_block(6, art, last=True),))
    comments = struct.pack("<I", MOST) + bytes(40)
    yield "vendor-of-4-gb", streams.flac(2, blocks=(streams.flac_block(4, comments, last=True),))
    yield "endless-comments", streams.flac(2, blocks=(streams.flac_block(4, struct.pack("<II", 0, MOST), last=True),))


def in_ogg():
    silence = [streams.OPUS_120_MS] * 10
    granules = {"granules": lambda packets: packets * 5760}
    yield "vendor-of-4-gb", streams.opus(silence, tags=b"OpusTags" + struct.pack("<I", MOST), **granules)
    yield "endless-comments", streams.opus(silence, tags=b"OpusTags" + struct.pack("<II", 0, MOST), **granules)
    comment = b"OpusTags" + struct.pack("<IIII", 0, 1, MOST, 0)
    yield "comment-of-4-gb", streams.opus(silence, tags=comment, **granules)
    start = streams.opus(silence, **granules)
    yield "page-longer-than-the-file", start + streams.ogg_page([b"a"], serial=7, number=3, lacing=b"\xff" * 255)
    endless = b"".join(streams.ogg_page([b"a" * 255], lacing=b"\xff", serial=7, number=n) for n in range(3, 2000))
    yield "packet-that-never-ends", start + endless


def in_tags():
    mp3 = encode.mp3(**PLAIN)
    yield "tag-of-256-mb", forge.id3(size=2**28 - 1) + mp3
    yield "old-tag-of-16-mb", b"ID3\2\0\0" + forge.syncsafe(2**24) + mp3
    yield "picture-of-256-mb", forge.id3(forge.picture_frame(b"", size=2**28 - 1)) + mp3
    compressed = b"TXXX" + forge.syncsafe(20) + b"\0\x09" + forge.syncsafe(2**28 - 1) + b"x\x9c" + bytes(14)
    yield "inflated-frame-of-256-mb", forge.id3(compressed) + mp3
    yield "ape-tag-of-4-gb", mp3 + b"APETAGEX" + struct.pack("<IIII", 2000, MOST, MOST, 0x80000000) + bytes(8)


def in_matroska():
    largest = b"\x01\xff\xff\xff\xff\xff\xff\xfe"
    yield "void-of-56-bits", ebml.pcm_file(more=[ebml.element("ec", size=largest)])
    yield "tracks-of-56-bits", ebml.matroska(ebml.info(), ebml.element("1654ae6b", ebml.sound_track(), size=largest))
    yield "setup-of-2-gb", ebml.pcm_file(tracks=[ebml.sound_track() + ebml.element("63a2", size=2**31 - 1)])
    yield "title-of-2-gb", ebml.pcm_file(about=ebml.element("1549a966", ebml.element("7ba9", b"a", size=2**31 - 1)))
    yield "block-of-1-gb", ebml.pcm_file(clusters=[ebml.cluster(0, ebml.element("a3", b"\x81\0\0\x80", size=2**30))])
    yield (
        "laced-block-of-255-frames",
        ebml.pcm_file(clusters=[ebml.cluster(0, ebml.element("a3", b"\x81\0\0\x86\xff" + b"\xff" * 40))]),
    )
    yield "header-of-56-bits", ebml.element("1a45dfa3", size=largest) + ebml.pcm_file()


def in_the_rest():
    yield "aiff-common-of-4-gb", "a.aiff", forge.aiff(comm_size=MOST)
    yield "aiff-sound-of-4-gb", "a.aiff", forge.aiff(sound_size=MOST)
    yield "aiff-name-of-2-gb", "a.aiff", forge.aiff(before=forge.big_chunk(b"NAME", b"a", size=2**31 - 2))
    yield "caf-info-of-63-bits", "a.caf", forge.caf(before=forge.caf_chunk(b"info", bytes(4), size=2**63 - 1))
    yield "caf-info-negative", "a.caf", forge.caf(before=forge.caf_chunk(b"info", bytes(4), size=-5))
    yield "caf-setup-of-1-gb", "a.caf", forge.caf(before=forge.caf_chunk(b"kuki", bytes(4), size=2**30))
    yield (
        "caf-packets-endless",
        "a.caf",
        forge.caf(before=forge.caf_chunk(b"pakt", struct.pack(">qqii", 2**62, 2**62, 0, 0))),
    )
    yield "caf-packet-of-2-gb", "a.caf", forge.caf(packet_bytes=2**31 - 1)
    yield "au-offset-of-4-gb", "a.au", forge.au(offset=MOST)
    yield "au-offset-0", "a.au", forge.au(offset=0)
    yield "rf64-of-64-bits", "a.wav", forge.rf64(data_bytes=2**64 - 1, riff_bytes=2**64 - 1)
    yield "rf64-of-63-bits", "a.wav", forge.rf64(data_bytes=2**63 - 1, riff_bytes=2**63 - 1)


def beyond_any_disk():
    """Positions that a 64-bit number holds and no file system does."""
    for bits in (43, 45, 55, 60, 61):
        far = 2**bits
        yield f"caf-chunk-to-2-to-{bits}", "a.caf", forge.caf(before=forge.caf_chunk(b"free", size=far))
        yield f"caf-sound-to-2-to-{bits}", "a.caf", forge.caf(data_size=far) + forge.caf_chunk(b"free", size=far)
        yield f"m4a-box-to-2-to-{bits}", "a.m4a", boxes.FTYP + struct.pack(">I4sQ", 1, b"free", far) + boxes.quicktime()
        tables = boxes.sound_tables(stco=boxes.table(b"co64", [far], ">Q"))
        yield f"m4a-chunk-at-2-to-{bits}", "a.m4a", boxes.quicktime(boxes.track(tables=tables))
        yield f"m4a-fragment-at-2-to-{bits}", "a.m4a", fragment_at(far)
        yield f"rf64-sound-to-2-to-{bits}", "a.wav", forge.rf64(data_bytes=far, riff_bytes=far)
        wide = min(far, 2**56 - 2)
        yield f"mkv-void-to-2-to-{bits}", "a.mkv", ebml.pcm_file(more=[ebml.element("ec", size=wide)])
        seek = ebml.element("4dbb", ebml.element("53ab", b"\x1c\x53\xbb\x6b"), ebml.number("53ac", far))
        yield f"mkv-index-at-2-to-{bits}", "a.mkv", ebml.pcm_file(more=[ebml.element("114d9b74", seek)])


def fragment_at(position):
    """A movie continued in a fragment whose sound lies at `position`."""
    extends = boxes.box(b"mvex", boxes.full(b"trex", struct.pack(">IIIII", 1, 1, 1, 2, 0)))
    run = boxes.full(b"trun", struct.pack(">Ii", 8000, 0), flags=1)
    header = boxes.full(b"tfhd", struct.pack(">IQ", 1, position), flags=1)
    part = boxes.box(b"moof", boxes.full(b"mfhd", struct.pack(">I", 1)), boxes.box(b"traf", header, run))
    return boxes.quicktime(more=extends, after=part)


def cases():
    themes = (
        ("wav", in_riff),
        ("m4a", in_mp4),
        ("flac", in_flac),
        ("ogg", in_ogg),
        ("mp3", in_tags),
        ("mkv", in_matroska),
    )
    # What lies behind the claim may be found or not: then the sound is all there, or the file is refused.
    for extension, theme in themes:
        for name, data in theme():
            yield Case(f"claim-{extension}-{name}", f"a.{extension}", of(bytes, data), 15, "odd")
    for name, filename, data in (*in_the_rest(), *beyond_any_disk()):
        yield Case(f"claim-{name}", filename, of(bytes, data), 15, "odd")
