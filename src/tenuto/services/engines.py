"""EngineService: which engines there are, whether they can work, and fetching what they miss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.base import EngineReport
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import Choice

OPENAI_VOICE = "openai-speech"


class EngineService:
    """The doors' side of engines."""

    def __init__(self, config: EngineConfig) -> None:
        self.config = config

    def reports(self) -> Sequence[EngineReport]:
        """How every engine on offer is."""
        return registry.reports(self.config)

    def report(self, name: str) -> EngineReport:
        """How one engine is; an unknown name is refused."""
        self._require(name)
        return registry.report(name, self.config)

    def choose(self, name: str = registry.AUTO) -> Choice:
        """Which engine a job that asks for `name` gets, and why."""
        return registry.choose(name, self.config)

    def default(self) -> Choice:
        """What a job gets that names no engine; without a name when it gets none, and why."""
        try:
            return self.choose()
        except errors.EngineMissing as error:
            return Choice("", error.message)

    def fetch(self, name: str, on_progress: Callable[[int, int], None]) -> EngineReport:
        """Download what an engine misses."""
        self._require(name)
        return registry.fetch(name, self.config, on_progress)

    def _require(self, name: str) -> None:
        """Refuse a name nobody knows; the settings choose among transcribers only."""
        if registry.kind_of(name) in ("", registry.TRANSCRIBER):
            registry.require_offered(name, self.config)

    def names(self) -> list[str]:
        """The transcribers on offer."""
        return registry.offered_transcribers(self.config)

    def narrators(self) -> list[str]:
        """The engines on offer that speak."""
        return registry.offered_narrators(self.config)

    def has_models(self, narrator: str) -> bool:
        """Whether somebody who has a text spoken may name the model."""
        return registry.traits(narrator).has_models

    def is_instructed(self, narrator: str) -> bool:
        """Whether a voice engine can be told how to say a text."""
        return narrator != registry.AUTO and registry.traits(narrator).instructed

    @property
    def speaks_openai(self) -> str:
        """The engine that speaks when one of OpenAI's models is named, where that is not this server's own choice."""
        return OPENAI_VOICE if self.config.openai_speech_for_v1 else ""

    def engine_of_model(self, model: str) -> str:
        """The engine on offer that has a model of that name, or nothing."""
        return next((name for name in self.names() if registry.has_model(name, model, self.config)), "")

    def require_translation(self, engine: str) -> None:
        """Refuse to translate with an engine that cannot."""
        choice = registry.choose(engine, self.config)
        if not registry.traits(choice.name).translates:
            able = [name for name in self.names() if registry.traits(name).translates]
            raise errors.ValidationError(
                f"The engine {choice.name} cannot translate. {choice.hint and 'Do this: ' + choice.hint + '. '}"
                f"Engines here that can: {', '.join(able) or 'none'}.",
                field="model",
            )
