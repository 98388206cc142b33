"""What only a store in a bucket does: parts, pages, neighbours, and a service that fails."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tenuto import errors
from unit.storage.answers import answering, error

pytest.importorskip("boto3")
from tenuto.storage.s3 import S3Storage

LARGE = 33 << 20


@pytest.fixture
def store(s3_settings, bucket, tmp_path):
    return S3Storage(bucket, "home", tmp_path / "spool", s3_settings)


def at(answers, tmp_path):
    return S3Storage("bucket", "", tmp_path / "spool", answers.settings)


def sparse_file(path):
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


@pytest.mark.s3
def test_a_large_file_is_stored_in_parts(store, s3_client, bucket, tmp_path):
    source = sparse_file(store.spool_dir() / "large")
    store.adopt(source, "a/large")
    assert s3_client.head_object(Bucket=bucket, Key="home/a/large")["ETag"].endswith('-3"')
    assert store.fetch("a/large", tmp_path / "work").stat().st_size == LARGE
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["a+large"]
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket)


@pytest.mark.s3
def test_all_pages_of_a_list_are_read(store, s3_client, bucket):
    with ThreadPoolExecutor(4) as pool:
        for number in range(1003):
            pool.submit(s3_client.put_object, Bucket=bucket, Key=f"home/many/{number}", Body=b"")
    assert len({item.key for item in store.list("many/")}) == 1003


@pytest.mark.s3
def test_neighbours_in_the_bucket_are_left_alone(store, s3_client, s3_settings, bucket, tmp_path):
    for key in ("homework/a", "a", "home/NOT ours"):
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert not list(store.list())
    assert not store.exists("a")
    beside = S3Storage(bucket, "homework", tmp_path, s3_settings)
    assert [item.key for item in beside.list()] == ["a"]


@pytest.mark.s3
def test_a_missing_bucket_is_no_missing_object(s3_settings, tmp_path):
    store = S3Storage("nobody-made-this", "", tmp_path, s3_settings)
    (tmp_path / "file").write_bytes(b"x")
    for call in (
        store.check,
        lambda: store.exists("a"),
        lambda: store.stat("a"),
        lambda: store.open("a"),
        lambda: store.put("a", b"x"),
        lambda: store.adopt(tmp_path / "file", "a"),
        lambda: store.fetch("a", tmp_path),
        lambda: list(store.list()),
    ):
        with pytest.raises(errors.StorageError, match="no bucket 'nobody-made-this'") as raised:
            call()
        assert raised.value.details["retryable"] is False
    assert (tmp_path / "file").exists()


@pytest.mark.s3
def test_an_object_replaced_while_it_is_read_is_no_mixture(store):
    store.put("a", bytes(6 << 20))
    with store.open("a") as file:
        file.read(1)
        store.put("a", b"\1" * (6 << 20))
        with pytest.raises(errors.StorageError):
            file.read()


@pytest.mark.s3
def test_an_open_object_is_read_at_any_place(store):
    data = bytes(range(256)) * 40_000
    store.put("a", data)
    with store.open("a") as file:
        for position in (9_000_000, 5, 4 << 20, len(data) - 3):
            assert file.seek(position) == position
            assert file.read(7) == data[position : position + 7]
        assert file.seek(-1, io.SEEK_END) == len(data) - 1
        assert file.read() == data[-1:]
        with pytest.raises(ValueError):
            file.seek(-1)


@pytest.mark.s3
def test_one_store_serves_many_threads(store):
    def work(number):
        store.put(f"t/{number}", str(number).encode())
        return b"".join(store.read_range(f"t/{number}", 0, 99))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(20))) == [str(number).encode() for number in range(20)]


@pytest.mark.parametrize(
    ("answer", "family", "retryable"),
    [
        (error(403, "AccessDenied"), errors.StorageError, False),
        (error(403, "SignatureDoesNotMatch"), errors.StorageError, False),
        (error(401, "Unauthorized"), errors.StorageError, False),
        (error(404, "NoSuchBucket"), errors.StorageError, False),
        (error(400, "InvalidRequest"), errors.StorageError, False),
        (error(301, "PermanentRedirect"), errors.StorageError, False),
        (error(500, "InternalError"), errors.StorageError, True),
        (error(503, "SlowDown"), errors.StorageError, True),
        (error(429, "TooManyRequests"), errors.StorageError, True),
        (error(507, "XMinioStorageFull"), errors.StorageFull, True),
        (error(403, "QuotaExceeded"), errors.StorageFull, True),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_each_refusal_of_the_service_has_its_error(aws_environment, tmp_path, answer, family, retryable):
    (tmp_path / "file").write_bytes(b"x")
    with answering(lambda _method, _path: answer) as answers:
        store = at(answers, tmp_path)
        for call in (
            lambda: store.put("a", b"x"),
            lambda: list(store.list()),
            lambda: store.adopt(tmp_path / "file", "a"),
            lambda: store.delete("a"),
        ):
            with pytest.raises(family) as raised:
                call()
            assert raised.value.details.get("retryable", raised.value.retryable) is retryable
            assert "bucket" in raised.value.message
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize("status", [403, 500])
def test_an_object_that_cannot_be_asked_for_is_not_absent(aws_environment, tmp_path, status):
    with answering(lambda _method, _path: (status, {}, b"")) as answers:
        store = at(answers, tmp_path)
        for call in (store.exists, store.stat, store.open, lambda key: store.fetch(key, tmp_path / "work")):
            with pytest.raises(errors.StorageError):
                call("a")


def test_a_passing_failure_is_tried_again(aws_environment, tmp_path):
    later = iter([error(503, "SlowDown"), (200, {}, b"")])
    with answering(lambda _method, _path: next(later), attempts=2) as answers:
        at(answers, tmp_path).put("a", b"x")
    assert answers.methods() == ["PUT", "PUT"]


def test_trying_again_has_an_end(aws_environment, tmp_path):
    with answering(lambda _method, _path: error(503, "SlowDown"), attempts=2) as answers:
        with pytest.raises(errors.StorageError):
            at(answers, tmp_path).put("a", b"x")
        assert len(answers.asked) == 2


def test_silence_is_an_error_in_time(aws_environment, tmp_path):
    def wait(_method, _path):
        return None, {}, b""

    told = pytest.raises(errors.StorageError, match="did not answer")
    with answering(wait, read_seconds=0.2) as answers, told:
        at(answers, tmp_path).put("a", b"x")


def test_nobody_at_the_address_is_an_error(aws_environment, tmp_path):
    with answering(lambda _method, _path: (200, {}, b"")) as answers:
        settings = answers.settings
    with pytest.raises(errors.StorageError, match="did not answer"):
        S3Storage("bucket", "", tmp_path, settings).put("a", b"x")


def broken_off(method, _path):
    """Promise a hundred bytes, give ten."""
    headers = {"Content-Length": "100", "ETag": '"e"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    return 200, headers, b"" if method == "HEAD" else b"0123456789"


def test_a_download_that_breaks_off_leaves_nothing(aws_environment, tmp_path):
    with answering(broken_off) as answers:
        store = at(answers, tmp_path)
        with pytest.raises(errors.StorageError):
            store.fetch("a", tmp_path / "work")
        assert not list((tmp_path / "work").iterdir())


def test_a_range_that_breaks_off_is_an_error(aws_environment, tmp_path):
    with answering(broken_off) as answers, pytest.raises(errors.StorageError):
        list(at(answers, tmp_path).read_range("a", 0, 100))


def test_a_failed_upload_in_parts_is_called_off(aws_environment, tmp_path):
    gate = threading.Lock()
    parts = []

    def answer(method, path):
        if method == "POST":
            body = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
            return 200, {}, body.encode()
        if method == "DELETE":
            return 204, {}, b""
        with gate:
            parts.append(path)
            return (200, {"ETag": '"e"'}, b"") if len(parts) == 1 else error(500, "InternalError")

    source = sparse_file(tmp_path / "large")
    with answering(answer) as answers:
        with pytest.raises(errors.StorageError):
            at(answers, tmp_path).adopt(source, "a")
        assert answers.asked[-1][0] == "DELETE"
        assert "uploadId=u1" in answers.asked[-1][1]
    assert source.exists()


def test_missing_credentials_are_named(aws_environment, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with answering(lambda _method, _path: (200, {}, b"")) as answers:
        settings = replace(answers.settings, access_key=None, secret_key=None)
        with pytest.raises(errors.StorageError, match="access key") as raised:
            S3Storage("bucket", "", tmp_path, settings).put("a", b"x")
    assert raised.value.details["retryable"] is False


def test_a_folder_that_cannot_be_made_is_told(aws_environment, tmp_path):
    (tmp_path / "file").write_text("")
    with answering(broken_off) as answers, pytest.raises(errors.StorageError, match="Fetching 'a' into"):
        at(answers, tmp_path).fetch("a", tmp_path / "file")


def test_the_secret_is_in_no_representation(aws_environment, tmp_path):
    with answering(lambda _method, _path: (200, {}, b"")) as answers:
        assert "secret'" not in repr(answers.settings)
