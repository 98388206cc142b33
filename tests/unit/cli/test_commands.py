"""Every command at least once, as text and as JSON, on a ledger with one finished job."""

import json
import os
import shutil

import pytest

from furnished import set_up
from tenuto import bootstrap, settings
from tenuto.cli.app import command
from tenuto.cli.local import LocalBackend
from tenuto.cli.prepare import open_house
from tenuto.db import migrate

# Those that stay or take long are run as processes in the acceptance tests.
ELSEWHERE = {
    *("transcribe", "say", "compose", "loudness", "transcripts realign", "separate", "align", "karaoke"),
    *("narrate", "presentations render", "presentations video"),
    *("serve", "work", "demo", "db copy", "engines fetch"),
}
RUN = {
    "export": ["JOB"],
    "jobs list": [],
    "jobs show": ["JOB"],
    "jobs watch": ["JOB"],
    "jobs log": ["JOB"],
    "jobs cancel": ["JOB"],
    "jobs start": ["JOB"],
    "jobs retry": ["JOB"],
    "jobs delete": ["JOB"],
    "files list": [],
    "files show": ["FILE"],
    "files delete": ["FILE"],
    "transcripts list": [],
    "transcripts show": ["TRANSCRIPT"],
    "transcripts edit": ["TRANSCRIPT", "0", "quite another text"],
    "transcripts split": ["TRANSCRIPT", "0", "--word", "1"],
    "transcripts merge": ["TRANSCRIPT", "0"],
    "transcripts delete-segment": ["TRANSCRIPT", "0"],
    "transcripts assign": ["TRANSCRIPT", "S7", "0"],
    "transcripts rename-speaker": ["TRANSCRIPT", "S1", "Ada"],
    "transcripts merge-speakers": ["TRANSCRIPT", "S8", "S1"],
    "transcripts split-speaker": ["TRANSCRIPT", "S8", "0"],
    "transcripts history": ["TRANSCRIPT"],
    "transcripts undo": ["TRANSCRIPT"],
    "transcripts redo": ["TRANSCRIPT"],
    "transcripts speakers": ["TRANSCRIPT"],
    "known-voices list": [],
    "known-voices remember": ["TRANSCRIPT", "S2", "Ada"],
    "known-voices rename": ["VOICE", "Bob"],
    "known-voices delete": ["VOICE"],
    "voices add": ["TALK", "--name", "Cyd", "--consent", "Cyd said so."],
    "voices list": [],
    "voices show": ["SAMPLE"],
    "voices sample": ["SAMPLE"],
    "voices delete": ["SAMPLE"],
    "lexicon add": ["More", "--rule", "teh=the"],
    "lexicon list": [],
    "lexicon show": ["LEXICON"],
    "lexicon edit": ["LEXICON", "--rule", "teh=the"],
    "lexicon import": ["LEXICON", "TABLE"],
    "lexicon export": ["LEXICON"],
    "lexicon try": ["LEXICON", "ab"],
    "lexicon delete": ["LEXICON"],
    "songs add": ["TALK", "--title", "Talking", "--artist", "Them"],
    "songs import": ["FOLDER"],
    "songs list": [],
    "songs show": ["SONG"],
    "songs search": ["tone"],
    "songs edit": ["SONG", "--title", "Another tone"],
    "songs delete": ["SONG", "--yes"],
    "songs lyrics set": ["SONG", "LYRICS"],
    "songs lyrics show": ["SONG"],
    "songs lyrics offset": ["SONG", "250"],
    "songs lyrics export": ["SONG"],
    "presentations list": [],
    "presentations show": ["DECK"],
    "presentations edit": ["DECK", "2", "--notes", "Something else.", "--skip"],
    "presentations order": ["DECK", "3", "1", "2"],
    "presentations delete": ["DECK", "--yes"],
    "generations list": ["click"],
    "generations show": ["GENERATION"],
    "generations delete": ["GENERATION"],
    "prompts list": ["--order", "used"],
    "prompts delete": ["PROMPT"],
    "usage": ["--by", "job"],
    "budget set": ["20"],
    "budget list": [],
    "budget delete": ["BUDGET"],
    "webhooks add": ["http://127.0.0.1:8123/other"],
    "webhooks list": [],
    "webhooks show": ["WEBHOOK"],
    "webhooks edit": ["WEBHOOK", "--event", "job.failed"],
    "webhooks rotate": ["WEBHOOK"],
    "webhooks test": ["WEBHOOK"],
    "webhooks deliveries": ["WEBHOOK"],
    "webhooks retry": ["WEBHOOK", "DELIVERY"],
    "webhooks delete": ["WEBHOOK"],
    "engines list": [],
    "engines check": [],
    "db init": [],
    "db migrate": [],
    "db downgrade": ["--yes", "--to", "base"],
    "db reset": ["--yes"],
    "db stats": [],
    "db check": [],
    "storage stats": [],
    "storage verify": [],
    "cleanup": ["--dry-run"],
    "config show": [],
    "config check": [],
    "config example": [],
    "config docs": [],
    "doctor": [],
}
REFUSED_BY_A_FINISHED_JOB = {"jobs cancel", "jobs start", "jobs retry"}


