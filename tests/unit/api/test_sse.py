"""Following jobs."""

import asyncio
import json
from threading import Event, Thread

import httpx
import pytest

from tenuto import errors
from tenuto.api import sse
from tenuto.api.app import create_app
from tenuto.api.schemas import JobOut
from tenuto.domain.jobs import JobStatus


@pytest.fixture
def job(client, submitted):
    return JobOut.model_validate(submitted)


def changed(job, **values):
    return job.model_copy(update=values)


def events_in(text):
    """(name, id, data) of each event."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return found


def test_a_finished_job_is_told_once(client, submitted, worker):
    worker.finish(submitted["id"])
    answer = client.get(f"/api/jobs/{submitted['id']}/events", headers={"Last-Event-ID": "99; DROP"})
    ((name, _, data),) = events_in(answer.text)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (name, data["status"]) == ("job", "completed")


def test_every_step_of_a_job_is_told_until_it_ends(client, submitted, worker):
    uid, told = submitted["id"], []

    def act():
        worker.claim(uid)
        worker.report(uid, 40.0)
        worker.hear(uid)
        worker.end(uid)

    with client.stream("GET", f"/api/jobs/{uid}/events") as answer:
        Thread(target=act).start()
        text = "".join(answer.iter_text())
    told = events_in(text)
    assert told[0][2]["status"] in ("queued", "processing", "completed")
    assert told[-1][2]["status"] == "completed"
    numbers = [int(number) for _, number, _ in told]
    assert numbers == sorted(set(numbers))


def test_a_job_that_is_deleted_ends_its_stream(job):
    async def follow():
        watchers = sse.Watchers(Event())
        looks = iter([job])

        def look():
            try:
                return next(looks)
            except StopIteration:
                raise errors.NotFound from None

        return [frame async for frame in await watchers.follow((1, job.id), look)]

    frames = asyncio.run(follow())
    assert frames[-1].startswith(b"event: gone")


def test_a_database_that_is_away_for_a_moment_ends_nothing(job):
    async def follow():
        watchers = sse.Watchers(Event())
        answers = iter([job, errors.DatabaseError(), changed(job, status=JobStatus.COMPLETED)])

        def look():
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return [frame async for frame in await watchers.follow((1, job.id), look)]

    assert b'"completed"' in asyncio.run(follow())[-1]


def test_a_hundred_followers_cost_one_look(job):
    looks = []

    async def follow():
        watchers = sse.Watchers(Event())
        loop, watched, done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

        def look():
            looks.append(1)
            if len(looks) == 102:  # One look each to begin with, then those of the one watcher.
                loop.call_soon_threadsafe(watched.set)
            return changed(job, status=JobStatus.COMPLETED) if done.is_set() else job

        async def one():
            return [frame async for frame in await watchers.follow((1, job.id), look)]

        followers = [asyncio.create_task(one()) for _ in range(100)]
        await watched.wait()
        assert len(watchers) == 1
        done.set()
        told = await asyncio.gather(*followers)
        assert len(watchers) == 0
        return told

    told = asyncio.run(follow())
    assert all(b'"completed"' in frames[-1] for frames in told)
    assert len(looks) < 120


def test_an_unfollowed_job_is_not_watched_for_long(job, monkeypatch):
    monkeypatch.setattr(sse, "LOOK_SECONDS", 0.001)

    async def follow():
        watchers = sse.Watchers(Event())
        stream = await watchers.follow((1, job.id), lambda: job)
        assert await anext(stream)
        await stream.aclose()
        await watchers._watchers[1, job.id].task
        return len(watchers)

    assert asyncio.run(follow()) == 0


def test_streams_end_when_the_server_leaves(job):
    async def follow():
        closing = Event()
        stream = await sse.Watchers(closing).follow((1, job.id), lambda: job)
        first = await anext(stream)
        closing.set()
        return [first, *[frame async for frame in stream]]

    assert len(asyncio.run(follow())) == 1


def test_quiet_streams_show_a_sign_of_life(job, monkeypatch):
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)

    async def follow():
        stream = await sse.Watchers(Event()).follow((1, job.id), lambda: job)
        frames = [await anext(stream), await anext(stream)]
        await stream.aclose()
        return frames

    assert asyncio.run(follow())[1].startswith(b":")


def test_a_reader_that_does_not_read_is_dropped(monkeypatch, caplog):
    monkeypatch.setattr(sse, "SLOW_SECONDS", 0.01)

    async def one_frame():
        yield b"event: job\n\n"

    async def serve():
        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}, "method": "GET", "headers": []}
        await sse.EventStream(one_frame())(scope, receive, send)

    with caplog.at_level("INFO"):
        asyncio.run(serve())
    assert [record.action for record in caplog.records] == ["slow_reader"]


def test_a_job_of_nobody_is_refused_before_the_stream(house):
    async def ask():
        transport = httpx.ASGITransport(create_app(house))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/api/jobs/00000000-0000-0000-0000-000000000000/events")

    assert asyncio.run(ask()).status_code == 404
