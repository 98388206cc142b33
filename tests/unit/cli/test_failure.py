"""Errors become words and exit codes."""

import json

import pytest
import typer
from typer.testing import CliRunner

from databases import engine_on
from tenuto import errors
from tenuto.cli.failure import GuardedGroup, exit_code, tell, wants_json

REFUSED = (
    "rejected_file",
    "too_large",
    "unsupported_media",
    "broken_media",
    "limit_exceeded",
    "invalid",
    "bad_settings",
    "not_found",
    "model_not_found",
    "forbidden_address",
    "budget_exceeded",
)


@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_every_error_has_an_exit_code(code):
    assert exit_code(errors.BY_CODE[code]()) == (3 if code in REFUSED else 1)


def run(problem, *arguments):
    app = typer.Typer(cls=GuardedGroup, rich_markup_mode=None)

    @app.callback()
    def root():
        pass

    @app.command()
    def work():
        raise problem

    return CliRunner().invoke(app, ["work", *arguments])


def test_an_error_is_one_line_on_standard_error():
    done = run(errors.DatabaseError("The database did not answer.", cause="timeout"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "tenuto: The database did not answer. (timeout)\n"


def test_a_file_that_cannot_be_written_is_named():
    done = run(PermissionError(13, "Permission denied", "/root/talk.srt"))
    assert (done.exit_code, done.stderr) == (1, "tenuto: /root/talk.srt: Permission denied\n")


def test_ctrl_c_ends_with_130():
    assert run(KeyboardInterrupt()).exit_code == 130


def test_what_an_error_is_about_is_said_once(capsys):
    tell(errors.NotFound("a.wav cannot be read."), about="a.wav")
    tell(errors.BrokenMedia("It is damaged."), about="a.wav")
    assert capsys.readouterr().err == "tenuto: a.wav cannot be read.\ntenuto: a.wav: It is damaged.\n"


def test_errors_are_json_where_json_is_wanted(capsys):
    token = wants_json.set(True)
    try:
        tell(errors.TooLarge("It is too large."), about="a.wav")
    finally:
        wants_json.reset(token)
    told = json.loads(capsys.readouterr().err)
    assert told == {"error": {"code": "too_large", "message": "It is too large.", "about": "a.wav"}}


def test_the_wish_for_json_ends_with_its_command(cli):
    assert json.loads(cli("jobs", "show", "nothing", "--json").err)["error"]["code"] == "not_found"
    assert cli("jobs", "show", "nothing").err.startswith("tenuto: ")
    assert wants_json.get() is False


def test_a_traceback_comes_only_with_debug(cli):
    assert "Traceback" not in cli("jobs", "show", "nothing").err
    assert "Traceback" in cli("--debug", "jobs", "show", "nothing").err


def test_a_setting_that_cannot_be_used_is_named(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_PORT", "many")
    done = cli("jobs", "list")
    assert done.code == 3
    assert "TENUTO_PORT" in done.err


def test_a_schema_of_another_version_says_what_to_run(cli):
    assert cli("db", "init").code == 0
    assert cli("db", "downgrade", "--yes", "--to", "base").code == 0
    assert "tenuto db init" in cli("db", "check").out


def test_a_schema_of_a_newer_version_is_left_alone(cli, data_dir):
    assert cli("db", "init").code == 0
    with engine_on(f"sqlite:///{data_dir / 'tenuto.db'}") as engine, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for command in (["db", "migrate"], ["db", "downgrade", "--yes"], ["work", "--drain"]):
        done = cli(*command)
        assert (done.code, "which a newer tenuto made" in done.err) == (1, True), done.err
        assert "goes from" not in done.err


def test_a_schema_nobody_knows_is_refused(cli):
    assert cli("db", "init").code == 0
    done = cli("db", "downgrade", "--yes", "--to", "9999")
    assert (done.code, "cannot be taken back to '9999'" in done.err) == (3, True)
