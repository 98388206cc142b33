"""Which engines there are, what kind each is, whether they can work here, and which transcriber "auto" means."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from tenuto import errors
from tenuto.engines.base import Aligner, Diarizer, EngineReport, Narrator, Transcriber
from tenuto.engines.config import EngineConfig

TRANSCRIBER = "transcriber"
NARRATOR = "narrator"
DIARIZER = "diarizer"
ALIGNER = "aligner"
SEPARATOR = "separator"
LYRICS_ALIGNER = "lyrics-aligner"
COMPOSER = "composer"
AUTO = "auto"
DEFAULT = "pocketsphinx"
BETTER = "whisper"
# Kind → name → where it is. A name belongs to one kind only. Others add theirs as entry points of `tenuto.<kind>s`.
BUILT_IN: Mapping[str, Mapping[str, str]] = {
    TRANSCRIBER: {
        "pocketsphinx": "tenuto.engines.pocketsphinx:PocketsphinxTranscriber",
        "whisper": "tenuto.engines.whisper:WhisperTranscriber",
        "openai": "tenuto.engines.openai:OpenAITranscriber",
        "yandex": "tenuto.engines.yandex:YandexTranscriber",
        "fake": "tenuto.engines.fake:FakeTranscriber",
    },
    NARRATOR: {
        "espeak": "tenuto.engines.espeak:EspeakNarrator",
        "flite": "tenuto.engines.flite:FliteNarrator",
        "pocket-tts": "tenuto.engines.pocket_tts:PocketNarrator",
        "openai-speech": "tenuto.engines.openai_speech:OpenAINarrator",
        "fake-voice": "tenuto.engines.fake_voice:FakeNarrator",
    },
    DIARIZER: {
        "ge2e": "tenuto.engines.ge2e:GE2EDiarizer",
        "pyannote": "tenuto.engines.pyannote:PyannoteDiarizer",
    },
    ALIGNER: {
        "pocketsphinx-align": "tenuto.engines.aligner:PocketsphinxAligner",
    },
    SEPARATOR: {
        "embedded": "tenuto.engines.embedded_separator:EmbeddedSeparator",
        "demucs": "tenuto.engines.demucs_separator:DemucsSeparator",
        "fake-separator": "tenuto.engines.fake_songs:FakeSeparator",
    },
    LYRICS_ALIGNER: {
        "lyrics-align": "tenuto.engines.lyrics_aligner:LyricsAlign",
        "fake-lyrics": "tenuto.engines.fake_songs:FakeLyricsAligner",
    },
    COMPOSER: {
        "composer": "tenuto.engines.composer.engine:EmbeddedComposer",
        "musicgen": "tenuto.engines.musicgen:MusicgenComposer",
        "fake-composer": "tenuto.engines.fake_composer:FakeComposer",
    },
}
# What somebody else's module may do when it is imported or asked; a plugin must not take the list of engines down.
PLUGIN_FAULTS = (
    ImportError, AttributeError, SyntaxError, OSError, TypeError, ValueError, LookupError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The engine that will do the work, why, and how to get a better one."""

    name: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Traits:
    """How an engine likes its work cut."""

    block_seconds: float
    parallel_blocks: bool  # one block per process, several at once; otherwise it uses all cores for one
    paid: bool = False  # each call costs money at somebody else's
    remote: bool = False  # it submits and collects, as `base.RemoteTranscriber` says
    keeps_results: bool = False  # the service keeps what it heard until it is told to forget it
    hears_hot_words: bool = True  # words to listen for change what it hears
    translates: bool = False  # it can say in English what was said in another language
    translation_model: str = ""  # the one it takes for that, whichever was asked for
    heavy: bool = False  # its model takes much memory and is long in loading: a job has one process of it
    instructed: bool = False  # a voice that can be told how to say it
    has_models: bool = False  # a voice engine of which a job may name the model
    longest: int = 0  # characters that one call of a voice far away takes


def names(kind: str = TRANSCRIBER) -> list[str]:
    """The names of all engines of a kind, built-in ones first."""
    return [*BUILT_IN[kind], *sorted(set(_plugins(kind)) - set(BUILT_IN[kind]))]


def kind_of(name: str) -> str:
    """What kind of engine has that name."""
    return next((kind for kind in BUILT_IN if name in names(kind)), "")


