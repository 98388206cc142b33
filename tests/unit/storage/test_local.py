"""What only a store in a folder does: links, folders, full disks and power cuts."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from needs import need
from tenuto import errors
from tenuto.storage.durable import os_errors
from tenuto.storage.local import LocalStorage


@pytest.fixture
def store(tmp_path):
    return LocalStorage(tmp_path / "store")


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system."""
    shared = Path("/dev/shm")
    other = shared.is_dir() and os.access(shared, os.W_OK) and shared.stat().st_dev != tmp_path.stat().st_dev
    need(other, "a second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def content(store, key):
    with store.open(key) as file:
        return file.read()


def test_objects_lie_in_folders_named_by_their_keys(store):
    store.put("files/ab/original", b"x")
    assert files_below(store.root) == ["objects/files/ab/original"]


def test_the_spool_lies_beside_the_objects(store):
    assert store.spool_dir() == store.root / "spool"
    assert store.spool_dir().stat().st_dev == (store.root / "objects").stat().st_dev


def test_the_folders_are_for_this_user_alone(tmp_path):
    store = LocalStorage(tmp_path / "new" / "store")
    store.put("a/b", b"x")
    for folder in (store.root, store.root.parent, store.spool_dir(), store.root / "objects" / "a"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (store.root / "objects/a/b").stat().st_mode & 0o777 == 0o440


def test_a_file_in_the_place_of_the_store_is_an_error(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(errors.StorageError, match="Making the storage folder"):
        LocalStorage(tmp_path / "store")


def test_a_fetched_object_is_a_link(store, tmp_path):
    store.put("a/b", b"x")
    path = store.fetch("a/b", tmp_path / "work")
    assert path.samefile(store.root / "objects/a/b")
    assert not path.is_symlink()


def test_a_fetched_object_is_a_copy_on_another_file_system(store, elsewhere):
    store.put("a/b", b"x")
    path = store.fetch("a/b", elsewhere)
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o440
    assert files_below(elsewhere) == ["a+b"]


def test_a_file_is_adopted_from_another_file_system(store, elsewhere):
    source = elsewhere / "upload"
    source.write_bytes(b"sound" * 1_000_000)
    store.adopt(source, "a/b")
    assert (store.root / "objects/a/b").read_bytes() == b"sound" * 1_000_000
    assert not source.exists()
    assert files_below(store.root) == ["objects/a/b"]


def test_a_second_link_to_an_object_can_be_adopted_over_it(store, tmp_path):
    store.put("a", b"x")
    link = store.fetch("a", tmp_path / "work")
    store.adopt(link, "a")
    assert not link.exists()
    assert store.stat("a").size_bytes == 1


def test_an_object_and_a_folder_cannot_share_a_name(store):
    store.put("a/b", b"x")
    store.put("c", b"x")
    for key in ("a", "c/d"):
        with pytest.raises(errors.ConflictError, match="cannot be stored"):
            store.put(key, b"y")
    assert files_below(store.root) == ["objects/a/b", "objects/c"]


def test_deleting_removes_the_folders_left_empty(store):
    store.put("a/b/c", b"x")
    store.put("a/d", b"x")
    store.delete("a/b/c")
    assert [path.name for path in (store.root / "objects/a").iterdir()] == ["d"]
    store.delete("a/d")
    assert not list((store.root / "objects").iterdir())


def test_putting_and_deleting_in_one_folder_at_once_never_fails(store):
    failures = []

    def work(name):
        try:
            for _ in range(60):
                store.put(f"a/b/{name}", b"x")
                assert store.exists(f"a/b/{name}")
                list(store.list())
                store.delete(f"a/b/{name}")
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(name,)) for name in "pqr"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert not files_below(store.root)


# ---- links and other things that are no files


def test_a_link_to_a_file_outside_is_no_object(store, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (store.root / "objects/link").symlink_to(tmp_path / "secret")
    assert not store.exists("link")
    assert not list(store.list())
    for call in (store.open, store.stat, lambda key: store.fetch(key, tmp_path / "work")):
        with pytest.raises(errors.NotFound):
            call("link")


def test_storing_over_a_link_replaces_the_link(store, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (store.root / "objects/link").symlink_to(tmp_path / "secret")
    store.put("link", b"mine")
    assert (tmp_path / "secret").read_text() == "secret"
    assert content(store, "link") == b"mine"


def test_a_link_to_a_folder_outside_leads_nowhere(store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (store.root / "objects/a").symlink_to(outside)
    assert not store.exists("a/secret")
    assert not list(store.list())
    store.delete("a/secret")
    with pytest.raises(errors.ConflictError):
        store.put("a/mine", b"x")
    assert files_below(outside) == ["secret"]


def test_a_pipe_among_the_objects_hangs_nobody(store):
    os.mkfifo(store.root / "objects/pipe")
    assert not store.exists("pipe")
    assert not list(store.list())
    with pytest.raises(errors.NotFound):
        store.open("pipe")


def test_files_whose_names_are_no_keys_are_not_listed(store):
    (store.root / "objects/.DS_Store").write_text("")
    (store.root / "objects/ä").write_text("")
    assert not list(store.list())


# ---- power cuts


def inode(target, folder=None):
    found = os.fstat(target) if isinstance(target, int) else os.stat(target, dir_fd=folder)
    return found.st_ino


@pytest.fixture
def journal(monkeypatch):
    """What the real calls did, in order, by inode; nothing is left out or put in their place."""
    events = []
    real_fsync, real_rename, real_mkdir = os.fsync, os.rename, os.mkdir

    def fsync(descriptor):
        real_fsync(descriptor)
        events.append(("sync", inode(descriptor)))

    def rename(source, target, *, dst_dir_fd):
        moved = inode(source)
        real_rename(source, target, dst_dir_fd=dst_dir_fd)
        events.append(("rename", moved, inode(dst_dir_fd)))

    def mkdir(path, mode=0o777, *, dir_fd=None):
        real_mkdir(path, mode, dir_fd=dir_fd)
        events.append(("mkdir", inode(path, dir_fd), inode(dir_fd if dir_fd is not None else Path(path).parent)))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "mkdir", mkdir)
    return events


def assert_survives_a_power_cut(events):
    """Bytes are safe before they get their name, and names are safe before the call returns."""
    for position, (kind, *nodes) in enumerate(events):
        if kind == "rename":
            assert ("sync", nodes[0]) in events[:position]
        if kind in {"rename", "mkdir"}:
            assert ("sync", nodes[1]) in events[position:]


def test_a_new_store_survives_a_power_cut(tmp_path, journal):
    LocalStorage(tmp_path / "deep" / "in" / "store")
    assert [kind for kind, *_ in journal].count("mkdir") == 5
    assert_survives_a_power_cut(journal)


def test_an_adopted_file_survives_a_power_cut(store, journal):
    source = store.spool_dir() / "upload"
    source.write_bytes(b"x")
    store.adopt(source, "a/b/c")
    assert [kind for kind, *_ in journal].count("rename") == 1
    assert [kind for kind, *_ in journal].count("mkdir") == 2
    assert_survives_a_power_cut(journal)


def test_a_copied_file_survives_a_power_cut(store, elsewhere, journal):
    (elsewhere / "upload").write_bytes(b"x")
    store.adopt(elsewhere / "upload", "a/b")
    stored = inode(store.root / "objects/a/b")
    assert ("rename", stored, inode(store.root / "objects/a")) in journal
    assert_survives_a_power_cut(journal)


def test_a_small_object_survives_a_power_cut(store, journal):
    store.put("a", b"x")
    assert_survives_a_power_cut(journal)


def test_the_folders_of_another_writer_are_made_safe_too(store, journal):
    (store.root / "objects/a").mkdir()
    journal.clear()
    store.put("a/b", b"x")
    assert ("sync", inode(store.root / "objects")) in journal


def test_a_file_whose_bytes_were_lost_is_never_stored_by_a_second_try(store, monkeypatch):
    source = store.spool_dir() / "upload"
    source.write_bytes(b"x")

    def fail(_descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(errors.StorageError):
            store.adopt(source, "a")
    with pytest.raises(errors.NotFound):
        store.adopt(source, "a")
    assert not store.exists("a")


DYING = """
import os, signal, sys
from pathlib import Path
from tenuto.storage.local import LocalStorage
root, source, step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
store = LocalStorage(root)
seen = 0
def count(event, arguments):
    global seen
    if event == "open" or event.startswith("os."):
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
store.put("a/small", b"sound" * 1000)
store.adopt(source, "a/large")
"""


def test_a_kill_at_any_step_leaves_all_or_nothing(tmp_path, elsewhere):
    data = b"sound" * 1000
    for step in range(1, 100):
        store = LocalStorage(tmp_path / f"store{step}")
        source = elsewhere / f"upload{step}"
        source.write_bytes(data)
        ended = subprocess.run([sys.executable, "-c", DYING, store.root, source, str(step)], check=False)
        keys = [item.key for item in store.list()]
        for key in keys:
            assert content(store, key) == data
        assert "a/large" in keys or source.read_bytes() == data
        outside = [name for name in files_below(store.root) if not name.startswith(("objects/a/", "spool/"))]
        assert not outside
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
    assert step > 10
    assert sorted(keys) == ["a/large", "a/small"]
    assert files_below(store.root) == ["objects/a/large", "objects/a/small"]


# ---- disks


@pytest.mark.parametrize(
    ("number", "family", "advice"),
    [
        (errno.ENOSPC, errors.StorageFull, "Make room"),
        (errno.EDQUOT, errors.StorageFull, "Make room"),
        (errno.EROFS, errors.StorageError, "for writing"),
        (errno.EIO, errors.StorageError, "Check the disk"),
        (errno.EACCES, errors.StorageError, "the right to"),
    ],
    ids=errno.errorcode.get,
)
def test_each_refusal_of_the_system_says_what_to_do(number, family, advice):
    with pytest.raises(family, match=f"Storing 'a' failed: .*{advice}"), os_errors("Storing 'a'"):
        raise OSError(number, os.strerror(number))


SMALL_DISK = """
import os, subprocess, sys
from pathlib import Path
from tenuto import errors
from tenuto.storage.local import LocalStorage
disk, source = Path(sys.argv[1]), Path(sys.argv[2])
store = LocalStorage(disk)
store.put("kept", b"x" * 1000)
def attempt(call):
    try:
        call()
    except errors.ServiceError as error:
        print(error.code, sorted(item.key for item in store.list()), os.listdir(store.spool_dir()))
attempt(lambda: store.put("large", bytes(2_000_000)))
attempt(lambda: store.adopt(source, "large"))
print(source.exists())
store.put("again", b"x")
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
attempt(lambda: store.put("late", b"x"))
attempt(lambda: store.delete("kept"))
print(store.open("kept").read(1))
"""


def test_a_full_or_read_only_disk_refuses_and_stays_usable(tmp_path):
    """On a real disk of one megabyte, in a namespace of its own that nobody else sees and that ends with it."""
    private = ["unshare", "--mount", "--map-root-user", "sh", "-ec"]
    mount = 'mount -t tmpfs -o size=1m none "$0"'
    disk = tmp_path / "disk"
    disk.mkdir()
    able = shutil.which("unshare") and subprocess.run([*private, mount, disk], check=False, capture_output=True)
    need(able and not able.returncode, "unshare and the right to mount in a namespace of one's own")
    source = tmp_path / "source"
    source.write_bytes(bytes(2_000_000))
    script = f'{mount}; exec "$1" -c "$2" "$0" "$3"'
    told = subprocess.run(
        [*private, script, disk, sys.executable, SMALL_DISK, source], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == [
        "storage_full ['kept'] []",
        "storage_full ['kept'] []",
        "True",
        "storage_unavailable ['again', 'kept'] []",
        "storage_unavailable ['again', 'kept'] []",
        "b'x'",
    ]


FRUGAL = """
import sys
from pathlib import Path
from tenuto.storage.local import LocalStorage
def peak_kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
store = LocalStorage(Path(sys.argv[1]))
near, far = store.spool_dir() / "near", Path(sys.argv[2])
for path in (near, far):
    with path.open("wb") as file:
        for _ in range(100):
            file.write(bytes(1 << 20))
before = peak_kb()
store.adopt(near, "near")
store.adopt(far, "far")
assert sum(map(len, store.read_range("far", 0, 1 << 30))) == 100 << 20
print(peak_kb() - before)
"""


def test_a_large_file_takes_little_memory(tmp_path, elsewhere):
    need(Path("/proc/self/status").exists(), "/proc")
    command = [sys.executable, "-c", FRUGAL, tmp_path / "store", elsewhere / "far"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(told.stdout) < 16 * 1024
