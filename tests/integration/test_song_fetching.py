"""Songs fetched by jobs, in real workers: from a site on loopback, with all that a site may do."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from databases import add_owner
from ledgers import OWNER, ledger
from needs import need
from tagged_songs import tone, wav
from tenuto import errors
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission
from tenuto.services.songs import SongDetails
from video_site import Site, site

NAMES = SongDetails(title="Blue", artist="The Bells")
CANCEL_SECONDS = 5


@pytest.fixture
def here(tmp_path):
    need(importlib.util.find_spec("yt_dlp") is not None, "the extra `youtube` is not installed")
    allowed = {"TENUTO_IMPORT_ALLOW": '["127.0.0.1"]', "TENUTO_DISK_SOFT_FLOOR_MB": "0"}
    with ledger("sqlite", tmp_path, **allowed) as made:
        yield made


def test_a_job_brings_a_song_and_another_one_finds_it(here):
    with site() as url:
        first = here.house.imports.submit(OWNER, f"{url}/song.wav", NAMES)
        assert (first.status, first.file_name) == (JobStatus.QUEUED, "Blue")
        here.start_worker("--drain").wait(timeout=120)
        done = here.job(first.uid)
        assert (done.status, done.error_message, done.warnings) == (JobStatus.COMPLETED, None, [])
        again = here.house.imports.submit(OWNER, f"{url}/song.wav?again", NAMES)
        here.start_worker("--drain").wait(timeout=120)
    (song,) = here.house.songs.listed(OWNER).items
    assert (song.row.title, song.row.local_path) == ("Blue", f"{url}/song.wav")
    assert (done.options["song_id"], done.file_name, done.file_id) == (song.row.uid, "The Bells - Blue", song.file.id)
    found = here.job(again.uid)
    assert (found.status, found.options["song_id"]) == (JobStatus.COMPLETED, song.row.uid)
    assert f"in the library already, as The Bells - Blue ({song.row.uid})" in found.warnings[0]
    assert [job.uid for job in here.house.songs.jobs(OWNER, song.row.uid).rows] == [again.uid, first.uid]
    here.house.songs.delete(OWNER, song.row.uid)
    assert here.job(first.uid).file_id is None


def test_a_song_is_that_of_the_owner_who_asked(here):
    other = add_owner(here.house.database)
    with site() as url:
        here.house.imports.submit(other, f"{url}/song.wav", NAMES)
        here.start_worker("--drain").wait(timeout=120)
    assert [view.row.title for view in here.house.songs.listed(other).items] == ["Blue"]
    assert here.house.songs.listed(OWNER).items == []


def test_a_cancelled_job_stops_fetching_within_seconds(here, monkeypatch):
    monkeypatch.setattr(Site, "sound", wav(tone(30.0)))
    with site() as url:
        job = here.house.imports.submit(OWNER, f"{url}/slow.wav", NAMES)
        here.start_worker()
        here.wait(lambda: here.job(job.uid).progress > 0, what="some of the song")
        here.house.processing.cancel(OWNER, job.uid)
        begun = time.monotonic()
        here.wait_for(job.uid, JobStatus.CANCELLED)
        assert Site.server_of_now.hung_up.wait(CANCEL_SECONDS)
        assert time.monotonic() - begun < CANCEL_SECONDS
    assert here.house.songs.listed(OWNER).items == []
    spool = here.house.content.storage.spool_dir()
    assert [path for path in spool.iterdir() if path.name.startswith(("make-", "upload-"))] == []


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_the_song_to_the_next(here):
    with site() as url:
        job = here.house.imports.submit(OWNER, f"{url}/slow.wav", NAMES)
        worker = here.start_worker()
        here.wait(lambda: here.job(job.uid).progress > 0, what="some of the song")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        Site.server_of_now.hurry.set()
        here.start_worker()
        here.wait_for(job.uid, JobStatus.COMPLETED, JobStatus.FAILED)
    (song,) = here.house.songs.listed(OWNER).items
    assert (here.job(job.uid).status, here.job(job.uid).options["song_id"]) == (JobStatus.COMPLETED, song.row.uid)


def test_a_site_that_is_broken_for_a_moment_is_asked_again(here):
    with site(failures=1) as url:
        job = here.house.imports.submit(OWNER, f"{url}/broken-first.wav", NAMES)
        here.start_worker("--drain").wait(timeout=120)
    done = here.job(job.uid)
    assert (done.status, done.error_message) == (JobStatus.COMPLETED, None)
    assert any(event.kind == "retry" for event in here.house.processing.history(OWNER, job.uid))


@pytest.mark.parametrize(
    ("path", "code"),
    [("/missing.wav", "engine_refused"), ("/inside", "forbidden_address"), ("/large.wav", "too_large")],
)
def test_what_will_not_be_given_is_not_asked_for_twice(here, path, code):
    with site() as url:
        job = here.house.imports.submit(OWNER, url + path, NAMES)
        here.start_worker("--drain", TENUTO_MAX_UPLOAD_MB="2").wait(timeout=120)
        assert not [asked for asked in Site.asked if asked.startswith("/song")]
    failed = here.job(job.uid)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, code)
    assert not [event for event in here.house.processing.history(OWNER, job.uid) if event.kind == "retry"]


def test_the_command_follows_the_job_and_skips_what_is_there(here):
    def add(url):
        command = [
            sys.executable,
            "-m",
            "tenuto",
            "songs",
            "add",
            url,
            "--title",
            "Blue",
            "--artist",
            "Bells",
            "--json",
        ]
        environment = {**os.environ, **here.environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    with site() as url:
        first, second = add(f"{url}/song.wav"), add(f"{url}/song.wav?again")
        missing = add(f"{url}/missing.wav")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    (song,) = json.loads(first.stdout)["added"]
    assert (song["title"], song["job"]["kind"]) == ("Blue", "import")
    assert [item["song_id"] for item in json.loads(second.stdout)["skipped"]] == [song["id"]]
    assert json.loads(missing.stdout)["failed"][0]["code"] == "engine_refused"
    assert missing.returncode != 0


def test_a_job_that_comes_by_another_door_is_judged_too(here):
    with pytest.raises(errors.ForbiddenAddress):
        here.house.imports.submit(OWNER, "http://127.0.0.2/song.wav", NAMES)
    wish = Submission(kind="import", options={"url": "http://127.0.0.2/song.wav"})
    with pytest.raises(errors.ForbiddenAddress):
        here.house.processing.submit(OWNER, wish)


def test_a_worker_judges_addresses_by_its_own_settings(here):
    wish = Submission(kind="import", options={"url": "http://127.0.0.1/song.wav"})
    job = here.house.processing.submit(OWNER, wish)
    here.start_worker("--drain", TENUTO_IMPORT_ALLOW="[]").wait(timeout=120)
    assert here.job(job.uid).error_code == "forbidden_address"


@pytest.mark.parametrize(
    "options", [{}, {"url": ""}, {"url": 5}, {"url": "x" * 2001}, {"url": "http://a.example/", "title": 5}]
)
def test_an_import_without_an_address_is_refused(here, options):
    with pytest.raises(errors.ValidationError):
        here.house.processing.submit(OWNER, Submission(kind="import", options=options))
