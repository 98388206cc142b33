"""D, 28 to 30, and F, 39 to 45: decks that are bombs, that read other files, that call out, or that are no decks."""

import struct
import zlib

from hostile import packages
from hostile.case import Canary, Case, luring, of
from hostile.packages import HEAD, PML, SPACES, Entry, bomb, deck, page, relations, shape

SLIDE = "ppt/slides/slide1.xml"
LINKS = "ppt/slides/_rels/slide1.xml.rels"
NOTES = ("rId1", "notesSlide", "../notesSlides/notesSlide1.xml")
OUTER_SPACE = f"<p:sld {SPACES}><p:cSld><p:spTree>"
OUTER_END = "</p:spTree></p:cSld></p:sld>"


def bombs():
    """28 to 30."""
    huge = bomb(SLIDE, 200, head=OUTER_SPACE.encode(), tail=OUTER_END.encode())
    words = bomb(SLIDE, 60, b"word ", head=(OUTER_SPACE + "<p:sp><p:txBody><a:p><a:r><a:t>").encode())
    yield "slide-of-200-mb", 28, "refused", of(deck, without=[SLIDE], entries=[huge])
    yield "text-of-60-mb", 28, "refused", of(deck, without=[SLIDE], entries=[words])
    yield (
        "slide-longer-than-it-says",
        28,
        "refused",
        of(deck, without=[SLIDE], entries=[bomb(SLIDE, 20, head=OUTER_SPACE.encode(), said=1000)]),
    )
    yield (
        "sum-of-members-over-256-mb",
        28,
        "refused",
        of(deck, entries=[bomb(f"ppt/media/film{number}.mp4", 50, b"\0") for number in range(6)]),
    )
    names = [f"ppt/media/image{number}.png" for number in range(240)]
    yield (
        "overlapping-members",
        29,
        "refused",
        of(packages.archive, [*packages.overlapping(names, bomb(names[0], 60, b"\0")), *members()]),
    )
    yield "members-inside-members", 29, "refused", of(quoted)
    yield "20000-members", 30, "refused", of(deck, entries=[Entry(f"x/{number}") for number in range(20_000)])
    yield "claims-60000-members", 30, "refused", of(packages.archive, members(), count=60_000)
    yield "nested-zips", 30, "good", of(deck, entries=[Entry("ppt/embeddings/a.zip", packages.deck())])
    yield "picture-of-64000-by-64000", 30, "good", of(deck, entries=[Entry("ppt/media/image1.png", wide_png())])
    yield (
        "zip64",
        30,
        "refused",
        of(lambda: deck()[:-22] + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 65535, 65535, 0, 0, 0)),
    )


def members(**options):
    return [Entry(name, data) for name, data in packages.parts(**options).items()]


def quoted():
    """An archive whose second member's header lies inside the first one's bytes."""
    inner = packages.archive([Entry("ppt/media/b.bin", b"inside")])
    first = Entry("ppt/media/a.bin", inner, method=0)
    at = 30 + len(first.name)
    return packages.archive([first, Entry("ppt/media/b.bin", b"inside", at=at), *members()])


def wide_png():
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pack = zlib.compressobj(9)
    row = bytes(1 << 20)
    pixels = pack.compress(row) + pack.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", 64_000, 64_000, 8, 2, 0, 0, 0))
        + part(b"IDAT", pixels)
        + part(b"IEND", b"")
    )


def document(declaration, words="&a;"):
    """A slide behind a document type that shows what it declares."""
    return HEAD.encode() + declaration.encode() + page(shape(words), head="")


