"""A text becomes speech: said by a voice engine, written in the format that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.engines import registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.media.encoding import SPEECH_FORMATS
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.first_words import first_words
from tenuto.pipelines.paid_voice import ANSWER, expected, model_of, pieces_of, say_all
from tenuto.pipelines.voice_options import instructions, require_taken
from tenuto.pipelines.voicing import voice

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
KIND, WORDS = "speech", "words"
MOST_CHARACTERS = 50_000
SLOWEST, FASTEST = 0.25, 4.0
MAX_TEXT = 120
DEFAULTS: Mapping[str, Any] = {
    "text": "",
    "engine": registry.AUTO,
    "voice": "",
    "language": "",
    "speed": 1.0,
    "format": "mp3",
    "title": "",
    "model": "",
    "instructions": "",
}


def speak(steps: Steps) -> Outcome:
    """Say the text, and keep the sound and the times of its words."""
    wishes = steps.options
    text = str(wishes["text"])
    engine = registry.choose_narrator(str(wishes["engine"]), steps.engines)
    sound = steps.folder / "speech.wav"
    options = NarrateOptions(
        str(wishes["voice"]),
        wishes["language"] or None,
        float(wishes["speed"]),
        model=str(wishes["model"]),
        instructions=str(wishes["instructions"]),
    )
    if registry.traits(engine).remote:
        said, used = say_all(steps, engine, text, sound, options=options), None  # It is counted call by call.
    else:
        used = Usage(engine, characters=len(text))
        steps.may_spend(used)
        said = voice(
            steps, engine, text, sound, options=options, on_share=lambda share: steps.progress(share * 0.9, "speaking")
        )
    form = str(wishes["format"])
    made = steps.folder / f"made.{form}"
    steps.media.speech(sound, made, form, should_stop=steps.should_stop)
    sound.unlink(missing_ok=True)
    artifacts = [Artifact(made, KIND, SPEECH_FORMATS[form].media_type, of_file=False, name=f"speech.{form}")]
    words = said.pop("words")
    if words:
        times = steps.folder / "words.json"
        times.write_text(json.dumps([dict(zip(("start_ms", "end_ms", "text"), word, strict=True)) for word in words]))
        artifacts.append(Artifact(times, WORDS, "application/json", of_file=False, name="words.json"))
    warnings = tuple(said["warnings"])
    return Outcome(
        said, engine=engine, artifacts=tuple(artifacts), warnings=warnings, usage=used, served=frozenset({ANSWER})
    )


def expects(given: Mapping[str, Any], _duration_ms: int, config: EngineConfig) -> tuple[Usage, ...]:
    """Every letter of the text, in one call or in as many as a service far away takes."""
    engine = registry.choose_narrator(str(given["engine"]), config)
    if registry.traits(engine).remote:
        model = model_of(engine, str(given["model"]), config)
        return (expected(engine, model, pieces_of(engine, str(given["text"])), str(given["instructions"])),)
    return (Usage(engine, characters=len(given["text"])),)


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in full, or name the one that is wrong."""
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise errors.ValidationError(f"Unknown option {unknown[0]!r}; speech takes {', '.join(sorted(DEFAULTS))}.")
    found = {**DEFAULTS, **given}
    for name in set(DEFAULTS) - {"text", "speed", "instructions"}:
        if not isinstance(found[name], str) or len(found[name]) > MAX_TEXT:
            raise errors.ValidationError(f"{name} must be a short text.", field=name)
    text = found["text"]
    if not isinstance(text, str) or not text.strip():
        raise errors.ValidationError("There is no text to say.", field="text")
    if len(text) > MOST_CHARACTERS:
        raise errors.ValidationError(
            f"The text is longer than the {MOST_CHARACTERS} characters a job says.", field="text"
        )
    if found["language"] and not LANGUAGE.fullmatch(found["language"]):
        raise errors.ValidationError("language must be a code such as 'en' or 'de'.", field="language")
    if found["format"] not in SPEECH_FORMATS:
        raise errors.ValidationError(f"format must be one of {', '.join(SPEECH_FORMATS)}.", field="format")
    found["speed"] = _speed(found["speed"])
    found["instructions"] = instructions("instructions", found["instructions"])
    require_taken(found)
    found["title"] = found["title"] or first_words(text)
    return found


def _speed(value: Any) -> float:
    try:
        speed = float(value)  # a form brings text
    except (TypeError, ValueError):
        speed = 0.0
    if isinstance(value, bool) or not SLOWEST <= speed <= FASTEST:
        raise errors.ValidationError(f"speed must be a number from {SLOWEST} to {FASTEST}.", field="speed")
    return speed


PIPELINE = Pipeline(
    name="speak",
    steps=(Step("speak", "speaking", 1, speak),),
    check_options=check,
    needs_file=False,
    expects=expects,
    engine_kind=registry.NARRATOR,
)
