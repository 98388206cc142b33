"""E, 32 to 37: files that ask the demuxer to open something else, or to write somewhere."""

import base64
import struct

from hostile import boxes, ebml, encode, forge
from hostile.case import Canary, Case, luring


def hls(url, *, before="", after=""):
    return f"{before}#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n{after}".encode()


PLAYLISTS = {
    "hls": ("a.m3u8", lambda canary: hls(canary.url)),
    "hls-as-mp3": ("a.mp3", lambda canary: hls(canary.url)),
    "hls-as-wav": ("a.wav", lambda canary: hls(canary.url)),
    "hls-as-m4a": ("a.m4a", lambda canary: hls(canary.url)),
    "hls-as-webm": ("a.webm", lambda canary: hls(canary.url)),
    "hls-as-ogg": ("a.ogg", lambda canary: hls(canary.url)),
    "hls-as-flac": ("a.flac", lambda canary: hls(canary.url)),
    "hls-behind-bom": ("a.mp3", lambda canary: b"\xef\xbb\xbf" + hls(canary.url)),
    "hls-behind-id3": ("a.mp3", lambda canary: forge.id3() + hls(canary.url)),
    "hls-behind-tag-that-lies": ("a.mp3", lambda canary: forge.id3(size=2**27) + hls(canary.url)),
    "hls-behind-newlines": ("a.wav", lambda canary: b"\r\n\r\n" + hls(canary.url)),
    "hls-before-mp3": ("a.mp3", lambda canary: hls(canary.url) + encode.mp3()),
    "hls-master": ("a.m4a", lambda canary: f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{canary.url}\n".encode()),
    "m3u": ("a.mp3", lambda canary: f"{canary.url}\n{canary.file}\n".encode()),
}

LOCAL = {
    "hls-file-by-its-own-name": ("a.m3u8", lambda canary: hls(f"file://{canary.file}")),
    "hls-file": ("a.mp3", lambda canary: hls(f"file://{canary.file}")),
    "hls-plain-path": ("a.mp3", lambda canary: hls(canary.file)),
    "hls-concat": ("a.wav", lambda canary: hls(f"concat:{canary.file}|{canary.file}")),
    "hls-subfile": ("a.ogg", lambda canary: hls(f"subfile,,start,0,end,64,,:{canary.file}")),
    "hls-data": ("a.m4a", lambda _canary: hls("data:audio/wav;base64," + base64.b64encode(forge.wav()).decode())),
    "hls-key": ("a.mp3", lambda canary: hls("data:,x", before=f'#EXT-X-KEY:METHOD=AES-128,URI="{canary.url}"\n')),
    "hls-key-file": (
        "a.mp3",
        lambda canary: hls(canary.url).replace(
            b"#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="file://{canary.file}"\n#EXTINF'.encode()
        ),
    ),
    "hls-map": (
        "a.m4a",
        lambda canary: hls(canary.url).replace(b"#EXTINF", f'#EXT-X-MAP:URI="file://{canary.file}"\n#EXTINF'.encode()),
    ),
    "hls-proc": ("a.wav", lambda _canary: hls("file:///proc/self/environ")),
    "hls-crypto": ("a.flac", lambda canary: hls(f"crypto:{canary.file}")),
}

DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S">'
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="a" bandwidth="1"><BaseURL>{0}</BaseURL>'
    '<SegmentList><Initialization sourceURL="{0}"/><SegmentURL media="{0}"/></SegmentList></Representation>'
    "</AdaptationSet></Period></MPD>"
)
ASX = '<asx version="3.0"><entry><ref href="{0}"/></entry></asx>'
XSPF = '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>{0}</location></track></trackList></playlist>'
SMIL = '<smil><body><audio src="{0}"/></body></smil>'
IMF = '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>{0}</Id></CompositionPlaylist>'
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"

MANIFESTS = {
    "ffconcat": ("a.wav", lambda canary: f"ffconcat version 1.0\nfile '{canary.file}'\n".encode()),
    "ffconcat-url": ("a.mp3", lambda canary: f"ffconcat version 1.0\nfile {canary.url}\n".encode()),
    "dash": ("a.m4a", lambda canary: DASH.format(canary.url).encode()),
    "sdp": ("a.wav", lambda _canary: SDP.encode()),
    "pls": ("a.mp3", lambda canary: f"[playlist]\nFile1={canary.url}\nNumberOfEntries=1\nVersion=2\n".encode()),
    "asx": ("a.wav", lambda canary: ASX.format(canary.url).encode()),
    "xspf": ("a.flac", lambda canary: XSPF.format(canary.url).encode()),
    "smil": ("a.m4a", lambda canary: SMIL.format(canary.url).encode()),
    "rtsp-text": ("a.mp3", lambda canary: f"RTSPtextRTSP://{canary.url.partition('//')[2]}\n".encode()),
    "imf": ("a.wav", lambda canary: IMF.format(canary.url).encode()),
    "metadata": ("a.wav", lambda _canary: b";FFMETADATA1\ntitle=a\n"),
    "internet-shortcut": ("a.mp3", lambda canary: f"[InternetShortcut]\nURL={canary.url}\n".encode()),
    "filter-graph": ("a.wav", lambda canary: f"amovie={canary.file}[out0]".encode()),
}


