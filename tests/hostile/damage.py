"""B, 10 to 17: what a broken upload, a bad disk or ill will does to a recording."""

import random
import struct

import numpy as np

from hostile import boxes, ebml, encode, forge, streams
from hostile.case import Case, of
from hostile.forge import chunk, fmt, riff, wav, wav_of


def headers_without_sound():
    yield "header-only", lambda: riff(fmt(), chunk(b"data")), "refused"
    yield "header-that-promises", lambda: riff(fmt(), chunk(b"data", size=32_000)), "refused"
    yield "cut-in-format", lambda: riff(fmt()[:16]), "refused"
    yield "no-format", lambda: riff(chunk(b"data", forge.tone())), "refused"
    yield "no-data", lambda: riff(fmt(), chunk(b"LIST", b"INFO")), "refused"
    yield "short-format", lambda: riff(chunk(b"fmt ", bytes(4)), chunk(b"data", forge.tone())), "refused"
    yield "format-after-data", lambda: riff(chunk(b"data", forge.tone()), fmt()), "odd"
    yield "unknown-codec", lambda: wav(codec=0x7777), "refused"
    yield "zero-bits", lambda: wav_of(forge.tone(), bits=0), "odd"
    yield "bits-65535", lambda: wav_of(forge.tone(), bits=65_535), "odd"
    yield "block-zero", lambda: wav_of(forge.tone(), block=0), "odd"
    yield "block-65535", lambda: wav_of(forge.tone(), block=65_535), "odd"


def halves():
    """Recordings of four seconds of which a half arrived: name, builder and what is left of them."""
    yield "wav", lambda: wav(4.0)[: 44 + 64_000], 2000
    yield "aiff", lambda: forge.aiff(4.0)[: 54 + 64_000], 2000
    yield "au", lambda: forge.au(4.0)[: 28 + 64_000], 2000
    yield "caf", lambda: forge.caf(4.0)[:64_064], 2000
    yield "rf64", lambda: forge.rf64(4.0)[:64_080], 2000
    yield "flac", lambda: half(encode.flac(4.0)), None
    yield "mp3", lambda: half(encode.encode("mp3", "libmp3lame", 4.0, bit_rate=64_000)), 2000
    yield "m4a", lambda: half(encode.m4a(4.0, muxer=(("movflags", "faststart"),))), None
    yield "mov", half_of_movie, 500
    yield "webm", lambda: half(encode.webm(4.0)), None
    yield "mkv", lambda: half(ebml.pcm_file(clusters=ebml.pcm_clusters(4.0), about=ebml.info(duration=4000.0))), 2000


