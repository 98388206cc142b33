"""Options that only some voices have: a model of their own, and words that say how to speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenuto import errors
from tenuto.engines import registry

MOST_INSTRUCTIONS = 4_096


def instructions(name: str, given: Any) -> str:
    """Words for the voice, which may be many."""
    if not isinstance(given, str) or len(given) > MOST_INSTRUCTIONS:
        raise errors.ValidationError(f"{name} has at most {MOST_INSTRUCTIONS:,} characters.", field=name)
    return given.strip()


def require_taken(options: Mapping[str, Any]) -> None:
    """Refuse what the engine that is named could do nothing with."""
    engine = str(options["engine"])
    known = engine in registry.names(registry.NARRATOR)
    if engine != registry.AUTO and not known:
        return  # Refused by name where engines are chosen.
    traits = registry.traits(engine) if known else registry.Traits(0.0, parallel_blocks=False)
    for name, is_taken in (("model", traits.has_models), ("instructions", traits.instructed)):
        if options[name] and not is_taken:
            raise errors.ValidationError(
                f"The voice engine {engine} takes no {name}; name one that does, such as openai-speech, which is paid.",
                field=name,
            )
