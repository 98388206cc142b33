"""Where requests wait: one look serves all, news wake those they are for, and nobody is forgotten."""

import asyncio
from threading import Event

import pytest

from tenuto import errors
from tenuto.api.v1.waiting import WaitingRoom
from tenuto.domain.jobs import JobStatus

QUEUED, HALF, DONE = (JobStatus.QUEUED, 0.0), (JobStatus.PROCESSING, 50.0), (JobStatus.COMPLETED, 100.0)


class Ledger:
    """Jobs that go through their states, one with each look."""

    def __init__(self, **jobs):
        self.jobs = {name: list(states) for name, states in jobs.items()}
        self.looks = 0

    def look(self, names):
        self.looks += 1
        found = {}
        for name in names:
            states = self.jobs.get(name, [])
            state = states.pop(0) if len(states) > 1 else next(iter(states), None)
            if isinstance(state, Exception):
                raise state
            if state is not None:
                found[name] = state
        return found


async def bounded(work):
    async with asyncio.timeout(10):
        return await work


def test_every_change_is_told_once():
    async def follow():
        room = WaitingRoom(Ledger(a=[QUEUED, QUEUED, HALF, DONE]).look, Event())
        return [state async for state in room.changes("a")], len(room)

    assert asyncio.run(bounded(follow())) == ([QUEUED, HALF, DONE], 0)


def test_two_hundred_waiters_cost_one_look_at_a_time():
    ledger = Ledger(**{f"job{number}": [QUEUED, HALF, HALF, DONE] for number in range(200)})

    async def wait_for_all():
        room = WaitingRoom(ledger.look, Event())
        return await asyncio.gather(*(room.ended(name) for name in ledger.jobs))

    assert asyncio.run(bounded(wait_for_all())) == [True] * 200
    assert ledger.looks <= 10


def test_a_database_that_is_away_for_a_while_ends_nothing():
    room_of = lambda: WaitingRoom(Ledger(a=[errors.DatabaseError(), errors.DatabaseError(), DONE]).look, Event())  # noqa: E731
    assert asyncio.run(bounded(room_of().ended("a"))) is True


def test_a_deleted_job_is_told():
    with pytest.raises(errors.NotFound):
        asyncio.run(bounded(WaitingRoom(Ledger(a=[QUEUED, None]).look, Event()).ended("a")))


def test_a_closing_server_lets_all_go():
    closing = Event()

    async def wait():
        waiting = asyncio.gather(*(room.ended("a") for _ in range(3)))
        await asyncio.sleep(0)
        closing.set()
        return await waiting

    room = WaitingRoom(Ledger(a=[QUEUED]).look, closing)
    assert asyncio.run(bounded(wait())) == [False] * 3


def test_who_leaves_early_gives_the_seat_back():
    async def leave():
        room = WaitingRoom(Ledger(a=[QUEUED]).look, Event())
        waiting = asyncio.create_task(room.ended("a"))
        await asyncio.sleep(0)
        assert len(room) == 1
        waiting.cancel()
        await asyncio.wait({waiting})
        return len(room)

    assert asyncio.run(bounded(leave())) == 0
