"""Two hundred short requests to /v1/audio/transcriptions at once: none fails, and the server stays small."""

import asyncio
import time

import httpx
import psutil
import pytest

from ledgers import make_recording
from server import running_server

REQUESTS = 200
MOST_MEMORY_MB = 600
OTHERS_WAIT_SECONDS = 15.0


async def ask_all(url, recording):
    """All requests at once, and meanwhile somebody else who asks for something small."""
    limits = httpx.Limits(max_connections=REQUESTS + 1)
    async with httpx.AsyncClient(base_url=url, timeout=540, limits=limits, trust_env=False) as client:

        async def one(number):
            files = {"file": (f"{number}.wav", recording)}
            return await client.post("/v1/audio/transcriptions", data={"model": "fake"}, files=files)

        work = asyncio.gather(*(one(number) for number in range(REQUESTS)))
        waits = []
        while not work.done():
            began = time.monotonic()
            assert (await client.get("/v1/models")).status_code == 200
            waits.append(time.monotonic() - began)
            await asyncio.wait({work}, timeout=0.5)
        return await work, max(waits)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_requests_at_once_all_succeed(tmp_path):
    recording = make_recording(tmp_path / "a.wav", 2).read_bytes()
    with running_server(tmp_path, TENUTO_CONCURRENCY="8") as server:
        began = time.monotonic()
        answers, longest_wait = asyncio.run(ask_all(server.url, recording))
        took = time.monotonic() - began
        memory = psutil.Process(server.process.pid).memory_info().rss >> 20
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.headers["x-tenuto-job-id"] for answer in answers}) == REQUESTS
        assert {answer.json()["text"] for answer in answers} == {answers[0].json()["text"]}
        counts = server.client.get("/api/jobs", params={"limit": 1}).json()["counts"]["transcribe"]
        assert counts == {"completed": REQUESTS}
        print(f"{took:.1f} s, {memory} MB, others waited {longest_wait:.2f} s")
        assert memory < MOST_MEMORY_MB
        assert longest_wait < OTHERS_WAIT_SECONDS
