"""Uploads in pieces: whatever breaks in between, the bytes that arrive are those that were sent."""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databases import add_owner
from ledgers import OWNER, ledger, make_recording
from tenuto import errors
from tenuto.db.models import UploadRow, now
from tenuto.db.work import EVERYONE
from tenuto.services import resumable, spools
from tenuto.services.content import key_of
from tenuto.services.resumable import CHECKSUM, EXPIRED, Checksum
from tenuto.services.spools import BUSY

LONG_AGO = time.time() - 7200
HOLD = """
import fcntl, sys
with open(sys.argv[1], "ab") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request, tmp_path_factory):
    with ledger(request.param, tmp_path_factory.mktemp("house")) as here:
        yield here.house


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return make_recording(tmp_path_factory.mktemp("sound") / "a.wav", 2)


@pytest.fixture(scope="module")
def recording(sound):
    return sound.read_bytes()


@pytest.fixture
def spool(house):
    """The spool folder, which each test leaves empty but for what it says."""
    folder = house.content.storage.spool_dir()
    for path in folder.iterdir():
        path.unlink()
    return folder


def begin(house, recording, **given):
    return house.resumable.create(OWNER, "a.wav", len(recording), **given)


def send(house, upload, offset, data, *, checksum=None):
    """One piece, sent whole."""
    piece = house.resumable.receive(upload.owner_id, upload.uid, offset, size_bytes=len(data), checksum=checksum)
    try:
        piece.write(data)
        return piece.finish()
    finally:
        piece.close()


def offset_of(house, upload):
    return house.resumable.get(upload.owner_id, upload.uid).offset_bytes


def die(piece):
    """What is left of a piece when its server is killed: the bytes, but no word about them and no lock."""
    if piece._file is not None:
        piece._file.close()
    piece._held.close()


def expire(house, upload):
    with house.database.unit_of_work(EVERYONE) as work:
        work.uploads.update(work.uploads.get(upload.id), expires_at=now() - timedelta(minutes=1))


def files_of(house):
    return {row.uid for row in house.files.get_all(OWNER, limit=1000).rows}


def test_a_recording_in_two_pieces_becomes_one_file(house, recording, spool):
    upload = begin(house, recording)
    assert send(house, upload, 0, recording[:1000]).offset_bytes == 1000
    finished = send(house, upload, 1000, recording[1000:])
    file = house.files.get(OWNER, finished.file_uid)
    assert (file.sha256, file.name) == (hashlib.sha256(recording).hexdigest(), "a.wav")
    assert house.resumable.get(OWNER, upload.uid).file_uid == file.uid
    assert list(spool.iterdir()) == []


BREAKS = st.sampled_from(["none", "none", "leaves", "killed", "wrong sum", "bytes lost", "right sum"])


@settings(max_examples=60)
@given(plan=st.lists(st.tuples(st.integers(1, 70_000), BREAKS), max_size=8))
def test_any_pieces_and_breaks_give_the_same_recording(house, sound, plan):
    recording = sound.read_bytes()
    upload = begin(house, recording)
    for size, event in plan:
        play(house, upload, recording, size, event)
    row = house.resumable.get(OWNER, upload.uid)
    if row.file_uid is None:
        row = send_rest(house, upload, recording)
    assert house.files.get(OWNER, row.file_uid).sha256 == hashlib.sha256(recording).hexdigest()
    house.files.delete(OWNER, row.file_uid)


def play(house, upload, recording, size, event):
    row = house.resumable.get(OWNER, upload.uid)
    data = recording[row.offset_bytes : row.offset_bytes + size]
    sums = {"wrong sum": Checksum("sha1", b"no"), "right sum": Checksum("sha256", hashlib.sha256(data).digest())}
    if event == "bytes lost":
        house.resumable.spool(upload.uid).unlink(missing_ok=True)
        return
    try:
        piece = house.resumable.receive(OWNER, upload.uid, row.offset_bytes, checksum=sums.get(event))
    except errors.ConflictError:  # The bytes were lost and it starts over, which the client is told at the next look.
        assert offset_of(house, upload) == 0
        return
    if data:
        piece.write(data)
    if event == "killed":
        die(piece)
        return
    with contextlib.suppress(errors.ValidationError):
        if event != "leaves":
            piece.finish()
    piece.close()


def send_rest(house, upload, recording):
    """Go on as a client does: at the offset it is told, again when that was not true any more."""
    for _ in range(2):
        offset = offset_of(house, upload)
        with contextlib.suppress(errors.ConflictError):
            return send(house, upload, offset, recording[offset:])
    raise AssertionError("the upload cannot be continued")


def test_a_client_that_leaves_keeps_what_came_but_for_the_last_byte(house, recording, spool):
    upload = begin(house, recording)
    piece = house.resumable.receive(OWNER, upload.uid, 0)
    piece.write(recording)
    piece.close()
    assert offset_of(house, upload) == len(recording) - 1
    assert send(house, upload, len(recording) - 1, recording[-1:]).file_uid


def test_long_pieces_are_kept_while_they_come(house, recording, spool, monkeypatch):
    monkeypatch.setattr(resumable, "KEEP_BYTES", 10_000)
    upload = begin(house, recording)
    piece = house.resumable.receive(OWNER, upload.uid, 0)
    for start in range(0, 25_000, 5000):
        piece.write(recording[start : start + 5000])
    die(piece)
    assert offset_of(house, upload) == 20_000
    assert send(house, upload, 20_000, recording[20_000:]).file_uid


def test_a_wrong_checksum_changes_nothing(house, recording, spool):
    upload = begin(house, recording)
    with pytest.raises(errors.ValidationError) as caught:
        send(house, upload, 0, recording, checksum=Checksum("sha1", b"\0" * 20))
    assert caught.value.details["reason"] == CHECKSUM
    assert offset_of(house, upload) == 0


def test_a_piece_with_a_checksum_that_breaks_off_is_dropped(house, recording, spool):
    upload = begin(house, recording)
    piece = house.resumable.receive(OWNER, upload.uid, 0, checksum=Checksum("sha256", b""))
    piece.write(recording[:5000])
    piece.close()
    assert offset_of(house, upload) == 0


def test_an_upload_that_is_sent_is_nobody_elses(house, recording, spool):
    upload = begin(house, recording)
    piece = house.resumable.receive(OWNER, upload.uid, 0)
    for other in (
        lambda: house.resumable.receive(OWNER, upload.uid, 0),
        lambda: house.resumable.delete(OWNER, upload.uid),
    ):
        with pytest.raises(errors.ConflictError) as caught:
            other()
        assert caught.value.details["reason"] == BUSY
    piece.close()
    assert send(house, upload, 0, recording).file_uid


def test_another_process_holds_an_upload_too(house, recording, spool):
    upload = begin(house, recording)
    lock = spool / f"resumable-{upload.uid}.lock"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], **pipes) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(errors.ConflictError, match="another connection"):
            house.resumable.receive(OWNER, upload.uid, 0)
        other.kill()
    assert send(house, upload, 0, recording).file_uid


def test_a_lock_whose_name_went_is_taken_anew(house, recording, spool, monkeypatch):
    upload = begin(house, recording)
    looks = []

    def gone_once(path, file):
        looks.append(path)
        if len(looks) == 1:
            path.unlink()
        return is_at(path, file)

    is_at = spools._is_at
    monkeypatch.setattr(spools, "_is_at", gone_once)
    assert send(house, upload, 0, recording).file_uid
    assert len(looks) == 2


def test_the_offset_must_be_right_and_the_end_is_the_end(house, recording, spool):
    upload = begin(house, recording)
    send(house, upload, 0, recording[:100])
    with pytest.raises(errors.ConflictError, match="at byte 100"):
        send(house, upload, 50, b"x")
    with pytest.raises(errors.TooLarge):
        send(house, upload, 100, recording)
    piece = house.resumable.receive(OWNER, upload.uid, 100)
    with pytest.raises(errors.TooLarge):
        piece.write(recording)
    piece.close()
    assert offset_of(house, upload) == 100


def test_a_finished_upload_makes_no_second_file(house, recording, spool):
    upload = begin(house, recording)
    before = files_of(house)
    finished = send(house, upload, 0, recording)
    with pytest.raises(errors.ConflictError):
        send(house, upload, 0, recording)
    piece = house.resumable.receive(OWNER, upload.uid, len(recording))
    assert piece.finish().file_uid == finished.file_uid
    piece.close()
    assert files_of(house) - before == {finished.file_uid}
    assert list(spool.iterdir()) == []


def test_what_is_no_recording_is_refused_and_gone(house, spool):
    upload = house.resumable.create(OWNER, "a.wav", 5000)
    with pytest.raises(errors.RejectedFile):
        send(house, upload, 0, b"no sound" * 625)
    with pytest.raises(errors.NotFound):
        house.resumable.get(OWNER, upload.uid)
    assert list(spool.iterdir()) == []


def test_too_much_and_nothing_are_refused_at_once(house):
    with pytest.raises(errors.TooLarge):
        house.resumable.create(OWNER, "a.wav", house.files.limits.max_upload_bytes + 1)
    with pytest.raises(errors.BrokenMedia):
        house.resumable.create(OWNER, "a.wav", 0)


def test_an_upload_is_its_owners(house, recording):
    upload = begin(house, recording)
    stranger = add_owner(house.database)
    for ask in (house.resumable.get, house.resumable.delete):
        with pytest.raises(errors.NotFound):
            ask(stranger, upload.uid)
    with pytest.raises(errors.NotFound):
        house.resumable.receive(stranger, upload.uid, 0)


def test_an_upload_can_be_dropped(house, recording, spool):
    upload = begin(house, recording)
    send(house, upload, 0, recording[:1000])
    house.resumable.delete(OWNER, upload.uid)
    with pytest.raises(errors.NotFound):
        house.resumable.get(OWNER, upload.uid)
    assert list(spool.iterdir()) == []


def test_dropping_a_finished_upload_leaves_its_file(house, recording, spool):
    upload = begin(house, recording)
    finished = send(house, upload, 0, recording)
    house.resumable.delete(OWNER, upload.uid)
    assert house.files.get(OWNER, finished.file_uid)


def break_rows(monkeypatch, house):
    """Let the database go away between the bytes and the row of the next file."""

    def away(_work):
        monkeypatch.undo()
        raise errors.DatabaseError

    monkeypatch.setattr(house.files, "_row", lambda *_arguments: away(None))


def test_bytes_that_were_stored_already_come_back(house, spool, tmp_path, monkeypatch):
    recording = make_recording(tmp_path / "long.wav", 40).read_bytes()  # more than is read at once
    upload = begin(house, recording)
    break_rows(monkeypatch, house)
    with pytest.raises(errors.DatabaseError):
        send(house, upload, 0, recording)
    assert not house.resumable.spool(upload.uid).exists()
    end = len(recording) - 1
    assert offset_of(house, upload) == end
    finished = send(house, upload, end, recording[end:])
    file = house.files.get(OWNER, finished.file_uid)
    assert file.sha256 == hashlib.sha256(recording).hexdigest()
    assert house.upkeep.verify().sound


def test_bytes_that_are_nowhere_are_sent_again(house, spool, tmp_path, monkeypatch):
    recording = make_recording(tmp_path / "b.wav", 3).read_bytes()  # which no other file holds
    upload = begin(house, recording)
    break_rows(monkeypatch, house)
    with pytest.raises(errors.DatabaseError):
        send(house, upload, 0, recording)
    house.content.release([key_of(hashlib.sha256(recording).hexdigest())])
    end = len(recording) - 1
    with pytest.raises(errors.ConflictError, match="at byte 0"):
        send(house, upload, end, recording[end:])
    assert send(house, upload, 0, recording).file_uid


def test_bytes_that_go_before_their_row_is_there_leave_the_upload_open(house, spool, tmp_path, monkeypatch):
    recording = make_recording(tmp_path / "c.wav", 4).read_bytes()
    upload = begin(house, recording)
    before = files_of(house)

    keep = house.content.keep

    def keep_in_vain(path, content):
        monkeypatch.undo()
        keep(path, content)
        house.content.release([content.storage_key])  # as a deletion of the same bytes does that comes between

    monkeypatch.setattr(house.content, "keep", keep_in_vain)
    with pytest.raises(errors.StorageError):
        send(house, upload, 0, recording)
    row = house.resumable.get(OWNER, upload.uid)
    assert (row.offset_bytes, row.file_uid) == (len(recording) - 1, None)
    assert send_rest(house, upload, recording).file_uid
    assert len(files_of(house) - before) == 1


def test_a_store_that_is_away_costs_nothing_that_came(house, recording, spool, monkeypatch):
    upload = begin(house, recording)

    def away(_path, _content):
        monkeypatch.undo()
        house.resumable.spool(upload.uid).chmod(0o440)  # as a storing leaves it that failed after sealing
        raise errors.StorageError

    monkeypatch.setattr(house.content, "keep", away)
    with pytest.raises(errors.StorageError):
        send(house, upload, 0, recording)
    assert send(house, upload, len(recording) - 1, recording[-1:]).file_uid


def test_a_disk_that_loses_bytes_is_not_believed(house, recording, spool, monkeypatch):
    upload = begin(house, recording)
    send(house, upload, 0, recording[:1000])
    piece = house.resumable.receive(OWNER, upload.uid, 1000)
    piece.write(recording[1000:2000])

    def fail(_descriptor):
        monkeypatch.undo()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(resumable.os, "fsync", fail)
    with pytest.raises(errors.StorageError):
        piece.finish()
    piece.close()
    with pytest.raises(errors.ConflictError, match="at byte 0"):
        send(house, upload, 1000, recording[1000:])
    assert send(house, upload, 0, recording).file_uid


def age(folder):
    for path in folder.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))


def test_the_sweep_leaves_uploads_that_wait(house, recording, spool):
    upload = begin(house, recording)
    send(house, upload, 0, recording[:1000])
    for name in ("resumable-nobodys", "upload-nobodys"):
        (spool / name).write_bytes(b"left behind")
    age(spool)
    house.upkeep.cleanup_old_audio_files()
    assert {path.name for path in spool.iterdir()} == {
        f"resumable-{upload.uid}",
        f"resumable-{upload.uid}.lock",
    }
    assert send(house, upload, 1000, recording[1000:]).file_uid


def test_an_upload_past_its_time_is_gone_and_swept(house, recording, spool):
    upload = begin(house, recording)
    send(house, upload, 0, recording[:1000])
    expire(house, upload)
    with pytest.raises(errors.NotFound) as caught:
        house.resumable.get(OWNER, upload.uid)
    assert caught.value.details["reason"] == EXPIRED
    assert house.upkeep.cleanup_old_audio_files(dry_run=True).freed_bytes >= 1000
    assert house.upkeep.cleanup_old_audio_files().freed_bytes >= 1000
    with pytest.raises(errors.NotFound, match="There is no upload"):
        house.resumable.get(OWNER, upload.uid)
    assert list(spool.iterdir()) == []


def test_the_sweep_waits_for_an_upload_that_is_being_sent(house, recording, spool):
    upload = begin(house, recording)
    piece = house.resumable.receive(OWNER, upload.uid, 0)
    piece.write(recording[:1000])
    expire(house, upload)
    assert list(house.resumable.sweep(now(), dry_run=False)) == []
    piece.close()  # which counts the time anew
    assert list(house.resumable.sweep(now(), dry_run=False)) == []
    assert send(house, upload, 1000, recording[1000:]).file_uid


def test_an_upload_that_changed_since_the_sweep_saw_it_stays(house, recording, spool):
    upload = begin(house, recording)
    with pytest.raises(errors.ConflictError):
        house.resumable._remove_expired(upload, now())
    assert house.resumable.get(OWNER, upload.uid)


def test_the_offset_moves_from_where_it_is_alone(house, recording):
    upload = begin(house, recording)
    moved = house.resumable.move(upload, 10)
    assert (moved.offset_bytes, isinstance(moved, UploadRow)) == (10, True)
    with pytest.raises(errors.ConflictError, match="changed meanwhile"):
        house.resumable.move(upload, 20)
    assert offset_of(house, upload) == 10


def test_a_full_disk_is_told_and_costs_nothing(house, recording, spool, monkeypatch):
    upload = begin(house, recording)
    send(house, upload, 0, recording[:1000])
    full = errors.StorageFull()

    def refuse(_wanted):
        raise full

    monkeypatch.setattr(house.files, "check_disk_space", refuse)
    with pytest.raises(errors.StorageFull):
        send(house, upload, 1000, recording[1000:])
    monkeypatch.undo()
    assert send(house, upload, 1000, recording[1000:]).file_uid
