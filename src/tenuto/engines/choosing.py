"""Which engine parts a song into voice and band, and which one times its lyrics, when nobody names one; and why."""

from __future__ import annotations

from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import AUTO, LYRICS_ALIGNER, SEPARATOR, Choice

EMBEDDED, BETTER = "embedded", "demucs"
ALIGNER = "lyrics-align"


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


def _asked_for(name: str, kind: str, config: EngineConfig) -> Choice:
    offered = registry.offered_of(kind, config)
    if name not in offered:
        raise errors.ValidationError(
            f"There is no {kind} {name[:80]!r} here; choose one of: {', '.join([AUTO, *offered])}.", engines=offered
        )
    return Choice(name, f"The {kind} {name} was asked for.")