def commands(group=command, before=()):
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from commands(found, (*before, name))
        else:
            yield " ".join((*before, name)), found


def test_every_command_is_run():
    assert {name for name, _ in commands()} == set(RUN) | ELSEWHERE


@pytest.mark.parametrize(("name", "found"), list(commands()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_json_and_help(name, found):
    assert "--json" in [option for parameter in found.params for option in parameter.opts]
    assert found.help


@pytest.fixture
def arguments(cli, furnished_ledger, data_dir, monkeypatch):
    folder, names = furnished_ledger
    shutil.copytree(folder, data_dir)
    set_up(folder.parent, monkeypatch)
    return lambda name: [*name.split(), *(names.get(word, word) for word in RUN[name])]


@pytest.mark.parametrize("name", RUN)
def test_every_command_answers_in_words(cli, arguments, name):
    done = cli(*arguments(name))
    assert done.code == (1 if name in REFUSED_BY_A_FINISHED_JOB else 0), done.err
    assert (done.out + done.err).strip()
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", RUN)
def test_every_command_answers_in_json(cli, arguments, name):
    done = cli(*arguments(name), "--json")
    if name in REFUSED_BY_A_FINISHED_JOB:
        assert json.loads(done.err)["error"]["code"] == "invalid_transition"
    else:
        assert done.code == 0, done.err
        assert isinstance(done.json, dict)


def test_first_use_makes_the_database(cli, data_dir):
    done = cli("jobs", "list")
    assert done.code == 0
    assert "There are no jobs" in done.err
    assert (data_dir / "tenuto.db").exists()


def test_lists_are_paged_by_cursor(cli, ledger, recording):
    backend = LocalBackend(open_house())
    added = [backend.add_file(recording).id for _ in range(2)]
    backend.close()
    first = cli("files", "list", "--limit", "2", "--json").json
    assert [file["id"] for file in first["items"]] == added[::-1]
    rest = cli("files", "list", "--limit", "2", "--cursor", first["next_cursor"], "--json").json
    assert [file["name"] for file in rest["items"]] == ["conversation.flac"]
    assert rest["next_cursor"] is None
    assert f"--cursor {first['next_cursor']}" in cli("files", "list", "--limit", "2").err


def test_a_cursor_of_somebody_else_is_refused(cli, ledger):
    done = cli("jobs", "list", "--cursor", "abc")
    assert done.code == 3
    assert "cursor" in done.err


@pytest.mark.parametrize("noun", ["jobs", "files", "transcripts"])
def test_what_is_not_there_is_refused(cli, ledger, noun):
    done = cli(noun, "show", "nothing")
    assert done.code == 3
    assert f"There is no {noun.rstrip('s')} 'nothing'." in done.err


def test_a_wrong_word_is_wrong_use(cli):
    assert cli("jobs", "frobnicate").code == 2
    assert cli("jobs", "list", "--limit", "0").code == 2


def test_a_status_nobody_knows_is_refused(cli, ledger):
    assert "queued" in cli("jobs", "list", "--status", "lost").err


def test_jobs_are_found_by_status(cli, job_id):
    assert cli("jobs", "list", "--status", "completed", "--json").json["items"][0]["id"] == job_id
    assert cli("jobs", "list", "--status", "failed", "--json").json["items"] == []


def test_an_export_goes_to_a_file_or_a_folder(cli, job_id, tmp_path):
    assert cli("export", job_id, "-f", "srt", "-o", tmp_path / "a.srt").code == 0
    assert cli("export", job_id, "-f", "srt", "-o", tmp_path).code == 0
    assert (tmp_path / "a.srt").read_bytes() == (tmp_path / "conversation.srt").read_bytes()
    assert cli("export", job_id, "-f", "srt").out.startswith("1\n00:00:")


def test_an_export_format_nobody_knows_is_refused(cli, job_id):
    done = cli("export", job_id, "--format", "pdf")
    assert done.code == 3
    assert "srt" in done.err


def test_reset_asks_first(cli, job_id):
    done = cli("db", "reset", answer="n\n")
    assert done.code == 1
    assert "Nothing was changed" in done.err
    assert cli("jobs", "show", job_id).code == 0
    assert cli("db", "reset", answer="y\n").code == 0
    assert cli("jobs", "show", job_id).code == 3


def test_damage_in_the_store_is_found(cli, ledger):
    stored = next(path for path in (ledger / "files").rglob("*") if path.is_file())
    stored.write_bytes(b"something else")
    done = cli("storage", "verify", "--json")
    assert done.code == 1
    assert len(done.json["damaged"]) == 1
    assert "damaged" in cli("storage", "verify").out
    stored.unlink()
    assert "missing" in cli("storage", "verify").out


def test_a_database_that_is_none_fails_the_doctor(cli, data_dir):
    data_dir.mkdir()
    (data_dir / "tenuto.db").write_text("this is no database at all, only words\n" * 99)
    done = cli("doctor", "--json")
    assert done.code == 1
    assert done.json["status"] == "failing"
    assert cli("db", "check").code == 1


def test_an_interrupted_first_start_is_finished_by_the_next(cli):
    database = bootstrap.open_database(settings.load())
    migrate.upgrade(database.engine)
    database.dispose()
    assert "queue's tables are missing" in cli("db", "check").out
    assert cli("jobs", "list").code == 0
    assert cli("db", "check").code == 0


def test_commands_about_this_machine_refuse_while_a_server_is_named(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_URL", "http://127.0.0.1:9")
    for arguments in (["db", "stats"], ["db", "reset", "--yes"], ["storage", "verify"], ["engines", "check"]):
        done = cli(*arguments)
        assert done.code == 3
        assert "unset TENUTO_URL" in done.err


def test_a_server_that_is_away_is_told(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_URL", "http://127.0.0.1:9")
    done = cli("jobs", "list")
    assert done.code == 1
    assert "http://127.0.0.1:9 cannot be reached" in done.err
    assert cli("doctor", "--json").json["status"] == "failing"


def test_an_address_that_is_none_is_refused(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_URL", "nonsense")
    assert cli("jobs", "list").code in (1, 3)


def test_an_engine_nobody_knows_is_refused(cli):
    done = cli("engines", "check", "ears")
    assert done.code == 3
    assert "pocketsphinx" in done.err


def test_an_engine_that_needs_nothing_has_nothing_to_fetch(cli):
    done = cli("engines", "fetch", "pocketsphinx")
    assert done.code == 3
    assert "nothing to fetch" in done.err


def test_engines_alone_lists_them(cli):
    assert "pocketsphinx" in cli("engines").out
    assert "items" in cli("engines", "--json").json


def test_a_kind_of_work_nobody_knows_is_refused(cli):
    done = cli("work", "--kinds", "transcribe,sing")
    assert done.code == 3
    assert "'sing'" in done.err


def test_refused_recordings_leave_nothing_behind(cli, recording, tmp_path):
    (tmp_path / "words.wav").write_text("these are words, not sound\n" * 50)
    done = cli("transcribe", tmp_path / "words.wav", tmp_path / "nothing.wav", "--json")
    assert done.code == 3
    assert done.json["jobs"] == []
    assert [item["code"] for item in done.json["refused"]] == ["unsupported_media", "not_found"]
    assert cli("transcribe", recording, "--engine", "ears").code == 3
    assert cli("files", "list", "--json").json["items"] == []


def test_folders_and_pipes_are_no_recordings(cli, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = cli("transcribe", tmp_path, tmp_path / "pipe")
    assert done.code == 3
    assert done.err.count("is not a file") == 2


@pytest.mark.parametrize("speakers", ["0", "21", "many", "3-2", "-1"])
def test_a_number_of_speakers_that_makes_no_sense_is_refused(cli, recording, speakers):
    done = cli("transcribe", recording, "--speakers", speakers)
    assert done.code == 3
    assert "bounds such as 2-4" in done.err


def test_a_format_is_refused_before_any_work(cli, recording):
    assert cli("transcribe", recording, "--format", "srt,pdf").code == 3
    assert cli("transcribe", recording, "--format", ",").code == 3
    assert cli("files", "list", "--json").json["items"] == []


def test_what_cannot_be_removed_keeps_no_other(cli, data_dir, recording):
    backend = LocalBackend(open_house())
    waiting, left = (backend.submit(backend.add_file(recording).id, {"engine": "fake"}) for _ in range(2))
    backend.close()
    assert cli("jobs", "cancel", left.id).code == 0
    told = cli("jobs", "delete", "nope", waiting.id, left.id, "--json")
    assert (told.code, told.json) == (1, {"deleted": [left.id]})
    assert "nope" in told.err
    assert waiting.id in told.err
    told = cli("files", "delete", "nope", left.file_id)
    assert told.code == 3
    assert "Deleted 1 file(s)." in told.err


def test_a_waiting_job_is_cancelled_and_retried(cli, data_dir, recording):
    backend = LocalBackend(open_house())
    job = backend.submit(backend.add_file(recording).id, {"engine": "fake"})
    backend.close()
    assert cli("files", "delete", job.file_id).code == 1
    assert cli("jobs", "delete", job.id).code == 1
    assert cli("jobs", "cancel", job.id).out == f"{job.id}  cancelled\n"
    assert cli("jobs", "watch", job.id).code == 1
    assert cli("jobs", "retry", job.id, "--json").json["items"][0]["status"] == "queued"
    assert "submitted" in cli("jobs", "log", job.id).out
