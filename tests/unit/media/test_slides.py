"""Pictures of slides: right ones, of the right size, by whom they say, and nobody else's business."""

import os
import shlex
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches

from decks import CLASSIC, WIDE, make_deck, need_office
from hostile import decks as hostile_decks
from hostile import packages
from hostile.canary import canary_watch
from hostile.packages import Entry, relations
from hostile.test_media_corpus import Costs
from needs import need
from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.media.deck_copy import DeckCopy
from tenuto.media.slides import office_pool, replaced_fonts
from tenuto.media.tools import MediaTools, sandbox_pool

COLOURS = ((200, 30, 30), (30, 160, 30), (30, 30, 200), (200, 200, 30))
SMALL = {"width": 320, "height": 180}


@pytest.fixture(scope="module")
def simple():
    """What draws without LibreOffice."""
    pool = sandbox_pool(1)
    yield MediaTools(pool, MediaLimits())
    pool.close()


@pytest.fixture
def tools():
    """What draws with LibreOffice, started with the environment of now."""
    pools = sandbox_pool(2), office_pool(2)
    yield MediaTools(pools[0], MediaLimits(), pools[1])
    for pool in pools:
        pool.close()


def coloured(path, *, size=WIDE, hidden=()):
    """A deck whose slides are one colour each."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = (Inches(inches) for inches in size)
    for number, colour in enumerate(COLOURS, 1):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, 0, deck.slide_width, deck.slide_height)
        shape.fill.solid()
        shape.fill.fore_color.rgb = RGBColor(*colour)
        if number in hidden:
            slide._element.set("show", "0")
    deck.save(path)
    return path


def draw(tools, path, folder, **options):
    return tools.slide_pictures(path, tools.read_deck(path), folder, **{**SMALL, **options})


def middle(picture):
    with Image.open(picture.path) as image:
        return image.getpixel((image.width // 2, image.height // 2))


def near(found, expected):
    return all(abs(one - other) < 12 for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("office", [True, False])
def test_each_slide_has_its_own_picture_also_when_some_are_hidden(office, tools, simple, tmp_path):
    if office:
        need_office()
    pictures = draw(tools if office else simple, coloured(tmp_path / "deck.pptx", hidden=(2, 3)), tmp_path / "out")
    assert [picture.slide for picture in pictures] == [1, 2, 3, 4]
    assert {picture.renderer for picture in pictures} == {"libreoffice" if office else "render-pptx"}
    for picture, colour in zip(pictures, COLOURS, strict=True):
        assert near(middle(picture), colour)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(f"slide-{number:04}.{ending}" for number in range(1, 5) for ending in ("png", "jpg"))


SHAPES = [
    (WIDE, (1920, 1080), False),
    (CLASSIC, (640, 360), True),
    (CLASSIC, (640, 360), False),
    (WIDE, (400, 400), False),
]


@pytest.mark.parametrize(("size", "pixels", "office"), SHAPES)
def test_pictures_have_the_size_asked_for_between_black_bars(request, tmp_path, size, pixels, office):
    width, height = pixels
    if office:
        need_office()
    chosen = request.getfixturevalue("tools" if office else "simple")
    first = draw(chosen, coloured(tmp_path / "deck.pptx", size=size), tmp_path, width=width, height=height)[0]
    with Image.open(first.path) as image, Image.open(first.thumbnail) as small:
        assert image.size == (width, height)
        assert (small.format, max(small.size)) == ("JPEG", min(480, max(width, height)))
        aspect = size[0] / size[1]
        left = (width - min(width, height * aspect)) / 2
        top = (height - min(height, width / aspect)) / 2
        assert left + top < 3 or image.getpixel((round(left / 2), round(top / 2))) == (0, 0, 0)
        assert near(image.getpixel((round(left) + 3, round(top) + 3)), COLOURS[0])
        assert near(image.getpixel((width - round(left) - 4, height - round(top) - 4)), COLOURS[0])


def test_without_libreoffice_each_picture_says_what_may_be_missing(simple, tmp_path):
    pictures = draw(simple, make_deck(tmp_path / "deck.pptx", 4), tmp_path / "out")
    assert all("libreoffice-impress-nogui" in picture.flaws[0] for picture in pictures)
    assert ["The chart on it is blank." in picture.flaws for picture in pictures] == [False, False, True, False]


def test_libreoffice_draws_charts_and_tells_of_fonts_it_replaced(tools, tmp_path):
    need_office()
    shares = []
    path = make_deck(tmp_path / "deck.pptx", 4)
    pictures = draw(tools, path, tmp_path / "out", on_progress=shares.append)
    with Image.open(pictures[2].path) as chart:
        assert len(chart.convert("RGB").getcolors(1 << 16)) > 20
    told = " ".join(pictures[2].flaws)
    assert "blank" not in told
    assert "Calibri" in told or not told
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.slow
@pytest.mark.parametrize("office", [True, False])
def test_a_hundred_slides_are_drawn_in_bounded_memory(office, tools, simple, tmp_path):
    if office:
        need_office()
    chosen, path = tools if office else simple, make_deck(tmp_path / "deck.pptx", 100)
    chosen.read_deck(path)
    costs, peaks = Costs(), []
    pictures = draw(chosen, path, tmp_path / "out", on_progress=lambda _share: peaks.append(costs.peak_bytes))
    assert len(pictures) == 100
    assert {picture.renderer for picture in pictures} == {"libreoffice" if office else "render-pptx"}
    assert max(peaks) < 300 << 20


def test_two_decks_at_once_both_get_all_their_pages(tools, tmp_path):
    need_office()
    paths = [make_deck(tmp_path / f"{number}.pptx", 3 + number) for number in range(2)]
    with ThreadPoolExecutor() as pool:
        drawn = list(pool.map(lambda path: draw(tools, path, tmp_path / path.stem), paths))
    assert [len(pictures) for pictures in drawn] == [3, 4]
    assert {picture.renderer for pictures in drawn for picture in pictures} == {"libreoffice"}


def test_a_slide_that_nobody_can_draw_shows_its_words(simple, tmp_path):
    path = tmp_path / "deck.pptx"
    path.write_bytes(packages.deck(slides=2))
    pictures = draw(simple, path, tmp_path / "out")
    assert [picture.renderer for picture in pictures] == ["plain", "plain"]
    assert "only its words are shown" in pictures[0].flaws[1]
    with Image.open(pictures[0].path) as image:
        assert len(image.getcolors(1 << 16)) > 2


def office_that(folder, monkeypatch, script):
    """Put a program of that name first on the path."""
    program = folder / "bin" / "soffice"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_a_libreoffice_that_fails_is_told_of_and_made_up_for(tools, tmp_path, monkeypatch):
    office_that(tmp_path, monkeypatch, "exit 3")
    pictures = draw(tools, coloured(tmp_path / "deck.pptx"), tmp_path / "out")
    assert {picture.renderer for picture in pictures} == {"render-pptx"}
    assert "could not draw this deck" in pictures[0].flaws[0]
    assert "code 3" in pictures[0].flaws[0]


def test_pages_that_are_not_the_slides_are_not_taken(tools, tmp_path, monkeypatch):
    pdf = tmp_path / "one.pdf"
    Image.new("RGB", (160, 90)).save(pdf, "PDF")
    office_that(tmp_path, monkeypatch, f"mkdir -p out; cp {shlex.quote(str(pdf))} out/deck.pdf")
    pictures = draw(tools, coloured(tmp_path / "deck.pptx"), tmp_path / "out")
    assert "1 pages of 4 slides" in pictures[0].flaws[0]
    assert near(middle(pictures[3]), COLOURS[3])


def test_a_cancelled_job_takes_libreoffice_with_it(tools, tmp_path, monkeypatch):
    written = tmp_path / "pid"
    office_that(tmp_path, monkeypatch, f"echo $$ > {written}.new; mv {written}.new {written}; exec sleep 600")
    with pytest.raises(errors.Cancelled):
        draw(tools, coloured(tmp_path / "deck.pptx"), tmp_path / "out", should_stop=written.exists)
    assert not alive(int(written.read_text()))
    assert not list((tmp_path / "out").iterdir())


def alive(pid):
    try:
        process = psutil.Process(pid)
        process.wait(10)
    except psutil.NoSuchProcess:
        return False
    except psutil.TimeoutExpired:
        return True
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def started_by(program, *arguments):
    """A process that starts a program by `office_start`, tells its id, and waits for it."""
    command = [sys.executable, "-m", "tenuto.media.office_start", program, *arguments]
    code = f"import subprocess; p = subprocess.Popen({command!r}); print(p.pid, flush=True); p.wait()"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_libreoffice_dies_with_the_process_that_started_it():
    with started_by("/bin/sh", "-c", "echo up; exec sleep 600") as parent:
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "up\n"
        parent.kill()
        parent.wait()
        assert not alive(pid)


def test_libreoffice_has_no_network(tmp_path):
    unshare = subprocess.run(["unshare", "-Un", "true"], check=False, capture_output=True)
    need(unshare.returncode == 0, "this system lets nobody leave its network")
    with canary_watch(tmp_path) as watch:
        code = f"import urllib.request as u; u.urlopen({watch.canary.url!r}, timeout=5)"
        command = [sys.executable, "-m", "tenuto.media.office_start", sys.executable, "-c", code]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert "URLError" in ended.stderr
        assert not watch.hits


def test_nothing_outside_the_deck_is_fetched_while_it_is_drawn(tools, tmp_path):
    need_office()
    path = tmp_path / "deck.pptx"
    with canary_watch(tmp_path) as watch:
        make_deck(path, 2)
        lure(path, watch.canary)
        pictures = draw(tools, path, tmp_path / "out")
        assert not watch.hits
    assert {picture.renderer for picture in pictures} == {"libreoffice"}
    assert "What lies outside the deck (image) is not shown." in pictures[0].flaws


def lure(path, canary):
    """Add links to the canary to the first slide of a deck."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    links, slide = "ppt/slides/_rels/slide1.xml.rels", "ppt/slides/slide1.xml"
    for number, kind in enumerate(("image", "oleObject", "video", "hyperlink", "slideMaster"), 90):
        link = relations((f"rId{number}", kind, canary.url, "External")).partition(b"<Relationship ")[2]
        link = b"<Relationship " + link.removesuffix(b"</Relationships>")
        parts[links] = parts[links].replace(b"</Relationships>", link + b"</Relationships>")
    blip = (
        f'<p:pic {packages.SPACES}><p:nvPicPr><p:cNvPr id="99" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill>'
        '<a:blip r:link="rId{}"/><a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr><a:xfrm><a:off x="0" y="0"/>'
        '<a:ext cx="914400" cy="914400"/></a:xfrm><a:prstGeom prst="rect"/></p:spPr></p:pic>'
    )
    shapes = "".join(blip.format(number) for number in (90, 93)).encode()
    parts[slide] = parts[slide].replace(b"</p:spTree>", shapes + b"</p:spTree>")
    path.write_bytes(packages.archive([Entry(name, data) for name, data in parts.items()]))


