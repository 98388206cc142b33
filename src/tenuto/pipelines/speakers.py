"""Who says what: voices are told apart by their channels, or by what they sound like, and words go to their turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tenuto import errors
from tenuto.domain.speakers import Turn, assign
from tenuto.domain.transcripts import Transcript
from tenuto.domain.voices import Voice, recognise
from tenuto.pipelines import sound
from tenuto.pipelines.base import Outcome, Steps
from tenuto.pipelines.transcribe_options import MOST_SPEAKERS

EMBEDDED = "ge2e"
LOADING_SECONDS, SLOWEST = 900.0, 5.0
GUESSED = "Nobody said how many speak, so the number is a guess; give it as `speakers` when you know it."


@dataclass(frozen=True)
class Found:
    """Who speaks when, and how that was found out."""

    turns: tuple[Turn, ...]
    details: dict[str, Any]
    vectors: tuple[tuple[float, ...], ...] = ()
    model: str = ""
    warnings: tuple[str, ...] = field(default=())


def find_speakers(steps: Steps) -> Outcome:
    """Give each word its speaker; one voice is a speaker too."""
    asked = steps.options.get("speakers", "off")
    if asked == "off":
        return Outcome({"asked": asked})
    transcript = steps.transcript()
    if not transcript.segments:
        return Outcome({"asked": asked, "speakers": 0})
    if any(segment.speaker for segment in transcript.segments):
        details = {"method": "engine", "asked": asked, "speakers": _count(transcript)}
        return Outcome(details, details={"speakers": details})
    found = _by_channel(steps, asked) or _by_voice(steps, asked)
    said, labels = assign(transcript, found.turns)
    voices = [
        Voice(label, found.vectors[number], found.model)
        for number, label in labels.items()
        if number < len(found.vectors) and found.vectors[number]
    ]
    details = {**found.details, "asked": asked, "speakers": len(labels)}
    said, voices, details = _recognised(steps, said, voices, details)
    return Outcome(
        {"asked": asked, "speakers": len(labels)},
        transcript=said,
        voices=tuple(voices),
        details={"speakers": details},
        warnings=found.warnings,
    )


def _by_channel(steps: Steps, asked: Any) -> Found | None:
    """The speakers of a recording that has each on a channel; None when it is not such a one."""
    channels = int(steps.result_of("prepare").get("channels", 1))
    if channels < 2:  # noqa: PLR2004 - mono
        return None
    steps.progress(0.0, "comparing the channels")
    try:
        report = steps.media.channels(steps.source(), steps.folder / "levels.bin", should_stop=steps.should_stop)
    except errors.RejectedFile:
        return None  # It was decoded as mono before, so the voices can still be told apart by their sound.
    if not report.one_voice_each or not _fits(report.channels, asked):
        return None
    details = {"method": "channels", "correlation": report.correlation, "at_once": report.at_once}
    payload = {
        "audio": str(sound.decoded(steps)),
        "turns": [(turn.start_ms, turn.end_ms, turn.speaker) for turn in report.turns],
    }
    described = _call(steps, "describe_voices", payload, EMBEDDED)
    return Found(report.turns, details, _vectors(described), described["voice_model"])


def _by_voice(steps: Steps, asked: Any) -> Found:
    engine = steps.engines.diarizer
    payload = {
        "engine": engine,
        "config": steps.engines.to_json(),
        "audio": str(sound.decoded(steps)),
        "options": wishes(asked),
    }
    found = _call(steps, "diarize", payload, engine)
    details = {"method": found["method"], "vad": found["detector"], "separation": found["separation"]}
    if wishes(asked)["number"] is None:
        details |= {"guessed": True, "note": GUESSED}
    turns = tuple(Turn(**turn) for turn in found["turns"])
    return Found(turns, details, _vectors(found), found["voice_model"], tuple(found["warnings"]))


def _call(steps: Steps, target: str, payload: dict[str, Any], engine: str) -> dict[str, Any]:
    """Work in the child that heard the words, so that none has to start; what needs much memory gets its own."""
    prepared = steps.result_of("prepare")
    key = f"engine:{prepared['engine'] if engine == EMBEDDED else engine}"
    patience = LOADING_SECONDS + SLOWEST * prepared["duration_ms"] / 1000
    tell = lambda share: steps.progress(share, "telling the voices apart")  # noqa: E731 - one line says it
    return steps.call(key, f"tenuto.engines.work:{target}", payload, tell, timeout_seconds=patience)


def wishes(asked: Any) -> dict[str, Any]:
    """What `speakers` says, as a diarizer takes it."""
    if isinstance(asked, int):
        return {"number": asked, "at_least": asked, "at_most": asked}
    bounds = asked if isinstance(asked, Mapping) else {}
    return {"number": None, "at_least": bounds.get("min", 1), "at_most": bounds.get("max", MOST_SPEAKERS)}


def _fits(number: int, asked: Any) -> bool:
    wanted = wishes(asked)
    return bool(wanted["at_least"] <= number <= wanted["at_most"])


def _vectors(found: Mapping[str, Any]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(vector) for vector in found["voices"])


def _recognised(
    steps: Steps, transcript: Transcript, voices: list[Voice], details: dict[str, Any]
) -> tuple[Transcript, list[Voice], dict[str, Any]]:
    """Give speakers the names of the owner's known voices, when that was asked for."""
    if not steps.options.get("recognise", False):
        return transcript, voices, details
    found = recognise(voices, steps.known_voices())
    names = {label: known.name for label, (known, _) in found.items()}
    named = [replace(voice, known_uid=found[voice.label][0].uid) if voice.label in found else voice for voice in voices]
    scores = {
        label: {"known_voice_id": known.uid, "name": known.name, "likeness": round(score, 3)}
        for label, (known, score) in found.items()
    }
    return replace(transcript, speakers={**transcript.speakers, **names}), named, {**details, "recognised": scores}


def _count(transcript: Transcript) -> int:
    return len({segment.speaker for segment in transcript.segments if segment.speaker})
