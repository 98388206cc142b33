"""Sweeping, verifying and forgetting: rows and bytes agree afterwards, and nothing that is needed goes."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from hostile import packages
from ledgers import OWNER, ledger, make_recording
from tenuto import bootstrap, errors
from tenuto.db.models import FileRow, WorkerRow, now
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from tenuto.engines.remote import write_receipt
from tenuto.services.processing import Submission

BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
LONG_AGO = time.time() - 7200


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def here(request, tmp_path):
    with ledger(request.param, tmp_path) as made:
        yield made


def upload(here, name="a.wav", seconds=3):
    return here.house.files.save_audio_file(OWNER, make_recording(here.folder / name, seconds))


def upload_deck(here):
    path = here.folder / "plan.pptx"
    path.write_bytes(packages.deck())
    return here.house.files.save_audio_file(OWNER, path)


def expire(here, uid):
    with here.house.database.unit_of_work(OWNER) as work:
        work.files.update(work.files.get_by_id(uid), expires_at=now() - timedelta(minutes=1))


def stored(here):
    return {item.key for item in here.house.content.storage.list("content")}


def test_an_expired_file_goes_with_all_that_was_made_of_it(here):
    file = upload(here)
    here.house.files.peaks(OWNER, file.uid)
    expire(here, file.uid)
    planned = here.house.upkeep.cleanup_old_audio_files(dry_run=True)
    assert (planned.deleted, len(stored(here))) == (1, 2)
    report = here.house.upkeep.cleanup_old_audio_files()
    assert (report.scanned, report.deleted, report.failed) == (1, 1, 0)
    assert report.freed_bytes >= file.size_bytes
    assert stored(here) == set()
    with pytest.raises(errors.NotFound):
        here.house.files.get(OWNER, file.uid)


def test_a_dry_run_tells_what_the_sweep_will_free(here):
    twice = [upload(here, "a.wav"), upload(here, "b.wav")]
    shared = [upload(here, "c.wav", seconds=5), upload(here, "d.wav", seconds=5)]
    for file in (*twice, shared[0]):
        here.house.files.peaks(OWNER, file.uid)
        expire(here, file.uid)
    planned = here.house.upkeep.cleanup_old_audio_files(dry_run=True)
    done = here.house.upkeep.cleanup_old_audio_files()
    assert (planned.deleted, planned.freed_bytes) == (done.deleted, done.freed_bytes)
    assert planned.freed_bytes >= twice[0].size_bytes
    assert {shared[1].storage_key} <= stored(here)


def test_a_file_of_an_unfinished_job_is_never_touched(here):
    file = upload(here)
    job = here.house.processing.submit(OWNER, Submission(file_uid=file.uid))
    expire(here, file.uid)
    assert here.house.upkeep.cleanup_old_audio_files().deleted == 0
    with pytest.raises(errors.ConflictError):
        here.house.files.delete(OWNER, file.uid)
    here.house.processing.cancel(OWNER, job.uid)
    assert here.house.upkeep.cleanup_old_audio_files().deleted == 1
    assert here.job(job.uid).file_id is None


def test_an_expired_recording_can_be_archived_as_a_small_copy(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_RETENTION_ACTION="archive") as here:
        file = upload(here, seconds=20)
        expire(here, file.uid)
        report = here.house.upkeep.cleanup_old_audio_files()
        assert (report.archived, report.deleted, report.failed) == (1, 0, 0)
        kept = here.house.files.get(OWNER, file.uid)
        assert (kept.codec, kept.name, kept.expires_at) == ("aac", "a.m4a", None)
        assert kept.size_bytes < file.size_bytes
        assert stored(here) == {kept.storage_key}
        assert here.house.upkeep.get_storage_stats(OWNER)["bytes"] == kept.size_bytes
        assert here.house.upkeep.cleanup_old_audio_files().scanned == 0


def test_an_expired_deck_goes_like_a_recording(here):
    deck = upload_deck(here)
    expire(here, deck.uid)
    assert here.house.upkeep.cleanup_old_audio_files().deleted == 1
    assert stored(here) == set()


def test_a_deck_is_archived_as_it_is(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_RETENTION_ACTION="archive") as here:
        deck = upload_deck(here)
        expire(here, deck.uid)
        report = here.house.upkeep.cleanup_old_audio_files()
        assert (report.archived, report.deleted, report.failed) == (1, 0, 0)
        kept = here.house.files.get(OWNER, deck.uid)
        assert (kept.storage_key, kept.expires_at) == (deck.storage_key, None)
        assert here.house.upkeep.verify().sound


def test_a_finished_job_past_its_time_goes_and_a_waiting_one_stays(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_JOB_RETENTION_DAYS="0.00001") as here:
        file = upload(here)
        done, waiting = (here.house.processing.submit(OWNER, Submission(file_uid=file.uid)).uid for _ in range(2))
        here.house.processing.cancel(OWNER, done)
        here.wait(lambda: here.job(done).expires_at < now(), what="the job to expire")
        assert here.house.upkeep.cleanup_old_audio_files().jobs == 1
        assert here.house.processing.counts(OWNER) == {"transcribe": {"queued": 1}}
        assert here.job(waiting).status is JobStatus.QUEUED


def test_deleting_a_file_and_submitting_a_job_on_it_never_both_win(here):
    for _ in range(25):
        file = upload(here)
        with ThreadPoolExecutor(2) as pool:
            submitted = pool.submit(here.house.processing.submit, OWNER, Submission(file_uid=file.uid))
            deleted = pool.submit(here.house.files.delete, OWNER, file.uid)
        lost = [future.exception() for future in (submitted, deleted) if future.exception()]
        assert len(lost) == 1
        assert isinstance(lost[0], errors.ConflictError | errors.NotFound)
        if not submitted.exception():
            assert here.job(submitted.result().uid).file_id == file.id
            here.house.processing.cancel(OWNER, submitted.result().uid)


def test_the_same_bytes_stay_while_one_row_needs_them(here):
    first, second = upload(here), upload(here)
    assert first.storage_key == second.storage_key
    assert here.house.files.delete(OWNER, first.uid) == 0
    assert here.house.upkeep.verify().sound
    assert here.house.files.delete(OWNER, second.uid) == second.size_bytes
    assert stored(here) == set()


def test_what_a_crash_left_behind_is_swept_when_it_is_old(here):
    file = upload(here)
    with here.house.database.unit_of_work(OWNER) as work:  # as if the row had never been written
        work.session.delete(work.files.get_by_id(file.uid))
    spool = here.house.content.storage.spool_dir() / "upload-abc"
    spool.write_bytes(b"half a file")
    folder = Path(here.settings.actual_work_dir) / "gone-4711-0123abcd"
    folder.mkdir()
    assert here.house.upkeep.cleanup_old_audio_files().strays == 1  # No worker of that name lives.
    assert not folder.exists()
    for path in [spool, *Path(here.folder / "files").rglob("content/*/*")]:
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert here.house.upkeep.cleanup_old_audio_files().strays == 2
    assert stored(here) == set()
    assert not spool.exists()


def test_a_sweep_touches_only_what_tenuto_made(here):
    spool, work = here.house.content.storage.spool_dir(), Path(here.settings.actual_work_dir)
    strangers = [spool / "thesis.txt", work / "diary.txt", work / "photos"]
    strangers[0].write_text("mine")
    strangers[1].write_text("mine")
    strangers[2].mkdir()
    for path in strangers:
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert here.house.upkeep.cleanup_old_audio_files().strays == 0
    assert all(path.exists() for path in strangers)


def test_a_reset_leaves_neither_rows_nor_bytes(here):
    upload(here)
    bootstrap.forget_everything(here.settings)
    bootstrap.prepare_database(here.settings)
    assert stored(here) == set()
    assert here.house.files.get_all(OWNER).rows == []


def test_workers_long_dead_are_forgotten(here):
    week = 7 * 86_400.0
    with here.house.database.unit_of_work(EVERYONE) as work:
        moment = work.now_epoch()
        ages = {"dead-long": (True, week + 60), "dead-lately": (True, week - 60), "silent": (False, 2 * week)}
        for name, (dead, age) in ages.items():
            known = {"host": "far", "pid": 1, "pid_started": 0.0, "version": "1"}
            work.workers.register(WorkerRow(executor_id=name, dead=dead, last_seen=moment - age, **known))
    here.house.upkeep.cleanup_old_audio_files(dry_run=True)
    assert workers(here) == set(ages)
    here.house.upkeep.cleanup_old_audio_files()
    assert workers(here) == {"dead-lately", "silent"}


def workers(here):
    with here.house.database.reading(EVERYONE) as work:
        return {row.executor_id for row in (*work.workers.living(), *work.workers.dead_since(0.0))}


def test_what_webhooks_were_told_is_forgotten_after_a_month(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_WEBHOOK_ALLOW='["127.0.0.1"]') as here:
        webhook = here.house.webhooks.create(OWNER, "http://127.0.0.1:8123/")
        here.house.webhooks.rotate(OWNER, webhook.uid)
        old, fresh = (here.house.webhooks.test(OWNER, webhook.uid) for _ in range(2))
        with here.house.database.unit_of_work(OWNER) as work:
            work.deliveries.update(work.deliveries.get(old.id), created_at=now() - timedelta(days=31))
            work.webhooks.change(webhook.id, old_secret_until=now() - timedelta(minutes=1))
        here.house.upkeep.cleanup_old_audio_files()
        assert [row.uid for row in here.house.webhooks.deliveries(OWNER, webhook.uid).rows] == [fresh.uid]
        assert here.house.webhooks.get(OWNER, webhook.uid).old_secret is None


def test_an_upload_to_a_folder_that_is_gone_is_refused_with_what_to_look_at(tmp_path):
    with ledger("sqlite", tmp_path) as here:
        shutil.rmtree(here.house.content.storage.root)
        with pytest.raises(errors.StorageError, match="disk mounted"):
            upload(here)
        assert here.house.health.report().ready is False


def test_verify_tells_missing_and_damaged_bytes_apart(here):
    kept, damaged, missing = (upload(here, f"{index}.wav", index) for index in (1, 2, 3))
    root = Path(here.folder / "files" / "objects")
    (root / damaged.storage_key).chmod(0o640)
    with (root / damaged.storage_key).open("r+b") as file:
        file.seek(100)
        file.write(b"rot")
    (root / missing.storage_key).unlink()
    report = here.house.upkeep.verify()
    assert (report.missing, report.damaged) == ([missing.storage_key], [damaged.storage_key])
    assert report.checked == 2
    assert not report.sound
    assert kept.storage_key not in report.strays


def test_numbers_follow_every_upload_and_deletion(here):
    files = [upload(here, f"{index}.wav", index) for index in (1, 2)]
    stats = here.house.upkeep.get_storage_stats(OWNER)
    assert (stats["files"], stats["bytes"]) == (2, sum(file.size_bytes for file in files))
    here.house.files.delete(OWNER, files[0].uid)
    stats = here.house.upkeep.get_storage_stats(OWNER)
    assert stats["by_kind"] == {"wav": {"count": 1, "bytes": files[1].size_bytes}}
    assert stats["bytes_by_age"]["day"] == files[1].size_bytes


@pytest.mark.slow
@BOTH
def test_a_job_the_queue_has_forgotten_can_still_be_retried(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        file = upload(here)
        options = {"engine": "fake", "extra": {"fail": "engine_failed"}}
        job = here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options=options)).uid
        here.start_worker("--drain").wait(timeout=60)
        assert here.job(job).status is JobStatus.FAILED
        assert here.house.queue.forget_ended_before(now() + timedelta(days=1)) == 1
        assert here.house.queue.state(job).status == ""
        with here.house.database.unit_of_work(OWNER) as work:
            row = work.jobs.get_by_id(job)
            work.jobs.update(row, options={**row.options, "extra": {}})
        here.house.processing.retry(OWNER, job)
        here.start_worker("--drain").wait(timeout=60)
        assert here.job(job).status is JobStatus.COMPLETED


def test_a_moment_of_a_file_is_kept_in_utc(here):
    file = upload(here)
    with here.house.database.reading(OWNER) as work:
        row: FileRow = work.files.get_by_id(file.uid)
    assert row.created_at.utcoffset() == timedelta(0)
    assert abs((row.created_at - file.created_at).total_seconds()) < 0.001


def test_receipts_stay_while_a_job_may_go_on_and_no_longer(here):
    file = upload(here)
    waiting, cancelled, deleted = (here.house.processing.submit(OWNER, Submission(file_uid=file.uid)) for _ in range(3))
    for job in (cancelled, deleted):
        here.house.processing.cancel(OWNER, job.uid)
    receipts = here.settings.actual_work_dir / "receipts"
    for job in (waiting, cancelled, deleted):
        write_receipt(receipts / job.uid / "0-1.json", {"answer": {}})
    here.house.processing.delete(OWNER, deleted.uid)
    assert here.house.upkeep.cleanup_old_audio_files().strays == 1
    assert {path.name for path in receipts.iterdir()} == {waiting.uid, cancelled.uid}
