"""Warm child processes: one call at a time each, under limits, dead when their parent is.

A crash in native code, a hostile file or a cancelled job then costs one child and nothing else. `python -m
tenuto.children` is the child's side; `ChildPool` is ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import logging
import os
import queue
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, cast

from tenuto import errors

logger = logging.getLogger(__name__)

Payload = dict[str, Any]
Emit = Callable[[Payload], None]
Target = Callable[[Payload, Emit], Payload]

POLL_SECONDS = 0.2

# PR_SET_PDEATHSIG fires when the *thread* that forked ends, so every child is started by one thread that never does.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclass(frozen=True)
class Limits:
    """What a child may use; None is no limit."""

    memory_bytes: int | None = None  # address space
    file_bytes: int | None = None  # largest file it may write
    open_files: int | None = 256


class Child:
    """One warm process."""

    def __init__(self, limits: Limits) -> None:
        request_read, self._requests = os.pipe()
        self._replies, reply_write = os.pipe()
        command = [
            sys.executable,
            "-m",
            "tenuto.children",
            str(request_read),
            str(reply_write),
            json.dumps(asdict(limits)),
        ]
        try:
            self.process = _spawner.submit(
                subprocess.Popen,
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(request_read, reply_write),
                start_new_session=True,
            ).result()
        except OSError as error:
            os.close(self._requests)
            os.close(self._replies)
            raise errors.EngineCrashed(f"A process for this work could not be started: {error.strerror}.") from error
        finally:
            os.close(request_read)
            os.close(reply_write)
        self._buffer = b""
        self.used_at = time.monotonic()

    def call(
        self,
        target: str,
        payload: Payload,
        *,
        on_event: Emit = lambda _event: None,
        should_stop: Callable[[], bool] = lambda: False,
        timeout_seconds: float | None = None,
        cpu_seconds: int | None = None,
    ) -> Payload:
        """Run `target` ("module:function") in the child and return its result, or raise its error."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        request = {"target": target, "payload": payload, "cpu_seconds": cpu_seconds}
        try:
            _write(self._requests, _line(request))
            while True:
                reply = self._read_reply()
                if reply is not None:
                    if "event" in reply:
                        on_event(reply["event"])
                    else:
                        break
                if should_stop():
                    raise errors.Cancelled
                if deadline is not None and time.monotonic() > deadline:
                    raise errors.EngineTimeout(f"It took longer than {timeout_seconds:g} s.")
        except BrokenPipeError:
            raise self._crash() from None
        except BaseException:
            self.kill()
            raise
        self.used_at = time.monotonic()
        if "error" in reply:
            error = reply["error"]
            raise errors.from_code(error["code"], error["message"], **error["details"])
        return cast("Payload", reply["result"])

    def _read_reply(self) -> Payload | None:
        """One reply, or None when none came within the poll interval."""
        while b"\n" not in self._buffer:
            if not select.select([self._replies], [], [], POLL_SECONDS)[0]:
                return None
            piece = os.read(self._replies, 1 << 16)
            if not piece:
                raise self._crash()
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return cast("Payload", json.loads(line))

    def _crash(self) -> errors.EngineCrashed:
        self.kill()
        code = self.process.returncode
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return errors.EngineCrashed(f"The process that did this work died ({cause}).", signal=cause)

    def end(self) -> None:
        """End the child and all it started; a caller that waits for it hears of it and tidies up."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the child and let go of it."""
        self.end()
        self.process.wait()
        for descriptor in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._requests = self._replies = -1

    @property
    def alive(self) -> bool:
        """Whether it can take a call."""
        return self._requests >= 0 and self.process.poll() is None


