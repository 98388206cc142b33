"""pocket-tts: a neural voice for a few languages, which can take up the voice of a sample; the extra `pocket`."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines.base import EngineReport, NarrateOptions, Narration, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.model_cards import licence_warning
from tenuto.engines.pocket_fetch import default_voice, fetch_model
from tenuto.engines.pocket_models import PocketModel, called, locate, own_descriptions
from tenuto.engines.pocket_net import Net, as_pcm, at_speed, open_net
from tenuto.engines.speaking import OPENAI_VOICES, Said, has_words, language_by_script, pieces, write_speech
from tenuto.engines.whisper_fetch import hub_answers
from tenuto.engines.whisper_models import OnProgress

NAME = "pocket-tts"
PACKAGE = "pocket_tts"
INSTALL = "pip install 'tenuto[pocket]'"
FETCH = "tenuto engines fetch pocket-tts"
USUAL = "en"
MOST_CHARACTERS = 300
CLONED = "cloned"  # what a voice by a sample is called
SEED_BYTES = 7


class PocketNarrator:
    """The voices of pocket-tts."""

    name = NAME
    heavy = True

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._nets: dict[str, Net] = {}

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package and its models are here; nothing heavy is loaded."""
        names = ", ".join(map(called, config.pocket_models.values()))
        if not installed():
            detail = f"pocket-tts is not installed; install it: {INSTALL}."
            return EngineReport(NAME, ready=False, detail=detail, model=names)
        try:
            here = {language: locate(model, config) for language, model in config.pocket_models.items()}
        except errors.TenutoError as error:
            return EngineReport(NAME, ready=False, detail=error.message, model=names)
        found = [model for model in here.values() if model is not None]
        missing = [language for language, model in here.items() if model is None]
        package = f"pocket-tts {importlib.metadata.version('pocket-tts')}"
        ready = bool(found) or (bool(missing) and config.allow_fetch and hub_answers(config))
        detail = " ".join([f"{package} is installed.", *_told(found), *_told_of_missing(missing, config)])
        return EngineReport(
            NAME,
            ready,
            detail,
            names,
            fetchable=bool(missing),
            licence=", ".join(sorted({model.licence for model in found})),
            version=" ".join([package, *(model.identity for model in found)]),
        )

    @staticmethod
    def fetch(config: EngineConfig, on_progress: OnProgress) -> None:
        """Download the models that the configuration names; weights that take up voices where they can be had."""
        _require_installed()
        for wanted in config.pocket_models.values():
            found = locate(wanted, config)
            if found is None or not found.clones:
                fetch_model(wanted, config, on_progress)

    def narrate(self, text: str, target: Path, options: NarrateOptions, progress: Progress) -> Narration:
        """Speak `text` into `target`."""
        net = self._net(self.language_of(text, options.language))
        voice, state = _cloned(net, options) if options.shape is not None else _own_voice(net, options.voice)
        parts = list(pieces(text, MOST_CHARACTERS)) if has_words(text) else []

        def say(part: str) -> Said:
            if not has_words(part):
                return Said(b"")
            sound = net.say(part, state, seed=seed_of(part, voice, options.speed, options.shape))
            return Said(as_pcm(at_speed(sound, net.rate, options.speed)))

        length, _ = write_speech(target, net.rate, parts, say, progress)
        warning = licence_warning(net.model.name, net.model.licence)
        return Narration(length, voice, warnings=(warning,) if warning else (), weights_licence=net.model.licence)

    def language_of(self, text: str, language: str | None) -> str:
        """The language that is spoken; one that there is no model for is refused."""
        known = self._config.pocket_models
        usual = USUAL if USUAL in known else next(iter(known), USUAL)
        spoken = (language or language_by_script(text) or usual).lower().partition("-")[0]
        if spoken not in known:
            raise errors.ValidationError(
                f"pocket-tts speaks {', '.join(known) or 'nothing'} here, not {spoken[:20]!r}; the engine espeak "
                "speaks others. A model for another language is named in TENUTO_POCKET_MODELS."
            )
        return spoken

    def has_own_voice(self, language: str) -> bool:
        """Whether it can speak that language without a sample."""
        return bool(self._net(language).model.voices)

    def _net(self, language: str) -> Net:
        if language not in self._nets:
            _require_installed()
            wanted = self._config.pocket_models[language]
            found = locate(wanted, self._config)
            if found is None and not self._config.allow_fetch:
                raise errors.EngineMissing(
                    f"The model {wanted} of pocket-tts is not on this machine; fetch it: {FETCH}."
                )
            found = found or fetch_model(wanted, self._config, lambda _here, _total: None)
            try:
                self._nets[language] = open_net(found, self._config)
            except ImportError as error:
                raise errors.EngineMissing(
                    f"pocket-tts cannot be loaded: {error}. Install it anew: {INSTALL}."
                ) from error
        return self._nets[language]


