"""What a paid service far away hears: noted before it is asked, kept as soon as it answers, never paid for twice.

Under `transcribe:asked` lies what is known of a call before its answer, under `transcribe:paid-N` the receipt of its
N-th round. The child that calls writes the receipt to a file of this machine first: a worker that dies between the
answer and the ledger leaves it for the next one.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.engines.remote import read_receipt
from tenuto.pipelines.base import Kept, Steps

logger = logging.getLogger(__name__)
ASKED, PAID = "transcribe:asked", "transcribe:paid"
LOADING_SECONDS = 60.0
FORGET_SECONDS = 90.0


@dataclass(frozen=True)
class Piece:
    """One block of a recording, and how it is to be heard."""

    engine: str
    number: int
    of: int
    options: Mapping[str, Any]
    expected: Usage
    cut: Callable[[], Path]  # makes the sound; not needed when the answer is here


def hear(steps: Steps, piece: Piece, tell: Callable[[float], None]) -> Kept:
    """Return what the service heard; asks and pays only where no earlier life of the job did."""
    known = steps.noted(ASKED, piece.number) or {"round": 1, "open": False}
    receipt = _receipt(steps, piece, known)
    seconds = piece.expected.audio_ms / 1000
    patience = LOADING_SECONDS + seconds + 2 * steps.engines.remote_timeout_seconds
    try:
        heard = _call(steps, piece.engine, "collect", {"receipt": receipt}, tell=tell, patience=patience)
    except errors.TenutoError as error:
        if error.details.get("void"):
            steps.note(ASKED, piece.number, {"round": known["round"] + 1, "open": False})
        raise
    ours = steps.options.get("speakers", "off") != "off"
    return Kept(_with_own_speakers(heard, piece, drop=ours) if piece.of > 1 else heard)


def _receipt(steps: Steps, piece: Piece, known: dict[str, Any]) -> dict[str, Any]:
    """The receipt of the call: from the ledger, from the file a dead worker left, or from the service."""
    turn = int(known["round"])
    kept = steps.noted(f"{PAID}-{turn}", piece.number)
    if kept is not None:
        return dict(kept["receipt"])
    path = _path_of(steps, piece, turn)
    receipt = read_receipt(path)
    if receipt is not None:
        return _keep(steps, piece, turn, receipt)
    payload = _prepare(steps, piece, turn, path)
    with steps.unbroken():
        return _keep(steps, piece, turn, _ask(steps, piece, known, payload))


def _keep(steps: Steps, piece: Piece, turn: int, receipt: dict[str, Any]) -> dict[str, Any]:
    """Have the ledger keep a receipt with what it used."""
    used = Usage(piece.engine, receipt["model"], requests=receipt["requests"], audio_ms=_billed_ms(receipt))
    steps.keep(f"{PAID}-{turn}", piece.number, Kept({"receipt": receipt}, used))
    fields = {"action": "paid_call_kept", "engine": piece.engine, "model": receipt["model"], "part": piece.number}
    logger.info("The answer of a paid call was kept.", extra={**fields, "requests": receipt["requests"]})
    with contextlib.suppress(OSError):  # What is kept needs no file; one that stays is swept with the job.
        _path_of(steps, piece, turn).unlink()
    return receipt


def _path_of(steps: Steps, piece: Piece, turn: int) -> Path:
    return steps.receipts / f"{piece.number}-{turn}.json"


def _prepare(steps: Steps, piece: Piece, turn: int, path: Path) -> dict[str, Any]:
    """All that the call needs: money, sound, a key of its own, and its turn."""
    number = piece.number
    steps.may_spend(piece.expected)
    audio = piece.cut()
    content = hashlib.sha256(audio.read_bytes()).hexdigest()
    key = str(uuid5(NAMESPACE_URL, f"tenuto:{steps.uid}:{number}:{turn}:{content}"))
    payload = {"audio": str(audio), "options": dict(piece.options), "key": key, "receipt_path": str(path)}
    steps.take_turn(piece.engine)
    return payload


def _ask(steps: Steps, piece: Piece, known: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """Make the call that costs."""
    turn, number = int(known["round"]), piece.number
    if known["open"]:
        steps.warn(
            f"A call of {piece.engine} for part {number + 1} of {piece.of} was cut off before its answer was here. "
            "It is made again; the service may charge for both."
        )
    elif turn > 1:
        steps.warn(
            f"An answer of {piece.engine} for part {number + 1} of {piece.of} could not be used. It is asked again, "
            "and both calls are counted."
        )
    steps.note(ASKED, number, {"round": turn, "open": True})
    patience = LOADING_SECONDS + steps.engines.remote_timeout_seconds
    try:
        return _call(steps, piece.engine, "submit", payload, tell=_say_nothing, patience=patience)
    except errors.TenutoError as error:
        if error.details.get("unpaid"):  # Whatever does not say so may have been paid for: the call stays open.
            steps.note(ASKED, number, {"round": turn, "open": False})
        raise
    finally:
        Path(payload["audio"]).unlink(missing_ok=True)


def forget(steps: Steps, engine: str, parts: int) -> None:
    """Have the service delete what it keeps of a job's recordings, once all of it is in the ledger; best effort."""
    for number in range(parts):
        turn = (steps.noted(ASKED, number) or {"round": 1})["round"]
        kept = steps.noted(f"{PAID}-{turn}", number)
        try:
            if kept is not None:
                _call(steps, engine, "forget", {"receipt": kept["receipt"]}, tell=_say_nothing, patience=FORGET_SECONDS)
        except (errors.EngineError, errors.ServiceError):
            return  # It goes by itself after some days; the job is not to suffer for it.


def _call(
    steps: Steps, engine: str, verb: str, payload: dict[str, Any], *, tell: Callable[[float], None], patience: float
) -> dict[str, Any]:
    """A verb of the engine in its child; keys cross in the pipe and lie nowhere."""
    whole = {"engine": engine, "config": steps.engines.to_json(secrets=True), **payload}
    target = f"tenuto.engines.remote:{verb}"
    # A call that is under way is paid: that another part failed is no reason to throw its answer away.
    paid = verb == "submit"
    return steps.call(f"engine:{engine}", target, whole, tell, timeout_seconds=patience, to_the_end=paid)


def _billed_ms(receipt: Mapping[str, Any]) -> int:
    return int(receipt["duration_ms"]) if receipt["requests"] else 0


def _with_own_speakers(heard: dict[str, Any], piece: Piece, *, drop: bool) -> dict[str, Any]:
    """Mark a part's speakers as its own, as the service does not know them again in the next; or leave them to us."""
    named = [segment for segment in heard["segments"] if segment["speaker"]]
    for segment in named:
        segment["speaker"] = None if drop else f"{piece.number + 1}.{segment['speaker']}"
    if named and not drop:
        warning = f"The engine {piece.engine} told speakers apart in each of {piece.of} parts by itself, not over all."
        heard["warnings"] = [*heard["warnings"], warning]
    return heard


def _say_nothing(_share: float) -> None:
    return None
