"""A, 9 and 38: recordings that are strange but sound, and formats this server leaves alone."""

import struct

from hostile import boxes, ebml, encode, forge, streams
from hostile.case import Case, of
from hostile.forge import chunk, wav, wav_of

ART = bytes(range(256)) * 1200  # 300 KB


def wavs():
    """Variants of WAV: name, builder, milliseconds, channels, rate."""
    yield "u8", of(wav, dtype="u1"), 1000, 1, 16_000
    yield "s16-8k", of(wav, rate=8000), 1000, 1, 8000
    yield "s16-4k", of(wav, rate=4000), 1000, 1, 4000
    yield "s16-11k", of(wav, rate=11_025), 1000, 1, 11_025
    yield "s16-384k", of(wav, 0.5, rate=384_000), 500, 1, 384_000
    yield "s16-odd-rate", of(wav, rate=12_347), 1000, 1, 12_347
    yield "s24", of(lambda: wav_of(forge.tone24(), bits=24)), 1000, 1, 16_000
    yield "s32", of(wav, dtype="<i4"), 1000, 1, 16_000
    yield "f32", of(wav, dtype="<f4"), 1000, 1, 16_000
    yield "f64", of(wav, dtype="<f8"), 1000, 1, 16_000
    yield "a-law", of(wav, dtype="u1", codec=6), 1000, 1, 16_000
    yield "mu-law", of(wav, dtype="u1", codec=7), 1000, 1, 16_000
    yield "adpcm-ms", of(encode.encode, "wav", "adpcm_ms", 1.0, 22_050, "mono"), 1000, 1, 22_050
    yield "adpcm-ima", of(encode.encode, "wav", "adpcm_ima_wav", 1.0, 22_050, "mono"), 1000, 1, 22_050
    yield "mp3-inside", of(encode.encode, "wav", "libmp3lame", 1.0, 44_100, "mono"), 1000, 1, 44_100
    yield "eight-channels", of(wav, channels=8), 1000, 8, 16_000
    yield "extensible-5-1", of(surround, 6, 0x3F), 1000, 6, 48_000
    yield "extensible-7-1", of(surround, 8, 0x63F), 1000, 8, 48_000
    yield "extensible-without-layout", of(surround, 4, 0), 1000, 4, 48_000
    yield "rf64", of(forge.rf64), 1000, 1, 16_000
    yield "bw64", of(forge.rf64, magic=b"BW64"), 1000, 1, 16_000
    yield "big-endian", of(forge.rifx), 1000, 1, 16_000
    yield "endless-sizes", of(wav, data_size=2**32 - 1, size=2**32 - 1), 1000, 1, 16_000
    yield "list-first", of(wav, before=(chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Title")),)), 1000, 1, 16_000
    yield "odd-chunk", of(wav, before=(chunk(b"junk", b"odd"),)), 1000, 1, 16_000
    yield "broadcast", of(wav, before=(chunk(b"bext", bytes(602)),)), 1000, 1, 16_000
    yield "cue-points-after", of(wav, after=(chunk(b"cue ", struct.pack("<I", 0)),)), 1000, 1, 16_000
    yield "garbage-after", of(lambda: wav() + b"garbage" * 99), 1000, 1, 16_000
    yield "half-a-sample-more", of(lambda: wav_of(forge.tone() + b"\1")), 1000, 1, 16_000
    yield "big-art", of(wav, before=(chunk(b"id3 ", forge.id3(forge.picture_frame(ART))),)), 1000, 1, 16_000


def surround(channels, mask):
    sound = forge.tone(1.0, 48_000, channels)
    return forge.riff(forge.extensible(channels=channels, mask=mask), chunk(b"data", sound))


def mp3s():
    plain = {"layout": "mono", "rate": 44_100}
    art = forge.id3(forge.picture_frame(ART))
    yield "plain", of(encode.mp3), 1000, 2, 48_000
    yield "with-xing", of(encode.encode, "mp3", "libmp3lame", 1.0), 1000, 2, 48_000
    yield "variable-rate", of(encode.mp3, 3.0, encoder=(("compression_level", "9"), ("abr", "1"))), 3000, 2, 48_000
    yield "8k-mono", of(encode.mp3, layout="mono", rate=8000), 1152, 1, 8000
    yield "art-of-300-kb", of(lambda: art + encode.mp3(**plain)), 1000, 1, 44_100
    yield "two-tags", of(lambda: forge.id3() + art + encode.mp3(**plain)), 1000, 1, 44_100
    yield "tag-with-footer", of(tag_with_footer), 1000, 1, 44_100
    yield "old-tag-at-the-end", of(lambda: encode.mp3(**plain) + b"TAG" + bytes(125)), 1000, 1, 44_100
    yield (
        "ape-tag-at-the-end",
        of(lambda: encode.mp3(**plain) + b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + bytes(8)),
        1000,
        1,
        44_100,
    )
    yield "zeros-first", of(lambda: bytes(500) + encode.mp3(**plain)), 1000, 1, 44_100
    yield "starts-inside-a-frame", of(lambda: encode.mp3(3.0, **plain)[100:]), 3000, 1, 44_100
    yield "layer-2", of(encode.encode, "mp2", "mp2", 1.0, 44_100), 1000, 2, 44_100


def tag_with_footer():
    body = forge.id3_frame(b"TIT2", b"\3Title")
    footer = b"3DI" + bytes((4, 0, 0x10)) + forge.syncsafe(len(body))
    return forge.id3(body, flags=0x10) + footer + encode.mp3(layout="mono", rate=44_100)


def flacs():
    seeks = streams.flac_block(3, (b"\xff" * 8 + bytes(10)) * 100, last=True)
    art = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 1, 1, 24, 0, len(ART)) + ART
    yield "plain", of(encode.flac), 1000, 2, 48_000
    yield "24-bit", of(encode.flac, encoder=(("bits_per_raw_sample", "24"),)), 1000, 2, 48_000
    yield "eight-channels", of(encode.flac, layout="7.1"), 1000, 8, 48_000
    yield "length-unknown", of(streams.flac, 5, claimed=0), 5000, 1, 8000
    yield "empty-seek-table", of(streams.flac, 5, blocks=(seeks,)), 5000, 1, 8000
    yield "big-picture", of(streams.flac, 5, blocks=(streams.flac_block(6, art, last=True),)), 5000, 1, 8000
    yield "behind-id3", of(lambda: forge.id3(forge.picture_frame(ART)) + encode.flac()), 1000, 2, 48_000


def oggs():
    yield "opus", of(encode.opus), 1000, 2, 48_000
    yield "opus-5-1", of(encode.opus, layout="5.1"), 1000, 6, 48_000
    yield "opus-7-1", of(encode.opus, layout="7.1"), 1000, 8, 48_000
    yield "vorbis", of(encode.vorbis), 1000, 2, 48_000
    yield "flac", of(encode.encode, "ogg", "flac", 1.0, 44_100, "mono"), 1000, 1, 44_100
    yield "chained-opus", of(chained, "opus"), 2000, 2, 48_000
    yield "chained-vorbis", of(chained, "vorbis"), 2000, 2, 48_000
    yield "opus-of-nothing", of(streams.opus, [streams.OPUS_120_MS] * 50, granules=lambda n: n * 5760), 6000, 1, 48_000
    yield "cut-between-pages", of(lambda: b"".join(streams.ogg_pages(encode.opus(3.0))[:-1])), None, 2, 48_000


def quiet_then_loud():
    """A hundred minutes of which the first ninety hold almost nothing: a call in which nobody spoke."""
    packets, _ = encode.packets_of(encode.opus(3.0, bit_rate=256_000))
    packets = [bytes((0xFC, 0xFF, 0xFE))] * 270_000 + packets[20:120] * 300
    return streams.opus(packets, head=streams.opus_head(channels=2), per_page=50)


def chained(codec):
    first = getattr(encode, codec)(1.0)
    again = [streams.rewrite_page(page, serial=99) for page in streams.ogg_pages(first)]
    return first + b"".join(again)


def mp4s():
    fragments = (("movflags", "frag_keyframe+empty_moov"), ("frag_duration", "200000"))
    yield "aac", of(encode.m4a), 1000, 2, 48_000
    yield "faststart", of(encode.m4a, muxer=(("movflags", "faststart"),)), 1000, 2, 48_000
    yield "fragmented", of(encode.m4a, muxer=fragments), 1000, 2, 48_000
    yield "alac", of(encode.encode, "mp4", "alac", 1.0, 44_100), 1000, 2, 44_100
    yield "with-pictures", of(encode.m4a, video=True), 1000, 2, 48_000
    yield "two-sound-tracks", of(encode.m4a, tracks=2), 1000, 2, 48_000
    yield "quicktime-24-bit", of(encode.encode, "mov", "pcm_s24le", 1.0), 1000, 2, 48_000
    yield "3gp-amr", of(encode.encode, "3gp", "libopencore_amrnb", 1.0, 8000, "mono"), 1000, 1, 8000
    yield "by-hand", of(boxes.quicktime), 1000, 1, 16_000
    yield "64-bit-data-size", of(long_data_size), 1000, 1, 16_000
    yield "data-to-the-end", of(open_data), 1000, 1, 16_000
    yield "unknown-boxes", of(boxes.quicktime, after=boxes.box(b"abcd", bytes(500)) * 20), 1000, 1, 16_000
    yield (
        "one-chunk-per-sample",
        of(boxes.quicktime, boxes.track(tables=boxes.sound_tables(chunks=range(36, 32_036, 2)))),
        1000,
        1,
        16_000,
    )


def long_data_size():
    sound = forge.tone(1.0)
    start = len(boxes.FTYP) + 16
    wide = struct.pack(">I4sQ", 1, b"mdat", len(sound) + 16)
    return boxes.FTYP + wide + sound + boxes.movie(boxes.track(tables=boxes.sound_tables(chunks=[start])))


def open_data():
    size = len(boxes.FTYP + boxes.movie(boxes.track())) + 8
    head = boxes.FTYP + boxes.movie(boxes.track(tables=boxes.sound_tables(chunks=[size])))
    return head + boxes.box(b"mdat", forge.tone(1.0), size=0)


def matroskas():
    live = {"segment_size": ebml.UNKNOWN, "clusters": ebml.pcm_clusters(sizes=ebml.UNKNOWN), "about": ebml.info()}
    yield "webm-opus", of(encode.webm), 1000, 2, 48_000
    yield "webm-live", of(encode.webm, muxer=(("live", "1"),)), 1000, 2, 48_000
    yield "webm-with-pictures", of(encode.encode, "matroska", "libopus", video=True), 1000, 2, 48_000
    yield "flac", of(encode.encode, "matroska", "flac", 1.0, 44_100), 1000, 2, 44_100
    yield "aac", of(encode.encode, "matroska", "aac", 1.0, 44_100), 1000, 2, 44_100
    yield "pcm-by-hand", of(ebml.pcm_file), 1000, 1, 16_000
    yield "pcm-live", of(ebml.pcm_file, **live), 1000, 1, 16_000
    yield "cut-between-clusters", of(lambda: ebml.pcm_file(**live)[: -len(ebml.pcm_clusters()[-1])]), 900, 1, 16_000
    yield "void-elements", of(ebml.pcm_file, more=[ebml.element("ec", bytes(90))] * 20), 1000, 1, 16_000


def others():
    yield "aac-plain", "a.aac", of(encode.encode, "adts", "aac", 1.0, 44_100), 1000, 2, 44_100
    yield (
        "aac-behind-id3",
        "a.aac",
        of(lambda: forge.id3() + encode.encode("adts", "aac", 1.0, 44_100)),
        1000,
        2,
        44_100,
    )
    yield "aiff-plain", "a.aiff", of(forge.aiff), 1000, 1, 16_000
    yield "aiff-offset", "a.aif", of(forge.aiff, offset=64), 1000, 1, 16_000
    yield "aifc-little-endian", "a.aifc", of(forge.aiff, codec=b"sowt", sound=forge.tone()), 1000, 1, 16_000
    yield "aifc-float", "a.aifc", of(forge.aiff, codec=b"fl32", dtype=">f4"), 1000, 1, 16_000
    yield "au-plain", "a.au", of(forge.au), 1000, 1, 16_000
    yield "au-mu-law", "a.au", of(forge.au, encoding=1, sound=forge.tone(dtype="u1")), 1000, 1, 16_000
    yield "au-size-unknown", "a.au", of(forge.au, size=2**32 - 1), 1000, 1, 16_000
    yield "au-long-note", "a.snd", of(forge.au, offset=24 + 4000, note=bytes(4000)), 1000, 1, 16_000
    yield "caf-plain", "a.caf", of(forge.caf), 1000, 1, 16_000
    yield "caf-size-unknown", "a.caf", of(forge.caf, data_size=-1), 1000, 1, 16_000
    yield "caf-alac", "a.caf", of(encode.encode, "caf", "alac", 1.0, 44_100), 1000, 2, 44_100
    yield "amr-plain", "a.amr", of(encode.encode, "amr", "libopencore_amrnb", 1.0, 8000, "mono"), 1000, 1, 8000
    yield "amr-wide-nothing-sent", "a.awb", of(lambda: b"#!AMR-WB\n" + b"\x7c" * 50), 1000, 1, 16_000
    yield "w64-plain", "a.w64", of(encode.encode, "w64", "pcm_s16le", 1.0, 16_000, "mono"), 1000, 1, 16_000


# Containers whose demuxers are kept shut: real files, so that only the guard refuses them.
SHUT = (
    ("nut", "pcm_s16le", 16_000),
    ("mpegts", "aac", 44_100),
    ("mpeg", "mp2", 48_000),
    ("flv", "aac", 44_100),
    ("avi", "pcm_s16le", 44_100),
    ("gxf", "pcm_s16le", 48_000),
    ("rm", "ac3", 44_100),
    ("swf", "libmp3lame", 44_100),
    ("tta", "tta", 44_100),
    ("wv", "wavpack", 44_100),
    ("voc", "pcm_u8", 8000),
    ("sox", "pcm_s32le", 8000),
    ("ircam", "pcm_s16le", 16_000),
)


def cases():
    themes = (("wav", wavs), ("mp3", mp3s), ("flac", flacs), ("ogg", oggs), ("m4a", mp4s), ("mkv", matroskas))
    for extension, variants in themes:
        for name, make, duration_ms, channels, rate in variants():
            filename = f"a.{extension}"
            about = {"channels": channels, "sample_rate": rate}
            yield Case(f"odd-{extension}-{name}", filename, make, 9, "good", duration_ms, **about)
    for name, filename, make, duration_ms, channels, rate in others():
        yield Case(f"odd-{name}", filename, make, 9, "good", duration_ms, channels=channels, sample_rate=rate)
    make = of(quiet_then_loud)
    yield Case("odd-ogg-quiet-then-loud", "a.ogg", make, 9, "good", 100 * 60_000, probe_only=True)
    for container, codec, rate in SHUT:
        make = of(encode.encode, container, codec, 1.0, rate, "mono")
        yield Case(f"shut-{container}", "a.wav", make, 38, "refused")
