"""The library's promises: song and job together or not at all, files that stay, nothing left behind."""

import threading
from datetime import timedelta

import pytest

from databases import OWNER, add_owner
from ledgers import database_url
from tagged_songs import cover_picture, tagged_flac, tone, wav
from tenuto import bootstrap, errors, settings
from tenuto.db.models import now
from tenuto.db.work import EVERYONE
from tenuto.services.processing import Submission
from tenuto.services.song_intake import UNKNOWN_ARTIST, SongIntake
from tenuto.services.songs import SongDetails

NAMES = SongDetails(title="Blue", artist="The Bells")
WISH = Submission(kind="transcribe", options={"engine": "fake"})


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request, tmp_path):
    with database_url(request.param, tmp_path) as url:
        given = {"data_dir": tmp_path / "data", "database_url": url, "engines": ["fake"], "disk_soft_floor_mb": 0}
        made = settings.load(_env_file=None, **given)
        built = bootstrap.build(made)
        yield built
        built.close()


@pytest.fixture
def bring(house):
    """Take in a song of that pitch."""

    def add(pitch=300.0, *, owner=OWNER, details=NAMES, data=None):
        with house.files.upload("song.wav") as upload:
            upload.write(data or wav(tone(pitch=pitch)))
            return house.songs.create(owner, upload, details)

    return add


def stored(house):
    return {item.key for item in house.content.storage.list("content")}


def expire(house, uid):
    with house.database.unit_of_work(EVERYONE) as work:
        row = work.files.get_by_id(uid)
        work.files.update(row, expires_at=now() - timedelta(days=1))


def test_song_and_job_are_written_together(house):
    with house.files.upload("song.wav") as upload:
        upload.write(wav(tone()))
        view, job = house.songs.create_song_with_job(OWNER, upload, NAMES, WISH)
    assert house.songs.get(OWNER, view.row.uid).job.uid == job.uid
    assert job.file_id == view.row.file_id
    assert house.processing.get(OWNER, job.uid).status == "queued"


def test_without_its_job_the_song_is_not_there_either(house):
    wish = Submission(kind="transcribe", options={"engine": "fake", "lexicon_id": "nobody"})
    with house.files.upload("song.wav") as upload:
        upload.write(wav(tone()))
        with pytest.raises(errors.NotFound):
            house.songs.create_song_with_job(OWNER, upload, NAMES, wish)
    assert house.songs.listed(OWNER).items == []
    assert house.files.get_all(OWNER).rows == []
    assert stored(house) == set()


def intake(house, wish, **given):
    with house.files.upload("song.wav") as upload:
        upload.write(wav(tone()))
        return SongIntake(house.songs, house.lyrics, house.processing).submit(OWNER, upload, given, wish)


def test_a_file_its_lyrics_and_its_job_are_one_transaction(house, monkeypatch):
    begun = []
    begin = house.database.unit_of_work
    monkeypatch.setattr(house.database, "unit_of_work", lambda owner: begun.append(owner) or begin(owner))
    job = intake(house, Submission(kind="align"), lyrics="[00:00.10]La\n[00:00.50]la la")
    assert (begun, job.file_name) == ([OWNER], f"{UNKNOWN_ARTIST} - song")
    (song,) = house.songs.listed(OWNER).items
    assert (song.job.uid, song.lyrics_origin, song.lyrics_synced) == (job.uid, "lrc", True)


def test_a_file_whose_job_is_refused_leaves_nothing(house):
    for given in ({}, {"lyrics": "[00:00.10]"}):
        with pytest.raises(errors.ValidationError, match="lyrics"):
            intake(house, Submission(kind="align"), **given)
    assert (house.songs.listed(OWNER).items, house.files.get_all(OWNER).rows, stored(house)) == ([], [], set())


def test_a_file_that_is_a_song_keeps_the_times_of_its_lyrics(house):
    first = intake(house, Submission(kind="align"), title="Blue", lyrics="[00:00.10]La\n[00:00.50]la la")
    second = intake(house, Submission(kind="separate"), title="Red", lyrics="La\nla la")
    (song,) = house.songs.listed(OWNER).items
    assert (song.row.title, song.lyrics_synced, song.job.uid) == ("Blue", True, second.uid)
    assert first.uid != second.uid


