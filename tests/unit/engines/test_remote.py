"""What paid engines share: receipts that survive, quotes without keys, silence that is not sent."""

import errno
import json
import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings import SAMPLE_RATE, write_wave
from tenuto import errors
from tenuto.engines import openai, registry, remote, yandex
from tenuto.engines.config import SECRETS, EngineConfig
from tenuto.engines.remote import length_if_heard, quoted, read_receipt, retry_after_seconds, write_receipt
from tenuto.media.waves import LONGEST_SHARE

KEY = "sk-planted-0123456789"


def test_a_receipt_is_read_as_it_was_written_and_for_no_other_eyes(tmp_path):
    path = tmp_path / "receipts" / "job" / "0-1.json"
    assert read_receipt(path) is None
    write_receipt(path, {"answer": {"text": "Grüße"}})
    assert read_receipt(path) == {"answer": {"text": "Grüße"}}
    assert path.stat().st_mode & 0o077 == 0
    assert [found.name for found in path.parent.iterdir()] == ["0-1.json"]


class Paid:
    """An engine that counts its calls."""

    def __init__(self):
        self.calls = 0

    def submit(self, _audio, _options, *, key):
        self.calls += 1
        return {"answer": key}


@pytest.fixture
def paid(monkeypatch):
    engine = Paid()
    monkeypatch.setattr(remote, "_engine", lambda _payload: engine)
    return engine


def test_an_answer_whose_receipt_cannot_be_written_is_handed_on_all_the_same(paid, tmp_path, monkeypatch):
    def full(_path, _receipt):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(remote, "write_receipt", full)
    payload = {"receipt_path": str(tmp_path / "job" / "0-1.json"), "audio": "a.wav", "key": "k"}
    assert remote.submit(payload, lambda _event: None) == {"answer": "k"}
    assert paid.calls == 1


def test_nobody_is_paid_where_no_receipt_can_be_written(paid, tmp_path):
    (tmp_path / "job").write_bytes(b"not a folder")
    payload = {"receipt_path": str(tmp_path / "job" / "0-1.json"), "audio": "a.wav", "key": "k"}
    with pytest.raises(errors.StorageError) as caught:
        remote.submit(payload, lambda _event: None)
    assert caught.value.details["unpaid"]
    assert paid.calls == 0


def _write_for_ever(path):
    for number in range(10**6):
        write_receipt(path, {"number": number, "text": "x" * 50_000})


def test_a_writer_killed_at_any_moment_leaves_a_whole_receipt_or_none(tmp_path):
    path = tmp_path / "receipts" / "job" / "0-1.json"
    for milliseconds in (1, 5, 20, 50):
        writer = multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(path,))
        writer.start()
        writer.join(milliseconds / 1000)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        found = read_receipt(path)
        assert found is None or len(found["text"]) == 50_000


@given(st.text(max_size=2000))
def test_a_quote_is_one_short_line_without_the_key(text):
    said = quoted(f"{text}{KEY}{text}", KEY)
    assert KEY not in said
    assert len(said) <= 300
    assert said.isprintable()


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0.5", 0.5), ("-3", 0), ("soon", None), ("", None), ("inf", None)]
)
def test_how_long_to_wait_is_read_from_the_header(value, seconds):
    assert retry_after_seconds({"retry-after": value}) == seconds


def test_a_date_to_wait_for_is_read_too():
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 85 <= retry_after_seconds({"retry-after": then}) <= 90


@pytest.mark.parametrize(
    ("samples", "is_heard"),
    [
        (np.zeros(SAMPLE_RATE), False),
        (np.full(SAMPLE_RATE, 5), False),
        ([], False),
        (np.full(SAMPLE_RATE // 50, 9000), False),
        (np.full(SAMPLE_RATE, -300), True),
    ],
)
def test_only_sound_worth_paying_for_is_sent(samples, is_heard, tmp_path):
    write_wave(tmp_path / "a.wav", samples)
    assert length_if_heard(tmp_path / "a.wav") == (len(samples) * 1000 // SAMPLE_RATE, is_heard)


def test_keys_stand_neither_in_what_children_of_other_engines_get_nor_in_what_is_shown(tmp_path):
    config = EngineConfig(tmp_path, **dict.fromkeys(SECRETS, KEY))
    assert KEY not in repr(config)
    assert KEY not in json.dumps(config.to_json())
    assert EngineConfig.from_json(config.to_json(secrets=True)) == config


@pytest.mark.parametrize("name", ["openai", "yandex"])
def test_a_paid_engine_is_asked_for_by_name_only_and_needs_a_key(name, tmp_path):
    config = EngineConfig(tmp_path)
    assert registry.traits(name).paid
    assert registry.traits(name).remote
    assert registry.choose("auto", config).name in ("pocketsphinx", "whisper")
    assert f"TENUTO_{name.upper()}_API_KEY" in registry.report(name, config).detail
    with pytest.raises(errors.EngineMissing, match="not set up"):
        registry.require_set_up(name, config)
    with pytest.raises(errors.EngineMissing, match="not set up"):
        registry.require_set_up("auto", EngineConfig(tmp_path, default_engine=name))
    registry.require_set_up("auto", config)


@pytest.mark.parametrize("name", ["openai", "yandex"])
@pytest.mark.parametrize("key", ["sk-a\nb", "sk-ключ", "sk a", "sk-\x00"])
def test_a_key_no_header_can_carry_is_refused_without_being_repeated(name, key, tmp_path):
    with pytest.raises(errors.RemoteDenied) as caught:
        registry.transcriber(name, EngineConfig(tmp_path, openai_api_key=key, yandex_api_key=key))
    assert key not in caught.value.message


@pytest.mark.parametrize(("name", "most"), [("openai", openai.MAX_BYTES), ("yandex", yandex.MAX_BYTES)])
def test_the_longest_block_fits_into_one_call(name, most):
    longest = registry.traits(name).block_seconds * LONGEST_SHARE
    assert longest * SAMPLE_RATE * 2 + 1000 < most