def entities():
    """39 to 41."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    billion = f'<!DOCTYPE p:sld [<!ENTITY l0 "ha">{laughs}<!ENTITY a "&l9;">]>'
    quadratic = f'<!DOCTYPE p:sld [<!ENTITY b "{"x" * 100_000}"><!ENTITY a "">]>'
    yield "billion-laughs", 39, of(deck, {SLIDE: document(billion)})
    yield "quadratic-blow-up", 39, of(deck, {SLIDE: document(quadratic, "&b;" * 10_000)})
    yield "laughs-in-attributes", 39, of(deck, {SLIDE: document(billion, '" lang="&a;')})
    shapes = {
        "file": '<!DOCTYPE p:sld [<!ENTITY a SYSTEM "file://{file}">]>',
        "http": '<!DOCTYPE p:sld [<!ENTITY a SYSTEM "{url}">]>',
        "parameter": '<!DOCTYPE p:sld [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY a "">]>',
        "external-dtd": '<!DOCTYPE p:sld SYSTEM "{url}" [<!ENTITY a "">]>',
        "public-dtd": '<!DOCTYPE p:sld PUBLIC "-//X//Y" "{url}" [<!ENTITY a "">]>',
    }
    for name, shape_of in shapes.items():
        for part in (SLIDE, "ppt/notesSlides/notesSlide1.xml", "ppt/theme/theme1.xml"):
            where = part.split("/")[1]
            yield (
                f"xxe-{name}-in-{where}",
                40,
                luring(lambda canary, text=shape_of, part=part: lure(canary, text, part)),
            )
    yield "xxe-in-utf-16", 40, luring(lambda canary: lure(canary, shapes["file"], SLIDE, coding="utf-16"))
    yield "xxe-in-utf-16-be", 40, luring(lambda canary: lure(canary, shapes["http"], SLIDE, coding="utf-16-be"))
    yield "xxe-in-utf-7", 40, luring(utf7)
    for part in ("[Content_Types].xml", "_rels/.rels", LINKS, "ppt/presentation.xml"):
        yield f"xxe-in-{part.split('/')[-1].strip('[]')}", 40, luring(lambda canary, part=part: typed(canary, part))


def lure(canary: Canary, text, part, *, coding="utf-8"):
    data = document(text.format(file=canary.file, url=canary.url))
    if coding != "utf-8":
        mark = b"\xfe\xff" if coding.endswith("be") else b""
        data = mark + data.decode().replace("UTF-8", "UTF-16").encode(coding)
    return deck({part: data})


def utf7(canary: Canary):
    text = f'<!DOCTYPE p:sld [<!ENTITY a SYSTEM "file://{canary.file}">]>'.encode("utf-7")
    return deck({SLIDE: b'<?xml version="1.0" encoding="UTF-7"?>' + text + page(shape("&a;"), head="")})


def typed(canary: Canary, part):
    """A document type in a part that every reader opens."""
    data = packages.parts()[part].removeprefix(HEAD.encode())
    root = "x"
    return deck({part: f'{HEAD}<!DOCTYPE {root} SYSTEM "{canary.url}">'.encode() + data})


def broken():
    """42."""
    yield "50000-deep", of(deck, {SLIDE: page("<p:grpSp>" * 50_000 + "</p:grpSp>" * 50_000)})
    attributes = " ".join(f'a{number}=""' for number in range(200_000))
    yield "200000-attributes", of(deck, {SLIDE: page(f"<p:sp {attributes}/>")})
    yield "a-million-elements", of(deck, {SLIDE: page("<p:sp/>" * 1_000_000)})
    yield "nul-reference", of(deck, {SLIDE: page(shape("&#0;"))})
    yield "bad-utf-8", of(deck, {SLIDE: page(shape("x")).replace(b">x<", b">\xc3\x28<")})
    yield "unclosed", of(deck, {SLIDE: page(shape("x"))[:-20]})
    yield "empty-slide-part", of(deck, {SLIDE: b""})
    yield "undeclared-prefix", of(deck, {SLIDE: b"<q:sld/>"})
    yield "cut", of(lambda: deck()[:-100])
    yield "wrong-crc", of(deck, without=[SLIDE], entries=[Entry(SLIDE, page(shape("x")), crc=7)])
    yield "bad-deflate", of(deck, without=[SLIDE], entries=[Entry(SLIDE, page(shape("x")), packed=b"\xff" * 99)])


def links():
    """43: what may be ignored may be taken, but is never fetched."""
    for kind in ("image", "hyperlink", "video", "audio", "oleObject", "slideLayout", "theme", "attachedTemplate"):
        yield f"external-{kind}", "odd", luring(lambda canary, kind=kind: linked(kind, canary.url))
    yield "external-file", "odd", luring(lambda canary: linked("image", canary.file.as_uri()))
    yield "external-share", "odd", of(lambda: linked("image", "\\\\127.0.0.1\\share\\canary.png"))
    yield "external-notes", "odd", luring(lambda canary: deck({LINKS: relations((*NOTES[:2], canary.url, "External"))}))
    yield (
        "external-slide",
        "refused",
        luring(
            lambda canary: deck(
                {"ppt/_rels/presentation.xml.rels": relations(("rId1", "slide", canary.url, "External"))}
            )
        ),
    )
    yield (
        "external-main-part",
        "refused",
        luring(lambda canary: deck({"_rels/.rels": relations(("rId1", "officeDocument", canary.url, "External"))})),
    )
    yield "climbing-notes", "odd", of(deck, {LINKS: relations(("rId1", "notesSlide", "../../../../../../etc/passwd"))})
    yield "absolute-notes", "odd", of(deck, {LINKS: relations(("rId1", "notesSlide", "/etc/passwd"))})
    yield "dangling-slide", "refused", of(deck, without=[SLIDE])
    yield "no-relationship-of-a-slide", "refused", of(deck, {"ppt/_rels/presentation.xml.rels": relations()})
    yield "slide-that-is-its-own-notes", "odd", of(deck, {LINKS: relations(("rId1", "notesSlide", "slide1.xml"))})
    again = "<p:sldId id='256' r:id='rId1'/>" * 9
    twice = f"{HEAD}<p:presentation {SPACES}><p:sldIdLst>{again}</p:sldIdLst></p:presentation>"
    yield "one-slide-nine-times", "refused", of(deck, {"ppt/presentation.xml": twice.encode()})


def linked(kind, target):
    blip = '<p:pic><p:nvPicPr><p:cNvPr id="9" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:link="rId9"/></p:blipFill><p:spPr/></p:pic>'
    return deck({SLIDE: page(shape("Words"), blip), LINKS: relations(NOTES, ("rId9", kind, target, "External"))})


def members_astray():
    """44: names that lead out of the archive, and archives that are something else."""
    for name, path in {
        "climbing": "../../../../tmp/tenuto-evil",
        "absolute": "/tmp/tenuto-evil",
        "backslashes": "..\\..\\tenuto-evil",
        "a-drive": "C:/tenuto-evil",
        "nul": "ppt/a\0.xml",
        "newline": "ppt/a\n.xml",
    }.items():
        yield f"member-{name}", of(deck, entries=[Entry(path, b"evil")])
    yield "member-symlink", of(deck, entries=[Entry("ppt/link", b"/etc/passwd", attributes=0o120777 << 16)])
    yield "member-twice", of(deck, entries=[Entry(SLIDE, page(shape("other")))])
    yield "member-twice-in-case", of(deck, entries=[Entry("PPT/Slides/Slide1.XML", page(shape("other")))])
    yield "member-of-two-names", of(deck, entries=[Entry("ppt/a.xml", b"<a/>", local_name="ppt/b.xml")])
    yield "member-encrypted", of(deck, without=[SLIDE], entries=[Entry(SLIDE, page(), flags=1)])
    yield "member-of-bzip2", of(deck, without=[SLIDE], entries=[Entry(SLIDE, page(), method=12, packed=b"BZh")])
    yield "ole-encrypted", of(lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(5000))
    yield "plain-zip", of(packages.archive, [Entry("note.txt", b"hello")])
    yield "empty-zip", of(packages.archive, [])
    yield "zip-behind-another", of(lambda: packages.archive([Entry("note.txt", b"x")]) + deck())
    yield "open-document", of(packages.archive, [Entry("mimetype", b"application/vnd.oasis.opendocument.presentation")])
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    yield "docx", of(deck, main=word)
    yield "xlsx", of(deck, main="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")
    yield "pptm", of(deck, main="application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml")
    yield "macros-in-a-pptx", of(deck, entries=[Entry("ppt/vbaProject.bin", b"\xd0\xcf")])
    yield "no-content-types", of(deck, without=["[Content_Types].xml"])
    yield "no-main-part", of(deck, without=["ppt/presentation.xml"])


def cases():
    for name, attack, expect, make in bombs():
        yield case(name, attack, expect, make)
    for name, attack, make in entities():
        yield case(name, attack, "refused", make)
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}" parse="text"/>'
    yield case(
        "xinclude",
        41,
        "good",
        luring(lambda canary: deck({SLIDE: page(shape("x", inside=include.format(url=canary.url)))})),
    )
    yield case("stylesheet", 41, "good", luring(styled))
    for name, make in broken():
        yield case(name, 42, "refused", make)
    for name, expect, make in links():
        yield case(name, 43, expect, make)
    for name, make in members_astray():
        yield case(name, 44, "refused", make)
    yield case("5000-slides", 45, "refused", of(deck, slides=5000, note=""))
    yield case("1900-slides", 45, "good", of(deck, slides=1900))
    empty = f'{HEAD}<p:presentation xmlns:p="{PML}"/>'.encode()
    yield case("no-slides", 45, "refused", of(deck, {"ppt/presentation.xml": empty}))


def styled(canary: Canary):
    head = f'{HEAD}<?xml-stylesheet type="text/xsl" href="{canary.url}"?>'
    return deck({SLIDE: page(shape("x"), head=head)})


def case(name, attack, expect, make):
    return Case(f"deck-{name}", "deck.pptx", make, attack, expect)


CASES = tuple(cases())
