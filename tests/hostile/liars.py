"""C, 18 to 22: headers that lie about channels, rates and lengths."""

import math
import struct

from hostile import boxes, ebml, encode, forge, streams
from hostile.case import Case, of

MOST = 2**32 - 1
WEBM_OPUS = {"codec": b"A_OPUS", "bits": 0}


def channels():
    """Name, filename, builder, expectation."""
    for count in (0, 9, 255, 65_535):
        expect = "refused"
        yield (
            f"wav-{count}-channels",
            "a.wav",
            lambda count=count: forge.wav_of(forge.tone(8.0), channels=count),
            expect,
        )
        yield f"aiff-{count}-channels", "a.aiff", lambda count=count: forge.aiff(channels=count), expect
    yield "wav-extensible-255-channels", "a.wav", wav_255, "refused"
    for count in (0, 10**9, MOST):
        yield f"au-{count}-channels", "a.au", lambda count=count: forge.au(channels=count), "refused"
        yield f"caf-{count}-channels", "a.caf", lambda count=count: forge.caf(channels=count), "refused"
        # A demuxer that knows the codec takes the codec's own one.
        yield (
            f"mkv-{count}-channels",
            "a.mkv",
            lambda count=count: ebml.pcm_file(tracks=[ebml.sound_track(channels=count)]),
            "odd",
        )
    for count in (0, 9, 255):
        yield f"opus-{count}-channels", "a.opus", lambda count=count: opus_with(channels=count), "refused"
        yield f"opus-{count}-mapped-channels", "a.opus", lambda count=count: opus_mapped(count), "refused"
        yield (
            f"vorbis-{count}-channels",
            "a.ogg",
            lambda count=count: vorbis_with(11, struct.pack("B", count)),
            "refused",
        )
    for count in (0, 9, 65_535):
        yield f"m4a-{count}-channels", "a.m4a", lambda count=count: described(channels=count), "refused"


def wav_255():
    sound = forge.tone(1.0, 8000, 255)
    return forge.riff(forge.extensible(channels=255, mask=MOST, rate=8000), forge.chunk(b"data", sound))


def described(**entry):
    description = boxes.stsd(boxes.sound_entry(**entry))
    return boxes.quicktime(boxes.track(tables=boxes.sound_tables(stsd=description)))


def opus_with(**head):
    return streams.opus([streams.OPUS_120_MS] * 50, head=streams.opus_head(**head), granules=lambda n: n * 5760)


def opus_mapped(count):
    mapping = bytes((max(count, 1), 0)) + bytes(range(count))
    return opus_with(channels=count, family=255, mapping=mapping)


def vorbis_with(offset, data):
    """The first packet of a Vorbis stream with some bytes replaced."""
    pages = streams.ogg_pages(encode.vorbis())
    start = 28 + offset
    pages[0] = streams.rewrite_page(pages[0][:start] + data + pages[0][start + len(data) :])
    return b"".join(pages)


def rates():
    for rate in (0, 1, 3999, 384_001, MOST):
        yield f"wav-{rate}-hz", "a.wav", lambda rate=rate: forge.wav_of(forge.tone(), rate=rate), "refused"
        yield f"au-{rate}-hz", "a.au", lambda rate=rate: forge.au(rate=rate), "refused"
    for name, rate in (
        ("nan", math.nan),
        ("infinity", math.inf),
        ("1e300", 1e300),
        ("0", 0.0),
        ("negative", -8000.0),
        ("1e-300", 1e-300),
    ):
        yield f"caf-{name}-hz", "a.caf", lambda rate=rate: forge.caf(rate=rate), "refused"
        yield f"mkv-{name}-hz", "a.mkv", lambda rate=rate: ebml.pcm_file(tracks=[ebml.sound_track(rate=rate)]), "odd"
    for name, rate in (
        ("nan", b"\x7f\xff\xc0" + bytes(7)),
        ("infinity", b"\x7f\xff\x80" + bytes(7)),
        ("huge", b"\x7f\xfe" + b"\xff" * 8),
        ("0", 0),
        ("negative", -8000.0),
        ("1", 1),
    ):
        yield f"aiff-{name}-hz", "a.aiff", lambda rate=rate: forge.aiff(rate=rate), "refused"
    for rate in (0, 1, 655_350):
        yield f"flac-{rate}-hz", "a.flac", lambda rate=rate: flac_with_rate(rate), "refused"
        yield f"m4a-{rate % 65_536}-hz", "a.m4a", lambda rate=rate: described(rate=rate), "odd"
    yield "vorbis-0-hz", "a.ogg", lambda: vorbis_with(12, struct.pack("<I", 0)), "refused"
    yield "vorbis-1-hz", "a.ogg", lambda: vorbis_with(12, struct.pack("<I", 1)), "refused"
    yield f"vorbis-{MOST}-hz", "a.ogg", lambda: vorbis_with(12, struct.pack("<I", MOST)), "refused"
    yield "opus-0-hz-original", "a.opus", lambda: opus_with(rate=0), "odd"


