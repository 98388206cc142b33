"""Speakers of a long recording: time, speed and peak memory of the child that tells the voices apart.

    python benchmarks/diarization.py --minutes 120
    python benchmarks/diarization.py --minutes 120 --detector webrtc

The recording is the shipped conversation of two voices, repeated; the number of speakers is not told. The floor in the
same run is decoding it and doing nothing with it. Memory is the largest resident size of the child.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import wave
from pathlib import Path

from tenuto import bootstrap
from tenuto.children import Child, Limits
from tenuto.domain.media import MediaLimits
from tenuto.engines.config import EngineConfig
from tenuto.media.tools import MediaTools, sandbox_pool

SHIPPED = Path(bootstrap.__file__).parent / "demo" / "conversation.flac"


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--detector", choices=["", "silero", "webrtc"], default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        run(Path(folder), arguments.minutes, arguments.detector)


def run(folder: Path, minutes: float, detector: str) -> None:
    """Decode, tell the voices apart, and measure both."""
    sandbox = sandbox_pool(1)
    media = MediaTools(sandbox, MediaLimits())
    source = make_long(media, folder, minutes)
    started = time.monotonic()
    duration = media.decode(source, folder / "sound.wav").duration_ms / 1000
    floor = time.monotonic() - started
    sandbox.close()
    child = Child(Limits())
    payload = {
        "engine": "ge2e",
        "config": EngineConfig(models_dir=folder, speech_detector=detector).to_json(),
        "audio": str(folder / "sound.wav"),
        "options": {},
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    started = time.monotonic()
    found = child.call("tenuto.engines.work:diarize", payload)
    took = time.monotonic() - started
    peak = peak_mb(child.process.pid)
    child.kill()
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(f"recording          {duration / 60:.1f} min")
    print(f"found              {len(found['voices'])} voices in {len(found['turns'])} turns, by {found['detector']}")
    print(f"time               {took:.0f} s, {duration / took:.0f} times real time; {used:.0f} s of one core")
    print(f"floor: decode only {floor:.1f} s, {duration / floor:.0f} times real time")
    print(f"peak memory        {peak:.0f} MB")


def peak_mb(process: int) -> float:
    """The largest resident size of a process so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def make_long(media: MediaTools, folder: Path, minutes: float) -> Path:
    """The shipped recording, repeated to the wanted length."""
    once = folder / "once.wav"
    media.decode(SHIPPED, once)
    with wave.open(str(once), "rb") as reader:
        sound, parameters = reader.readframes(reader.getnframes()), reader.getparams()
    target = folder / "long.wav"
    with wave.open(str(target), "wb") as writer:
        writer.setparams(parameters)
        for _ in range(round(minutes * 60 * parameters.framerate / parameters.nframes) or 1):
            writer.writeframesraw(sound)
    return target


if __name__ == "__main__":
    main()
