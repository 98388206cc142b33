"""Many short requests to /v1/audio/transcriptions at once: time, answers that failed, memory, and how long others wait.

    python benchmarks/openai_api.py --requests 200 --concurrency 8

The engine is the fake one, which takes no time, so that what is measured is tenuto. The floor in the same run: the same
recordings through POST /api/jobs, waited for with one look at the counts twice a second, so nobody waits in a request.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import wave
from array import array
from pathlib import Path

import httpx

from tenuto.api.server import free_port

HOST = "127.0.0.1"
MEGABYTE_KB = 1024


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        recording = make_recording(Path(folder, "a.wav"), arguments.seconds)
        port = free_port(HOST)
        environment = {
            **os.environ,
            "TENUTO_DATA_DIR": folder,
            "TENUTO_DATABASE_URL": "",
            "TENUTO_ENGINES": '["pocketsphinx", "fake"]',
            "TENUTO_CONCURRENCY": str(arguments.concurrency),
            "TENUTO_LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "tenuto", "serve", "--port", str(port)]
        server = subprocess.Popen(command, env=environment)
        try:
            asyncio.run(measure(f"http://{HOST}:{port}", recording, arguments.requests, server.pid))
        finally:
            server.terminate()
            server.wait()


def make_recording(path: Path, seconds: int, rate: int = 16_000) -> bytes:
    """A buzz, half of each second."""
    second = array("h", [12_000 if index // 20 % 2 else -12_000 for index in range(rate // 2)]).tobytes() + bytes(rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(second * seconds)
    return path.read_bytes()


async def measure(url: str, recording: bytes, requests: int, pid: int) -> None:
    """Both ways, one after the other."""
    limits = httpx.Limits(max_connections=requests + 1)
    async with httpx.AsyncClient(base_url=url, timeout=1800, limits=limits, trust_env=False) as client:
        await until_ready(client)
        await ask_openai(client, recording)  # The worker's children are warm for both.
        started = time.monotonic()
        work = asyncio.gather(*(ask_openai(client, recording) for _ in range(requests)))
        longest = await look_meanwhile(client, work)
        answers, took = await work, time.monotonic() - started
        peak = memory_mb(pid)
        started = time.monotonic()
        await asyncio.gather(*(submit(client, recording) for _ in range(requests)))
        await until_done(client)
        floor = time.monotonic() - started
    failed = sum(answer.status_code != httpx.codes.OK for answer in answers)
    print(
        f"/v1/audio/transcriptions   {requests} at once: {took:.1f} s, {requests / took:.1f} a second, {failed} failed"
    )
    print(f"floor: /api/jobs           {requests} at once: {floor:.1f} s, {requests / floor:.1f} a second")
    print(f"others in between          waited at most {longest:.2f} s for GET /v1/models")
    print(f"memory of the server       {peak:.0f} MB at its peak")


async def until_ready(client: httpx.AsyncClient) -> None:
    """Until the server answers."""
    while True:
        try:
            if (await client.get("/health/ready")).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)


async def ask_openai(client: httpx.AsyncClient, recording: bytes) -> httpx.Response:
    """One transcription, waited for."""
    files = {"file": ("a.wav", recording)}
    return await client.post("/v1/audio/transcriptions", data={"model": "fake"}, files=files)


async def submit(client: httpx.AsyncClient, recording: bytes) -> httpx.Response:
    """One job, not waited for; voices are not told apart, as /v1 does not either."""
    files = {"file": ("a.wav", recording)}
    return await client.post("/api/jobs", data={"engine": "fake", "speakers": "off"}, files=files)


async def look_meanwhile(client: httpx.AsyncClient, work: asyncio.Future[list[httpx.Response]]) -> float:
    """How long somebody waits who asks for something small meanwhile, at most."""
    longest = 0.0
    while not work.done():
        began = time.monotonic()
        await client.get("/v1/models")
        longest = max(longest, time.monotonic() - began)
        await asyncio.wait({work}, timeout=0.5)
    return longest


async def until_done(client: httpx.AsyncClient) -> None:
    """Until no job waits or runs."""
    while True:
        counts = (await client.get("/api/jobs", params={"limit": 1})).json()["counts"]["transcribe"]
        if not counts.get("queued") and not counts.get("processing"):
            return
        await asyncio.sleep(0.5)


def memory_mb(pid: int) -> float:
    """The most memory the process had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / MEGABYTE_KB


if __name__ == "__main__":
    main()
