"""Settings: names, aliases, where a value comes from, and what is said about a bad one."""

import pytest

from tenuto import bootstrap, errors, settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch, tmp_path):
    import os

    for name in list(os.environ):
        if name.startswith(
            ("TENUTO_", "POSTGRES_", "DATABASE_", "AWS_", "OPENAI_", "LOG_", "AUDIO_", "TEMP_", "CLEANUP_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("DATABASE_URL", "postgresql://h/d", "database_url", "postgresql://h/d"),
        ("REDIS_URL", "redis://h", "redis_url", "redis://h"),
        ("OPENAI_MODEL", "whisper-1", "openai_model", "whisper-1"),
        ("AUDIO_STORAGE_PATH", "/srv/audio", "actual_storage_url", "file:///srv/audio"),
        ("AUDIO_RETENTION_HOURS", "48", "retention_hours", 48.0),
        ("CLEANUP_INTERVAL_MINUTES", "15", "cleanup_interval_minutes", 15.0),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("LOG_LEVEL", "info", "log_level", "INFO"),
        ("LOG_LEVEL", "Warn", "log_level", "WARNING"),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("LOG_FORMAT", "JSON", "log_format", "json"),
        ("DATABASE_SSL", "require", "database_ssl", "require"),
        ("DATABASE_DEBUG", "true", "database_debug", True),
    ],
)
def test_the_older_systems_names_work(monkeypatch, variable, value, field, expected):
    monkeypatch.setenv(variable, value)
    assert getattr(settings.load(), field) == expected


def test_the_secret_of_an_older_name_is_read_and_never_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    found = settings.load()
    assert found.openai_api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(found)


def test_tenutos_own_name_wins_over_an_alias(monkeypatch):
    monkeypatch.setenv("TENUTO_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    assert settings.load().log_level == "ERROR"
    assert settings.origin("log_level") == "TENUTO_LOG_LEVEL"


def test_postgres_parts_make_a_url(monkeypatch):
    for name, value in {"USER": "me", "PASSWORD": "p@ss/word", "HOST": "db", "PORT": "6432", "DB": "songs"}.items():
        monkeypatch.setenv(f"POSTGRES_{name}", value)
    assert settings.load().database_url == "postgresql://me:p%40ss%2Fword@db:6432/songs"


def test_a_dotenv_file_is_read_and_named_as_the_origin(tmp_path):
    (tmp_path / ".env").write_text("TENUTO_PORT=9000\nLOG_FORMAT=json\n")
    found = settings.load()
    assert (found.port, found.log_format) == (9000, "json")
    assert settings.origin("port") == ".env (TENUTO_PORT)"
    assert settings.origin("log_format") == ".env (LOG_FORMAT)"
    assert settings.origin("host") == "default"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TENUTO_PORT", "many"),
        ("TENUTO_PORT", "70000"),
        ("TENUTO_LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("AUDIO_RETENTION_HOURS", "long"),
        ("TENUTO_DATA_DIR", "~nobody-of-that-name/tenuto"),
        ("TENUTO_ENGINES", "not json"),
        ("TENUTO_MAX_UPLOAD_MB", "0"),
        ("TENUTO_ENGINE_CONCURRENCY", '{"whisper": "many"}'),
    ],
)
def test_a_bad_value_is_refused_with_the_name_of_its_variable(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(errors.SettingsError, match=variable):
        settings.load()


def test_a_bad_value_in_a_dotenv_file_is_named_with_the_file(tmp_path):
    (tmp_path / ".env").write_text("LOG_FORMAT=xml\n")
    with pytest.raises(errors.SettingsError, match=r"\.env \(LOG_FORMAT\) cannot be used"):
        settings.load()


def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TENUTO_DATA_DIR", "TENUTO_WORK_DIR", "TENUTO_STORAGE_URL"):
        monkeypatch.setenv(name, "~/kept")
    found = settings.load()
    assert (found.data_dir, found.work_dir) == (tmp_path / "kept", tmp_path / "kept")
    assert found.actual_storage_url == f"file://{tmp_path}/kept"


def test_a_deadline_shorter_than_two_beats_is_refused(monkeypatch):
    monkeypatch.setenv("TENUTO_DEADLINE_SECONDS", "6")
    with pytest.raises(errors.SettingsError, match="TENUTO_DEADLINE_SECONDS"):
        settings.load()


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("TENUTO_WORK_DIR", "")
    monkeypatch.setenv("TENUTO_PORT", "")
    found = settings.load()
    assert found.port == 8000
    assert found.actual_work_dir == found.data_dir / "work"


def test_jobs_work_in_a_folder_of_their_own_below_a_shared_one(monkeypatch, tmp_path):
    monkeypatch.setenv("TEMP_AUDIO_DIR", str(tmp_path))
    assert settings.load().actual_work_dir == tmp_path / "tenuto-work"


@pytest.mark.parametrize(("rate", "seconds"), [("50/min", 1.2), ("5/s", 0.2), ("500/h", 7.2), ("1/day", 86400.0)])
def test_a_rate_of_calls_is_an_interval(monkeypatch, rate, seconds):
    monkeypatch.setenv("TENUTO_ENGINE_RATE", f'{{"openai": "{rate}"}}')
    assert bootstrap.call_intervals(settings.load()) == {"openai": pytest.approx(seconds)}


@pytest.mark.parametrize("rate", ["50", "0/s", "fast", "5/week", "-1/s"])
def test_a_rate_that_makes_no_sense_is_named(monkeypatch, rate):
    monkeypatch.setenv("TENUTO_ENGINE_RATE", f'{{"openai": "{rate}"}}')
    with pytest.raises(errors.SettingsError, match="TENUTO_ENGINE_RATE"):
        settings.load()


def test_a_rate_for_an_engine_nobody_has_is_named(monkeypatch):
    monkeypatch.setenv("TENUTO_ENGINE_RATE", '{"opnai": "5/s"}')
    with pytest.raises(errors.SettingsError, match="opnai"):
        bootstrap.call_intervals(settings.load())
