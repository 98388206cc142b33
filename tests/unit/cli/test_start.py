"""What happens before a command runs: little, and fast."""

import subprocess
import sys

import pytest

import tenuto

HEAVY = {"sqlalchemy", "dbos", "pydantic", "pydantic_settings", "fastapi", "av", "numpy", "httpx", "rich", "alembic"}
PROGRAM = """
import sys
sys.argv = ["tenuto", {argument!r}]
from tenuto.cli.main import main
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
print("|".join(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def modules_after(argument):
    program = PROGRAM.format(argument=argument)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout, set(done.stdout.splitlines()[-1].split("|"))


def test_help_imports_nothing_heavy():
    said, modules = modules_after("--help")
    assert "transcribe" in said
    assert not modules & HEAVY


def test_the_version_needs_not_even_typer():
    said, modules = modules_after("--version")
    assert said.startswith(f"tenuto {tenuto.__version__}\n")
    assert not modules & (HEAVY | {"typer"})


@pytest.mark.parametrize("arguments", [["--version"], ["-V"], ["--debug", "--version"]])
def test_the_version_is_told(cli, arguments):
    assert cli(*arguments).out == f"tenuto {tenuto.__version__}\n"


def test_without_a_command_the_commands_are_listed(cli):
    done = cli()
    assert done.code == 2
    assert "transcribe" in done.out + done.err


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "tenuto", "nonsense"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "No such command 'nonsense'" in done.stderr


def test_what_nobody_foresaw_is_told_without_a_traceback():
    program = "import sys; from tenuto.cli import main, app\ndef broken(**_): raise KeyError('gone')\n"
    program += "app.command = broken; sys.argv = ['tenuto', 'jobs']; main.main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "an error in tenuto itself" in done.stderr
    assert "Traceback" not in done.stderr
