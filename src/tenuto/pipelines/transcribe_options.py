"""What a person may ask of a transcription: each option with its default and its check."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenuto import errors

# A size, or the id of a model on a hub. Folders are for the settings: a stranger must not make us read one.
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
SPEAKERS_TEXT = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?")
MAX_HOT_WORDS = 500
MAX_TEXT = 300
MOST_SPEAKERS = 20


@dataclass(frozen=True)
class Option:
    """One option: what it is when nobody asks, and a check that returns it in its one form or refuses it."""

    default: Any
    check: Callable[[Any], Any]


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in full, or name the one that is wrong."""
    unknown = sorted(set(given) - set(OPTIONS))
    if unknown:
        raise errors.ValidationError(
            f"Unknown option {unknown[0]!r}; a transcription takes {', '.join(sorted(OPTIONS))}."
        )
    found = {name: option.check(given[name]) if name in given else option.default for name, option in OPTIONS.items()}
    if found["extra"] and found["engine"] != "fake":
        raise errors.ValidationError("extra is for the fake engine only.")
    return found


def _short_text(name: str) -> Callable[[Any], str]:
    def checked(value: Any) -> str:
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise errors.ValidationError(f"{name} must be a short text.", field=name)
        return value

    return checked


def _flag(name: str) -> Callable[[Any], bool]:
    def checked(value: Any) -> bool:
        if value not in (True, False, "true", "false"):  # a form brings text
            raise errors.ValidationError(f"{name} must be true or false.", field=name)
        return value in (True, "true")

    return checked


def _language(value: Any) -> str | None:
    if value in (None, "", "auto"):
        return None
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
        raise errors.ValidationError("language must be a code such as 'en' or 'de', or 'auto'.", field="language")
    return value


def _model(value: Any) -> str:
    name = _short_text("model")(value)
    if name and not MODEL_NAME.fullmatch(name):
        raise errors.ValidationError(
            "model must be a size such as 'small' or a hub id such as 'owner/model'.", field="model"
        )
    return name


def _hot_words(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_HOT_WORDS or not all(isinstance(word, str) for word in value):
        raise errors.ValidationError(f"hot_words must be a list of at most {MAX_HOT_WORDS} words.", field="hot_words")
    return value


def speakers(value: Any) -> Any:
    """How many speak: a number, bounds, auto or off; as text too, since forms and command lines have nothing else."""
    if value in ("auto", "off"):
        return value
    text = SPEAKERS_TEXT.fullmatch(value) if isinstance(value, str) else None
    if text is not None:
        value = {"min": int(text[1]), "max": int(text[2])} if text[2] else int(text[1])
    if _is_count(value):
        return value
    named = isinstance(value, Mapping) and value and set(value) <= {"min", "max"}
    if named and all(map(_is_count, value.values())) and value.get("min", 1) <= value.get("max", MOST_SPEAKERS):
        return dict(value)
    raise errors.ValidationError(
        f"speakers must be auto, off, a number from 1 to {MOST_SPEAKERS}, or bounds such as 2-4.", field="speakers"
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_SPEAKERS


def _extra(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise errors.ValidationError("extra is for the fake engine only.")
    return value


def _lexicon(value: Any) -> str | None:
    if value in (None, ""):
        return None
    return str(_short_text("lexicon_id")(value))


OPTIONS: Mapping[str, Option] = {
    "engine": Option("auto", _short_text("engine")),
    "language": Option(None, _language),
    "model": Option("", _model),
    "hot_words": Option([], _hot_words),
    "lexicon_id": Option(None, _lexicon),
    "title": Option("", _short_text("title")),
    "translate": Option(False, _flag("translate")),
    "speakers": Option("auto", speakers),
    "recognise": Option(False, _flag("recognise")),
    "extra": Option({}, _extra),
}