def avi_with_playlist(canary: Canary):
    """An AVI whose subtitle track is a playlist in GAB2 wrapping."""
    playlist = hls(canary.url, after=f"file://{canary.file}\n")
    gab2 = (
        b"GAB2\0"
        + struct.pack("<HI", 2, 8)
        + "sub\0".encode("utf-16-le")
        + struct.pack("<HI", 4, len(playlist))
        + playlist
    )
    head = struct.pack("<14I", 100_000, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    stream = struct.pack("<4s4sIHHIIIIIIII4H", b"txts", bytes(4), 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    streams = forge.chunk(b"LIST", b"strl" + forge.chunk(b"strh", stream) + forge.chunk(b"strf", bytes(40)))
    header = forge.chunk(b"LIST", b"hdrl" + forge.chunk(b"avih", head) + streams)
    return forge.riff(header, forge.chunk(b"LIST", b"movi" + forge.chunk(b"00tx", gab2)), form=b"AVI ")


def outside(entry):
    """A movie whose sound, it says, lies in another file."""
    return boxes.quicktime(boxes.track(drefs=boxes.dref(entry)), sound=bytes(32_000))


def alias(canary: Canary):
    """An old Macintosh alias record that names the canary's file."""
    path = str(canary.file).encode()
    name = canary.file.name.encode()[:27]
    record = bytes(4) + struct.pack(">HHH", 150 + len(path) + 10, 2, 0) + bytes(28) + bytes(12)
    record += bytes((len(name),)) + name.ljust(63, b"\0") + bytes(16) + struct.pack(">hh", -1, -1) + bytes(16)
    padded = path + b"\0" * (len(path) % 2)
    record += struct.pack(">HH", 2, len(path)) + padded + struct.pack(">HH", 18, len(path)) + padded
    return outside(boxes.full(b"alis", record + struct.pack(">HH", 0xFFFF, 0)))


def reference_movie(target):
    rdrf = boxes.full(b"rdrf", b"url ", struct.pack(">I", len(target) + 1), target + b"\0")
    rmra = boxes.box(b"rmra", boxes.box(b"rmda", rdrf))
    return boxes.FTYP + boxes.box(b"moov", rmra)


REFERENCES = {
    "dref-url": lambda canary: outside(boxes.full(b"url ", canary.url.encode() + b"\0")),
    "dref-file-url": lambda canary: outside(boxes.full(b"url ", f"file://{canary.file}".encode() + b"\0")),
    "dref-urn": lambda canary: outside(boxes.full(b"urn ", b"a\0" + canary.url.encode() + b"\0")),
    "dref-alias": alias,
    "reference-movie-url": lambda canary: reference_movie(canary.url.encode()),
    "reference-movie-file": lambda canary: reference_movie(f"file://{canary.file}".encode()),
}


def attachment(name, kind="text/x-shellscript"):
    """A recording with a file attached."""
    body = ebml.element("466e", name.encode()) + ebml.element("4660", kind.encode()) + ebml.number("46ae", 9)
    data = ebml.element("465c", b"#!/bin/sh\necho evil\n")
    return ebml.pcm_file(more=[ebml.element("1941a469", ebml.element("61a7", body, data))])


def linked_segment(canary: Canary):
    """A Matroska segment that names files before and after it."""
    names = ebml.element("3c83ab", str(canary.file).encode()) + ebml.element("3e83bb", str(canary.file).encode())
    about = ebml.element("1549a966", ebml.number("2ad7b1", 1_000_000), ebml.real("4489", 1000.0), names)
    return ebml.pcm_file(about=about)


def cases():
    for attack, group in ((32, PLAYLISTS), (33, LOCAL), (34, MANIFESTS)):
        for name, (filename, build) in group.items():
            yield Case(f"trick-{name}", filename, luring(build), attack, "refused")
    yield Case("trick-avi-subtitle-playlist", "a.wav", luring(avi_with_playlist), 35, "refused")
    for name, build in REFERENCES.items():
        expect = "refused" if name.startswith("reference") else "odd"
        yield Case(f"trick-{name}", "a.mov", luring(build), 36, expect, silent=True)
    for name, target in (("above", "../../evil.sh"), ("absolute", "/tmp/evil.sh"), ("windows", "..\\..\\evil.bat")):
        make = luring(lambda _canary, target=target: attachment(target))
        yield Case(f"trick-attachment-{name}", "a.mkv", make, 37, "good", 1000)
    make = luring(lambda _canary: attachment("cover.png", "image/png"))
    yield Case("trick-attachment-false-cover", "a.mkv", make, 37, "good", 1000)
    yield Case("trick-linked-segment", "a.mkv", luring(linked_segment), 37, "good", 1000)
