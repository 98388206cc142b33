import importlib.util
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from model_hub import REVISION, ModelHub, serving
from needs import need
from tenuto import errors
from tenuto.engines import registry, whisper_fetch
from tenuto.engines.config import EngineConfig
from tenuto.engines.whisper_fetch import MARKER, fetch_model, hub_answers
from tenuto.engines.whisper_models import locate
from tiny_whisper import make_model

pytestmark = pytest.mark.whisper
NAME = "acme/tiny"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    need(importlib.util.find_spec("faster_whisper"), "the extra `whisper` is not installed")
    return make_model(tmp_path_factory.mktemp("hub"), ["one", "two"])


@pytest.fixture
def hub(model, monkeypatch, tmp_path):
    # What the client remembers belongs to this test alone.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with serving(ModelHub(NAME, model)) as hub:
        yield hub


@pytest.fixture
def config(tmp_path, hub):
    return EngineConfig(tmp_path / "models", whisper_model=NAME, hub_url=hub.url, allow_fetch=True, device="cpu")


def test_a_model_arrives_whole_with_progress(config, hub):
    told = []
    report = registry.fetch("whisper", config, lambda here, total: told.append((here, total)))
    home = locate(NAME, config)
    assert report.ready, report.detail
    assert {path.name for path in home.iterdir()} == {*hub.files, MARKER}
    assert json.loads((home / MARKER).read_text()) == {"name": NAME, "revision": REVISION}
    total = sum(map(len, hub.files.values()))
    assert (told[0], told[-1]) == ((0, total), (total, total))
    assert [path.name for path in home.parent.iterdir() if path.is_dir()] == [home.name]


def test_only_what_the_engine_reads_is_downloaded(config, hub):
    hub.files["pytorch_model.bin"] = b"never"
    hub.hashes["pytorch_model.bin"] = "0" * 64
    assert not (fetch_model(NAME, config, lambda *_: None) / "pytorch_model.bin").exists()


def test_a_model_that_is_here_is_not_fetched_again(config):
    home = fetch_model(NAME, config, lambda *_: None)
    assert fetch_model(NAME, replace(config, hub_url="http://127.0.0.1:9"), lambda *_: None) == home


def test_a_damaged_file_is_noticed_and_fetched_anew(config, hub):
    hub.damaged.add("model.bin")
    with pytest.raises(errors.ServiceError, match=r"model\.bin"):
        fetch_model(NAME, config, lambda *_: None)
    assert locate(NAME, config) is None
    hub.damaged.clear()
    assert (fetch_model(NAME, config, lambda *_: None) / "model.bin").read_bytes() == hub.files["model.bin"]


def test_a_connection_that_breaks_goes_on_where_it_stopped(config, hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)
    hub.cut.add("model.bin")
    assert (fetch_model(NAME, config, lambda *_: None) / "model.bin").read_bytes() == hub.files["model.bin"]
    ((name, wanted),) = hub.ranges
    assert (name, wanted != "bytes=0-") == ("model.bin", True)


def test_a_repository_without_a_model_is_refused(config, hub):
    del hub.files["model.bin"]
    with pytest.raises(errors.EngineError, match=r"has no model\.bin"):
        fetch_model(NAME, config, lambda *_: None)


def test_an_unknown_repository_is_refused(config):
    with pytest.raises(errors.ValidationError, match="no model acme/other"):
        fetch_model("acme/other", config, lambda *_: None)


def test_stopping_a_download_leaves_nothing_that_looks_like_a_model(config):
    def stop(here, _total):
        if here:
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        fetch_model(NAME, config, stop)
    assert locate(NAME, config) is None
    assert fetch_model(NAME, config, lambda *_: None)


def test_a_hub_that_is_away_is_told_at_once_and_may_be_tried_again(config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = replace(config, hub_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(errors.ServiceError, match="does not answer") as caught:
            fetch_model(NAME, away, lambda *_: None)
    assert caught.value.retryable


def test_whether_the_hub_answers_is_remembered(config, hub, monkeypatch):
    assert hub_answers(config)
    monkeypatch.setattr(whisper_fetch, "_answers", lambda _url: pytest.fail("asked again"))
    assert hub_answers(config)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert not hub_answers(config)


@contextmanager
def dripping():
    """A hub that sends a byte now and then, and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        over = threading.Event()

        def drip():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                while not over.wait(0.1):
                    connection.sendall(b"H")

        threads.submit(drip)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()


def test_a_hub_that_drips_does_not_answer(config, monkeypatch):
    monkeypatch.setattr(whisper_fetch, "REACH_SECONDS", 0.5)  # Each byte comes within it, the answer never.
    with dripping() as url:
        assert not hub_answers(replace(config, hub_url=url))


def test_an_old_answer_is_given_at_once_and_asked_for_anew(config, monkeypatch):
    asked, may_answer = threading.Event(), threading.Event()

    def answers(_url):
        asked.set()
        return not may_answer.wait(60)

    assert hub_answers(config)
    monkeypatch.setattr(whisper_fetch, "REMEMBER_SECONDS", -1.0)
    monkeypatch.setattr(whisper_fetch, "_answers", answers)
    assert hub_answers(config)
    assert asked.wait(60)
    may_answer.set()
    whisper_fetch._asking[config.hub_url].join(60)
    assert not hub_answers(config)


def test_a_disk_that_cannot_be_written_is_named(config, tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(errors.ServiceError, match="acme/tiny"):
        fetch_model(NAME, config, lambda *_: None)
