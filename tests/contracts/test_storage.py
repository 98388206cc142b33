"""What every store promises, held against each of them."""

import io
import time

import pytest

from tenuto import errors
from tenuto.storage.fake import FakeStorage
from tenuto.storage.local import LocalStorage

BAD_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a/..",
    "a\\..\\b",
    "C:a",
    "a\0b",
    "a\nb",
    "a\n",
    "A/b",
    "ä",
    "a b",
    "\uff0e\uff0e/a",
    "a/%2e%2e/b",
    "a/b/c/d/e",
    "a" * 129,
    "a\ud800",
    "a+b",
]


@pytest.fixture(params=["local", "fake", pytest.param("s3", marks=pytest.mark.s3)])
def store(request, tmp_path):
    if request.param == "local":
        return LocalStorage(tmp_path / "store")
    if request.param == "fake":
        return FakeStorage(tmp_path / "spool")
    settings, bucket = request.getfixturevalue("s3_settings"), request.getfixturevalue("bucket")
    from tenuto.storage.s3 import S3Storage

    return S3Storage(bucket, "some/prefix", tmp_path / "spool", settings)


def spooled(store, data=b"sound", name="upload"):
    path = store.spool_dir() / name
    path.write_bytes(data)
    return path


def content(store, key):
    with store.open(key) as file:
        return file.read()


def test_an_adopted_file_is_stored_and_gone_from_where_it_was(store):
    source = spooled(store)
    store.adopt(source, "files/1/original")
    assert content(store, "files/1/original") == b"sound"
    assert not source.exists()
    assert not list(store.spool_dir().iterdir())


def test_a_small_object_is_stored(store):
    store.put("a", b"")
    store.put("b/c.json", b"{}")
    assert content(store, "a") == b""
    assert content(store, "b/c.json") == b"{}"


def test_what_was_there_is_replaced(store):
    store.put("a/b", b"old and long")
    store.put("a/b", b"new")
    assert content(store, "a/b") == b"new"
    store.adopt(spooled(store, b"newer"), "a/b")
    assert content(store, "a/b") == b"newer"
    assert [item.key for item in store.list()] == ["a/b"]


def test_an_absent_source_is_not_found(store, tmp_path):
    with pytest.raises(errors.NotFound):
        store.adopt(tmp_path / "nothing", "a")
    assert not store.exists("a")


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_only_a_regular_file_is_adopted(store, tmp_path, kind):
    target, source = tmp_path / "target", tmp_path / "source"
    target.write_bytes(b"secret")
    source.symlink_to(target) if kind == "link" else source.mkdir()
    with pytest.raises(errors.NotFound):
        store.adopt(source, "a")
    assert not store.exists("a")
    assert target.read_bytes() == b"secret"


def test_what_is_no_key_is_refused_everywhere(store, tmp_path):
    source = spooled(store)
    calls = [
        lambda key: store.put(key, b""),
        lambda key: store.adopt(source, key),
        lambda key: store.fetch(key, tmp_path / "work"),
        store.open,
        lambda key: list(store.read_range(key, 0, 1)),
        store.stat,
        store.exists,
        store.delete,
    ]
    for key in BAD_KEYS:
        for call in calls:
            with pytest.raises(errors.ValidationError):
                call(key)
    assert source.exists()


@pytest.mark.parametrize("key", ["a", "a.b-c_d", "..a", "a/b/c/d", "0" * 128, ".hidden/..."])
def test_every_key_of_the_alphabet_is_taken(store, key):
    store.put(key, b"x")
    assert [item.key for item in store.list()] == [key]
    store.delete(key)
    assert not store.exists(key)


def test_a_missing_object_is_not_found(store, tmp_path):
    for call in (
        lambda: store.open("a/b"),
        lambda: store.stat("a/b"),
        lambda: store.fetch("a/b", tmp_path / "work"),
        lambda: list(store.read_range("a/b", 0, 1)),
        lambda: list(store.read_range("a/b", 0, 0)),
    ):
        with pytest.raises(errors.NotFound, match="'a/b'"):
            call()
    assert not store.exists("a/b")


def test_a_folder_of_keys_is_no_object(store):
    store.put("a/b", b"x")
    assert not store.exists("a")
    with pytest.raises(errors.NotFound):
        store.open("a")
    with pytest.raises(errors.NotFound):
        store.stat("a/b/c")


def test_deleting_twice_is_fine(store):
    store.put("a/b", b"x")
    store.delete("a/b")
    store.delete("a/b")
    assert not store.exists("a/b")
    assert not list(store.list())


def test_deleting_leaves_the_neighbours(store):
    for key in ("a/b", "a/c", "a/d/e"):
        store.put(key, b"x")
    store.delete("a/b")
    store.delete("a")
    assert sorted(item.key for item in store.list()) == ["a/c", "a/d/e"]


