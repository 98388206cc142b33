"""What is made of a transcript after it was heard: the corrections of a lexicon, then prose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenuto import errors
from tenuto.domain.corrections import Correction, correct_transcript
from tenuto.domain.prose import paragraphs
from tenuto.engines import registry
from tenuto.pipelines.base import Outcome, Steps
from tenuto.pipelines.patterns import finders
from tenuto.pipelines.transcribe_options import MAX_HOT_WORDS

MAX_SHOWN = 1_000


def polish(steps: Steps) -> Outcome:
    """Correct by the lexicon, in a way that can be undone, and make prose: paragraphs at long pauses, sentences."""
    heard = steps.transcript()
    lexicon = steps.lexicon()
    if lexicon is None:
        return Outcome({}, processed_text=paragraphs(heard, heard=heard.text))
    corrected, made = correct_transcript(heard, finders(lexicon.rules))
    named = {"id": lexicon.uid, "name": lexicon.name, "changes": len(made)}
    return Outcome(
        {"changes": len(made), "lexicon": named, "shown": _shown(made)},
        transcript=corrected if made else None,
        edit="lexicon" if made else "",
        processed_text=paragraphs(corrected, heard=heard.text),
        details={"lexicon": named},
    )


def hot_words(steps: Steps, engine: str) -> list[str]:
    """The words to listen for: those that were given, and those the lexicon wants to read where the engine can."""
    given: list[str] = list(steps.options["hot_words"])
    if not registry.traits(engine).hears_hot_words:
        return given
    try:
        lexicon = steps.lexicon()
    except errors.NotFound:  # The step "polish" will say so; the recording is heard all the same.
        return given
    wanted = lexicon.hot_words() if lexicon else []
    return list(dict.fromkeys([*given, *wanted]))[:MAX_HOT_WORDS]


def _shown(made: Sequence[Correction]) -> list[dict[str, Any]]:
    """The corrections as they are kept; beyond a thousand only their number is."""
    return [
        {
            "position": item.position,
            "start_ms": item.start_ms,
            "start": item.change.start,
            "old": item.change.old,
            "new": item.change.new,
            "rule": item.change.rule,
        }
        for item in made[:MAX_SHOWN]
    ]
