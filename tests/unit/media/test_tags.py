"""What files say of their songs: by every kind of tag, and by none that can be trusted."""

import base64
import sys

import pytest

from tagged_songs import cover_picture, encoded, tagged_flac, tone, wav
from tenuto import errors
from tenuto.children import run_here
from tenuto.domain.media import MediaLimits
from tenuto.domain.songs import Tags, clean_name, names_in, terms
from tenuto.media.tags import LARGEST_COVER_BYTES, picture_type
from tenuto.media.tools import MediaTools, sandbox_pool

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(40)
NAMES = {"title": "Blue", "artist": "The Bells", "album": "Colours"}


@pytest.fixture(scope="module")
def media():
    pool = sandbox_pool(1)
    yield MediaTools(pool, MediaLimits())
    pool.close()


@pytest.fixture
def read(media, tmp_path):
    """Read tags as an upload's are read: the file has lost its name."""

    def tags(path):
        nameless, cover = tmp_path / "nameless", tmp_path / "cover"
        cover.unlink(missing_ok=True)
        nameless.write_bytes(path.read_bytes())
        found = media.tags(nameless, cover)
        return found, cover.read_bytes() if cover.exists() else None

    return tags


def id3(path, cover):
    from mutagen.id3 import APIC, ID3, TALB, TIT2, TPE1

    tags = ID3()
    for frame in (TIT2(text="Blue"), TPE1(text=["The Bells", "Other"]), TALB(text="Colours")):
        tags.add(frame)
    tags.add(APIC(mime="image/png", type=4, desc="back", data=cover_picture(2)))
    tags.add(APIC(mime="text/html", type=3, desc="front", data=cover))
    tags.save(path)


def mp3(folder, cover):
    path = encoded(folder / "a.mp3", "mp3")
    id3(path, cover)
    return path


def tagged_wav(folder, cover):
    from mutagen.id3 import APIC, TALB, TIT2, TPE1
    from mutagen.wave import WAVE

    path = folder / "a.wav"
    path.write_bytes(wav(tone()))
    file = WAVE(path)
    file.add_tags()
    for frame in (TIT2(text="Blue"), TPE1(text="The Bells"), TALB(text="Colours")):
        file.tags.add(frame)
    file.tags.add(APIC(mime="image/jpeg", type=3, data=cover))
    file.save()
    return path


def m4a(folder, cover):
    from mutagen.mp4 import MP4

    path = encoded(folder / "a.m4a", "aac")
    file = MP4(path)
    file["\xa9nam"], file["\xa9ART"], file["\xa9alb"], file["covr"] = "Blue", "The Bells", "Colours", [cover]
    file.save()
    return path


def opus(folder, cover):
    from mutagen.flac import Picture
    from mutagen.oggopus import OggOpus

    path = encoded(folder / "a.opus", "libopus")
    picture = Picture()
    picture.type, picture.data = 3, cover
    file = OggOpus(path)
    file.update({**NAMES, "metadata_block_picture": [base64.b64encode(picture.write()).decode()]})
    file.save()
    return path


def flac(folder, cover):
    path = folder / "tagged.flac"
    path.write_bytes(tagged_flac(folder, cover=cover, **NAMES))
    return path


