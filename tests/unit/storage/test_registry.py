"""From a storage URL to the store."""

import sys

import pytest

from tenuto import errors
from tenuto.storage.local import LocalStorage
from tenuto.storage.registry import open_storage
from tenuto.storage.s3_settings import S3Settings


@pytest.mark.parametrize("url", ["", "file:"])
def test_the_default_is_a_folder_in_the_data_folder(tmp_path, url):
    store = open_storage(url, tmp_path)
    assert isinstance(store, LocalStorage)
    assert store.root == tmp_path / "files"


def test_a_folder_can_lie_anywhere(tmp_path):
    store = open_storage(f"file://{tmp_path}/a%20b", tmp_path / "data")
    assert store.root == tmp_path / "a b"
    assert open_storage(store.url, tmp_path).root == store.root
    assert not (tmp_path / "data").exists()


def test_a_bucket_is_opened_without_asking_it(tmp_path, aws_environment):
    pytest.importorskip("boto3")
    store = open_storage("s3://bucket/some/prefix/", tmp_path, S3Settings(endpoint_url="http://127.0.0.1:9"))
    assert store.url == "s3://bucket/some/prefix"
    assert store.free_bytes() is None
    assert store.spool_dir() == tmp_path / "spool"
    assert open_storage("s3://bucket", tmp_path).url == "s3://bucket"


@pytest.mark.parametrize(
    "url",
    [
        "file:relative",
        "file://host/path",
        "file:///a/../b",
        "file:///a%00b",
        "file:///a?b",
        "file:///a#b",
        "/just/a/path",
        "http://bucket/prefix",
        "s3:",
        "s3://",
        "s3:///prefix",
        "s3://bucket/../prefix",
        "s3://bucket/a//b",
        "s3://bucket/a b",
        "s3://bucket?region=x",
        "s3://[bucket",
        "memory:",
    ],
)
def test_what_names_no_store_is_refused_with_the_forms(tmp_path, url):
    with pytest.raises(errors.SettingsError):
        open_storage(url, tmp_path)
    assert not list(tmp_path.iterdir())


def test_credentials_in_the_url_are_refused_and_not_repeated(tmp_path):
    with pytest.raises(errors.SettingsError) as raised:
        open_storage("s3://key:hunter2@bucket/prefix", tmp_path)
    assert "hunter2" not in raised.value.message


@pytest.mark.parametrize("endpoint", ["", "localhost:9000", "ftp://host", "http://"])
def test_an_endpoint_is_a_web_address(tmp_path, endpoint):
    with pytest.raises(errors.SettingsError, match="endpoint"):
        open_storage("s3://bucket", tmp_path, S3Settings(endpoint_url=endpoint))


def test_without_boto3_it_is_said_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("tenuto.storage.s3")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.split(".")[0] == "boto3"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(errors.SettingsError, match=r"pip install 'tenuto\[s3\]'"):
        open_storage("s3://bucket", tmp_path)
