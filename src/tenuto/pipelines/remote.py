"""What a paid service far away hears of a recording, part by part: docs/paid-engines.md."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.engines.remote import read_receipt
from tenuto.pipelines.base import Kept, Steps
from tenuto.pipelines.paid import LOADING_SECONDS, Asked, PaidCall, ask_child, give_up, receipt_of

ASKED, PAID = "transcribe:asked", "transcribe:paid"
MODULE = "tenuto.engines.remote"
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
    call = _call_for(piece)
    receipt = receipt_of(steps, call)
    seconds = piece.expected.audio_ms / 1000
    patience = LOADING_SECONDS + seconds + 2 * steps.engines.remote_timeout_seconds
    try:
        payload = {"engine": piece.engine, "receipt": receipt}
        heard = ask_child(steps, f"{MODULE}:collect", payload, patience=patience, tell=tell)
    except errors.TenutoError as error:
        if error.details.get("void"):
            give_up(steps, call)
        raise
    ours = steps.options.get("speakers", "off") != "off"
    return Kept(_with_own_speakers(heard, piece, drop=ours) if piece.of > 1 else heard)


def _call_for(piece: Piece) -> PaidCall:
    """The call for a part of a recording."""

    def prepare() -> Asked:
        audio = piece.cut()
        content = hashlib.sha256(audio.read_bytes()).hexdigest()
        return Asked({"audio": str(audio), "options": dict(piece.options)}, content, (audio,))

    def kept(receipt: dict[str, Any], _path: Path) -> Kept:
        used = Usage(piece.engine, receipt["model"], requests=receipt["requests"], audio_ms=_billed_ms(receipt))
        return Kept({"receipt": receipt}, used)

    return PaidCall(
        engine=piece.engine,
        module=MODULE,
        name=str(piece.number),
        asked=ASKED,
        paid=PAID,
        part=piece.number,
        about=f"part {piece.number + 1} of {piece.of}",
        ending=".json",
        expected=piece.expected,
        prepare=prepare,
        read=read_receipt,
        kept=kept,
    )


def forget(steps: Steps, engine: str, parts: int) -> None:
    """Have the service delete what it keeps of a job's recordings, once all of it is in the ledger; best effort."""
    for number in range(parts):
        turn = (steps.noted(ASKED, number) or {"round": 1})["round"]
        kept = steps.noted(f"{PAID}-{turn}", number)
        try:
            if kept is not None:
                payload = {"engine": engine, "receipt": kept["receipt"]}
                ask_child(steps, f"{MODULE}:forget", payload, patience=FORGET_SECONDS)
        except (errors.EngineError, errors.ServiceError):
            return  # It goes by itself after some days; the job is not to suffer for it.


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
