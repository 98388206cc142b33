"""Programs that start at once: each is forked from a process that has imported tenuto and done nothing else.

What runs is the same program with the same arguments, environment and files, in a process of its own that dies by kill -9 like
any other. Only the seconds of importing are missing: the tests that are about these start a fresh interpreter.
"""

import functools
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver, reduction
from pathlib import Path

import tenuto

TENUTO = Path(tenuto.__file__).parent
# Engines stay out, as their libraries bring threads and a worker loads them in its children; and the worker's own module, by which
# a command knows that it had a worker.
PRELOAD = [
    *(
        ".".join(path.relative_to(TENUTO.parent).with_suffix("").parts)
        for path in sorted(TENUTO.rglob("*.py"))
        if not {"engines", "migrations", "worker", "__main__.py", "__init__.py"} & set(path.parts)
    ),
    *("dbos._sys_db_sqlite", "dbos._sys_db_postgres", "rich.progress", "typer.rich_utils"),
    "warm_up",
]


@functools.cache
def _context():
    """The process that forks, one per process of pytest; it must have no thread, so numpy may not start any."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    before = dict(os.environ)
    try:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # where `warm_up` is
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return context


class _Handed:
    """A file descriptor on its way to the other process."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def __reduce__(self):
        return _take, (reduction.DupFd(self.descriptor),)


def _take(sent):
    return sent.detach()


class WarmProcess:
    """What of `subprocess.Popen` the tests use. `arguments` are those of the interpreter: a file, or -m or -c and what follows."""

    def __init__(self, arguments, *, env, cwd=None, stdin=subprocess.DEVNULL, stdout, stderr):
        self.stdin, given = _input(stdin)
        self.stdout, out = _ends(stdout)
        self.stderr, err = _ends(stderr)
        files = [_Handed(given), _Handed(out), _Handed(err)]
        where = str(Path.cwd() if cwd is None else cwd)
        self._process = _context().Process(
            target=_become, args=([str(argument) for argument in arguments], dict(env), where, files), daemon=True
        )
        self._process.start()
        os.close(given)
        for wanted, own in ((stdout, out), (stderr, err)):
            if wanted == subprocess.PIPE:
                os.close(own)

    @property
    def pid(self):
        return self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("a program", timeout)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout=None):
        """Read both pipes to their ends; what they said."""
        if self.stdin is not None:
            self.stdin.close()
        with ThreadPoolExecutor(2) as pool:
            said = [pool.submit(_read_all, stream) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            return tuple(one.result() for one in said)


def _ends(file):
    """(the end to read here, the end the program writes to)"""
    if file != subprocess.PIPE:
        return None, file.fileno()
    reader, writer = os.pipe()
    return os.fdopen(reader), writer


def _input(kind):
    """(the end to write to here, the end the program reads from)"""
    if kind != subprocess.PIPE:
        return None, os.open(os.devnull, os.O_RDONLY)
    reader, writer = os.pipe()
    return os.fdopen(writer, "w"), reader


def _read_all(stream):
    if stream is None or stream.closed:
        return ""
    with stream:
        return stream.read()


def _become(arguments, env, where, files):
    """Be the program, in the new process."""
    threads = list(Path(f"/proc/{os.getppid()}/task").iterdir())
    assert len(threads) == 1, "a process with threads cannot be forked in earnest"
    os.setsid()
    for number, descriptor in enumerate(files):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(where)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _run(arguments)
    except Exception:  # noqa: BLE001 - what the interpreter does with it
        sys.excepthook(*sys.exc_info())
        sys.exit(1)


def _run(arguments):
    kind, *rest = arguments
    sys.argv = rest if kind in ("-m", "-c") else arguments
    if kind == "-m":
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        exec(rest[0], {"__name__": "__main__"})  # noqa: S102 - what -c does
    else:
        runpy.run_path(kind, run_name="__main__")
