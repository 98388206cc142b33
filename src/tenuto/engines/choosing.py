"""Which engine works on music (parts a song, times its lyrics, composes) when nobody names one; and why."""

from __future__ import annotations

from typing import cast

from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.base import Composer
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import AUTO, COMPOSER, LYRICS_ALIGNER, SEPARATOR, Choice

EMBEDDED, BETTER = "embedded", "demucs"
ALIGNER = "lyrics-align"
EMBEDDED_COMPOSER = "composer"


def choose_separator(name: str, config: EngineConfig) -> Choice:
    """Settle which engine parts a song; "auto" takes demucs where it can work, else the embedded one."""
    if name != AUTO:
        return _asked_for(name, SEPARATOR, config)
    if config.separator != AUTO:
        return Choice(config.separator, f"The separator {config.separator} is this server's default.")
    found = registry.report(BETTER, config) if BETTER in registry.names(SEPARATOR) else None
    if found is not None and found.ready:
        return Choice(BETTER, f"The separator {BETTER} is used because it can work here. {found.detail}")
    return Choice(
        EMBEDDED,
        f"The embedded separator is used because {BETTER} cannot work here.",
        found.detail if found is not None else "",
    )


def choose_lyrics_aligner(name: str, config: EngineConfig) -> Choice:
    """Settle which engine times lyrics."""
    if name != AUTO:
        return _asked_for(name, LYRICS_ALIGNER, config)
    return Choice(ALIGNER, f"The aligner {ALIGNER} is the only one that is embedded.")


def choose_composer(name: str, config: EngineConfig) -> Choice:
    """Settle which engine composes."""
    if name != AUTO:
        return _asked_for(name, COMPOSER, config)
    return Choice(EMBEDDED_COMPOSER, f"The {EMBEDDED_COMPOSER} is the only one that is embedded.")


def composer(name: str, config: EngineConfig) -> Composer:
    """Make the engine of that name that composes."""
    return cast("Composer", registry.load(name, COMPOSER)(config))


def _asked_for(name: str, kind: str, config: EngineConfig) -> Choice:
    offered = registry.offered_of(kind, config)
    if name not in offered:
        raise errors.ValidationError(
            f"There is no {kind} {name[:80]!r} here; choose one of: {', '.join([AUTO, *offered])}.", engines=offered
        )
    return Choice(name, f"The {kind} {name} was asked for.")