def half(data):
    return data[: len(data) // 2]


def half_of_movie():
    """A movie box first, then half of the sound it tells of."""
    size = len(boxes.FTYP + boxes.movie(boxes.track())) + 8
    head = boxes.FTYP + boxes.movie(boxes.track(tables=boxes.sound_tables(chunks=[size])))
    return head + boxes.box(b"mdat", forge.tone(1.0))[: 8 + 16_000]


def without_movie():
    whole = encode.m4a()
    start = whole.rindex(b"moov") - 4
    yield "no-moov", whole[:start]
    yield "moov-cut", whole[: start + 200]
    yield "cut-in-mdat", whole[: start // 2]
    yield "quicktime-no-moov", boxes.quicktime()[: 36 + 32_000]
    yield "no-sound-description", boxes.quicktime(boxes.track(tables=boxes.box(b"stbl")))
    yield (
        "fragment-without-moov",
        boxes.FTYP + boxes.box(b"moof", boxes.full(b"mfhd", struct.pack(">I", 1))) + boxes.box(b"mdat", bytes(500)),
    )


def spoil_pages(data):
    return b"".join(streams.rewrite_page(page, spoil=True) for page in streams.ogg_pages(data))


def rot(data, *, share, skip=0, seed=1):
    """The data with a share of its bytes after `skip` replaced."""
    dice, spoilt = random.Random(seed), bytearray(data)
    for _ in range(max(1, round((len(data) - skip) * share))):
        spoilt[dice.randrange(skip, len(data))] = dice.randrange(256)
    return bytes(spoilt)


def checksums():
    """Rotten recordings: name, filename, builder, and whether it must be told."""
    yield "ogg-opus-all-checksums", "a.ogg", lambda: spoil_pages(encode.opus(3.0)), True
    yield "ogg-vorbis-all-checksums", "a.ogg", lambda: spoil_pages(encode.vorbis(3.0)), True
    yield "flac-frame-checksums", "a.flac", lambda: streams.flac(60, spoil="crc16"), True
    yield "flac-header-checksums", "a.flac", lambda: streams.flac(60, spoil="crc8"), True
    yield "flac-rot", "a.flac", lambda: rot(encode.flac(3.0), share=0.002, skip=200), True
    yield "mp3-rot", "a.mp3", lambda: rot(encode.mp3(3.0), share=0.01, skip=200), False
    yield "aac-rot", "a.aac", lambda: rot(encode.encode("adts", "aac", 3.0, 44_100), share=0.005, skip=4000), False
    yield "m4a-rot", "a.m4a", rotten_m4a, False
    yield "opus-rot", "a.ogg", lambda: rot(encode.opus(3.0), share=0.002, skip=500), False
    yield "vorbis-rot", "a.ogg", lambda: rot(encode.vorbis(3.0), share=0.002, skip=6000), False
    yield "webm-rot", "a.webm", lambda: rot(encode.webm(3.0), share=0.005, skip=1000), False
    yield "zeros-in-the-middle-of-mp3", "a.mp3", lambda: holed(encode.mp3(3.0)), False
    yield "zeros-in-the-middle-of-flac", "a.flac", lambda: holed(encode.flac(3.0)), True


def rotten_m4a():
    whole = encode.m4a(3.0)
    start = whole.rindex(b"moov") - 4
    return rot(whole[:start], share=0.01, skip=100) + whole[start:]


def holed(data):
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third :]


def nested_boxes(depth):
    data = b""
    for _ in range(depth):
        data = struct.pack(">I", len(data) + 8) + b"moov" + data
    return boxes.FTYP + data


def nested_elements(depth, name="1654ae6b"):
    data = b""
    for _ in range(depth):
        data = ebml.element(name, data)
    return ebml.matroska(ebml.info(), data)


def floods():
    """Files made of a great many empty things."""
    yield "riff-100000-empty-chunks", "a.wav", lambda: riff(chunk(b"junk") * 100_000), "refused"
    yield "wav-behind-100000-empty-chunks", "a.wav", lambda: wav(before=(chunk(b"junk") * 100_000,)), "odd"
    yield "ogg-3000-empty-pages", "a.ogg", lambda: b"".join(streams.ogg_page(number=n) for n in range(3000)), "refused"
    yield (
        "ogg-3000-starts",
        "a.ogg",
        lambda: b"".join(streams.ogg_page([streams.opus_head()], serial=n, flags=2) for n in range(3000)),
        "refused",
    )
    yield "mp4-4000-nested-boxes", "a.m4a", lambda: nested_boxes(4000), "refused"
    yield "mp4-100000-empty-boxes", "a.m4a", lambda: boxes.FTYP + boxes.box(b"free") * 100_000, "refused"
    yield "mp4-100000-empty-tracks", "a.m4a", lambda: boxes.quicktime(more=boxes.box(b"trak") * 100_000), "odd"
    yield "mkv-2000-nested-elements", "a.webm", lambda: nested_elements(2000), "refused"
    yield "mkv-2000-nested-tags", "a.webm", lambda: nested_elements(2000, "67c8"), "refused"
    yield "mkv-100000-voids", "a.webm", lambda: ebml.matroska(ebml.element("ec") * 100_000), "refused"
    yield "mkv-100000-empty-clusters", "a.webm", lambda: ebml.pcm_file(clusters=[ebml.cluster(0)] * 100_000), "refused"
    yield (
        "flac-100000-padding-blocks",
        "a.flac",
        lambda: b"fLaC" + streams.streaminfo(last=False) + streams.flac_block(1) * 100_000,
        "refused",
    )
    yield "aiff-100000-empty-chunks", "a.aiff", lambda: forge.aiff(before=forge.big_chunk(b"ANNO") * 100_000), "odd"
    yield "caf-100000-empty-chunks", "a.caf", lambda: forge.caf(before=forge.caf_chunk(b"free") * 100_000), "odd"
    yield "id3-200000-empty-tags", "a.mp3", lambda: forge.id3() * 200_000, "refused"
    yield "id3-200000-empty-tags-before-mp3", "a.mp3", lambda: forge.id3() * 200_000 + encode.mp3(), "odd"
    yield (
        "id3-100000-empty-frames",
        "a.mp3",
        lambda: forge.id3(forge.id3_frame(b"TXXX", b"") * 100_000) + encode.mp3(),
        "odd",
    )
    yield "mp3-40000-lone-headers", "a.mp3", lambda: b"\xff\xfb\x90\x00" * 40_000, "refused"
    yield "aac-empty-frames", "a.aac", lambda: bytes.fromhex("fff1508000fffc") * 40_000, "refused"


def mutants():
    """Five containers, six times each, with one to thirty-two bytes replaced."""
    stock = {
        "wav": wav,
        "mp3": encode.mp3,
        "flac": encode.flac,
        "ogg": encode.opus,
        "m4a": encode.m4a,
    }
    for place, (extension, build) in enumerate(stock.items()):
        for number in range(6):
            yield f"mutant-{extension}-{number}", f"a.{extension}", of(mutant, build, place * 100 + number)


def mutant(build, seed):
    data, dice = bytearray(build()), random.Random(seed)
    # Half of the wounds go to the header, where they hurt.
    for _ in range(dice.randint(1, 32)):
        end = len(data) if dice.random() < 0.5 else min(len(data), 400)
        data[dice.randrange(end)] = dice.randrange(256)
    return bytes(data)


def not_numbers():
    for name, value in (("nan", np.nan), ("infinity", -np.inf), ("1e30", 1e30)):
        yield f"wav-f32-{name}", "a.wav", of(spiked, value, "<f4")
        yield f"wav-f64-{name}", "a.wav", of(spiked, value, "<f8")
    yield "wav-f32-nothing-but-nan", "a.wav", of(lambda: wav_of(b"\xff" * 64_000, codec=3, bits=32))
    yield "aifc-f32-nan", "a.aifc", of(lambda: forge.aiff(codec=b"fl32", dtype=">f4", sound=b"\x7f\xc0\0\0" * 16_000))


def spiked(value, dtype):
    samples = np.frombuffer(forge.tone(dtype=dtype), dtype).copy()
    samples[::100] = value
    return wav_of(samples.tobytes(), codec=3, bits=samples.itemsize * 8)


def cases():
    for name, build, expect in headers_without_sound():
        yield Case(f"wav-{name}", "a.wav", of(build), 10, expect)
    for name, build, duration_ms in halves():
        yield Case(f"half-of-{name}", f"a.{name}", of(build), 11, "odd", duration_ms, flagged=True)
    for name, data in without_movie():
        yield Case(f"truncated-m4a-{name}", "a.m4a", of(bytes, data), 12, "refused")
    for name, filename, build, flagged in checksums():
        yield Case(f"rotten-{name}", filename, of(build), 13, "odd", flagged=flagged)
    for name, filename, build, expect in floods():
        yield Case(name, filename, of(build), 14, expect, 1000 if expect == "odd" else None)
    for name, filename, make in mutants():
        yield Case(name, filename, make, 16, "odd")
    for name, filename, make in not_numbers():
        yield Case(f"not-a-number-{name}", filename, make, 17, "odd", 1000)
