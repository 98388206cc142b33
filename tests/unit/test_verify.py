"""Settings that something would stumble over later are refused at the start, all of them at once."""

import pytest

from tenuto import errors, settings, verify


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def found(tmp_path, **given):
    return settings.load(_env_file=None, data_dir=tmp_path / "data", **given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"database_url": "mysql://x/y"}, "TENUTO_DATABASE_URL names 'mysql'"),
        ({"database_read_url": "mysql://x/y"}, "TENUTO_DATABASE_READ_URL cannot be used"),
        ({"database_ssl": "bogus"}, "TENUTO_DATABASE_SSL is 'bogus'"),
        ({"storage_url": "ftp://x"}, "storage URL 'ftp://x'"),
        ({"engine_concurrency": {"nosuch": 1}}, "TENUTO_ENGINE_CONCURRENCY limits 'nosuch'"),
        ({"engine_rate": {"nosuch": "1/s"}}, "TENUTO_ENGINE_RATE limits 'nosuch'"),
        ({"engines": ["nosuch"]}, "TENUTO_ENGINES names 'nosuch'"),
        ({"default_engine": "nosuch"}, "TENUTO_DEFAULT_ENGINE names 'nosuch'"),
        ({"default_engine": "whisper", "engines": ["pocketsphinx"]}, "TENUTO_DEFAULT_ENGINE names 'whisper'"),
        ({"separator": "nosuch"}, "TENUTO_SEPARATOR names 'nosuch'"),
        ({"kind_lanes": ["nosuch"]}, "TENUTO_KIND_LANES names 'nosuch'"),
        ({"prices": {"nosuch": {"minute": 1}}}, "'nosuch'"),
        ({"webhook_allow": ["nowhere"]}, "TENUTO_WEBHOOK_ALLOW"),
        ({"import_allow": ["nowhere"]}, "TENUTO_IMPORT_ALLOW"),
        ({"host": "0.0.0.0"}, "TENUTO_API_KEY is not set"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path, given, told):
    with pytest.raises(errors.SettingsError) as caught:
        verify.verify(found(tmp_path, **given), serving=True)
    assert told in caught.value.message
    assert not (tmp_path / "data").exists()


def test_everything_that_is_wrong_is_named_at_once(tmp_path):
    with pytest.raises(errors.SettingsError) as caught:
        verify.verify(found(tmp_path, database_ssl="bogus", storage_url="ftp://x"))
    assert all(word in caught.value.message for word in ("TENUTO_DATABASE_SSL", "ftp://x"))


def test_the_defaults_can_be_used_and_open_nothing(tmp_path):
    verify.verify(found(tmp_path), serving=True)
    assert not (tmp_path / "data").exists()


def test_a_worker_may_run_where_a_server_would_need_a_key(tmp_path):
    verify.verify(found(tmp_path, host="0.0.0.0"))


def test_what_looks_like_a_setting_and_is_none_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv("TENUTO_REQUIRE_SERVICES", raising=False)
    monkeypatch.setenv("TENUTO_ENGINE", "whisper")
    (tmp_path / ".env").write_text("TENUTO_STORAGE=file:\nTENUTO_PORT=1\n")
    told = verify.warnings()
    assert [text.split(" ")[0] for text in told] == ["TENUTO_ENGINE", "TENUTO_STORAGE"]
    assert "Did you mean TENUTO_ENGINES?" in told[0]
