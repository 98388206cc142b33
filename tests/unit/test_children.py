"""Real child processes: warm, bounded, killed when they must be, and never left behind."""

import errno
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tenuto import children, errors
from tenuto.children import ChildPool, Limits, run_here

TESTS = Path(__file__).parents[1]
DEADLINE_SECONDS = 60
TARGET = "unit.child_targets:"
PARENT = """
from tenuto.children import ChildPool, Limits
pool = ChildPool(1, Limits())
pool.call("k", "unit.child_targets:hang", {}, on_event=lambda event: print(event["pid"], flush=True))
"""


@pytest.fixture(autouse=True)
def _targets_can_be_imported(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


@pytest.fixture
def make_pool():
    pools = []

    def make(size=1, idle_seconds=300.0, **limits):
        pools.append(ChildPool(size, Limits(**limits), idle_seconds=idle_seconds))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def pool(make_pool):
    return make_pool()


def pid_of(pool, key="k"):
    return pool.call(key, TARGET + "echo", {})["pid"]


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def wait_until_gone(handle):
    """Wait for the end of the process behind a pidfd."""
    assert select.select([handle], [], [], DEADLINE_SECONDS)[0], "the process lives on"
    os.close(handle)


class Background(threading.Thread):
    """A call in a thread; it keeps the error and tells when the child has begun."""

    def __init__(self, pool, target, **options):
        super().__init__(daemon=True)
        self.pool, self.target, self.options = pool, target, options
        self.begun, self.stop, self.error, self.handle = threading.Event(), threading.Event(), None, None
        self.start()

    def run(self):
        try:
            self.pool.call(
                "k", TARGET + self.target, {}, on_event=self._begin, should_stop=self.stop.is_set, **self.options
            )
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def _begin(self, event):
        if not self.begun.is_set():
            self.handle = os.pidfd_open(event["pid"])
            self.begun.set()

    def wait_for_begin(self):
        assert self.begun.wait(DEADLINE_SECONDS)

    def wait_for_end(self):
        self.join(DEADLINE_SECONDS)
        assert not self.is_alive()
        return self.error


def test_a_child_stays_warm_for_its_key(pool):
    assert pid_of(pool) == pid_of(pool)


def test_another_key_gets_another_child(make_pool):
    pool = make_pool(size=2)
    first, second = pid_of(pool, "a"), pid_of(pool, "b")
    assert first != second
    assert (pid_of(pool, "a"), pid_of(pool, "b")) == (first, second)


def test_a_full_pool_lets_the_coldest_child_go(make_pool):
    pool = make_pool(size=2)
    handle = os.pidfd_open(pid_of(pool, "a"))
    second = pid_of(pool, "b")
    pid_of(pool, "c")
    wait_until_gone(handle)
    assert pid_of(pool, "b") == second


def test_events_arrive_in_order(pool):
    events = []
    pool.call("k", TARGET + "echo", {"events": 500}, on_event=lambda event: events.append(event["number"]))
    assert events == list(range(500))


@pytest.mark.parametrize("length", [0, 65_535, 65_536, 3_000_000])
def test_a_result_of_any_length_comes_back_whole(pool, length):
    assert pool.call("k", TARGET + "large", {"length": length}) == {"text": "x" * length}


def test_a_request_of_any_length_arrives_whole(pool):
    assert pool.call("k", TARGET + "echo", {"text": "ü" * 500_000})["text"] == "ü" * 500_000


@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_an_error_crosses_with_its_code_and_details(shared_pool, code):
    with pytest.raises(errors.TenutoError, match="It said no") as caught:
        shared_pool.call("k", TARGET + "refuse", {"code": code})
    assert type(caught.value) is errors.BY_CODE[code]
    assert caught.value.details == {"number": 7, "path": "/nowhere"}


@pytest.fixture(scope="module")
def shared_pool():
    pool = ChildPool(1, Limits())
    yield pool
    pool.close()


def test_an_error_leaves_the_child_warm(pool):
    before = pid_of(pool)
    for target, told in (("stumble", "ValueError"), ("nothing", "AttributeError")):
        with pytest.raises(errors.EngineError, match=told):
            pool.call("k", TARGET + target, {})
    with pytest.raises(errors.EngineError, match="ModuleNotFoundError"):
        pool.call("k", "no.such.module:function", {})
    assert pid_of(pool) == before


@pytest.mark.parametrize(
    ("number", "family"),
    [
        (errno.ENOSPC, errors.StorageFull),
        (errno.EDQUOT, errors.StorageFull),
        (errno.EPERM, errors.StorageError),
        (errno.EIO, errors.StorageError),
    ],
)
def test_trouble_with_files_keeps_its_class_and_tells_no_path(pool, number, family):
    with pytest.raises(family) as caught:
        pool.call("k", TARGET + "fail_on_file", {"errno": number})
    assert type(caught.value) is family
    assert caught.value.retryable
    assert "/secret" not in caught.value.message


def test_what_nobody_foresaw_is_told_without_its_words(pool):
    with pytest.raises(errors.EngineError) as caught:
        pool.call("k", TARGET + "stumble", {})
    assert "unforeseen" not in caught.value.message


def test_a_result_that_is_no_json_is_an_error_of_the_call(pool):
    with pytest.raises(errors.EngineError, match="TypeError") as caught:
        pool.call("k", TARGET + "unspeakable", {})
    assert not caught.value.retryable
    assert pid_of(pool)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS"])
def test_a_crash_is_told_with_its_signal_and_costs_one_child(pool, name):
    before = pid_of(pool)
    with pytest.raises(errors.EngineCrashed, match=f"died \\({name}\\)") as caught:
        pool.call("k", TARGET + "die", {"signal": name})
    assert caught.value.details["signal"] == name
    assert pid_of(pool) != before


def test_a_child_that_leaves_is_told_with_its_exit_code(pool):
    with pytest.raises(errors.EngineCrashed, match="died \\(exit code 3\\)"):
        pool.call("k", TARGET + "leave", {"code": 3})


def test_a_child_that_died_while_idle_is_replaced(pool):
    before = pid_of(pool)
    handle = os.pidfd_open(before)
    os.kill(before, signal.SIGKILL)
    wait_until_gone(handle)
    assert pid_of(pool) != before


@pytest.mark.parametrize("target", ["hang", "chatter"])
def test_a_call_that_takes_too_long_ends_with_its_child(pool, target):
    handle = os.pidfd_open(pid_of(pool))
    with pytest.raises(errors.EngineTimeout, match="longer than"):
        pool.call("k", TARGET + target, {}, timeout_seconds=0.3)
    wait_until_gone(handle)


@pytest.mark.parametrize("target", ["hang", "chatter", "hang_with_helper"])
def test_a_cancelled_call_ends_with_its_child_and_all_it_started(pool, target):
    call = Background(pool, target)
    call.wait_for_begin()
    call.stop.set()
    assert isinstance(call.wait_for_end(), errors.Cancelled)
    wait_until_gone(call.handle)


def test_a_wish_to_stop_is_asked_for_at_every_poll(pool, monkeypatch):
    monkeypatch.setattr(children, "POLL_SECONDS", 0.01)
    looks = []
    with pytest.raises(errors.Cancelled):
        pool.call("k", TARGET + "hang", {}, should_stop=lambda: looks.append(1) or len(looks) > 5)
    assert len(looks) == 6


def test_an_error_of_the_listener_ends_the_call_and_its_child(pool):
    def listen(_event):
        raise RuntimeError("the listener broke")

    before = pid_of(pool)
    with pytest.raises(RuntimeError, match="the listener broke"):
        pool.call("k", TARGET + "echo", {"events": 1}, on_event=listen)
    assert pid_of(pool) != before


def test_memory_beyond_the_limit_is_refused_and_the_child_lives(make_pool):
    pool = make_pool(memory_bytes=1 << 29)
    before = pid_of(pool)
    with pytest.raises(errors.EngineError, match="more memory than allowed"):
        pool.call("k", TARGET + "devour", {"bytes": 1 << 30})
    assert pool.call("k", TARGET + "devour", {"bytes": 1 << 20}) == {"size": 1 << 20}
    assert pid_of(pool) == before


def test_processor_time_beyond_the_limit_ends_the_child(pool):
    with pytest.raises(errors.EngineCrashed) as caught:
        pool.call("k", TARGET + "spin", {}, cpu_seconds=1)
    assert caught.value.details["signal"] == "SIGXCPU"


def test_a_file_beyond_the_limit_is_not_written(make_pool, tmp_path):
    pool = make_pool(file_bytes=1000)
    assert pool.call("k", TARGET + "write", {"path": str(tmp_path / "a"), "bytes": 1000}) == {"size": 1000}
    with pytest.raises(errors.EngineError, match="larger file than allowed"):
        pool.call("k", TARGET + "write", {"path": str(tmp_path / "b"), "bytes": 1001})


def test_a_busy_child_dies_with_a_parent_that_was_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    try:
        handle = os.pidfd_open(int(parent.stdout.readline()))
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    wait_until_gone(handle)


def test_no_more_calls_run_at_once_than_the_pool_has_room_for(make_pool):
    pool = make_pool(size=2)
    running = [Background(pool, "hang") for _ in range(2)]
    for call in running:
        call.wait_for_begin()
    waiting = Background(pool, "hang")
    waiting.stop.set()
    assert isinstance(waiting.wait_for_end(), errors.Cancelled)
    assert not waiting.begun.is_set()
    running[0].stop.set()
    running[0].wait_for_end()
    late = Background(pool, "hang")
    late.wait_for_begin()
    for call in (running[1], late):
        call.stop.set()
        call.wait_for_end()
    for call in (*running, late):
        wait_until_gone(call.handle)


def test_many_callers_never_hold_more_children_than_the_pool_has_room_for(make_pool):
    pool, most, failed = make_pool(size=2), [0], []

    def call(number):
        try:
            for turn in range(4):
                pid_of(pool, f"key {(number + turn) % 4}")
                most.append(len(pool._idle) + len(pool._busy))
        except errors.TenutoError as error:
            failed.append(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert not failed
    assert max(most) <= 2


def test_a_child_idle_for_too_long_is_let_go(make_pool):
    pool = make_pool(idle_seconds=0.0)
    handle = os.pidfd_open(pid_of(pool))
    pool.drop_stale()
    wait_until_gone(handle)


def test_the_spares_of_a_kind_are_let_go_and_one_stays(make_pool):
    pool, spares = make_pool(size=3), []
    other = pid_of(pool, "other")

    def ask_another(_event):
        spares.append(os.pidfd_open(pid_of(pool)))

    stays = pool.call("k", TARGET + "echo", {"events": 1}, on_event=ask_another)["pid"]
    pool.drop_spares()
    wait_until_gone(spares[0])
    assert (pid_of(pool), pid_of(pool, "other")) == (stays, other)


def test_a_child_in_use_lately_is_kept(pool):
    before = pid_of(pool)
    pool.drop_stale()
    assert pid_of(pool) == before


def test_closing_ends_idle_and_busy_children(make_pool):
    pool = make_pool(size=2)
    idle = os.pidfd_open(pid_of(pool, "idle"))
    busy = Background(pool, "hang")
    busy.wait_for_begin()
    pool.close()
    assert isinstance(busy.wait_for_end(), errors.EngineCrashed)
    wait_until_gone(idle)
    wait_until_gone(busy.handle)
    with pytest.raises(errors.EngineCrashed, match="shutting down"):
        pid_of(pool)


def test_a_process_that_cannot_be_started_is_an_error_of_ours(pool, monkeypatch):
    before = open_files()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(errors.EngineCrashed, match="could not be started"):
        pid_of(pool)
    assert open_files() == before


def test_nothing_stays_open_after_calls_and_kills(make_pool):
    pid_of(make_pool())
    before = open_files()
    pool = make_pool()
    for turn in range(10):
        for _ in range(4):
            pid_of(pool)
        with pytest.raises(errors.EngineCrashed):
            pool.call("k", TARGET + ("leave" if turn % 2 else "die"), {"code": 1, "signal": "SIGKILL"})
    pool.close()
    pool.close()
    assert open_files() == before


def test_a_target_runs_in_this_process_too():
    events = []
    assert run_here(TARGET + "echo", {"events": 2}, events.append)["pid"] == os.getpid()
    assert events == [{"number": 0}, {"number": 1}]
