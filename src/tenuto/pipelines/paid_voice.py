"""What a voice that is paid and far away says: each text asked for once, kept at once, made into sound when needed."""

from __future__ import annotations

import hashlib
import json
import wave
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.domain.spoken_length import expected_ms, longest_ms
from tenuto.engines import registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.remote_voice import read_receipt
from tenuto.engines.speaking import pieces
from tenuto.pipelines.base import Artifact, Kept, Steps
from tenuto.pipelines.paid import LOADING_SECONDS, Asked, PaidCall, ask_child, give_up, known_of, receipt_of
from tenuto.pipelines.turns import Turns

MODULE = "tenuto.engines.remote_voice"
ANSWER = "paid-speech"  # the kind of artifact that an answer is, until its sound is where it belongs
KEY_LETTERS = 32
JOINED_FRAMES = 1 << 20


@dataclass(frozen=True)
class Saying:
    """One text, and how it is to be said."""

    engine: str
    key: str  # tells it apart from all else that its job says
    text: str
    options: NarrateOptions
    about: str  # for warnings


def say(steps: Steps, saying: Saying, target: Path) -> dict[str, Any]:
    """Write what the service says to `target`; asks and pays only where no earlier life of the job did."""
    call = _call_for(steps, saying)
    receipt_of(steps, call)
    turn = known_of(steps, call)["round"]
    payload = {"engine": saying.engine, "answer_path": str(_answer(steps, saying, turn)), "target": str(target)}
    try:
        return ask_child(steps, f"{MODULE}:collect", payload, patience=LOADING_SECONDS)
    except errors.TenutoError as error:
        if error.details.get("void"):
            give_up(steps, call)
        raise


def say_all(steps: Steps, engine: str, text: str, target: Path, *, options: NarrateOptions) -> dict[str, Any]:
    """Say a text of any length, in calls that the service takes, several at a time, and join what it said."""
    parts = pieces_of(engine, text)
    sayings = [
        _piece(engine, part, options, f"piece {number + 1} of {len(parts)}") for number, part in enumerate(parts)
    ]
    sounds = [steps.folder / f"piece-{number:04d}.wav" for number in range(len(parts))]
    turns = Turns()

    def part(index: int, _tell: Callable[[float], None]) -> Kept:
        with turns.of(sayings[index].key):
            return Kept(say(steps, sayings[index], sounds[index]))

    steps.each([1.0 + len(each) for each in parts], part, at_once=max(1, min(steps.parallel, len(parts))))
    told = steps.parts_of("speak")
    for saying, sound in zip(sayings, sounds, strict=True):
        if not sound.exists():  # An earlier life of the job had it said: the answer is in the ledger.
            say(steps, saying, sound)
    length = _joined(sounds, target)
    warnings = list(dict.fromkeys(warning for each in told for warning in each["warnings"]))
    return {**told[0], "duration_ms": length, "warnings": warnings, "pieces": len(parts)}


def pieces_of(engine: str, text: str) -> list[str]:
    """The text cut at its sentences into what one call takes."""
    return list(pieces(text, registry.traits(engine).longest)) or [""]


def model_of(engine: str, wanted: str, config: EngineConfig) -> str:
    """The model that a voice engine will use, which is what its price may depend on; nothing where it has none."""
    traits = registry.traits(engine)
    return wanted or (registry.report(engine, config).model if traits.has_models else "")


def expected(engine: str, model: str, texts: Sequence[str], instructions: str = "") -> Usage:
    """What saying these texts will probably use, a call each."""
    letters = sum(len(text) + len(instructions) for text in texts)
    length = sum(expected_ms(text) for text in texts)
    return Usage(engine, model, requests=len(texts), audio_ms=length, characters=letters)


def _piece(engine: str, text: str, options: NarrateOptions, about: str) -> Saying:
    known = json.dumps([engine, text, asdict(options)], sort_keys=True)
    return Saying(engine, hashlib.sha256(known.encode()).hexdigest()[:KEY_LETTERS], text, options, about)


def _call_for(steps: Steps, saying: Saying) -> PaidCall:
    """The call that says a text."""
    options = asdict(saying.options)
    spare = steps.folder / f"{saying.key}.spare"

    def prepare() -> Asked:
        payload = {"text": saying.text, "options": options, "spare_path": str(spare)}
        content = json.dumps([saying.text, options], sort_keys=True)
        return Asked(payload, hashlib.sha256(content.encode()).hexdigest())

    def kept(receipt: dict[str, Any], path: Path) -> Kept:
        source = path if path.exists() else spare
        mine, theirs = steps.folder / f"{path.stem}.said", steps.folder / f"{path.stem}.kept"
        for link in (mine, theirs):  # What the store takes over is moved, and may be far away then.
            link.unlink(missing_ok=True)
            link.hardlink_to(source)
        artifact = Artifact(theirs, ANSWER, "application/octet-stream", of_file=False, name=path.stem)
        used = {name: int(receipt[of]) for name, of in BILLED.items()}
        return Kept({"receipt": receipt}, Usage(saying.engine, receipt["model"], **used), (artifact,))

    return PaidCall(
        engine=saying.engine,
        module=MODULE,
        name=saying.key,
        asked=f"asked:{saying.key}",
        paid=f"paid:{saying.key}",
        part=0,
        about=saying.about,
        ending=".answer",
        expected=_most(steps, saying),
        prepare=prepare,
        read=read_receipt,
        kept=kept,
    )


BILLED = {"requests": "requests", "audio_ms": "duration_ms", "characters": "characters"}


def _most(steps: Steps, saying: Saying) -> Usage:
    """What the call may use at most: how long a voice takes is known when it has spoken."""
    options = saying.options
    model = model_of(saying.engine, options.model, steps.engines)
    letters = len(saying.text) + len(options.instructions)
    return Usage(saying.engine, model, audio_ms=longest_ms(saying.text, min(1.0, options.speed)), characters=letters)


def _answer(steps: Steps, saying: Saying, turn: int) -> Path:
    """The answer as a local file: as it came in this life of the job, or from the ledger."""
    path = steps.folder / f"{saying.key}-{turn}.said"
    return path if path.exists() else steps.own_artifact(ANSWER, f"{saying.key}-{turn}")


def _joined(sounds: Sequence[Path], target: Path) -> int:
    """Write sounds one behind the other; returns how many milliseconds they last."""
    frames = 0
    with wave.open(str(target), "wb") as out:
        for sound in sounds:
            with wave.open(str(sound), "rb") as reader:
                if not frames:
                    out.setparams(reader.getparams())
                elif reader.getframerate() != out.getframerate():
                    raise errors.RemoteNonsense("The service spoke at several rates in one text; nothing joins these.")
                frames += reader.getnframes()
                while piece := reader.readframes(JOINED_FRAMES):
                    out.writeframes(piece)
        return frames * 1000 // out.getframerate()