def flac_with_rate(rate):
    """Frames that leave the rate to the header."""
    frames = b"".join(streams.flac_frame(n, rate=0) for n in range(3))
    return b"fLaC" + streams.streaminfo(rate=rate, samples=3 * 65_535) + frames


def long_lies():
    """Recordings that promise more than they hold, and their true length."""
    yield "flac-2-to-36-samples", "a.flac", lambda: streams.flac(0.25, claimed=2**36 - 1), 250
    yield "flac-an-hour", "a.flac", lambda: streams.flac(2, claimed=8000 * 3600), 2000
    yield "xing-2-to-32-frames", "a.mp3", lambda: with_xing(MOST), None
    yield "ogg-last-granule-2-to-63", "a.ogg", lambda: with_last_granule(2**63 - 1), 1000
    yield "ogg-all-granules-2-to-62", "a.ogg", lambda: with_granules(2**62), 1000
    yield "mvhd-2-to-32", "a.m4a", lambda: boxes.quicktime(head=boxes.mvhd(duration=MOST)), 1000
    yield "mdhd-2-to-32", "a.m4a", lambda: boxes.quicktime(boxes.track(media_head=boxes.mdhd(duration=MOST))), 1000
    yield "stts-delta-2-to-32", "a.m4a", lambda: timed([(16_000, MOST)]), 1000
    yield "stts-delta-2-to-31", "a.m4a", lambda: timed([(16_000, 2**31 - 1)]), 1000
    yield "aac-stts-delta-2-to-31", "a.m4a", lambda: aac_timed(2**31 - 1), 1000
    yield "mkv-duration-a-year", "a.mkv", lambda: ebml.pcm_file(about=ebml.info(duration=3.2e10)), 1000
    yield "aiff-2-to-32-frames", "a.aiff", lambda: forge.aiff(frames=MOST), 1000
    yield "wav-fact-2-to-32", "a.wav", lambda: forge.wav(before=(forge.chunk(b"fact", struct.pack("<I", MOST)),)), 1000
    yield "rf64-a-terabyte", "a.wav", lambda: forge.rf64(data_bytes=2**40), 1000
    yield "au-4-gb", "a.au", lambda: forge.au(size=MOST - 1), 1000
    yield "caf-2-to-62-bytes", "a.caf", lambda: forge.caf(data_size=2**62), 1000
    yield "adpcm-65535-samples-a-block", "a.wav", adpcm_lie, None


def with_xing(frames):
    sound = encode.mp3(layout="mono", rate=44_100, bit_rate=128_000)
    return forge.xing(sound[:417], frames, size=MOST) + sound


def with_last_granule(granule):
    pages = streams.ogg_pages(encode.opus())
    pages[-1] = streams.rewrite_page(pages[-1], granule=granule)
    return b"".join(pages)


def with_granules(granule):
    pages = streams.ogg_pages(encode.opus())
    return b"".join(pages[:2] + [streams.rewrite_page(page, granule=granule) for page in pages[2:]])


def timed(rows):
    tables = boxes.sound_tables(stts=boxes.table(b"stts", rows, ">II"))
    return boxes.quicktime(boxes.track(tables=tables))


