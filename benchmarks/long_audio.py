"""A long recording from file to transcript: time, speed and peak memory of the worker with all its children.

    python benchmarks/long_audio.py --engine pocketsphinx --minutes 120
    python benchmarks/long_audio.py --engine whisper --model FOLDER --minutes 120

The recording is the shipped one, repeated. The floor in the same run is decoding it and doing nothing with it.
Memory is the sum of the proportional set sizes of the worker and its children, looked at five times a second: pages
they share count once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

from tenuto import bootstrap, settings
from tenuto.db.models import BUILT_IN_OWNER
from tenuto.services.processing import Submission

SHIPPED = Path(bootstrap.__file__).parent / "demo" / "conversation.flac"
MEGABYTE = 1 << 20


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="pocketsphinx")
    parser.add_argument("--model", default="small")
    parser.add_argument("--minutes", type=float, default=120)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        os.environ |= {
            "TENUTO_DATA_DIR": folder,
            "TENUTO_DATABASE_URL": "",
            "TENUTO_STORAGE_URL": "",
            "TENUTO_WHISPER_MODEL": arguments.model,
            "TENUTO_ALLOW_FETCH": "false",
            "TENUTO_MAX_UPLOAD_MB": "2000",
        }
        run(Path(folder), arguments.engine, arguments.minutes)


def run(folder: Path, engine: str, minutes: float) -> None:
    """Transcribe and measure."""
    given = settings.load()
    bootstrap.prepare_database(given)
    house = bootstrap.build(given)
    source = make_long(house, folder, minutes)
    started = time.monotonic()
    house.media.decode(source, folder / "floor.wav")
    floor = time.monotonic() - started
    (folder / "floor.wav").unlink()
    file = house.files.save_audio_file(BUILT_IN_OWNER, source)
    job = house.processing.submit(BUILT_IN_OWNER, Submission(file_uid=file.uid, options={"engine": engine}))
    started = time.monotonic()
    worker = subprocess.Popen([sys.executable, "-m", "tenuto", "work", "--drain"])
    peak, alone = 0.0, 0.0
    while worker.poll() is None:
        sizes = [proportional_mb(pid) for pid in family(worker.pid)]
        peak, alone = max(peak, sum(sizes)), max(alone, *sizes, 0.0)
        time.sleep(0.2)
    took = time.monotonic() - started
    found = house.processing.get(BUILT_IN_OWNER, job.uid)
    transcript = house.exports.transcript(BUILT_IN_OWNER, job.uid)
    last = transcript.segments[-1].end_ms / 1000 if transcript.segments else 0.0
    print(f"job                {found.status} {found.error_message or ''}")
    print(f"recording          {file.duration_ms / 60000:.1f} min, {file.size_bytes / MEGABYTE:.0f} MB")
    print(f"transcript         {len(transcript.segments)} segments, the last ends at {last / 60:.1f} min")
    speed = file.duration_ms / 1000 / took
    print(f"time               {took:.0f} s, {speed:.1f} times real time (worker's start included)")
    print(f"floor: decode only {floor:.1f} s, {file.duration_ms / 1000 / floor:.0f} times real time")
    print(f"peak memory        {peak:.0f} MB for worker and children, {alone:.0f} MB for the largest of them")
    house.close()


def make_long(house: bootstrap.Tenuto, folder: Path, minutes: float) -> Path:
    """The shipped recording, repeated to the wanted length."""
    once = folder / "once.wav"
    house.media.decode(SHIPPED, once)
    with wave.open(str(once), "rb") as reader:
        sound, parameters = reader.readframes(reader.getnframes()), reader.getparams()
    target = folder / "long.wav"
    with wave.open(str(target), "wb") as writer:
        writer.setparams(parameters)
        for _ in range(round(minutes * 60 * parameters.framerate / parameters.nframes) or 1):
            writer.writeframesraw(sound)
    return target


def family(pid: int) -> list[int]:
    """The process and everything it started, their children too."""
    found = [pid]
    for each in found:
        for path in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += [int(child) for child in path.read_text().split()]
            except OSError:
                continue
    return found


def proportional_mb(pid: int) -> float:
    """Memory of a process, shared pages divided by those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
