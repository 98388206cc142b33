"""The members of an untrusted ZIP archive, counted and measured before anything is unpacked.

Archives are a format of two minds: the directory at the end and the headers before each member may tell different
stories. Taken is only what tells one: no spare room, no overlaps, no ZIP64, and no more bytes than were promised.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from tenuto import errors

MOST_MEMBERS = 10_000
LARGEST_MEMBER_BYTES = 64 << 20
LARGEST_SUM_BYTES = 256 << 20
PIECE = 1 << 16

LOCAL_MAGIC, ENTRY_MAGIC, END_MAGIC = b"PK\3\4", b"PK\1\2", b"PK\5\6"
LOCAL = struct.Struct("<4s5H3I2H")
ENTRY = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LONGEST_COMMENT = 0xFFFF
LARGEST_DIRECTORY_BYTES = MOST_MEMBERS * 1024
ENCRYPTED = 1 | 1 << 6 | 1 << 13
UTF8 = 1 << 11
STORED, DEFLATED = 0, 8
UNIX = 3
ZIP64 = 0xFFFF
FIRST_PRINTABLE = " "


@dataclass(frozen=True)
class Member:
    """One file in the archive."""

    name: str
    size: int
    packed: int
    method: int
    crc: int
    start: int  # of its packed bytes


class Archive:
    """An archive whose directory was found to be honest as far as can be told without unpacking."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.members: Mapping[str, Member] = _members(file)

    def pieces(self, member: Member, most: int = LARGEST_MEMBER_BYTES) -> Iterator[bytes]:
        """Unpack a member, and stop at the first byte that was not promised."""
        if member.size > most:
            raise errors.LimitExceeded(f"The deck's part {member.name!r} is larger than the {most >> 20} MB allowed.")
        seen, crc = 0, 0
        for piece in self._unpacked(member):
            seen, crc = seen + len(piece), zlib.crc32(piece, crc)
            if seen > member.size:
                raise errors.BrokenMedia(f"The deck's part {member.name!r} is longer than it says: this is no deck.")
            yield piece
        if (seen, crc) != (member.size, member.crc):
            raise errors.BrokenMedia(f"The deck's part {member.name!r} is damaged: save the deck again and send it.")

    def _unpacked(self, member: Member) -> Iterator[bytes]:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        position, left = member.start, member.packed
        try:
            while left:
                # Others may read from the same file between two pieces.
                self._file.seek(position)
                packed = self._file.read(min(PIECE, left))
                if not packed:
                    return
                position, left = position + len(packed), left - len(packed)
                if member.method == STORED:
                    yield packed
                    continue
                while packed:
                    yield unpack.decompress(packed, PIECE)
                    packed = unpack.unconsumed_tail
        except zlib.error as error:
            raise errors.BrokenMedia(f"The deck's part {member.name!r} cannot be unpacked: it is damaged.") from error


def _members(file: BinaryIO) -> dict[str, Member]:
    """Read the directory; names are kept as they are, and are unique whatever their case."""
    directory, count, end = _directory(file)
    members: dict[str, Member] = {}
    names: set[str] = set()
    reach: list[tuple[int, int]] = []
    position = 0
    for _ in range(count):
        member, header, position = _entry(directory, position)
        if member.name.casefold() in names:
            raise errors.BrokenMedia(f"The deck holds {member.name!r} twice: this is no deck.")
        names.add(member.name.casefold())
        member = _located(file, member, header)
        reach.append((header, member.start + member.packed))
        if not member.name.endswith("/"):
            members[member.name] = member
    if position != len(directory):
        raise errors.BrokenMedia("The deck's list of parts has another length than it says: this is no deck.")
    _check_sizes(members)
    _check_overlaps(reach, end)
    return members


