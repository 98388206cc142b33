"""A call that costs: noted before it is made, kept as soon as it is answered, never paid for twice.

Under one name of the ledger lies what is known of a call before its answer, under another the receipt of its N-th
round. The child that calls writes the answer to a file of this machine first: a worker that dies between the answer
and the ledger leaves it for the next one.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.pipelines.base import Kept, Steps

logger = logging.getLogger(__name__)
LOADING_SECONDS = 60.0


@dataclass(frozen=True)
class Asked:
    """What a call sends: its payload, what its content is known by, and files that go once it was made."""

    payload: dict[str, Any]
    content: str
    passing: tuple[Path, ...] = ()


@dataclass(frozen=True)
class PaidCall:
    """One call of a service, how it is made, and how its answer is kept."""

    engine: str
    module: str  # of the child's verbs
    name: str  # tells it apart in its job: of the file of its receipt, and of the key that goes along
    asked: str  # names of the ledger, and the part that they are of
    paid: str
    part: int
    about: str  # for warnings: "part 2 of 3"
    ending: str  # of the file of its receipt
    expected: Usage
    prepare: Callable[[], Asked]  # not needed when the answer is here
    read: Callable[[Path], dict[str, Any] | None]  # the receipt in such a file
    kept: Callable[[dict[str, Any], Path], Kept]  # what the ledger is to have of an answer in such a file


def known_of(steps: Steps, call: PaidCall) -> dict[str, Any]:
    """The round that a call is in, and whether it is open."""
    return steps.noted(call.asked, call.part) or {"round": 1, "open": False}


def receipt_of(steps: Steps, call: PaidCall) -> dict[str, Any]:
    """The receipt of the call: from the ledger, from the file a dead worker left, or from the service."""
    known = known_of(steps, call)
    turn = int(known["round"])
    kept = steps.noted(f"{call.paid}-{turn}", call.part)
    if kept is not None:
        return dict(kept["receipt"])
    path = _path_of(steps, call, turn)
    receipt = call.read(path)
    if receipt is not None:
        return _keep(steps, call, turn, receipt)
    if steps.should_stop():  # Begun calls are seen to their end, but none begins for a job that gave up.
        raise errors.Cancelled
    steps.may_spend(call.expected)
    asked = call.prepare()
    key = str(uuid5(NAMESPACE_URL, f"tenuto:{steps.uid}:{call.name}:{turn}:{asked.content}"))
    steps.take_turn(call.engine)
    payload = {"engine": call.engine, **asked.payload, "key": key, "receipt_path": str(path)}
    with steps.unbroken():
        return _keep(steps, call, turn, _ask(steps, call, known, payload, asked.passing))


def give_up(steps: Steps, call: PaidCall) -> None:
    """The answer is worth nothing: the next try is another call, and paid for again."""
    turn = int(known_of(steps, call)["round"])
    steps.note(call.asked, call.part, {"round": turn + 1, "open": False})


def ask_child(
    steps: Steps,
    target: str,
    payload: Mapping[str, Any],
    *,
    patience: float,
    tell: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """A verb of the engine that `payload` names, in its child; keys cross in the pipe and lie nowhere."""
    whole = {"config": steps.engines.to_json(secrets=True), **payload}
    # A call that is under way is paid: that another part failed is no reason to throw its answer away.
    paid = target.endswith(":submit")
    key = f"engine:{payload['engine']}"
    return steps.call(key, target, whole, tell or _say_nothing, timeout_seconds=patience, to_the_end=paid)


def _say_nothing(_share: float) -> None:
    return


def _keep(steps: Steps, call: PaidCall, turn: int, receipt: dict[str, Any]) -> dict[str, Any]:
    """Have the ledger keep an answer with what it used."""
    path = _path_of(steps, call, turn)
    steps.keep(f"{call.paid}-{turn}", call.part, call.kept(receipt, path))
    fields = {"action": "paid_call_kept", "engine": call.engine, "model": receipt["model"], "part": call.part}
    logger.info("The answer of a paid call was kept.", extra={**fields, "requests": receipt["requests"]})
    with contextlib.suppress(OSError):  # What is kept needs no file; one that stays is swept with the job.
        path.unlink()
    return receipt


def _path_of(steps: Steps, call: PaidCall, turn: int) -> Path:
    return steps.receipts / f"{call.name}-{turn}{call.ending}"


def _ask(
    steps: Steps, call: PaidCall, known: dict[str, Any], payload: dict[str, Any], passing: tuple[Path, ...]
) -> dict[str, Any]:
    """Make the call that costs."""
    turn = int(known["round"])
    if known["open"]:
        steps.warn(
            f"A call of {call.engine} for {call.about} was cut off before its answer was here. "
            "It is made again; the service may charge for both."
        )
    elif turn > 1:
        steps.warn(
            f"An answer of {call.engine} for {call.about} could not be used. It is asked again, "
            "and both calls are counted."
        )
    steps.note(call.asked, call.part, {"round": turn, "open": True})
    patience = LOADING_SECONDS + steps.engines.remote_timeout_seconds
    try:
        return ask_child(steps, f"{call.module}:submit", payload, patience=patience)
    except errors.TenutoError as error:
        if error.details.get("unpaid"):  # Whatever does not say so may have been paid for: the call stays open.
            steps.note(call.asked, call.part, {"round": turn, "open": False})
        raise
    finally:
        for path in passing:
            path.unlink(missing_ok=True)