def shape_of_sample(sample: Path, version: str) -> dict[str, Any]:
    """What is kept of a voice that is cloned: which sample it is, and by what it is taken up."""
    with sample.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"engine": NAME, "sample": digest, "made_by": version}


def seed_of(text: str, voice: str, speed: float, shape: dict[str, Any] | None) -> int:
    """A number that follows from what is said and how, and from nothing else."""
    told = json.dumps([text, voice, round(speed, 4), (shape or {}).get("sample")])
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:SEED_BYTES], "big")


def installed() -> bool:
    """Whether the packages are here; nothing of them is imported."""
    return all(importlib.util.find_spec(package) is not None for package in (PACKAGE, "torch"))


def _cloned(net: Net, options: NarrateOptions) -> tuple[str, Any]:
    """The voice of a sample, and what it is called."""
    shape = options.shape or {}
    if shape.get("engine") != NAME or not options.sample:
        raise errors.ValidationError("The shape of the voice is another engine's: have its sample taken up anew.")
    if not net.takes_samples():
        raise errors.EngineMissing(
            f"The weights of the model {net.model.name} here cannot take up the voice of a sample. Those that can are "
            "given out after a registration: accept the terms of kyutai/pocket-tts on its page on the model hub, set "
            f"HF_TOKEN to a token of that account, and do this: {FETCH}. The engine espeak matches a voice without."
        )
    return f"{net.model.name}, {CLONED}", net.state(f"sample {shape.get('sample')}", Path(options.sample))


def _own_voice(net: Net, wanted: str) -> tuple[str, Any]:
    """One of the voices that came with the model, by its name or by one of OpenAI's."""
    voices, model = net.model.voices, net.model
    if not voices:
        raise errors.EngineMissing(
            f"The model {model.name} of pocket-tts has no voice of its own here: name the sample of one, put one into "
            f"the folder voices beside the model, or do this: {FETCH}."
        )
    chosen = wanted
    if wanted not in voices and wanted in OPENAI_VOICES:
        chosen = sorted(voices)[OPENAI_VOICES.index(wanted) % len(voices)]
    elif not wanted:
        usual = default_voice(model.name) if model.name in own_descriptions() else ""
        chosen = usual if usual in voices else min(voices)
    if chosen not in voices:
        known = ", ".join([*sorted(voices), *OPENAI_VOICES])
        raise errors.ValidationError(f"pocket-tts has no voice {wanted[:60]!r}; choose from: {known}.")
    return chosen, net.state(f"voice {chosen}", voices[chosen])


def _told(found: list[PocketModel]) -> Iterator[str]:
    for model in found:
        voices = f"{len(model.voices)} voices" if len(model.voices) != 1 else "1 voice"
        clones = (
            "takes up the voice of a sample" if model.clones else "its weights cannot take up the voice of a sample"
        )
        yield f"The model {model.name} is here: {voices}, {clones}."
        if warning := licence_warning(model.name, model.licence):
            yield warning


def _told_of_missing(missing: list[str], config: EngineConfig) -> Iterator[str]:
    if missing:
        by_itself = "is fetched at first use" if config.allow_fetch else "may not be fetched by itself"
        yield f"What speaks {', '.join(missing)} is not here and {by_itself}; do this: {FETCH}."


def _require_installed() -> None:
    if not installed():
        raise errors.EngineMissing(f"The engine pocket-tts needs the package of that name and torch: {INSTALL}.")