class ChildPool:
    """Children that stay warm between calls; at most `size` of them work at once."""

    def __init__(self, size: int, limits: Limits, *, idle_seconds: float = 300.0) -> None:
        self.size, self.limits, self.idle_seconds = size, limits, idle_seconds
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[tuple[str, Child]] = []
        self._busy: set[Child] = set()
        self._closed = False

    def call(self, key: str, target: str, payload: Payload, **options: Any) -> Payload:
        """Run `target` in a child that is warm for `key` when there is one; `options` are those of `Child.call`."""
        should_stop = cast("Callable[[], bool]", options.get("should_stop", lambda: False))
        while not self._slots.acquire(timeout=POLL_SECONDS):
            if should_stop():
                raise errors.Cancelled
        try:
            child = self._take(key)
            try:
                return child.call(target, payload, **options)
            finally:
                self._give_back(key, child)
        finally:
            self._slots.release()

    def _take(self, key: str) -> Child:
        with self._lock:
            if self._closed:
                raise errors.EngineCrashed("The worker is shutting down.")
            self._drop_stale()
            for position, (its_key, child) in enumerate(self._idle):
                if its_key == key and child.alive:
                    del self._idle[position]
                    self._busy.add(child)
                    return child
            # No room for one more warm child: the one unused for longest makes way, with the memory it holds.
            if len(self._idle) + len(self._busy) >= self.size and self._idle:
                self._idle.pop(0)[1].kill()
            child = Child(self.limits)
            self._busy.add(child)
            return child

    def _give_back(self, key: str, child: Child) -> None:
        with self._lock:
            self._busy.discard(child)
            if child.alive and not self._closed:
                self._idle.append((key, child))
            elif child.alive:
                child.kill()

    def _drop_stale(self) -> None:
        horizon = time.monotonic() - self.idle_seconds
        for entry in [entry for entry in self._idle if entry[1].used_at < horizon or not entry[1].alive]:
            self._idle.remove(entry)
            if entry[1].alive:
                entry[1].kill()

    def drop_stale(self) -> None:
        """Let go of children that were idle for too long."""
        with self._lock:
            self._drop_stale()

    def drop_spares(self) -> None:
        """Let go of idle children that another idle one is warm beside, with the memory they hold."""
        with self._lock:
            kept: set[str] = set()
            for entry in self._idle[::-1]:  # the one used last stays
                if entry[0] in kept:
                    self._idle.remove(entry)
                    entry[1].kill()
                kept.add(entry[0])

    def close(self) -> None:
        """End every child."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            # Their callers still read from them: closing the pipes here would pull them from under a thread.
            for child in self._busy:
                child.end()
        for _, child in idle:
            child.kill()


def run_here(target: str, payload: Payload, emit: Emit) -> Payload:
    """Run `target` in this process: what the child does, and what a test may do."""
    module, _, name = target.partition(":")
    function = cast("Target", getattr(importlib.import_module(module), name))
    return function(payload, emit)


def _line(message: Mapping[str, object], default: Callable[[object], object] | None = None) -> bytes:
    return json.dumps(message, default=default).encode() + b"\n"


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _set_limits(limits: Limits) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        if value is not None:
            resource.setrlimit(kind, (value, value))


def _limit_cpu(seconds: int | None) -> None:
    """Allow `seconds` more of processor time than was used so far; None lifts the limit."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = resource.RLIM_INFINITY if seconds is None else int(usage.ru_utime + usage.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _listen(descriptor: int, requests: queue.SimpleQueue[Payload]) -> None:
    """Pass requests on; end the process as soon as the parent's side of the pipe is closed."""
    with os.fdopen(descriptor, "rb") as stream:
        for line in stream:
            requests.put(json.loads(line))
    os._exit(0)


def _answer(request: Payload, emit: Emit) -> bytes:
    try:
        _limit_cpu(request["cpu_seconds"])
        return _line({"result": run_here(request["target"], request["payload"], emit)})
    except Exception as problem:  # The edge of the process: whatever it was, the parent must hear of it.
        error = errors.as_ours(problem)
        if error is not problem:
            logger.exception("A call in a child process failed.", extra={"action": "child_call_failed"})
        told = {"code": error.code, "message": error.message, "details": error.details}
        return _line({"error": told}, default=str)


def main() -> None:
    """The child's side: answer calls until the parent goes away."""
    request_fd, reply_fd = int(sys.argv[1]), int(sys.argv[2])
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a parent killed outright takes us along.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Several children work side by side: threads of numpy that wait for each other cost ten times the time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _set_limits(Limits(**json.loads(sys.argv[3])))
    requests: queue.SimpleQueue[Payload] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(request_fd, requests), daemon=True).start()
    while True:
        request = requests.get()
        _write(reply_fd, _answer(request, lambda event: _write(reply_fd, _line({"event": event}))))


if __name__ == "__main__":
    main()