def traits(name: str) -> Traits:
    """How the engine of that name likes its work cut."""
    engine = _load(name)
    return Traits(
        getattr(engine, "block_seconds", 600.0),
        getattr(engine, "parallel_blocks", False),
        getattr(engine, "paid", False),
        hasattr(engine, "submit"),
        getattr(engine, "keeps_results", False),
        translates=getattr(engine, "translates", False),
        translation_model=getattr(engine, "translation_model", ""),
        hears_hot_words=getattr(engine, "hears_hot_words", True),
        heavy=getattr(engine, "heavy", False),
        instructed=getattr(engine, "instructed", False),
        has_models=getattr(engine, "has_models", False),
        longest=getattr(engine, "longest", 0),
    )


def require_offered(name: str, config: EngineConfig) -> None:
    """Refuse an engine this server does not offer."""
    offered = offered_transcribers(config)
    if name != AUTO and name not in offered:
        raise errors.ValidationError(
            f"There is no engine {name[:80]!r} here; choose one of: {', '.join([AUTO, *offered])}.", engines=offered
        )


def require_set_up(name: str, config: EngineConfig, kind: str = TRANSCRIBER) -> None:
    """Refuse a paid engine that has no key: such a job could only fail, and whether it would is known at once."""
    name = config.default_engine if name == AUTO and kind == TRANSCRIBER else name
    if name != AUTO and hasattr(_load(name), "submit"):
        found = report(name, config)
        if not found.ready:
            raise errors.EngineMissing(f"The engine {name} is not set up on this server. {found.detail}")


def transcriber(name: str, config: EngineConfig) -> Transcriber:
    """Make the engine of that name; its model is loaded with the first call."""
    return cast("Transcriber", _load(name)(config))


def diarizer(name: str, config: EngineConfig) -> Diarizer:
    """Make the diarizer of that name; its model is loaded with the first call."""
    return cast("Diarizer", load(name, DIARIZER)(config))


def report(name: str, config: EngineConfig) -> EngineReport:
    """Say whether an engine can work here; never raises and loads nothing heavy."""
    try:
        return cast("EngineReport", _load(name).report(config))
    except errors.TenutoError as error:
        return EngineReport(name, ready=False, detail=error.message)
    except PLUGIN_FAULTS as error:
        return EngineReport(name, ready=False, detail=f"The engine {name} cannot report: {error}.")


def reports(config: EngineConfig) -> list[EngineReport]:
    """The reports of all engines on offer; the settings choose among transcribers."""
    others = [name for kind in BUILT_IN if kind not in (TRANSCRIBER, NARRATOR) for name in offered_of(kind, config)]
    others += offered_narrators(config)
    return [report(name, config) for name in [*offered_transcribers(config), *others]]


def fetch(name: str, config: EngineConfig, on_progress: Callable[[int, int], None]) -> EngineReport:
    """Download the model of an engine, telling (bytes here, bytes in all), and report again."""
    engine = _load(name)
    if not hasattr(engine, "fetch"):
        raise errors.ValidationError(f"The engine {name} has nothing to fetch: {report(name, config).detail}")
    engine.fetch(config, on_progress)
    return report(name, config)


def choose(name: str, config: EngineConfig) -> Choice:
    """Settle which engine to use; "auto" takes the best one that can work here."""
    require_offered(name, config)
    if name != AUTO:
        _known(name)
        return Choice(name, f"The engine {name} was asked for.")
    if config.default_engine != AUTO:
        _require_default(config)
        return Choice(config.default_engine, f"The engine {config.default_engine} is this server's default.")
    ready, reason, hint = _load(BETTER).availability(config)
    if config.offered and BETTER not in config.offered:
        ready, reason, hint = False, f"this server does not offer {BETTER}", ""
    if ready:
        return Choice(BETTER, f"The engine {BETTER} is used because {reason}")
    if not config.offered or DEFAULT in config.offered:
        return Choice(DEFAULT, f"The embedded engine {DEFAULT} is used because {reason}.", hint)
    return _another(config, reason)


def _require_default(config: EngineConfig) -> None:
    if config.default_engine not in offered_transcribers(config):
        raise errors.EngineMissing(
            f"TENUTO_DEFAULT_ENGINE names {config.default_engine!r}, which this server does not offer; it offers"
            f" {', '.join(offered_transcribers(config))}."
        )