@pytest.mark.parametrize("make", [mp3, tagged_wav, m4a, opus, flac])
@pytest.mark.parametrize(
    ("cover", "kind"), [(cover_picture(), "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_names_and_cover_are_read_from_every_kind_of_tag(read, tmp_path, make, cover, kind):
    assert read(make(tmp_path, cover)) == (Tags(**NAMES, cover_type=kind), cover)


@pytest.mark.parametrize("make", [mp3, m4a, opus, flac])
def test_a_picture_that_is_none_is_left(read, tmp_path, make):
    for cover in (b"<html><script>alert(1)</script>", b"<svg xmlns='x'/>", b"", JPEG + bytes(LARGEST_COVER_BYTES)):
        found, kept = read(make(tmp_path, cover))
        assert kept != cover
        assert (found.title, found.cover_type) == ("Blue", "image/png" if kept else "")


def test_without_mutagen_the_decoder_tells_the_names(tmp_path, monkeypatch):
    path = encoded(tmp_path / "a.mp3", "mp3", **NAMES)
    monkeypatch.setitem(sys.modules, "mutagen", None)
    payload = {"source": str(path), "target": str(tmp_path / "cover"), "limits": vars(MediaLimits())}
    found = Tags(**run_here("tenuto.media.sandbox:tags", payload, lambda _: None))
    assert found == Tags(**NAMES)


def test_a_file_without_tags_says_nothing(read, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tone()))
    assert read(path) == (Tags(), None)


def test_hostile_texts_become_one_clean_line(read, tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(
        tagged_flac(tmp_path, title="a\x00b\x1b[31m\r\nc" + "x" * 100_000, artist="\u202egnp.exe", album=" \n ")
    )
    found, _ = read(path)
    assert found.title.startswith("a b [31m c")
    assert len(found.title) == 300
    assert (found.artist, found.album) == ("gnp.exe", "")


@pytest.mark.parametrize("damage", [b"\xff" * 40, b"\x00" * 40, b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" * 4])
@pytest.mark.parametrize("make", [mp3, flac, m4a, opus])
def test_damaged_tags_are_survived_or_refused(read, tmp_path, make, damage):
    path = make(tmp_path, JPEG)
    data = path.read_bytes()
    for at in (12, 60, 200, 400):
        path.write_bytes(data[:at] + damage + data[at + len(damage) :])
        try:
            found, _ = read(path)
        except errors.RejectedFile:
            continue
        assert len(found.title) <= 300


def test_what_is_no_recording_is_refused(read, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"no sound at all")
    with pytest.raises(errors.UnsupportedMedia):
        read(path)


def test_only_pictures_browsers_show_are_pictures():
    assert [picture_type(data) for data in (JPEG, WEBP, b"GIF89a", b"RIFF1234WAVE", b"<svg/>", b"")] == [
        "image/jpeg", "image/webp", "", "", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file_name", "artist", "title"),
    [
        ("The Bells - Blue.mp3", "The Bells", "Blue"),
        ("03 - The Bells - Blue.mp3", "The Bells", "Blue"),
        ("03. The Bells - Blue.mp3", "The Bells", "Blue"),
        ("50 Cent - In da Club.mp3", "50 Cent", "In da Club"),
        ("The Bells \u2013 Blue - Live.flac", "The Bells", "Blue - Live"),
        ("99 - Song.mp3", "99", "Song"),
        ("Blue.mp3", "", ""),
        ("half-way.mp3", "", ""),
        (" - .mp3", "", ""),
        ("", "", ""),
    ],
)
def test_names_are_read_from_file_names(file_name, artist, title):
    assert names_in(file_name) == Tags(title=title, artist=artist)


def test_clean_names_stay_what_they_are():
    for name in ("Beyoncé", "東京", "א ב", "👩‍👩‍👧", "AC/DC", "<3", "x" * 300):
        assert clean_name(clean_name(name)) == clean_name(name) == name


@pytest.mark.parametrize(
    "name", ["\u200b", "\u200b\u200d\ufeff", "\U000e0041\U000e0042", "\ufffe", "\u0301\u0301", "\x1b", ""]
)
def test_a_name_that_nobody_can_see_is_none(name):
    assert clean_name(name) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café del Mar", ["cafe", "del", "mar"]),
        ("don't (live)", ["dont", "live"]),
        ("गाना हिन्दी", ["गाना", "हिनदी"]),
        ("เพลงรัก", ["เพลงรัก"]),
        ("Йод Ёж", ["иод", "еж"]),
        ("\u2764\ufe0f Love", ["love"]),
        ("!?", []),
    ],
)
def test_words_of_all_scripts_stay_whole(text, words):
    assert terms(text) == words
