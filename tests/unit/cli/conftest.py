"""The commands, run in this process on a ledger that holds one finished job."""

import contextlib
import logging
import os
import shutil
from pathlib import Path

import pytest

from cli_environment import ENGINES, RECORDING, Command, Outcome, clean_environment, invoke
from furnished import furnish


@pytest.fixture(scope="session")
def finished_ledger(tmp_path_factory):
    """A data folder in which one transcription by the fake engine is done."""
    folder = tmp_path_factory.mktemp("ledger")
    run = Command(folder, TENUTO_DATA_DIR=folder)
    done = run("transcribe", RECORDING, "--engine", "fake", "--json")
    run.close()
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@contextlib.contextmanager
def commands_on(data_dir, where, monkeypatch):
    """Run commands in this process, on that data folder."""
    for name in list(os.environ):
        if name not in clean_environment():
            monkeypatch.delenv(name)
    monkeypatch.setenv("TENUTO_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TENUTO_ENGINES", ENGINES)
    monkeypatch.chdir(where)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments, answer=None):
        result = invoke(*arguments, answer=answer)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def cli(data_dir, tmp_path, monkeypatch):
    """Run a command; the ledger is empty unless `ledger` is asked for as well."""
    with commands_on(data_dir, tmp_path, monkeypatch) as run:
        yield run


@pytest.fixture(scope="session")
def furnished_ledger(finished_ledger, tmp_path_factory):
    """(data folder, names): a ledger that holds one of everything, and what each is called."""
    place = tmp_path_factory.mktemp("furnished")
    shutil.copytree(finished_ledger, place / "data")
    with pytest.MonkeyPatch.context() as patch, commands_on(place / "data", place, patch) as cli:
        return place / "data", furnish(cli, place, patch)


@pytest.fixture
def ledger(finished_ledger, data_dir):
    """Give the command a ledger with one finished job."""
    shutil.copytree(finished_ledger, data_dir)
    return data_dir


@pytest.fixture
def job_id(ledger, cli):
    return cli("jobs", "list", "--json").json["items"][0]["id"]


@pytest.fixture
def recording(tmp_path):
    return Path(shutil.copyfile(RECORDING, tmp_path / "talk.flac"))
