"""Watching jobs: what is told, and what Ctrl-C leaves."""

import json
from dataclasses import replace

import pytest
import typer

from tenuto import errors
from tenuto.cli.follow import BarReporter, JSONReporter, LineReporter, QuietReporter, follow, reporter_for
from tenuto.client import Job

QUEUED = Job("1", status="queued", file_name="talk.flac")
HALF = replace(QUEUED, status="processing", stage="transcribing", progress=50.0, eta_seconds=61.0)
AWAY = errors.ServiceError("It is away.")
DONE = replace(QUEUED, status="completed", progress=100.0)


class Script:
    """A backend whose job moves on at each look."""

    poll_seconds = patience_seconds = 0.0

    def __init__(self, *states):
        self.states, self.attended = list(states), 0

    def job(self, job_id):
        state = self.states.pop(0)
        if state is KeyboardInterrupt or isinstance(state, Exception):
            raise state
        return replace(state, id=job_id)

    def attend(self, _job_ids):
        self.attended += 1


def test_a_job_is_watched_until_it_ends():
    ended = []
    script = Script(QUEUED, HALF, DONE)
    assert follow(script, ["1"], QuietReporter(), on_end=ended.append) == [DONE]
    assert (ended, script.attended) == ([DONE], 2)


def test_nobody_is_called_to_work_for_a_job_that_is_done():
    script = Script(DONE)
    follow(script, ["1"], QuietReporter())
    assert script.attended == 0


def test_several_jobs_come_back_in_their_order():
    ended = follow(Script(QUEUED, DONE, DONE), ["1", "2"], QuietReporter())
    assert [job.id for job in ended] == ["1", "2"]


def test_a_server_that_is_away_meanwhile_is_waited_for(capsys):
    script = Script(HALF, AWAY, AWAY, DONE)
    script.patience_seconds = 60.0
    assert follow(script, ["1"], QuietReporter()) == [DONE]
    said = capsys.readouterr().err
    assert said.count("It is away.") == 1
    assert said.endswith("The server is back.\n")


@pytest.mark.parametrize("error", [AWAY, errors.SchemaMismatch("Another version.")])
def test_what_does_not_pass_is_told_with_how_to_go_on(error, capsys):
    script = Script(HALF, error)
    script.patience_seconds = 0.0 if error is AWAY else 60.0
    with pytest.raises(errors.ServiceError):
        follow(script, ["1"], QuietReporter())
    assert "tenuto jobs watch 1" in capsys.readouterr().err


def test_nobody_is_waited_for_for_ever():
    script = Script(HALF, AWAY, AWAY, AWAY)
    script.patience_seconds = 1e-9
    with pytest.raises(errors.ServiceError):
        follow(script, ["1"], QuietReporter())
    assert len(script.states) == 1


def test_ctrl_c_says_how_to_go_on(capsys):
    with pytest.raises(typer.Exit) as stop:
        follow(Script(DONE, QUEUED, KeyboardInterrupt), ["1", "2"], QuietReporter())
    assert stop.value.exit_code == 130
    said = capsys.readouterr().err
    assert "tenuto jobs watch 2" in said
    assert "watch 1" not in said


def test_a_pipe_gets_plain_lines_with_the_time_left(capsys):
    follow(Script(QUEUED, QUEUED, HALF, HALF, DONE), ["1"], LineReporter())
    assert capsys.readouterr().err.splitlines() == [
        "talk.flac: queued, 0 %",
        "talk.flac: processing (transcribing), 50 %, 1:01 left",
        "talk.flac: completed, 100 %",
    ]


def test_json_is_a_line_for_each_change(capsys):
    follow(Script(QUEUED, QUEUED, HALF, DONE), ["1"], JSONReporter())
    told = [json.loads(line)["status"] for line in capsys.readouterr().out.splitlines()]
    assert told == ["queued", "processing", "completed"]


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as a terminal would have it
    monkeypatch.setenv("TERM", "xterm-256color")
    reporter = BarReporter()
    follow(Script(replace(QUEUED, file_name="[red]talk.flac"), HALF, DONE), ["1"], reporter)
    reporter.pause()
    assert "[red]talk.flac" in capsys.readouterr().err


def test_names_cannot_steer_the_terminal(capsys):
    follow(Script(replace(DONE, file_name="a\x1b[2Jb\nc")), ["1"], LineReporter())
    assert capsys.readouterr().err == "a [2Jb c: completed, 100 %\n"


def test_the_way_to_tell_suits_where_it_leads():
    assert isinstance(reporter_for(as_json=False), LineReporter)
    assert type(reporter_for(as_json=True)) is QuietReporter