def _directory(file: BinaryIO) -> tuple[bytes, int, int]:
    """The bytes of the directory, how many members it lists, and where it begins."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END.size - LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(END_MAGIC)
    if at < 0 or len(tail) - at < END.size:
        raise errors.BrokenMedia("The file begins like a deck and has no end: send it whole.")
    _, disk, first_disk, here, count, length, start, comment = END.unpack_from(tail, at)
    if ZIP64 in (here, count) or disk or first_disk or here != count:
        raise errors.UnsupportedMedia("The file is a ZIP archive of several volumes or in the form ZIP64, not a deck.")
    if count > MOST_MEMBERS or length > LARGEST_DIRECTORY_BYTES:
        raise errors.LimitExceeded(f"The deck has more than {MOST_MEMBERS} parts; this server opens no more.")
    end = size - len(tail) + at
    if start + length != end or at + END.size + comment != len(tail):
        raise errors.BrokenMedia("The deck's list of parts is not where it says: the file is damaged or no deck.")
    file.seek(start)
    return file.read(length), count, start


def _entry(directory: bytes, position: int) -> tuple[Member, int, int]:
    """The member listed at `position`, where its header is, and where the next is listed."""
    if len(directory) - position < ENTRY.size or not directory.startswith(ENTRY_MAGIC, position):
        raise errors.BrokenMedia("The deck's list of parts is damaged: save the deck again and send it.")
    fields = ENTRY.unpack_from(directory, position)
    made_by, flags, method, crc, packed, size = fields[1], fields[3], fields[4], *fields[7:10]
    name_bytes, more_bytes, comment_bytes, disk, _, attributes, header = fields[10:]
    position += ENTRY.size
    name = _name(directory[position : position + name_bytes], flags)
    if flags & ENCRYPTED:
        raise errors.UnsupportedMedia("The deck is encrypted: save it without a password and send it again.")
    if method not in (STORED, DEFLATED):
        raise errors.UnsupportedMedia(f"The deck's part {name!r} is packed in a way that no deck uses.")
    if made_by >> 8 == UNIX and stat.S_ISLNK(attributes >> 16):
        raise errors.BrokenMedia(f"The deck's part {name!r} is a link to another file: this is no deck.")
    if disk or (method == STORED and packed != size):
        raise errors.BrokenMedia(f"The deck's part {name!r} has another length than it says: this is no deck.")
    return Member(name, size, packed, method, crc, 0), header, position + name_bytes + more_bytes + comment_bytes


def _name(raw: bytes, flags: int) -> str:
    """A name that leads nowhere but into the archive."""
    try:
        name = raw.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError as error:
        raise errors.BrokenMedia("A part of the deck has a name that cannot be read: this is no deck.") from error
    steps = name.removesuffix("/").split("/")
    if "\\" in name or ":" in name or min(name, default="") < FIRST_PRINTABLE or {"", ".", ".."} & set(steps):
        raise errors.BrokenMedia(f"A part of the deck is called {name[:60]!r}, which leads out of it: this is no deck.")
    return name


def _located(file: BinaryIO, member: Member, header: int) -> Member:
    """The member with the place of its bytes; its own header must have the same name."""
    file.seek(header)
    raw = file.read(LOCAL.size)
    if len(raw) < LOCAL.size or not raw.startswith(LOCAL_MAGIC):
        raise errors.BrokenMedia(f"The deck's part {member.name!r} is not where the deck says: the file is damaged.")
    fields = LOCAL.unpack(raw)
    flags, method, name_bytes, more_bytes = fields[2], fields[3], fields[9], fields[10]
    if flags & ENCRYPTED:
        raise errors.UnsupportedMedia("The deck is encrypted: save it without a password and send it again.")
    if method != member.method or _name(file.read(name_bytes), flags) != member.name:
        raise errors.BrokenMedia(f"The deck calls its part {member.name!r} by two names: this is no deck.")
    start = header + LOCAL.size + name_bytes + more_bytes
    return Member(member.name, member.size, member.packed, member.method, member.crc, start)


def _check_sizes(members: Mapping[str, Member]) -> None:
    for member in members.values():
        if member.size > LARGEST_MEMBER_BYTES:
            raise errors.LimitExceeded(
                f"The deck's part {member.name!r} has {member.size >> 20} MB unpacked and this server opens at most"
                f" {LARGEST_MEMBER_BYTES >> 20} MB: take large films and pictures out of the deck."
            )
    total = sum(member.size for member in members.values())
    if total > LARGEST_SUM_BYTES:
        raise errors.LimitExceeded(
            f"The deck has {total >> 20} MB unpacked and this server opens at most {LARGEST_SUM_BYTES >> 20} MB: take"
            " large films and pictures out of it, or cut it into several decks."
        )


def _check_overlaps(reach: list[tuple[int, int]], end: int) -> None:
    """Bytes that belong to two members make gigabytes out of little."""
    edge = 0
    for start, stop in sorted(reach):
        if start < edge or stop > end:
            raise errors.BrokenMedia("Parts of the deck lie over each other: this is no deck.")
        edge = stop
