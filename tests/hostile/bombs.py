"""D, 23 to 27: small files that become large or slow."""

import struct
import zlib

from hostile import boxes, ebml, encode, forge, streams
from hostile.case import Case, of
from hostile.claims import compressed_movie

MOST = 2**32 - 1
HOUR = 3600
TRACK_HEAD = 9  # bytes of an element's name and size


def long_ones():
    """Silence beyond the limit of twelve hours."""
    yield "flac-48-h", "a.flac", lambda: streams.flac(48 * HOUR)
    yield "flac-48-h-says-1-s", "a.flac", lambda: streams.flac(48 * HOUR, claimed=8000)
    yield "flac-48-h-says-nothing", "a.flac", lambda: streams.flac(48 * HOUR, claimed=0)
    yield "opus-48-h", "a.opus", lambda: silent_opus(48, lambda packets: packets * 5760)
    yield "opus-13-h-granules-0", "a.opus", lambda: silent_opus(13, lambda _packets: 0)
    yield "m4a-14-h-of-one-chunk", "a.m4a", lambda: one_chunk(14 * HOUR, 16_000)
    yield "m4a-14-h-of-one-aac-frame", "a.m4a", lambda: one_aac_frame(14 * HOUR)
    yield "mkv-13-h-of-laced-opus", "a.mkv", lambda: laced_opus(13 * HOUR)
    yield "mp3-13-h", "a.mp3", lambda: bytes.fromhex("ffe318c4").ljust(72, b"\0") * (13 * HOUR * 1000 // 72)


def silent_opus(hours, granules):
    return streams.opus([streams.OPUS_120_MS] * round(hours * HOUR / 0.12), granules=granules)


def one_chunk(seconds, per_chunk):
    """Many chunks that are all the same second."""
    count = round(seconds * 16_000 / per_chunk)
    tables = boxes.sound_tables(samples=count * per_chunk, chunks=[36] * count)
    return boxes.quicktime(boxes.track(tables=tables))


def one_aac_frame(seconds, rate=8000):
    """Hours of AAC that are one silent frame, sent for again and again."""
    packets, setup = encode.packets_of(encode.encode("mp4", "aac", 1.0, rate, "mono"))
    frame = packets[5]
    count = seconds * rate // 1024
    setup = b"\x05" + bytes((len(setup),)) + setup
    config = b"\x04" + bytes((13 + len(setup),)) + b"\x40\x15" + bytes(11) + setup
    esds = boxes.full(b"esds", b"\x03" + bytes((3 + len(config),)) + bytes(3) + config)
    tables = boxes.sound_tables(
        stsd=boxes.stsd(boxes.sound_entry(codec=b"mp4a", rate=rate, more=esds)),
        stts=boxes.table(b"stts", [(count, 1024)], ">II"),
        stsc=boxes.table(b"stsc", [(1, 1, 1)], ">III"),
        stsz=boxes.stsz(len(frame), count),
        stco=boxes.table(b"stco", [36] * count, ">I"),
    )
    head = boxes.mdhd(timescale=rate, duration=count * 1024)
    return boxes.quicktime(boxes.track(tables=tables, media_head=head), sound=frame)


def laced_opus(seconds):
    """Blocks of 250 laced packets, each of 120 ms."""
    laced = b"\x81\0\0\x84\xf9" + streams.OPUS_120_MS * 250
    blocks = [ebml.cluster(30_000 * n, ebml.element("a3", laced)) for n in range(seconds // 30)]
    opus = ebml.sound_track(codec=b"A_OPUS", rate=48_000.0, bits=0, private=streams.opus_head())
    return ebml.pcm_file(tracks=[opus], about=ebml.info(duration=1000.0), clusters=blocks)


def loud_frame():
    """Nine thousand seconds of eight channels of 24 bits at 655,350 Hz."""
    frames = b"".join(streams.flac_frame(n, rate=0, channels=8, bits=24) for n in range(2650))
    return b"fLaC" + streams.streaminfo(rate=655_350, channels=8, bits=24) + frames


def gaps():
    """A second of sound around a thousand hours of nothing."""
    far = 1000 * HOUR * 1000
    late = [0, 100, 200, 300, 400] + [far + 100 * n for n in range(5)]
    yield "mkv-1000-h", "a.mkv", lambda: ebml.pcm_file(clusters=ebml.pcm_clusters(times=late)), 1000
    back = [900 - 100 * n for n in range(10)]
    yield "mkv-backwards", "a.mkv", lambda: ebml.pcm_file(clusters=ebml.pcm_clusters(times=back)), 1000
    yield (
        "opus-1000-h",
        "a.opus",
        lambda: streams.opus([streams.OPUS_120_MS] * 500, granules=lambda n: n * 5760 + (n > 250) * far * 48),
        60_000,
    )
    yield "stts-1000-h", "a.m4a", lambda: stepped([(8000, 1), (1, 2**31 - 1), (7999, 1)]), 1000
    yield "empty-edit-2-to-31", "a.m4a", lambda: edited((2**31 - 1, -1), (1000, 0)), 1000
    yield "edits-100000", "a.m4a", lambda: edited(*[(1000, 0)] * 100_000), None
    yield "edit-far-beyond", "a.m4a", lambda: edited((1000, 2**31 - 1)), None


def stepped(rows):
    tables = boxes.sound_tables(stts=boxes.table(b"stts", rows, ">II"))
    return boxes.quicktime(boxes.track(tables=tables))


def edited(*rows):
    return boxes.quicktime(boxes.track(edits=boxes.edit_list(*rows)))


def indexes():
    """Tables that are larger than what they describe."""
    for table in ("stts", "stsc", "stco", "stsz", "ctts", "stss", "co64"):
        yield f"{table}-2-to-32-rows", "a.m4a", lambda table=table: claiming(table, MOST)
        yield f"{table}-200-million-rows", "a.m4a", lambda table=table: claiming(table, 200_000_000)
    yield "stsz-2-billion-equal", "a.m4a", lambda: with_sizes(boxes.stsz(2, 2_000_000_000))
    yield "stsz-2-billion-empty", "a.m4a", lambda: with_sizes(boxes.stsz(0, 2_000_000_000))
    yield "200000-chunks-on-one-offset", "a.m4a", lambda: one_chunk(2000, 160)
    yield "100000-runs-of-chunks", "a.m4a", lambda: many_runs(100_000)
    yield "trun-2-to-32-samples", "a.m4a", lambda: fragment(MOST)
    yield (
        "sidx-65535-references",
        "a.m4a",
        lambda: encode.m4a() + boxes.full(b"sidx", bytes(20), struct.pack(">HH", 0, 65_535), bytes(12 * 65_535)),
    )
    yield (
        "flac-seek-table-of-16-mb",
        "a.flac",
        lambda: streams.flac(2, blocks=(streams.flac_block(3, bytes(18 * 932_000), last=True),)),
    )
    yield "mkv-100000-cues", "a.mkv", lambda: ebml.pcm_file(more=[cues(100_000)])
    yield "mkv-1000-tracks", "a.mkv", lambda: ebml.pcm_file(tracks=[ebml.sound_track(track=n) for n in range(1, 1001)])
    yield "mkv-50000-chapters", "a.mkv", lambda: ebml.pcm_file(more=[chapters(50_000)])
    yield "mkv-deflated-block", "a.mkv", deflated_block
    yield "mp4-1000-tracks", "a.m4a", lambda: boxes.quicktime(*(boxes.track(number=n) for n in range(1, 1001)))
    yield (
        "mp4-deflated-movie",
        "a.m4a",
        lambda: boxes.FTYP + compressed_movie(zlib.compress(bytes(200 << 20), 1), 200 << 20),
    )
    yield "ogg-5000-streams", "a.ogg", lambda: many_streams(5000)
    yield (
        "ogg-200000-comments",
        "a.ogg",
        lambda: streams.opus([streams.OPUS_120_MS] * 10, tags=comments(200_000), per_page=10),
    )
    yield (
        "wav-100000-cue-points",
        "a.wav",
        lambda: forge.wav(after=(forge.chunk(b"cue ", struct.pack("<I", 100_000) + bytes(24 * 100_000)),)),
    )
    yield "title-of-8-mb", "a.mp3", lambda: forge.id3(forge.id3_frame(b"TIT2", b"\3" + b"A" * (8 << 20))) + encode.mp3()
    yield "aac-silent-forever", "a.aac", lambda: b"\xff\xf1\x50\x40\x01\x1f\xfc\x00" * 100_000
    yield "flac-16-sample-frames", "a.flac", lambda: tiny_frames(100_000)


def claiming(table, count):
    """A table that claims `count` rows and holds one."""
    kind = table.encode()
    false = boxes.stsz(0, count) if table == "stsz" else boxes.full(kind, struct.pack(">I", count), bytes(16))
    false = struct.pack(">I", 2**31 - 1) + false[4:]
    return with_tables(boxes.sound_tables(**{table: false}))


def with_sizes(sizes):
    return with_tables(boxes.sound_tables(stsz=sizes))


def with_tables(tables):
    return boxes.quicktime(boxes.track(tables=tables))


def many_runs(count):
    runs = boxes.table(b"stsc", [(n + 1, 1 + n % 2, 1) for n in range(count)], ">III")
    samples = count * 3 // 2
    tables = boxes.sound_tables(samples=samples, stsc=runs, stco=boxes.table(b"stco", [36] * count, ">I"))
    return with_tables(tables)


def fragment(count):
    """A movie continued in a fragment that claims `count` samples."""
    extends = boxes.box(b"mvex", boxes.full(b"trex", struct.pack(">IIIII", 1, 1, 1, 2, 0)))
    run = boxes.full(b"trun", struct.pack(">Ii", count, 0), bytes(64), flags=0x301)
    part = boxes.box(b"traf", boxes.full(b"tfhd", struct.pack(">I", 1), flags=0x20000), run)
    moof = boxes.box(b"moof", boxes.full(b"mfhd", struct.pack(">I", 1)), part)
    return boxes.quicktime(more=extends, after=moof + boxes.box(b"mdat", bytes(64)))


def cues(count):
    point = ebml.element("bb", ebml.number("b3", 0), ebml.element("b7", ebml.number("f7", 1), ebml.number("f1", 0)))
    return ebml.element("1c53bb6b", point * count)


def chapters(count):
    one = ebml.element("b6", ebml.number("73c4", 1), ebml.number("91", 0), ebml.element("80", ebml.element("85", b"a")))
    return ebml.element("1043a770", ebml.element("45b9", one * count))


def deflated_block():
    """One block of 200 MB in 200 KB, by the container's own compression."""
    compression = ebml.element("5034", ebml.number("4254", 0))
    encoding = ebml.element("6d80", ebml.element("6240", ebml.number("5031", 0), ebml.number("5032", 1), compression))
    track = ebml.element("ae", ebml.sound_track()[TRACK_HEAD:], encoding)
    return ebml.pcm_file(tracks=[track], clusters=[ebml.cluster(0, ebml.block(zlib.compress(bytes(200 << 20), 9)))])


def many_streams(count):
    heads = (streams.ogg_page([streams.opus_head()], serial=n, flags=2) for n in range(1000, 1000 + count))
    return b"".join(heads) + encode.opus()


def comments(count):
    return b"OpusTags" + struct.pack("<II", 0, count) + (struct.pack("<I", 3) + b"A=B") * count


def tiny_frames(count):
    frames = b"".join(streams.flac_frame(n, samples=16) for n in range(count))
    return b"fLaC" + streams.streaminfo(block=16) + frames


def cases():
    six_hours = of(lambda: streams.flac(6 * HOUR))
    yield Case("bomb-flac-6-h-of-silence", "a.flac", six_hours, 23, "good", 6 * HOUR * 1000, probe_only=True)
    for name, filename, build in long_ones():
        yield Case(f"bomb-{name}", filename, of(build), 24, "fails")
    yield Case("bomb-flac-4-gb-of-pcm", "a.flac", of(loud_frame), 25, "refused")
    for name, filename, build, duration_ms in gaps():
        yield Case(f"gap-{name}", filename, of(build), 26, "odd", duration_ms)
    for name, filename, build in indexes():
        yield Case(f"index-{name}", filename, of(build), 27, "odd")
