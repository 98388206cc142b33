"""Every setting is in `.env.example` and in the docs, as the code has it."""

import os
from pathlib import Path

import pytest

from cli_environment import clean_environment
from tenuto import settings
from tenuto.cli.config import env_example, masked_url, settings_page
from tenuto.settings import Settings

ROOT = Path(__file__).parents[3]
EXAMPLE, PAGE = ROOT / ".env.example", ROOT / "docs" / "settings.md"


def names_of(field):
    return [str(choice) for choice in Settings.model_fields[field].validation_alias.choices]


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_has_help_and_is_documented(field):
    assert Settings.model_fields[field].description
    for name in names_of(field):
        assert name in EXAMPLE.read_text()
        assert f"`{name}`" in PAGE.read_text()


def test_the_example_is_what_the_command_prints():
    assert EXAMPLE.read_text() == env_example(), "run `tenuto config example > .env.example`"


def test_the_page_is_what_the_command_prints():
    assert PAGE.read_text() == settings_page(), "run `tenuto config docs > docs/settings.md`"


def test_the_example_uncommented_changes_nothing(tmp_path, monkeypatch):
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    before = settings.load()
    lines = [line[1:] for line in EXAMPLE.read_text().splitlines() if line.startswith("#TENUTO")]
    given = [line for line in lines if not line.endswith("=")]
    Path(".env").write_text("\n".join(given))
    assert settings.load().model_dump(exclude={"data_dir"}) == before.model_dump(exclude={"data_dir"})
    assert settings.load().data_dir == Path.home() / ".local/share/tenuto"
    assert settings.origin("port") == ".env (TENUTO_PORT)"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://anna:se:cr@t@host/db", "postgresql://anna:********@host/db"),
        ("postgresql://anna:a/b@host/db", "postgresql://anna:********@host/db"),
        ("postgresql://host/db?user=anna&password=secret&x=1", "postgresql://host/db?user=anna&password=********&x=1"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("sqlite:////data/a:b@c.db", "sqlite:////data/a:b@c.db"),
    ],
)
def test_passwords_in_urls_are_masked(url, shown):
    assert masked_url(url) == shown


def test_secrets_are_never_shown(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_API_KEY", "planted-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:planted-secret@127.0.0.1/db")
    for arguments in (["config", "show"], ["config", "show", "--json"]):
        said = cli(*arguments).out
        assert "planted" not in said
        assert "********" in said


def test_where_a_value_came_from_is_told(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIO_RETENTION_HOURS", "48")
    monkeypatch.setenv("POSTGRES_HOST", "db.example")
    (tmp_path / ".env").write_text("TENUTO_PORT=9000\n")
    found = {row["name"]: row for row in cli("config", "show", "--json").json["items"]}
    assert found["TENUTO_RETENTION_HOURS"]["from"] == "AUDIO_RETENTION_HOURS"
    assert found["TENUTO_PORT"]["from"] == ".env (TENUTO_PORT)"
    assert found["TENUTO_DATABASE_URL"]["from"] == "POSTGRES_HOST and its siblings"
    assert found["TENUTO_HOST"] == {"name": "TENUTO_HOST", "value": "127.0.0.1", "from": "default"}
    assert "TENUTO_PORT" in cli("config", "check", "--json").json["set"]


def test_a_setting_nobody_can_use_fails_the_check_and_the_start(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_DEFAULT_ENGINE", "nosuch")
    for command in (["config", "check"], ["work", "--drain"], ["serve", "--no-worker", "--port", "0"]):
        done = cli(*command)
        assert (done.code, "TENUTO_DEFAULT_ENGINE names 'nosuch'" in done.err) == (3, True), command


def test_a_variable_nobody_reads_is_told(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_ENGIENS", "[]")
    done = cli("config", "check")
    assert (done.code, "Did you mean TENUTO_ENGINES?" in done.err) == (0, True)
