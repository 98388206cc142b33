"""A house on a ledger of its own, and real worker processes on it."""

import atexit
import contextlib
import functools
import os
import shutil
import signal
import tempfile
import time
import wave
from array import array
from pathlib import Path

from databases import need_postgres, postgres_database
from tenuto import bootstrap, settings
from warm_start import WarmProcess

TESTS = Path(__file__).parent
OWNER = 1


@contextlib.contextmanager
def database_url(kind, folder):
    """The URL of a fresh database, copied from a prepared one; what is on PostgreSQL is dropped afterwards."""
    if kind == "sqlite":
        path = Path(folder) / "tenuto.db"
        shutil.copyfile(_prepared_file(), path)
        yield f"sqlite:///{path}"
        return
    need_postgres()
    with postgres_database(_prepared()) as url:
        yield url


@functools.cache
def _prepared():
    """The PostgreSQL database that others are copied from: two hundred statements of migrations, run once a process."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    url = stack.enter_context(postgres_database())
    bootstrap.prepare_database(settings.load(_env_file=None, database_url=url))
    return url.rpartition("/")[2]


@functools.cache
def _prepared_file():
    """The SQLite database that others are copied from."""
    folder = tempfile.TemporaryDirectory(prefix="tenuto-prepared-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "tenuto.db"
    bootstrap.prepare_database(settings.load(_env_file=None, database_url=f"sqlite:///{path}"))
    assert not path.with_name("tenuto.db-wal").exists(), "a copy would lack what is not in the file yet"
    return path


class Ledger:
    """Settings, a house in this process, and workers in others."""

    def __init__(self, folder, url, **environment):
        self.folder = folder
        self.environment = {
            "TENUTO_DATA_DIR": str(folder),
            "TENUTO_DATABASE_URL": url,
            "TENUTO_ENGINES": '["pocketsphinx", "fake"]',
            "TENUTO_POLL_SECONDS": "0.1",
            "TENUTO_BEAT_SECONDS": "0.5",
            "TENUTO_DEADLINE_SECONDS": "4",
            "TENUTO_RECONCILE_SECONDS": "2",
            "TENUTO_CLEANUP_INTERVAL_MINUTES": "0",
            "TENUTO_TEST_RAN": str(folder / "ran.txt"),
            **environment,
        }
        self.settings = self._load()
        bootstrap.prepare_database(self.settings)
        self.house = bootstrap.build(self.settings)
        self.workers = []

    def _load(self):
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            return settings.load()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def start_worker(self, *arguments, program=TESTS / "faulty_worker.py", **environment):
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            process = WarmProcess(
                [program, *arguments],
                env={**os.environ, **self.environment, **environment},
                stdout=log,
                stderr=log,
            )
        self.workers.append(process)
        return process

    def logs(self):
        return "\n".join(path.read_text(errors="replace")[-4000:] for path in sorted(self.folder.glob("worker-*.log")))

    def job(self, uid):
        return self.house.processing.get(OWNER, uid)

    def wait(self, condition, seconds=60, what="the condition"):
        """Poll until the condition holds; the deadline only bounds a failure."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come true in {seconds} s\n{self.logs()}")

    def wait_for(self, uid, *statuses, seconds=60):
        self.wait(
            lambda: self.job(uid).status in statuses,
            seconds,
            f"job {uid} to be {statuses}, it is {self.job(uid).status}:",
        )
        return self.job(uid)

    def close(self):
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.house.close()


@contextlib.contextmanager
def ledger(kind, folder, **environment):
    with database_url(kind, folder) as url:
        made = Ledger(folder, url, **environment)
        try:
            yield made
        finally:
            made.close()


def make_recording(path, seconds, rate=16_000):
    """A recording with a beep each second, so that there is sound and silence to cut at."""
    beep = array("h", (12_000 if (index // 20) % 2 else -12_000 for index in range(rate // 2)))
    second = beep.tobytes() + bytes(rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for _ in range(seconds):
            file.writeframesraw(second)
    return path
