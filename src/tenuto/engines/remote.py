"""What engines that are paid and far away share, and their side of a child process.

The answer of a paid call is on the disk before anybody else hears of it: whatever dies next, it is not paid again.
A disk that refuses is no reason to lose it: then it reaches the ledger by the pipe alone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from tenuto import errors
from tenuto.engines.base import RemoteTranscriber
from tenuto.engines.codec import to_json
from tenuto.engines.sound import SAMPLE_RATE, duration_ms, open_wave
from tenuto.engines.work import options_from_json, warm_engine

logger = logging.getLogger(__name__)
SHORTEST_MS = 100  # services refuse less
QUIETEST_PEAK = 16  # of 32768: nothing but the noise of a quiet converter
LONGEST_QUOTE = 300
ROOM_BYTES = 1 << 20  # more than the answer about the longest part
PIECE_FRAMES = 60 * SAMPLE_RATE

Emit = Callable[[dict[str, Any]], None]


def submit(payload: dict[str, Any], _emit: Emit) -> dict[str, Any]:
    """Make the call that costs, unless its receipt is here already, and return the receipt."""
    path = Path(payload["receipt_path"])
    with before_the_call():
        known = read_receipt(path)
        if known is not None:
            return known
        options = options_from_json(payload.get("options") or {})
        engine = _engine(payload)
        require_room(path)
    receipt = engine.submit(Path(payload["audio"]), options, key=payload["key"])
    try:
        write_receipt(path, receipt)
    except OSError:
        # The answer is here and goes to the ledger by the pipe; the file is for a worker that dies on the way.
        logger.exception("A receipt could not be written.", extra={"action": "receipt_not_written"})
    return receipt


@contextlib.contextmanager
def before_the_call() -> Iterator[None]:
    """Mark what goes wrong as surely unpaid: nobody was asked for anything yet."""
    try:
        yield
    except (errors.TenutoError, OSError) as problem:
        error = errors.as_ours(problem)
        error.details["unpaid"] = True
        raise error from problem


def collect(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Make the transcript that a receipt stands for."""
    transcript = _engine(payload).collect(payload["receipt"], lambda share: emit({"progress": share}))
    return to_json(transcript)


def forget(payload: dict[str, Any], _emit: Emit) -> dict[str, Any]:
    """Have the service delete what it keeps for a receipt."""
    _engine(payload).forget(payload["receipt"])
    return {}


def _engine(payload: dict[str, Any]) -> RemoteTranscriber:
    return cast("RemoteTranscriber", warm_engine(payload["engine"], payload["config"], ""))


def read_receipt(path: Path) -> dict[str, Any] | None:
    """The receipt that was written there, if there is one."""
    try:
        return cast("dict[str, Any]", json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None


def require_room(path: Path, size: int = ROOM_BYTES) -> None:
    """See that a receipt can be written there, before there is one that must be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    probe = path.with_suffix(f".{os.getpid()}.probe")
    try:
        probe.write_bytes(bytes(size))
    finally:
        probe.unlink(missing_ok=True)


def write_receipt(path: Path, receipt: Mapping[str, Any]) -> None:
    """Write a receipt so that it is there whole or not at all, also after a power cut."""
    write_durably(path, [json.dumps(receipt).encode()])


def write_durably(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file of what was paid for: there whole or not at all, and for nobody else to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as stream:
        os.fchmod(stream.fileno(), 0o600)
        for part in parts:
            stream.write(part)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(path)
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def length_if_heard(audio: Path) -> tuple[int, bool]:
    """How many milliseconds the sound has, and whether there is anything in it worth paying for."""
    with open_wave(audio) as reader:
        length, peak = duration_ms(reader), 0
        while piece := reader.readframes(PIECE_FRAMES):
            samples = np.frombuffer(piece, np.int16).astype(np.int32)
            peak = max(peak, int(np.abs(samples).max(initial=0)))
    return length, length >= SHORTEST_MS and peak > QUIETEST_PEAK


def require_sendable(*secrets: str) -> None:
    """Refuse a key that no header can carry, before a library complains of it and repeats it."""
    if not all(secret.isascii() and secret.isprintable() and " " not in secret for secret in secrets):
        raise errors.RemoteDenied("The key in the settings holds characters that no key has; set it anew.", unpaid=True)


def quoted(text: object, *secrets: str) -> str:
    """A service's own words, short, on one line, and without our keys."""
    said = str(text or "")
    for secret in secrets:
        said = said.replace(secret, "…") if secret else said
    printable = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in said)
    words = " ".join(printable.split())
    return words if len(words) <= LONGEST_QUOTE else words[: LONGEST_QUOTE - 1] + "…"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long a service asks us to wait, as seconds or as a date."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
