"""What a client asks of a transcription, read from its form and put into a job's options."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenuto import errors
from tenuto.api.v1.forms import first
from tenuto.api.v1.languages import language_code
from tenuto.api.v1.names import DATED, DIARIZING, hearing_model
from tenuto.services.engines import EngineService
from tenuto.services.intake import TRANSCRIPTION_OPTIONS

FORMATS = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")
WITHOUT_STREAM = ("srt", "vtt")
GRANULARITIES = ("word", "segment")
YES, NO = ("true", "1", "yes", "on"), ("", "false", "0", "no", "off", "null", "none")
# Accepted because clients send them, and without effect here.
IGNORED = ("chunking_strategy", "include", "known_speaker_names", "known_speaker_references", "temperature", "user")
# Options of ours that come beside OpenAI's own, each under the name a job knows it by.
OTHER_NAMES = {"hotwords": "hot_words"}
OWN_FIELDS = frozenset({"engine", "model", "language", "hot_words", "translate"})
HINT_MARKS = re.compile(r"[,;\n]+")
MAX_HINTS = 500
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Wish:
    """A transcription as a client wants it answered."""

    options: Mapping[str, Any]
    response_format: str
    stream: bool
    words: bool
    segments: bool
    ignored: tuple[str, ...]


def read_wish(fields: Fields, engines: EngineService, *, translate: bool) -> Wish:
    """Read a form, or say which field cannot be used."""
    asked = first(fields, "model")
    if not asked:
        raise errors.ValidationError("You must provide a model parameter.", field="model")
    model = hearing_model(asked, engines)
    shape = _one_of(fields, "response_format", FORMATS, "json")
    stream = _switch(fields, "stream")
    if stream and shape in WITHOUT_STREAM:
        raise errors.ValidationError(f"A stream has no response_format {shape!r}; take json.", field="response_format")
    _check_temperature(first(fields, "temperature"))
    options: dict[str, Any] = {"engine": model.engine, "model": model.model, **_ours(fields)}
    if hints := _hints(fields):
        options["hot_words"] = hints
    if language := _language(fields):
        options["language"] = language
    # Telling voices apart takes time and changes subtitles; OpenAI's other answers do not do it either.
    options.setdefault("speakers", "auto" if shape == "diarized_json" or DATED.sub("", asked) == DIARIZING else "off")
    if translate:
        engines.require_translation(model.engine)
        options["translate"] = True
    wanted = _granularities(fields)
    return Wish(options, shape, stream, "word" in wanted, "segment" in wanted, _ignored(fields))


def _one_of(fields: Fields, name: str, known: Sequence[str], default: str) -> str:
    value = first(fields, name) or default
    if value not in known:
        raise errors.ValidationError(f"{name} must be one of {', '.join(known)}, not {value[:60]!r}.", field=name)
    return value


def _switch(fields: Fields, name: str) -> bool:
    value = first(fields, name).lower()
    if value not in (*YES, *NO):
        raise errors.ValidationError(f"{name} must be true or false, not {value[:60]!r}.", field=name)
    return value in YES


def _granularities(fields: Fields) -> set[str]:
    wanted = {value.strip() for value in fields.get("timestamp_granularities", ()) if value.strip()}
    unknown = sorted(wanted - set(GRANULARITIES))
    if unknown:
        name = "timestamp_granularities"
        raise errors.ValidationError(f"{name} holds word, segment or both, not {unknown[0][:60]!r}.", field=name)
    return wanted or {"segment"}


def _check_temperature(text: str) -> None:
    try:
        fine = not text or 0 <= float(text) <= 2  # noqa: PLR2004 - the widest scale that clients use
    except ValueError:
        fine = False
    if not fine:
        raise errors.ValidationError(
            f"temperature must be a number from 0 to 1, not {text[:60]!r}.", field="temperature"
        )


def _language(fields: Fields) -> str:
    """The one language; of several the first, as no engine here takes more than one."""
    named = first(fields, "language") or first(fields, "languages")
    return language_code(named)


def _hints(fields: Fields) -> list[str]:
    """Words to listen for: our own, OpenAI's keywords, and the phrases of a prompt."""
    given = [*_words(fields, "hot_words"), *_words(fields, "hotwords"), *_words(fields, "keywords")]
    phrases = [part.strip() for part in HINT_MARKS.split(first(fields, "prompt"))]
    return list(dict.fromkeys(hint for hint in [*given, *phrases] if hint))[:MAX_HINTS]


def _words(fields: Fields, name: str) -> list[str]:
    """A list, however it was sent: repeated, as JSON, or with commas."""
    found: list[str] = []
    for text in fields.get(name, ()):
        value = _plain(text)
        found += [str(item) for item in value] if isinstance(value, list) else text.split(",")
    return [word.strip() for word in found]


def _ours(fields: Fields) -> dict[str, Any]:
    """Options of a job that a client names beside OpenAI's."""
    known = TRANSCRIPTION_OPTIONS - OWN_FIELDS
    return {name: _plain(first(fields, name)) for name in sorted(known & set(fields)) if first(fields, name)}


def _plain(text: str) -> Any:
    """A list or an object in JSON as what it is; anything else as the text it came as."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _ignored(fields: Fields) -> tuple[str, ...]:
    """What was sent and changes nothing."""
    found = {name.partition("[")[0] for name in fields}
    several = {"languages"} if len(fields.get("languages", ())) > 1 else set()
    return tuple(sorted((found & set(IGNORED)) | several))