def test_stat_tells_size_and_time(store):
    before = time.time()
    store.put("a", b"12345")
    found = store.stat("a")
    assert (found.key, found.size_bytes) == ("a", 5)
    # S3 tells whole seconds, and a file system's clock may lag behind by a tick.
    assert before - 2 <= found.modified_at <= time.time() + 2


def test_fetched_objects_are_local_files_that_are_not_written(store, tmp_path):
    store.put("a/b.wav", b"sound")
    path = store.fetch("a/b.wav", tmp_path / "new" / "work")
    assert path.read_bytes() == b"sound"
    assert path.parent == tmp_path / "new" / "work"
    assert not path.stat().st_mode & 0o222


def test_fetched_objects_never_collide(store, tmp_path):
    store.put("a/b", b"1")
    store.put("c/b", b"2")
    store.put("a-b", b"3")
    paths = [store.fetch(key, tmp_path) for key in ("a/b", "c/b", "a-b", "a/b")]
    assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3", b"1"]


def test_fetching_again_brings_what_is_there_now(store, tmp_path):
    store.put("a", b"old")
    path = store.fetch("a", tmp_path / "work")
    store.put("a", b"new")
    assert path.read_bytes() == b"old"
    assert store.fetch("a", tmp_path / "work").read_bytes() == b"new"
    assert len(list((tmp_path / "work").iterdir())) == 1


def test_a_fetched_file_outlives_its_object(store, tmp_path):
    store.put("a", b"sound")
    path = store.fetch("a", tmp_path / "work")
    store.delete("a")
    assert path.read_bytes() == b"sound"


def test_an_open_object_can_be_sought(store):
    store.put("a", bytes(range(256)))
    with store.open("a") as file:
        assert file.read(2) == b"\x00\x01"
        file.seek(-2, io.SEEK_END)
        assert file.read() == b"\xfe\xff"
        assert file.seek(100) == 100
        assert file.read(1) == b"\x64"
        file.seek(1000)
        assert file.read() == b""


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 3, b"012"), (8, 2, b"89"), (8, 100, b"89"), (10, 1, b""), (99, 1, b""), (3, 0, b""), (0, 10, b"0123456789")],
)
def test_a_range_is_read(store, start, length, expected):
    store.put("a", b"0123456789")
    assert b"".join(store.read_range("a", start, length)) == expected


def test_a_range_of_an_empty_object_is_empty(store):
    store.put("a", b"")
    assert list(store.read_range("a", 0, 10)) == []


def test_a_range_before_the_start_is_refused(store):
    store.put("a", b"x")
    for start, length in ((-1, 1), (0, -1)):
        with pytest.raises(errors.ValidationError):
            list(store.read_range("a", start, length))


def test_a_range_comes_in_pieces_of_a_megabyte_at_most(store):
    data = bytes(range(256)) * 10_000
    store.put("a", data)
    pieces = list(store.read_range("a", 5, len(data)))
    assert b"".join(pieces) == data[5:]
    assert len(pieces) >= 3
    assert max(map(len, pieces)) <= 1 << 20


def test_a_range_can_be_left_halfway(store):
    store.put("a", bytes(3 << 20))
    pieces = store.read_range("a", 0, 3 << 20)
    next(pieces)
    pieces.close()
    assert content(store, "a") == bytes(3 << 20)


def test_a_list_tells_what_begins_with_a_prefix(store):
    for key in ("a", "ab/c", "ab/d/e", "b/ab"):
        store.put(key, b"12")

    def keys(prefix):
        return sorted(item.key for item in store.list(prefix))

    assert keys("") == ["a", "ab/c", "ab/d/e", "b/ab"]
    assert keys("a") == ["a", "ab/c", "ab/d/e"]
    assert keys("ab/") == ["ab/c", "ab/d/e"]
    assert keys("ab/d") == ["ab/d/e"]
    assert keys("ab/d/e") == ["ab/d/e"]
    assert keys("c") == []
    assert {item.size_bytes for item in store.list()} == {2}


@pytest.mark.parametrize("prefix", ["/", "/etc", "A", "a//", "ä", "a\0"])
def test_what_no_key_begins_with_is_refused(store, prefix):
    with pytest.raises(errors.ValidationError):
        list(store.list(prefix))


def test_a_check_leaves_nothing_behind(store):
    assert store.check().endswith(".")
    assert not list(store.list())


def test_room_left_is_a_number_or_unknown(store):
    free = store.free_bytes()
    assert free is None or free > 0


def test_a_store_has_a_url(store):
    assert ":" in store.url