def copied(data, tmp_path):
    """The members of the copy of a deck, and its flaws."""
    source, target = tmp_path / "source.pptx", tmp_path / "copy.pptx"
    source.write_bytes(data)
    with source.open("rb") as file:
        copy = DeckCopy(file)
        copy.write(target)
        with zipfile.ZipFile(target) as archive:
            return {name: archive.read(name) for name in archive.namelist()}, copy.flaws()


def test_what_is_not_needed_to_draw_is_not_in_the_copy(tmp_path):
    names = ("ppt/media/a.mp4", "ppt/embeddings/a.xlsx", "ppt/fonts/a.fntdata", "ppt/embeddings/oleObject1.bin")
    members, _ = copied(packages.deck(entries=[Entry(name, b"PK" + bytes(99)) for name in names]), tmp_path)
    assert [members[name] for name in names] == [b""] * 4


def test_a_picture_too_large_to_draw_is_left_out_and_told_of(tmp_path):
    links = relations(hostile_decks.NOTES, ("rId2", "image", "../media/image1.png"))
    png = Entry("ppt/media/image1.png", hostile_decks.wide_png())
    members, flaws = copied(packages.deck({hostile_decks.LINKS: links}, entries=[png]), tmp_path)
    assert members[png.name] == b""
    assert "64000 by 64000 pixels" in flaws[1][0]


