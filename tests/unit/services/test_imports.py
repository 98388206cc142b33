"""Songs from folders of the server and from video sites."""

import importlib.util
import os
from pathlib import Path

import pytest

from ledgers import database_url
from needs import need
from tagged_songs import tone, wav
from tenuto import bootstrap, errors, settings
from tenuto.domain.songs import SongSource
from tenuto.services.songs import SongDetails
from video_site import Site, site

OWNER = 1
NAMES = SongDetails(title="Blue", artist="The Bells")


@pytest.fixture
def music(tmp_path):
    place = tmp_path / "music"
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "The Bells - Blue.wav").write_bytes(wav(tone(pitch=300)))
    (place / "The Drums - Red.wav").write_bytes(wav(tone(pitch=400)))
    (place / "Broken - Song.mp3").write_bytes(b"no sound")
    (place / "nameless.wav").write_bytes(wav(tone(pitch=450)))
    (place / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    return place


@pytest.fixture
def house(tmp_path, music):
    given = {"data_dir": tmp_path / "data", "import_dirs": [music], "disk_soft_floor_mb": 0, "max_upload_mb": 2}
    with database_url("sqlite", tmp_path) as url:
        made = settings.load(_env_file=None, database_url=url, import_allow=["127.0.0.1"], import_seconds=60, **given)
        built = bootstrap.build(made)
        yield built
        built.close()


def names(report):
    return [view.row.title for view in report.added], sorted(name for name, _ in report.failed)


def test_a_folder_is_imported_once(house, music):
    report = house.imports.import_folder(OWNER, ".")
    assert names(report) == (["Red", "Blue"], ["Broken - Song.mp3", "nameless.wav"])
    assert report.added[0].row.source is SongSource.LOCAL
    assert report.added[0].row.local_path == str(music / "The Drums - Red.wav")
    again = house.imports.import_folder(OWNER, str(music))
    assert (again.added, len(again.skipped)) == ([], 2)
    assert {uid for _, uid in again.skipped} == {view.row.uid for view in report.added}


def test_a_file_with_a_new_name_is_the_same_song(house, music):
    house.imports.import_folder(OWNER, "deep")
    (music / "deep" / "The Bells - Blue.wav").rename(music / "deep" / "Other - Name.wav")
    again = house.imports.import_folder(OWNER, "deep")
    assert (again.added, len(again.skipped)) == ([], 1)


def test_a_large_folder_comes_in_parts_whatever_fails_in_it(house, music):
    for number in range(4):
        (music / f"A - broken {number}.mp3").write_bytes(b"no sound")
    (music / "deep" / "A - first.wav").write_bytes(wav(tone(pitch=350)))
    reports = [house.imports.import_folder(OWNER, ".", limit=2)]
    while reports[-1].next_cursor is not None:
        reports.append(house.imports.import_folder(OWNER, ".", limit=2, cursor=reports[-1].next_cursor))
    assert [len(report.added) + len(report.failed) for report in reports] == [2, 2, 2, 2, 1]
    assert [names(report)[0] for report in reports] == [[], [], ["Red"], ["first"], ["Blue"]]


def test_an_answer_names_so_many_songs_that_are_there(house, monkeypatch):
    monkeypatch.setattr("tenuto.services.imports.MOST_SKIPPED", 1)
    house.imports.import_folder(OWNER, ".")
    first = house.imports.import_folder(OWNER, ".")
    rest = house.imports.import_folder(OWNER, ".", cursor=first.next_cursor)
    assert [len(report.skipped) for report in (first, rest)] == [1, 1]


@pytest.mark.parametrize("cursor", ["", "x", "\u00e9", "===="])
def test_a_cursor_of_nobody_is_refused(house, cursor):
    with pytest.raises(errors.ValidationError, match="cursor"):
        house.imports.import_folder(OWNER, ".", cursor=cursor)


def test_names_in_any_bytes_are_imported_once(house, music):
    (music / os.fsdecode(b"The Caf\xe9s - Noir.wav")).write_bytes(wav(tone(pitch=350)))
    (music / os.fsdecode(b"The Caf\xe9s - Broken.mp3")).write_bytes(b"no sound")
    report = house.imports.import_folder(OWNER, ".", limit=1000)
    assert (report.added[0].row.title, report.added[0].row.local_path) == ("Noir", rf"{music}/The Caf\xe9s - Noir.wav")
    assert r"The Caf\xe9s - Broken.mp3" in names(report)[1]
    again = house.imports.import_folder(OWNER, ".")
    assert (again.added, again.skipped[0][1]) == ([], report.added[0].row.uid)


@pytest.mark.parametrize("folder", ["..", "/", "/etc", "../music2", "deep/../../..", "nowhere", "a\x00b", "x" * 5000])
def test_folders_elsewhere_are_not_even_looked_at(house, folder):
    with pytest.raises(errors.NotFound, match="no such folder"):
        house.imports.import_folder(OWNER, folder)


def test_links_do_not_lead_out(house, music, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "The Spies - Secret.wav").write_bytes(wav(tone(pitch=600)))
    (music / "deep" / "The Spies - Link.wav").symlink_to(outside / "The Spies - Secret.wav")
    (music / "deep" / "folder").symlink_to(outside)
    (music / "gate").symlink_to(outside)
    os.mkfifo(music / "deep" / "The Pipes - Endless.wav")
    report = house.imports.import_folder(OWNER, "deep")
    assert names(report) == (["Blue"], ["The Pipes - Endless.wav", "The Spies - Link.wav"])
    with pytest.raises(errors.NotFound):
        house.imports.import_folder(OWNER, "gate")


def test_without_folders_nothing_is_imported(house):
    house.imports.folders = []
    with pytest.raises(errors.ValidationError, match="TENUTO_IMPORT_DIRS"):
        house.imports.import_folder(OWNER, ".")


@pytest.fixture
def downloader():
    need(importlib.util.find_spec("yt_dlp") is not None, "the extra `youtube` is not installed")


def test_a_song_is_fetched_from_an_address(house, downloader):
    with site() as url:
        view = house.imports.import_url(OWNER, f"{url}/song.wav", NAMES)
        assert (view.row.title, view.row.duration_ms, view.row.local_path) == ("Blue", 2000, f"{url}/song.wav")
        assert house.files.get(OWNER, view.file.uid).sha256 == view.row.sha256
        with pytest.raises(errors.ConflictError) as refused:
            house.imports.import_url(OWNER, f"{url}/song.wav?again", NAMES)
    assert refused.value.details["song_id"] == view.row.uid


def test_a_redirect_into_the_inside_is_refused(house, downloader):
    with site() as url, pytest.raises(errors.ForbiddenAddress, match="TENUTO_IMPORT_ALLOW"):
        house.imports.import_url(OWNER, f"{url}/inside", NAMES)
    assert not [path for path in Site.asked if path.startswith("/song")]


@pytest.mark.parametrize(("path", "kind"), [("/missing.wav", errors.RemoteRefused), ("/large.wav", errors.TooLarge)])
def test_what_a_site_does_not_give_is_said(house, downloader, path, kind):
    with site() as url, pytest.raises(kind):
        house.imports.import_url(OWNER, url + path, NAMES)
    assert house.files.get_all(OWNER).rows == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.2/x", "http://[::1]/x", "file:///etc/passwd", "ytsearch:song", "", "-o x"],
)
def test_addresses_of_the_inside_are_refused_before_anything_runs(house, url):
    with pytest.raises(errors.ForbiddenAddress):
        house.imports.import_url(OWNER, url, NAMES)


def test_without_the_downloader_it_is_said_what_to_install(house, monkeypatch):
    import sys

    from tenuto.outside.videos import fetch

    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    for name in ("curl_cffi", "requests", "websockets", "urllib3"):
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    monkeypatch.delenv("YTDLP_NO_PLUGINS", raising=False)
    with pytest.raises(errors.EngineMissing, match=r"tenuto\[youtube\]"):
        fetch({"target": "x", "allowed": [], "url": "http://example.com/"}, lambda _: None)


def test_nothing_is_left_behind(house, music):
    house.imports.import_folder(OWNER, ".")
    spool = Path(house.content.storage.spool_dir())
    assert [path for path in spool.iterdir() if path.name.startswith(("make-", "upload-"))] == []
