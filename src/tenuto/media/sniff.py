"""What a file is, by its content alone; names and declared types are never asked.

Taken: WAV (RIFF, RF64, BW64, RIFX), W64, AIFF, AU, CAF, FLAC, Ogg, MP4/M4A/MOV/3GP, Matroska/WebM, MP3, ADTS AAC, AMR.
Left out on purpose: playlists and manifests, which make a demuxer open other files; AVI, whose subtitle tracks can be
playlists; ASF, FLV, MPEG-TS and MPEG-PS, whose demuxers are large, rarely needed for recordings, and matched by weak
signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from tenuto import errors
from tenuto.media.mpeg import adts_frame, mp3_frame

HEAD_BYTES = 1 << 16
# A longer tag is skipped, not read: it holds pictures, and its demuxer would allocate what the tag claims.
LARGEST_TAG_BYTES = 16 << 20
# A stream that was cut out of a broadcast starts in the middle of a frame; no MP3 or AAC frame is longer.
LONGEST_FRAME_BYTES = 8192
FRAMES_IN_A_ROW = 4

TAG_HEADER_BYTES = 10
TEXT_BYTES = 16
SYNC = 0xFF
PRINTABLE = frozenset(range(32, 127)) | frozenset(b"\t\r\n")

# What stands at the start, what stands at a second position, and what that is.
MAGIC: tuple[tuple[bytes, int, bytes, str, str], ...] = (
    *((word, 8, b"WAVE", "wav", "audio/wav") for word in (b"RIFF", b"RF64", b"BW64", b"RIFX")),
    (bytes.fromhex("726966662e91cf11a5d628db04c10000"), 24, b"wave", "w64", "audio/x-w64"),
    (b"FORM", 8, b"AIFF", "aiff", "audio/aiff"),
    (b"FORM", 8, b"AIFC", "aiff", "audio/aiff"),
    *((b"", 4, box, "mov", "audio/mp4") for box in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")),
    (b"fLaC", 4, b"", "flac", "audio/flac"),
    (b"OggS", 4, b"", "ogg", "audio/ogg"),
    (b".snd", 4, b"", "au", "audio/basic"),
    (b"caff", 4, b"\x00\x01", "caf", "audio/x-caf"),
    (b"#!AMR", 5, b"-WB\n", "amr", "audio/amr-wb"),
    (b"#!AMR", 5, b"\n", "amr", "audio/amr"),
)
EBML = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True)
class Kind:
    """How to open the file, and what to serve it as."""

    demuxer: str
    media_type: str
    offset: int = 0  # where the recording starts, behind a tag that is not read


def sniff(stream: BinaryIO) -> Kind:
    """Say what the file is, or raise `errors.UnsupportedMedia`."""
    head = _read_at(stream, 0)
    if not head:
        raise errors.UnsupportedMedia("The file is empty: upload it again.")
    tag_end = 0
    while head.startswith(b"ID3") and len(head) >= TAG_HEADER_BYTES:
        size = _tag_size(head)
        tag_end += size
        head = _read_at(stream, tag_end)
    kind = _by_magic(head, offset=tag_end) or _by_frames(head, tag_end=tag_end)
    if kind is None:
        raise errors.UnsupportedMedia(
            "The file is not a recording this server can open: send WAV, MP3, FLAC, OGG, M4A, WebM, AAC or AIFF."
        )
    return kind


def _read_at(stream: BinaryIO, position: int) -> bytes:
    stream.seek(position)
    return stream.read(HEAD_BYTES)


def _tag_size(head: bytes) -> int:
    """Bytes of the ID3v2 tag that `head` starts with; its size is four groups of seven bits."""
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return TAG_HEADER_BYTES * (2 if head[5] & 0x10 else 1) + size


def _by_magic(head: bytes, *, offset: int) -> Kind | None:
    if head.startswith(EBML):
        return Kind("matroska", "audio/webm" if b"webm" in head[:64] else "audio/x-matroska", offset)
    for magic, position, more, demuxer, media_type in MAGIC:
        if head.startswith(magic) and head.startswith(more, position):
            return Kind(demuxer, media_type, offset)
    return None


def _by_frames(head: bytes, *, tag_end: int) -> Kind | None:
    """MP3 and ADTS have no magic: take what shows several whole frames in a row, near the start."""
    offset = tag_end if tag_end > LARGEST_TAG_BYTES else 0
    start = len(head) - len(head.lstrip(b"\0"))
    # A page, a script or a playlist is not taken for the sound that may follow it.
    if PRINTABLE.issuperset(head[start : start + TEXT_BYTES]):
        return None
    for position in range(start, min(start + LONGEST_FRAME_BYTES, len(head) - 6)):
        if head[position] != SYNC:
            continue
        if _frames_follow(head, position, mp3_frame):
            return Kind("mp3", "audio/mpeg", offset)
        if _frames_follow(head, position, adts_frame):
            return Kind("aac", "audio/aac", tag_end)
    return None


def _frames_follow(head: bytes, position: int, frame_bytes: Callable[[bytes], int]) -> bool:
    for count in range(FRAMES_IN_A_ROW):
        if position == len(head):
            return count > 0
        size = frame_bytes(head[position : position + 6])
        if not size:
            return False
        position += size
        if position > len(head):
            # The last frame of a cut file, or of what was read, need not be whole.
            return count > 0
    return True
