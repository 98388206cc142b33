"""The child's side of a voice that is paid and far away: what it answered is on the disk before anybody hears of it.

An answer is one file: a line of JSON, the receipt, and behind it the sound as it came.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from tenuto.engines.base import NarrateOptions, RemoteNarrator, SpokenAnswer
from tenuto.engines.config import EngineConfig
from tenuto.engines.narration import to_json
from tenuto.engines.registry import narrator
from tenuto.engines.remote import before_the_call, require_room, write_durably

logger = logging.getLogger(__name__)
ROOM_BYTES = 16 << 20  # more than the answer about the longest text

Emit = Callable[[dict[str, Any]], None]
# A process keeps one client, and with it the line to the service.
_warm: dict[str, RemoteNarrator] = {}


def submit(payload: dict[str, Any], _emit: Emit) -> dict[str, Any]:
    """Make the call that costs, unless its answer is here already, and return the receipt."""
    path = Path(payload["receipt_path"])
    with before_the_call():
        known = read_receipt(path)
        if known is not None:
            return known
        options = NarrateOptions(**payload["options"])
        engine = _engine(payload)
        require_room(path, ROOM_BYTES)
    answer = engine.submit(payload["text"], options, key=payload["key"])
    try:
        write_answer(path, answer)
    except OSError:
        # Where receipts lie there is no room any more; the work folder may have some.
        logger.exception("A receipt could not be written.", extra={"action": "receipt_not_written"})
        write_answer(Path(payload["spare_path"]), answer)
    return answer.receipt


def collect(payload: dict[str, Any], _emit: Emit) -> dict[str, Any]:
    """Write the speech of an answer to `payload["target"]`."""
    answer = read_answer(Path(payload["answer_path"]))
    return to_json(_engine(payload).collect(answer.receipt, answer.sound, Path(payload["target"])))


def write_answer(path: Path, answer: SpokenAnswer) -> None:
    """Keep an answer: there whole or not at all."""
    write_durably(path, [json.dumps(answer.receipt).encode(), b"\n", answer.sound])


def read_answer(path: Path) -> SpokenAnswer:
    """Read what `write_answer` wrote."""
    line, _, sound = path.read_bytes().partition(b"\n")
    return SpokenAnswer(json.loads(line), sound)


def read_receipt(path: Path) -> dict[str, Any] | None:
    """The receipt of an answer that was written there, if there is one."""
    try:
        with path.open("rb") as file:
            return cast("dict[str, Any]", json.loads(file.readline()))
    except FileNotFoundError:
        return None


def _engine(payload: dict[str, Any]) -> RemoteNarrator:
    key = json.dumps([payload["engine"], payload["config"]], sort_keys=True)
    if key not in _warm:
        _warm.clear()
        _warm[key] = cast("RemoteNarrator", narrator(payload["engine"], EngineConfig.from_json(payload["config"])))
    return _warm[key]