def aac_timed(delta):
    """A real recording whose table of times has every packet last a day."""
    return boxes.replace_box_bytes(
        encode.m4a(),
        b"stts",
        lambda body: body[:8] + b"".join(body[at : at + 4] + struct.pack(">I", delta) for at in range(8, len(body), 8)),
    )


def adpcm_lie():
    data = bytearray(encode.encode("wav", "adpcm_ms", 1.0, 22_050, "mono"))
    data[38:40] = b"\xff\xff"
    return bytes(data)


def short_lies():
    """Recordings that promise less than they hold."""
    yield "flac-says-1-s", "a.flac", lambda: streams.flac(60, claimed=8000), 60_000
    yield (
        "xing-says-10-frames",
        "a.mp3",
        lambda: (
            forge.xing(encode.mp3(5.0, layout="mono", rate=44_100)[:417], 10)
            + encode.mp3(5.0, layout="mono", rate=44_100)
        ),
        5000,
    )
    yield (
        "opus-granules-0",
        "a.opus",
        lambda: streams.opus([streams.OPUS_120_MS] * 500, granules=lambda _n: 0, ends=False),
        60_000,
    )
    # On a last page the granule is also the order to leave the sound beyond it out.
    yield (
        "opus-granules-0-to-the-end",
        "a.opus",
        lambda: streams.opus([streams.OPUS_120_MS] * 500, granules=lambda _n: 0),
        None,
    )
    yield (
        "opus-granules-backwards",
        "a.opus",
        lambda: streams.opus([streams.OPUS_120_MS] * 500, granules=lambda n: -n),
        60_000,
    )
    yield "mkv-duration-1-ms", "a.mkv", lambda: ebml.pcm_file(about=ebml.info(duration=1.0)), 1000
    yield (
        "mvhd-and-mdhd-0",
        "a.m4a",
        lambda: boxes.quicktime(boxes.track(media_head=boxes.mdhd(duration=0)), head=boxes.mvhd(duration=0)),
        1000,
    )
    yield "aiff-0-frames", "a.aiff", lambda: forge.aiff(frames=0), 1000
    yield "stts-delta-0", "a.m4a", lambda: timed([(16_000, 0)]), 1000
    yield "aac-stts-delta-0", "a.m4a", lambda: aac_timed(0), None


def impossible_times():
    yield "mvhd-timescale-0", "a.m4a", lambda: boxes.quicktime(head=boxes.mvhd(timescale=0)), 1000
    yield "mdhd-timescale-0", "a.m4a", lambda: boxes.quicktime(boxes.track(media_head=boxes.mdhd(timescale=0))), 1000
    yield (
        "mdhd-timescale-2-to-32",
        "a.m4a",
        lambda: boxes.quicktime(boxes.track(media_head=boxes.mdhd(timescale=MOST))),
        1000,
    )
    yield "mkv-scale-0", "a.mkv", lambda: ebml.pcm_file(about=ebml.info(scale=0, duration=1000.0)), 1000
    yield "mkv-scale-2-to-63", "a.mkv", lambda: ebml.pcm_file(about=ebml.info(scale=2**63, duration=1000.0)), 1000
    for name, value in (("nan", math.nan), ("infinity", math.inf), ("minus-1e18", -1e18), ("1e308", 1e308)):
        yield f"mkv-duration-{name}", "a.mkv", lambda value=value: ebml.pcm_file(about=ebml.info(duration=value)), 1000


def cases():
    for name, filename, build, expect in channels():
        yield Case(f"lie-{name}", filename, of(build), 18, expect)
    for name, filename, build, expect in rates():
        yield Case(f"lie-{name}", filename, of(build), 19, expect)
    for name, filename, build, duration_ms in long_lies():
        yield Case(f"lie-{name}", filename, of(build), 20, "odd", duration_ms)
    for name, filename, build, duration_ms in short_lies():
        yield Case(
            f"lie-{name}", filename, of(build), 21, "odd", duration_ms, flagged="delta-0" in name and not duration_ms
        )
    for name, filename, build, duration_ms in impossible_times():
        yield Case(f"lie-{name}", filename, of(build), 22, "odd", duration_ms)
