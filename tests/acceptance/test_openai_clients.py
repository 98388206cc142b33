"""OpenAI's own client, unmodified, the current one and the last 1.x, against a real server with a real worker."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ledgers import make_recording
from needs import need
from server import running_server

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "tests" / "openai_scenario.py"
OLDER = Path(os.environ.get("TENUTO_TEST_OPENAI1", Path(sys.prefix) / "openai1"))
CHECKS = re.findall(r"^def (check_\w+)", SCENARIO.read_text(), re.MULTILINE)
ENGINES = '["pocketsphinx", "fake", "fake-voice"]'
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("openai-clients")]


@pytest.fixture(scope="module", params=["current", "1.x"])
def results(request, tmp_path_factory):
    """What became of each check under one version of the client."""
    folder = tmp_path_factory.mktemp("openai")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    if request.param == "1.x":
        need((OLDER / "openai").is_dir(), f"the 1.x client in {OLDER}, which `make test` installs")
        environment["PYTHONPATH"] = str(OLDER)
    recording = make_recording(folder / "a.wav", 4)
    with running_server(folder, TENUTO_ENGINES=ENGINES, TENUTO_CONCURRENCY="4") as server:
        command = [sys.executable, str(SCENARIO), server.url, str(recording)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["version"].startswith("1.") == (request.param == "1.x")
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_is_served(results, check):
    assert results[check] == "ok", results[check]
