"""What tests of the command line share: the shipped recording, an environment of its own, and the real command."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from typer.testing import CliRunner

import tenuto
from tenuto.cli.app import app, command
from warm_start import WarmProcess

RECORDING = Path(tenuto.__file__).parent / "demo" / "conversation.flac"
OURS = ("TENUTO_", "POSTGRES_", "DATABASE_", "AWS_", "OPENAI_", "REDIS_", "LOG_", "AUDIO_", "TEMP_AUDIO_", "CLEANUP_")
ENGINES = '["pocketsphinx","fake"]'


def clean_environment(**settings):
    """This process's environment without settings, and with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, **{name: str(value) for name, value in settings.items()}}


@dataclass
class Outcome:
    """How a command went."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def invoke(*arguments, answer=None):
    """Run a command in this process. The runner would make the whole command tree anew each time; people's is made once."""
    with mock.patch("typer.testing._get_command", return_value=command):
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=answer)


class Command:
    """`tenuto` as a process, on a data folder of its own."""

    def __init__(self, folder, **settings):
        self.folder = Path(folder)
        quick = {"TENUTO_POLL_SECONDS": "0.1", "TENUTO_BEAT_SECONDS": "0.5", "TENUTO_DEADLINE_SECONDS": "5"}
        own = {"TENUTO_DATA_DIR": self.folder / "data", "TENUTO_ENGINES": ENGINES, "TENUTO_RECONCILE_SECONDS": "1"}
        self.environment = clean_environment(**{**quick, **own, **settings})
        self.running = []

    def __call__(self, *arguments, **settings):
        """Run a command to its end."""
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=240)
        return Outcome(process.returncode, out, err)

    def start(self, *arguments, **settings):
        """Start a command and leave it running."""
        process = WarmProcess(
            ["-m", "tenuto", *arguments],
            env={**self.environment, **{name: str(value) for name, value in settings.items()}},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.running.append(process)
        return process

    def close(self):
        """End what is still running."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()


def read_until(stream, word):
    """The lines up to the one that holds `word`."""
    lines = []
    for line in stream:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(f"{word!r} never came:\n{''.join(lines)}")
