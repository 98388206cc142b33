"""Names of models: OpenAI's stand for this server's own choice, ours for themselves, `engine:model` for both parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tenuto import errors
from tenuto.services.engines import EngineService

HEARING = ("whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize")
SPEAKING = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
DIARIZING = "gpt-4o-transcribe-diarize"
DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
AUTO = "auto"


@dataclass(frozen=True)
class Model:
    """The engine a name means, and the engine's own model; empty for its default."""

    engine: str
    model: str = ""


def hearing_model(name: str, engines: EngineService) -> Model:
    """What transcribes when `name` is asked for."""
    plain = DATED.sub("", name)
    if plain in (*HEARING, AUTO):
        return Model(AUTO)
    engine, _, model = name.partition(":")
    if engine in engines.names():
        return Model(engine, model)
    owner = engines.engine_of_model(name)
    if owner:
        return Model(owner, name)
    raise unknown_model(name)


def speaking_model(name: str, engines: EngineService) -> Model:
    """What speaks when `name` is asked for."""
    plain = DATED.sub("", name)
    if plain == AUTO or (plain in SPEAKING and not engines.speaks_openai):
        return Model(AUTO)
    if plain in SPEAKING:
        return Model(engines.speaks_openai, name)
    engine, _, model = name.partition(":")
    if engine in engines.narrators() and (not model or engines.has_models(engine)):
        return Model(engine, model)
    raise unknown_model(name)


def listed(engines: EngineService) -> list[str]:
    """Every name this server answers to."""
    return [*HEARING, *SPEAKING, *engines.names(), *engines.narrators()]


def require_model(name: str, engines: EngineService) -> str:
    """Refuse a name that means nothing here."""
    if name not in listed(engines):
        try:
            hearing_model(name, engines)
        except errors.ModelNotFound:
            speaking_model(name, engines)
    return name


def unknown_model(name: str) -> errors.ModelNotFound:
    """The refusal of a name, in the words OpenAI uses."""
    message = f"The model `{name[:100]}` does not exist here; GET /v1/models names those that do."
    return errors.ModelNotFound(message, field="model")
