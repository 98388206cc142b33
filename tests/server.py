"""A real server process on a free port of this machine, with its own ledger and store."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from warm_start import WarmProcess

START_SECONDS = 60
# What `tenuto serve` and `tenuto work` do, without the command line between.
SERVE = "from tenuto import settings; from tenuto.api.server import serve; serve(settings.load(), worker_command={!r})"
WORK = (
    "import os; from tenuto import bootstrap, logs, settings; from tenuto.worker.main import work;"
    " found = settings.load(); logs.configure(found.log_level, found.log_format);"
    " work(bootstrap.build(found), parent_pid=os.getppid())"
)


@dataclass
class RunningServer:
    """Where it is and what it said."""

    process: WarmProcess
    url: str
    port: int
    log: Path
    client: httpx.Client

    def log_text(self):
        return self.log.read_text(errors="replace")

    def stop(self, number=signal.SIGTERM):
        """Ask it to leave; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextlib.contextmanager
def running_server(tmp_path, **env):
    """Run a server (workers included unless TENUTO_WORKERS=0) until the block ends; `env` holds settings."""
    tmp_path = Path(tmp_path)
    settings = {
        "TENUTO_DATA_DIR": str(tmp_path / "data"),
        "TENUTO_ENGINES": '["pocketsphinx","fake"]',
        "TENUTO_PORT": "0",
        "TENUTO_LOG_FORMAT": "json",
        "TENUTO_DRAIN_SECONDS": "5",
        "TENUTO_POLL_SECONDS": "0.1",
        **{name: str(value) for name, value in env.items()},
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TENUTO_", "DATABASE_"))}
    log = tmp_path / "server.log"
    command = ["-c", SERVE.format([sys.executable, "-c", WORK])]
    with log.open("wb") as sink:
        process = WarmProcess(command, env={**kept, **settings}, cwd=tmp_path, stdout=sink, stderr=sink)
    try:
        port = _await_port(process, log)
        key = settings.get("TENUTO_API_KEY", "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
            _await_ready(process, client, log)
            yield RunningServer(process, url, port, log, client)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_port(process, log):
    import json

    for _ in _moments(process, log):
        for line in log.read_text(errors="replace").splitlines():
            if '"action": "listening"' in line:
                return json.loads(line)["port"]
    raise AssertionError(f"the server did not listen:\n{log.read_text()}")


def _await_ready(process, client, log):
    for _ in _moments(process, log):
        if client.get("/health/ready").status_code == 200:
            return
    raise AssertionError(f"the server did not get ready:\n{log.read_text()}")


def _moments(process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended:\n{log.read_text()}"
        yield
        time.sleep(0.05)
