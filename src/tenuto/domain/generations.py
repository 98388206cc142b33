"""Generated music: when two prompts are one, which seeds takes get, and what a composition's description says of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any

from tenuto import errors
from tenuto.domain.jobs import JobStatus
from tenuto.domain.music import NOTES

SEEDS = 1 << 32
KEY_WORDS = re.compile(
    r"\b([a-g])[\s-]*(#|♯|sharp|b|♭|flat)?[\s-]*(major|maj|minor|min|m)?(?![a-z#])",
    re.IGNORECASE,
)
WHITE_KEYS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
IN_COLUMNS = frozenset(
    ("prompt", "engine", "model", "weights_licence", "seed", "seconds", "frames", "sample_rate", "channels", "stems")
)
LONGEST_LICENCE = 300


def one_line(text: str) -> str:
    """A prompt as it is counted: what differs only in white space is the same."""
    return " ".join(text.split())


def text_hash(text: str) -> str:
    """What a prompt is found by."""
    return hashlib.sha256(one_line(text).encode()).hexdigest()


def seed_of_prompt(prompt: str) -> int:
    """The seed that follows from a prompt; the embedded composer chooses the same."""
    return int.from_bytes(hashlib.sha256(one_line(prompt.lower()).encode()).digest()[:4], "little")


def other_seeds(seed: int, but: Collection[int] = ()) -> Iterator[int]:
    """Seeds that follow from a seed, without end: each another one, never the seed itself, none of `but`."""
    used = {seed, *but}
    for number in count(1):
        found = int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4], "little")
        if found not in used:
            used.add(found)
            yield found


class PromptOrder(StrEnum):
    """Which prompts come first."""

    NEWEST = "newest"
    USED = "used"  # most


@dataclass(frozen=True)
class Wanted:
    """Which pieces of music a list shows; what is left empty does not matter."""

    statuses: Collection[JobStatus] = ()
    query: str = ""  # words of the prompt
    prompt_uid: str = ""
    parent_uid: str = ""
    engine: str = ""
    bpm: tuple[float | None, float | None] = (None, None)  # measured, from and to
    key: str = ""  # measured
    since: datetime | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Facts:
    """What is known of music once it is composed: columns of the ledger, and all the rest."""

    columns: Mapping[str, Any]
    details: Mapping[str, Any]


def facts_of(document: Mapping[str, Any]) -> Facts:
    """Read the description that composing leaves."""
    composed, measured = document["composed"], document["measured"]
    asked = composed.get("asked") or {}
    licence = document.get("weights_licence")
    columns = {
        "engine": document["engine"],
        "model": document["model"],
        "licence": str(licence)[:LONGEST_LICENCE] if licence else None,
        "seed": document["seed"],
        "seconds": document["seconds"],
        "sample_rate": document.get("file", document)["sample_rate"],
        "channels": document["channels"],
        "requested_bpm": asked.get("bpm"),
        "requested_key": asked.get("key"),
        "composed_bpm": composed["bpm"],
        "composed_key": composed["key"],
        "measured_bpm": measured["tempo_bpm"],
        "measured_key": measured["key"],
        "loudness_lufs": measured["loudness_lufs"],
        "true_peak_db": measured["true_peak_db"],
    }
    return Facts(columns, {name: value for name, value in document.items() if name not in IN_COLUMNS})


def _key_in(words: str) -> str | None:
    """A key in words: "F# minor", or a note where nothing is said of the mode; each has one name."""
    matches = list(KEY_WORDS.finditer(words))
    if not matches:
        return None
    found = matches[-1]  # Before it may stand "in a key of".
    sign, mode = (found[2] or "").lower(), (found[3] or "").lower()
    moved = 0 if not sign else 1 if sign in ("#", "♯", "sharp") else -1
    note = NOTES[(WHITE_KEYS[found[1].lower()] + moved) % len(NOTES)]
    return f"{note} {'minor' if mode in ('m', 'min', 'minor') else 'major'}" if mode else note


def key_called(words: str) -> str:
    """The key that somebody looks for, as it is called here: "Db major" is "C# major"."""
    found = _key_in(words)
    if found is None or found in NOTES:
        raise errors.ValidationError(
            f"{words[:40]!r} is no key; a key is a note and a mode, such as 'F# minor' or 'Bb major'.", field="key"
        )
    return found