@pytest.mark.parametrize(
    ("drawing", "stays"),
    [
        ('<rect width="5" fill="url(#a)"/>', True),
        ('<image href="data:image/png;base64,AAAA"/>', True),
        ('<image xmlns:x="http://www.w3.org/1999/xlink" x:href="http://127.0.0.1/a.png"/>', False),
        ('<image href="file:///etc/passwd"/>', False),
        ("<style>@import 'http://127.0.0.1/a.css';</style>", False),
        ('<rect style="fill: url(http://127.0.0.1/a.svg#a)"/>', False),
    ],
)
def test_a_drawing_that_leads_elsewhere_is_left_out(drawing, stays, tmp_path):
    data = f'<svg xmlns="http://www.w3.org/2000/svg">{drawing}</svg>'.encode()
    members, _ = copied(packages.deck(entries=[Entry("ppt/media/a.svg", data)]), tmp_path)
    assert members["ppt/media/a.svg"] == (data if stays else b"")


def test_a_hidden_slide_written_in_utf_16_is_shown_too(tmp_path):
    slide = packages.page().replace(b"<p:sld ", b"<p:sld show='0' ").decode().replace("UTF-8", "UTF-16")
    members, _ = copied(packages.deck({hostile_decks.SLIDE: slide.encode("utf-16")}), tmp_path)
    assert b"show=" not in members[hostile_decks.SLIDE]


def test_fonts_are_told_of_only_when_no_page_has_them():
    used = ["Carlito-Bold", "DejaVuSans"]
    assert replaced_fonts(["DejaVu Sans"], used) == []
    assert "as wide" in replaced_fonts(["Calibri"], used)[0]
    assert "lines may break" in replaced_fonts(["Futura"], used)[0]
    assert replaced_fonts(["Futura"], []) == []


@pytest.mark.parametrize("size", [(0, 1080), (1920, 15), (100_000, 100_000)])
def test_pictures_of_no_sensible_size_are_refused(size, simple, tmp_path):
    with pytest.raises(errors.ValidationError, match="16 to 7680"):
        draw(simple, coloured(tmp_path / "deck.pptx"), tmp_path / "out", width=size[0], height=size[1])
