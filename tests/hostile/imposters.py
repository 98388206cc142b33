"""A, 1 to 8: files that are not recordings, or are two things at once."""

import gzip
import io
import pickle
import random
import struct
import tarfile
import urllib.request
import zipfile
import zlib

import numpy as np

from hostile import boxes, ebml, encode, forge, streams
from hostile.case import Canary, Case, luring, of

HTML = b"<!doctype html><html><body><script>alert(document.domain)</script></body></html>\n"
SCRIPT = b"/*<script>*/alert(document.cookie);//" + b" " * 64 + b"\n"


def png():
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0" + bytes(range(48)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", 16, 1, 8, 2, 0, 0, 0))
        + part(b"IDAT", pixels)
        + part(b"IEND", b"")
    )


def zipped(*members):
    """A zip archive whose members are stored as they are."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def tarred():
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty.wav"))
    return target.getvalue()


def deck():
    types = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return zipped(("[Content_Types].xml", types), ("ppt/presentation.xml", b"<p:presentation/>"))


def pdf():
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def elf():
    return (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400000, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    )


def midi():
    return (
        b"MThd"
        + struct.pack(">IHHH", 6, 0, 1, 96)
        + b"MTrk"
        + struct.pack(">I", 12)
        + bytes.fromhex("00903c4060803c4000ff2f00")
    )


def noise(size=65_536):
    return random.Random(20).randbytes(size)


IMPOSTERS = {
    "png": ("song.wav", png),
    "jpeg": ("song.mp3", lambda: bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(64) + b"\xff\xd9"),
    "gif": ("song.m4a", lambda: b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"),
    "bmp": (
        "song.ogg",
        lambda: b"BM" + struct.pack("<IIIIiiHHIIiiII", 58, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + bytes(4),
    ),
    "tiff": ("song.flac", lambda: b"II*\0" + struct.pack("<IH", 8, 0) + bytes(4)),
    "webp": ("song.wav", lambda: forge.riff(forge.chunk(b"VP8 ", bytes(32)), form=b"WEBP")),
    "icon": ("song.mp3", lambda: struct.pack("<HHH", 0, 1, 1) + bytes(16 + 40)),
    "heic": (
        "song.m4a",
        lambda: boxes.box(b"ftyp", b"heic\0\0\0\0mif1heic") + boxes.full(b"meta", boxes.hdlr(b"pict")),
    ),
    "svg": ("song.ogg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "html": ("song.mp3", lambda: HTML),
    "xml": (
        "song.wav",
        lambda: b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ),
    "json": ("song.m4a", lambda: b'{"audio": "UklGRg==", "text": null}'),
    "text": ("song.flac", lambda: b"This is not a recording, only words about one.\n" * 50),
    "csv": ("song.wav", lambda: b"start,end,text\n0,1,hello\n" * 20),
    "rtf": ("song.mp3", lambda: b"{\\rtf1\\ansi Hello}"),
    "pdf": ("song.flac", pdf),
    "elf": ("song.wav", elf),
    "windows-program": ("song.mp3", lambda: b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(200)),
    "java-class": ("song.m4a", lambda: bytes.fromhex("cafebabe00000034") + bytes(64)),
    "webassembly": ("song.ogg", lambda: b"\0asm\1\0\0\0"),
    "shell-script": ("song.wav", lambda: b"#!/bin/sh\nrm -rf /\n"),
    "python-script": ("song.flac", lambda: b"#!/usr/bin/env python3\nimport os\n"),
    "zip": ("song.wav", lambda: zipped(("note.txt", b"hello"))),
    "empty-zip": ("song.m4a", zipped),
    "gzip-of-a-wav": ("song.wav", lambda: gzip.compress(forge.wav(), mtime=0)),
    "tar": ("song.mp3", tarred),
    "seven-zip": ("song.ogg", lambda: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24)),
    "sqlite": ("song.flac", lambda: b"SQLite format 3\0" + bytes(84)),
    "midi": ("song.wav", midi),
    "riff-midi": ("song.wav", lambda: forge.riff(forge.chunk(b"data", midi()), form=b"RMID")),
    "font": ("song.m4a", lambda: b"\0\1\0\0\0\x0a" + bytes(80)),
    "ole-document": ("song.mp3", lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)),
    "zeros": ("song.wav", lambda: bytes(65_536)),
    "ones": ("song.mp3", lambda: b"\xff" * 65_536),
    "film-without-sound-mp4": ("song.m4a", lambda: encode.film("mp4")),
    "film-without-sound-mkv": ("song.webm", lambda: encode.film("matroska")),
    "whitespace": ("song.wav", lambda: b" \n" * 5000),
}

MAGIC_ONLY = {
    "riff": ("a.wav", b"RIFF"),
    "riff-wave": ("a.wav", b"RIFF\0\0\0\0WAVE"),
    "rf64": ("a.wav", b"RF64\xff\xff\xff\xffWAVE"),
    "w64": ("a.w64", bytes.fromhex("726966662e91cf11a5d628db04c10000")),
    "flac": ("a.flac", b"fLaC"),
    "ogg": ("a.ogg", b"OggS"),
    "id3": ("a.mp3", b"ID3"),
    "id3-whole-header": ("a.mp3", b"ID3\4\0\0\0\0\0\0"),
    "ebml": ("a.webm", bytes.fromhex("1a45dfa3")),
    "ftyp": ("a.m4a", b"\0\0\0\x14ftypM4A \0\0\0\0M4A "),
    "moov": ("a.m4a", b"\0\0\0\x08moov"),
    "mpeg-sync": ("a.mp3", b"\xff\xfb"),
    "mpeg-header": ("a.mp3", b"\xff\xfb\x90\x00"),
    "adts-header": ("a.aac", bytes.fromhex("fff15080027ffc")),
    "aiff": ("a.aiff", b"FORM\0\0\0\4AIFF"),
    "au": ("a.au", b".snd"),
    "caf": ("a.caf", b"caff\0\1\0\0"),
    "amr": ("a.amr", b"#!AMR\n"),
}


class Trap:
    """Calls out when it is unpickled."""

    def __init__(self, url):
        self.url = url

    def __reduce__(self):
        return urllib.request.urlopen, (self.url,)


def pickled(canary: Canary, *, protocol):
    return pickle.dumps(Trap(canary.url), protocol=protocol)


def array_of_objects(canary: Canary):
    target = io.BytesIO()
    np.save(target, np.array([Trap(canary.url)], dtype=object), allow_pickle=True)
    return target.getvalue()


def checkpoint(canary: Canary):
    return zipped(("archive/data.pkl", pickled(canary, protocol=2)), ("archive/version", b"3\n"))


def polyglots():
    """Files that two programs read as two things; the sound in them lasts a second where there is any."""
    note = forge.chunk(b"LIST", b"INFO" + forge.chunk(b"ICMT", HTML))
    html_id3 = forge.id3(forge.id3_frame(b"COMM", b"\3eng\0" + HTML))
    mp3 = encode.mp3(layout="mono", rate=44_100)
    sound = {
        "wav-and-zip": ("a.wav", lambda: forge.wav() + zipped(("evil.html", HTML))),
        "wav-and-html": ("a.wav", lambda: forge.wav(before=(note,))),
        "wav-and-pdf": ("a.wav", lambda: forge.wav(before=(forge.chunk(b"JUNK", pdf()),))),
        "flac-and-zip": ("a.flac", lambda: encode.flac() + zipped(("evil.html", HTML))),
        "m4a-and-html": ("a.m4a", lambda: boxes.FTYP + boxes.box(b"free", HTML) + shifted_movie()),
        "id3-and-html-before-mp3": ("a.mp3", lambda: html_id3 + mp3),
    }
    unclear = {
        "mp3-behind-script": ("a.mp3", lambda: SCRIPT + mp3),
        "mp3-behind-html": ("a.mp3", lambda: HTML + mp3),
        "mp3-behind-gif": ("a.mp3", lambda: IMPOSTERS["gif"][1]() + mp3),
        "mp3-behind-png": ("a.mp3", lambda: png() + mp3),
        "mp3-stored-in-a-zip": ("a.mp3", lambda: zipped(("episode.mp3", mp3))),
        "wav-behind-pdf": ("a.wav", lambda: pdf() + forge.wav()),
        "wav-stored-in-a-zip": ("a.wav", lambda: zipped(("episode.wav", forge.wav()))),
        "id3-before-html": ("a.mp3", lambda: html_id3 + HTML * 20),
    }
    for name, (filename, build) in sound.items():
        yield Case(f"polyglot-{name}", filename, of(build), 7, "good", 1000)
    for name, (filename, build) in unclear.items():
        silent = name.startswith("wav") or (name.endswith("html") and not name.startswith("mp3"))
        yield Case(f"polyglot-{name}", filename, of(build), 7, "refused" if silent else "odd", None if silent else 1000)


def shifted_movie():
    """A movie behind a page: its sound lies after the type and the page."""
    start = len(boxes.FTYP) + len(boxes.box(b"free", HTML)) + 8
    tables = boxes.sound_tables(chunks=[start])
    return boxes.box(b"mdat", forge.tone(1.0)) + boxes.movie(boxes.track(tables=tables))


def cases():
    for name, (filename, build) in IMPOSTERS.items():
        yield Case(f"{name}-as-{filename.partition('.')[2]}", filename, of(build), 1, "refused")
    yield Case("noise-as-mp3", "song.mp3", of(noise), 1, "refused")
    for filename in ("sound.exe", "sound.html", "sound.wav.php"):
        yield Case(f"wav-named-{filename.replace('.', '-')}", filename, of(forge.wav), 2, "odd", 1000)
    yield Case("wav-named-mp3", "sound.mp3", of(forge.wav), 3, "good", 1000)
    yield Case("flac-named-wav", "sound.wav", of(encode.flac), 3, "good", 1000)
    yield Case("aiff-named-wav", "sound.wav", of(forge.aiff), 3, "good", 1000)
    yield Case("ogg-named-m4a", "sound.m4a", of(encode.opus), 3, "good", 1000)
    yield Case("webm-named-flac", "sound.flac", of(ebml.pcm_file), 3, "good", 1000)
    yield Case("mp3-without-extension", "sound", of(encode.mp3), 3, "good", 1000)
    for name, (filename, data) in MAGIC_ONLY.items():
        yield Case(f"only-the-magic-of-{name}", filename, of(bytes, data), 4, "refused")
    yield Case("only-the-first-block-of-flac", "a.flac", of(lambda: b"fLaC" + streams.streaminfo()), 4, "refused")
    for extension in ("wav", "mp3", "m4a", "ogg", "flac", "webm", "aac", "aiff", "mp4", "opus"):
        yield Case(f"nothing-as-{extension}", f"empty.{extension}", of(bytes), 5, "refused")
    yield Case("deck-as-wav", "deck.wav", of(deck), 6, "refused")
    yield Case("wav-as-octets", "sound.bin", of(forge.wav), 6, "good", 1000)
    yield from polyglots()
    yield Case("pickle-as-wav", "model.wav", luring(lambda canary: pickled(canary, protocol=4)), 8, "refused")
    yield Case("text-pickle-as-mp3", "model.mp3", luring(lambda canary: pickled(canary, protocol=0)), 8, "refused")
    yield Case("array-of-objects-as-wav", "array.wav", luring(array_of_objects), 8, "refused")
    yield Case("checkpoint-as-m4a", "model.m4a", luring(checkpoint), 8, "refused")