def test_a_songs_file_outlives_every_sweep(house, bring):
    song = bring()
    assert song.file.expires_at is None
    expire(house, song.file.uid)  # as a row would be that an older version wrote
    report = house.upkeep.cleanup_old_audio_files()
    assert (report.deleted, report.failed, len(report.errors)) == (0, 0, 0)
    assert house.files.get(OWNER, song.file.uid)
    assert house.files.archive(song.file) == 0
    assert house.files.get(OWNER, song.file.uid).container == "wav"
    with pytest.raises(errors.ConflictError) as refused:
        house.files.delete(OWNER, song.file.uid)
    assert refused.value.details["song_id"] == song.row.uid


def test_deleting_a_song_leaves_nothing(house, tmp_path):
    with house.files.upload("song.flac") as upload:
        upload.write(tagged_flac(tmp_path, title="Blue", artist="The Bells", cover=cover_picture()))
        song = house.songs.create(OWNER, upload)
    house.lyrics.put(OWNER, song.row.uid, "some words")
    assert len(stored(house)) == 2
    assert house.songs.delete(OWNER, song.row.uid) > 0
    assert stored(house) == set()
    assert house.files.get_all(OWNER).rows == []
    assert house.upkeep.get_storage_stats(OWNER)["files"] == 0


def test_bytes_that_two_libraries_share_stay_for_the_other(house, bring):
    other = add_owner(house.database)
    mine, theirs = bring(), bring(owner=other)
    house.songs.delete(OWNER, mine.row.uid)
    readable = house.files.readable(other, theirs.file.uid)
    assert b"".join(house.files.read(readable, 0, readable.size_bytes)) == wav(tone(pitch=300.0))


def test_of_two_who_bring_the_same_song_one_succeeds(house, bring):
    outcomes = []
    ready = threading.Barrier(4)

    def add():
        ready.wait()
        try:
            outcomes.append(bring().row.uid)
        except errors.ConflictError as error:
            outcomes.append(error.details["song_id"])

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(outcomes), len(set(outcomes)), len(house.songs.listed(OWNER).items)) == (4, 1, 1)
    assert house.upkeep.verify().sound


def test_another_owner_sees_and_changes_nothing(house, bring):
    song, other = bring().row.uid, add_owner(house.database)
    house.lyrics.put(OWNER, song, "some words")
    attempts = [
        lambda: house.songs.get(other, song),
        lambda: house.songs.change(other, song, title="Mine"),
        lambda: house.songs.delete(other, song),
        lambda: house.songs.cover(other, song),
        lambda: house.songs.stems(other, song),
        lambda: house.songs.jobs(other, song),
        lambda: house.lyrics.get(other, song),
        lambda: house.lyrics.put(other, song, "other words"),
        lambda: house.lyrics.move(other, song, 5),
        lambda: house.lyrics.write(other, song, "plain"),
    ]
    for attempt in attempts:
        with pytest.raises(errors.NotFound):
            attempt()
    assert house.songs.listed(other).items == []
    assert house.lyrics.get(OWNER, song).lyrics.text == "some words"


def test_a_song_is_not_deleted_under_a_job(house):
    with house.files.upload("song.wav") as upload:
        upload.write(wav(tone()))
        view, job = house.songs.create_song_with_job(OWNER, upload, NAMES, WISH)
    with pytest.raises(errors.ConflictError, match="transcribe job") as refused:
        house.songs.delete(OWNER, view.row.uid)
    assert refused.value.details["job_id"] == job.uid
    house.processing.cancel(OWNER, job.uid)
    house.songs.delete(OWNER, view.row.uid)
    assert house.processing.get(OWNER, job.uid).file_id is None


def test_a_refused_song_leaves_no_bytes(house, bring):
    for details, data in (
        (SongDetails(title="Blue"), None),
        (NAMES, b"no sound"),
        (SongDetails("a", "b", youtube_id="?"), None),
    ):
        with pytest.raises(errors.TenutoError):
            bring(details=details, data=data)
    assert stored(house) == set()
    assert [
        path for path in house.content.storage.spool_dir().iterdir() if path.name.startswith(("make-", "upload-"))
    ] == []
