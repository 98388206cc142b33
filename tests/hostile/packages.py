"""Decks written by hand, part by part, so that each may lie; and archives whose directory may lie."""

import struct
import zlib
from dataclasses import dataclass, replace

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PML = "http://schemas.openxmlformats.org/presentationml/2006/main"
DML = "http://schemas.openxmlformats.org/drawingml/2006/main"
SPACES = f'xmlns:p="{PML}" xmlns:a="{DML}" xmlns:r="{OFFICE}"'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPE = "application/vnd.openxmlformats-officedocument.presentationml"
MAIN = f"{TYPE}.presentation.main+xml"
FLAT = struct.pack("<2H", 0, 0x21)  # midnight, 1 January 1980
LOCAL, ENTRY = 30, 46
UNIX = 3 << 8 | 20


@dataclass(frozen=True)
class Entry:
    """A member as it is written; what is left at None tells the truth."""

    name: str
    data: bytes = b""
    flags: int = 0
    method: int = 8
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    attributes: int = 0
    local_name: str | None = None
    at: int | None = None  # where its header is said to be, instead of writing one


def entry_bytes(entry):
    """The packed bytes of an entry."""
    if entry.packed is not None:
        return entry.packed
    if not entry.method:
        return entry.data
    pack = zlib.compressobj(6, zlib.DEFLATED, -15)
    return pack.compress(entry.data) + pack.flush()


def archive(entries, *, comment=b"", count=None):
    """A ZIP file of entries."""
    body, directory = bytearray(), bytearray()
    for entry in entries:
        packed = entry_bytes(entry)
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        size = len(entry.data) if entry.size is None else entry.size
        told = struct.pack("<3I", crc, len(packed), size)
        at = len(body) if entry.at is None else entry.at
        name, local = entry.name.encode(), (entry.local_name or entry.name).encode()
        fixed = struct.pack("<3H", 20, entry.flags | 1 << 11, entry.method) + FLAT + told
        if entry.at is None:
            body += b"PK\3\4" + fixed + struct.pack("<2H", len(local), 0) + local + packed
        directory += b"PK\1\2" + struct.pack("<H", UNIX) + fixed
        directory += struct.pack("<5H2I", len(name), 0, 0, 0, 0, entry.attributes, at) + name
    number = len(entries) if count is None else count
    end = struct.pack("<4H2IH", 0, 0, number, number, len(directory), len(body), len(comment))
    return bytes(body + directory) + b"PK\5\6" + end + comment


def relations(*links):
    """A part of relationships: (id, kind, target) each, with "External" behind what lies elsewhere."""
    rows = []
    for uid, kind, target, *mode in links:
        space = (
            "http://schemas.openxmlformats.org/package/2006/relationships/metadata"
            if kind == "core-properties"
            else OFFICE
        )
        outside = f' TargetMode="{mode[0]}"' if mode else ""
        rows.append(f'<Relationship Id="{uid}" Type="{space}/{kind}" Target="{target}"{outside}/>')
    name = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{HEAD}<Relationships xmlns="{name}">{"".join(rows)}</Relationships>'.encode()


def shape(text, role="body", *, inside=""):
    """A shape that fills a placeholder."""
    run = f'<a:p><a:r><a:rPr lang="en-GB"/><a:t>{text}</a:t></a:r></a:p>'
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="Shape"/><p:cNvSpPr/><p:nvPr><p:ph type="{role}"/></p:nvPr></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/>{run}</p:txBody>{inside}</p:sp>"
    )


def page(*shapes, root="sld", head=HEAD):
    """A slide, or its notes."""
    tree = f'<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{"".join(shapes)}'
    return f"{head}<p:{root} {SPACES}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:{root}>".encode()


def parts(slides=1, *, main=MAIN, note="Words to say."):
    """The parts of a small, honest deck, by name."""
    numbers = range(1, slides + 1)
    listed = "".join(f'<p:sldId id="{255 + number}" r:id="rId{number}"/>' for number in numbers)
    overrides = f'<Override PartName="/ppt/presentation.xml" ContentType="{main}"/>'
    found = {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        ).encode(),
        "_rels/.rels": relations(("rId1", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": (
            f"{HEAD}<p:presentation {SPACES}><p:sldIdLst>{listed}</p:sldIdLst>"
            '<p:sldSz cx="12192000" cy="6858000"/></p:presentation>'
        ).encode(),
        "ppt/_rels/presentation.xml.rels": relations(
            *((f"rId{number}", "slide", f"slides/slide{number}.xml") for number in numbers)
        ),
    }
    for number in numbers:
        found[f"ppt/slides/slide{number}.xml"] = page(shape(f"Title {number}", "title"), shape("Shown"))
        if note:
            found[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(
                ("rId1", "notesSlide", f"../notesSlides/notesSlide{number}.xml")
            )
            found[f"ppt/notesSlides/notesSlide{number}.xml"] = page(shape(note), root="notes")
    return found


def deck(more=(), /, *, without=(), entries=(), **options):
    """A deck of `parts`, some of them replaced or left out, and raw entries behind them."""
    found = {name: data for name, data in {**parts(**options), **dict(more)}.items() if name not in without}
    return archive([*(Entry(name, data) for name, data in found.items()), *entries])


def bomb(name, megabytes, fill=b" ", *, head=b"", tail=b"", said=None):
    """An entry of many megabytes out of few bytes, which says that it has `said` bytes."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = pack.compress(head) + pack.flush(zlib.Z_FULL_FLUSH)
    block = fill * ((1 << 20) // len(fill))
    unit = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    crc = zlib.crc32(head)
    for _ in range(megabytes):
        crc = zlib.crc32(block, crc)
    size = len(head) + megabytes * len(block) + len(tail)
    packed = begin + unit * megabytes + pack.compress(tail) + pack.flush()
    return Entry(name, b"", packed=packed, size=size if said is None else said, crc=zlib.crc32(tail, crc))


def overlapping(names, data_entry):
    """An archive in which all names are the same bytes."""
    first = replace(data_entry, name=names[0])
    return [first, *(replace(data_entry, name=name, local_name=names[0], at=0) for name in names[1:])]