def _another(config: EngineConfig, reason: str) -> Choice:
    """What "auto" means where neither whisper nor the embedded engine can be taken; never one that costs money."""
    found = {name: report(name, config) for name in offered_transcribers(config)}
    for name, each in found.items():
        if each.ready and not traits(name).paid:
            return Choice(name, f"The engine {name} is used because {reason}.")
    told = " ".join(f"{name}: {each.detail}" for name, each in found.items())
    raise errors.EngineMissing(
        f'No engine on offer here can be taken for "auto". {told} Add {DEFAULT} to TENUTO_ENGINES, or name one that is'
        " ready; a paid one is only taken when it is named, by the job or by TENUTO_DEFAULT_ENGINE."
    )


def offered_transcribers(config: EngineConfig) -> list[str]:
    """The engines on offer that transcribe."""
    return [name for name in names() if not config.offered or name in config.offered]


def has_model(name: str, model: str, config: EngineConfig) -> bool:
    """Whether an engine knows a model of that name; one that cannot tell has none."""
    knows = getattr(_load(name), "has_model", None)
    return bool(knows and knows(model, config))


def offered_of(kind: str, config: EngineConfig) -> list[str]:
    """The engines of a kind that settings do not choose among; a fake only where they name it."""
    return [name for name in names(kind) if not name.startswith("fake") or name in config.offered]


def offered_narrators(config: EngineConfig) -> list[str]:
    """The engines that speak, best first; one that is paid only where the settings offer it."""
    offered = offered_of(NARRATOR, config)
    return [name for name in offered if not config.offered or name in config.offered or not _is_paid(name)]


def _is_paid(name: str) -> bool:
    try:
        return traits(name).paid
    except errors.EngineMissing:  # A package that cannot be loaded is listed, and its report says so.
        return False


def choose_narrator(name: str, config: EngineConfig) -> str:
    """Settle which engine speaks; "auto" takes the first that can work here, and never one that costs money."""
    offered = offered_narrators(config)
    if name != AUTO:
        if name not in offered:
            raise errors.ValidationError(
                f"There is no voice engine {name[:80]!r} here; choose one of: {', '.join([AUTO, *offered])}."
            )
        return name
    told = []
    for known in (
        name for name in offered if not _is_paid(name)
    ):  # One after the other: what comes later is not asked where the first can speak.
        found = report(known, config)
        if found.ready:
            return found.name
        told.append(found.detail)
    raise errors.EngineMissing(" ".join(["Nothing here can speak.", *told]))


def narrator(name: str, config: EngineConfig) -> Narrator:
    """Make the voice engine of that name."""
    return cast("Narrator", load(name, NARRATOR)(config))


def aligner(name: str, config: EngineConfig) -> Aligner:
    """Make the engine of that name that times known words."""
    return cast("Aligner", load(name, ALIGNER)(config))


def load(name: str, kind: str) -> Any:
    """The class of an engine; the module is imported only now."""
    if name not in names(kind):
        raise errors.ValidationError(f"There is no {kind} {name[:80]!r}; there are: {', '.join(names(kind))}.")
    return _load(name)


def _load(name: str) -> Any:
    _known(name)
    kind = kind_of(name)
    if name not in BUILT_IN[kind]:
        return _load_plugin(name, _plugins(kind)[name])
    module, _, attribute = BUILT_IN[kind][name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _load_plugin(name: str, entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except PLUGIN_FAULTS as error:
        raise errors.EngineMissing(
            f"The engine {name} is installed as {entry.value} but cannot be loaded: {error}. "
            "Reinstall or remove its package.",
        ) from error


def _known(name: str) -> None:
    """Refuse a name that is not on the list: names come from users, and only listed ones are imported."""
    known = names()
    if not kind_of(name):
        raise errors.ValidationError(
            f"There is no engine {name[:80]!r}; the engines are: {', '.join([AUTO, *known])}.", engines=known
        )


def _plugins(kind: str) -> Mapping[str, EntryPoint]:
    return _installed(kind, tuple(sys.path))


@cache
def _installed(kind: str, _path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    # This opens a file of every package there is, which takes longer than all else a short job needs.
    return {entry.name: entry for entry in entry_points(group=f"tenuto.{kind}s")}
