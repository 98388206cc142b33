"""Music by MusicGen, a neural network whose weights mostly are not for commercial use; the extra `musicgen`."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines.base import ComposeOptions, Composition, EngineReport, Progress
from tenuto.engines.composer import prompt as prompts
from tenuto.engines.config import EngineConfig
from tenuto.engines.model_cards import licence_warning
from tenuto.engines.musicgen_models import (
    NEEDED,
    called,
    checked,
    home_of,
    licence_of,
    locate,
    wanted,
)
from tenuto.engines.musicgen_net import CONTEXT_SECONDS, WINDOW_SECONDS, Net, open_net
from tenuto.engines.musicgen_sound import Floats, joined, write_floats
from tenuto.engines.whisper_fetch import fetch_repository, hub_answers
from tenuto.engines.whisper_models import OnProgress

INSTALL = "pip install 'tenuto[musicgen]'"
FETCH = "tenuto engines fetch musicgen"
FADE_SECONDS = 0.2
EDGE_FRAMES = 5  # at the end of a window sound otherwise than when it goes on: the codec looks that far ahead
NO_PARTS = "MusicGen makes one sound: it has no stems and no score."
MONO = "This model of MusicGen is mono: both channels are the same."
GOES_ON = (
    f"MusicGen hears at most {WINDOW_SECONDS:g} seconds at once: longer music goes on from its last "
    f"{CONTEXT_SECONDS:g} seconds, and may wander from where it began."
)


class MusicgenComposer:
    """Any MusicGen model of the hub, or one in a folder."""

    name = "musicgen"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._net: Net | None = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether packages and model are here, and under which licence its weights are; nothing heavy is loaded."""
        ready, detail, fetchable, folder = _availability(config)
        licence = licence_of(config, folder)
        detail = " ".join(part for part in (detail, licence_warning(config.musicgen_model, licence)) if part)
        return EngineReport("musicgen", ready, detail, config.musicgen_model, fetchable=fetchable, licence=licence)

    @staticmethod
    def fetch(config: EngineConfig, on_progress: OnProgress) -> None:
        """Download the model that the configuration names."""
        _require_installed()
        if locate(config) is None:
            _fetch(config, on_progress)

    def compose(self, prompt: str, folder: Path, options: ComposeOptions, progress: Progress) -> Composition:
        """Compose what `prompt` asks for, into `folder`."""
        brief = prompts.read(prompt, seconds=options.seconds, seed=options.seed)
        net = self._load()
        frames = round(brief.seconds * options.rate)
        # One more than needed, because resampling holds a little back.
        plan = net.plan(math.ceil(brief.seconds * net.rate / net.hop) + 1)
        fade = round(FADE_SECONDS * net.rate)
        try:
            net.sow(brief.seed)
            pieces = joined(_pieces(net, prompt, plan, fade, progress), fade)
            write_floats(pieces, folder / "mix.f32", rate=net.rate, wanted_rate=options.rate, frames=frames)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise errors.EngineError(f"MusicGen failed with the model {net.name}: {error or 'no memory'}.") from error
        progress(1.0)
        licence = licence_of(self._config, net.folder)
        return Composition(
            model=net.name,
            seed=brief.seed,
            frames=frames,
            details={**net.described(), "windows": len(plan)},
            understood={what: said for what, said in brief.understood.items() if what == "length"},
            warnings=_warnings(net, licence, options, len(plan)),
            weights_licence=licence,
        )

    def _load(self) -> Net:
        if self._net is None:
            _require_installed()
            folder = locate(self._config)
            if folder is None and not self._config.allow_fetch:
                raise errors.EngineMissing(
                    f"MusicGen's model {self._config.musicgen_model} is not on this machine; fetch it: {FETCH}."
                )
            folder = folder or _fetch(self._config, lambda _here, _total: None)
            try:
                self._net = open_net(folder, self._config, name=called(self._config, folder))
            except ImportError as error:
                raise errors.EngineMissing(
                    f"transformers cannot be loaded: {error}. Install it anew: {INSTALL}."
                ) from error
        return self._net


def _pieces(net: Net, prompt: str, plan: list[tuple[int, int]], fade: int, progress: Progress) -> Iterator[Floats]:
    """The sound of each window, each but the first from `fade` samples before the end of the one before it."""
    whole, done = sum(new for _, new in plan), 0
    edge = EDGE_FRAMES * net.hop
    codes: Any = None
    for kept, new in plan:

        def tell(made: int, before: int = done) -> None:
            progress(min(1.0, (before + made) / whole))

        codes, sound = net.go_on(prompt, codes[:, -kept:] if kept else None, new, tell)
        done += new
        first = kept * net.hop - edge - fade if kept else 0
        yield sound[:, first : sound.shape[1] - (edge if done < whole else 0)]


def _warnings(net: Net, licence: str, options: ComposeOptions, windows: int) -> tuple[str, ...]:
    told = (
        licence_warning(net.name, licence),
        NO_PARTS if options.stems or options.midi else "",
        MONO if net.channels == 1 else "",
        GOES_ON if windows > 1 else "",
    )
    return tuple(warning for warning in told if warning)


def _availability(config: EngineConfig) -> tuple[bool, str, bool, Path | None]:
    """Whether it can work, why or why not, whether a fetch would make it, and the model's folder."""
    model = config.musicgen_model
    if not _installed():
        return False, f"The extra musicgen is not installed; do this: {INSTALL}.", False, None
    try:
        here = locate(config)
    except errors.TenutoError as error:
        return False, error.message, False, None
    version = importlib.metadata.version("transformers")
    if here is not None:
        return True, f"transformers {version} is installed and its model {model} is on this machine.", False, here
    if not config.allow_fetch:
        return False, f"Its model {model} is not here and may not be fetched by itself; do this: {FETCH}.", True, None
    if not hub_answers(config):
        return False, f"Its model {model} is not here and the model hub does not answer; do this: {FETCH}.", True, None
    return True, f"transformers {version} is installed and its model {model} is fetched at first use.", True, None


def _installed() -> bool:
    return all(importlib.util.find_spec(package) is not None for package in ("transformers", "torch"))


def _require_installed() -> None:
    if not _installed():
        raise errors.EngineMissing(f"The composer musicgen needs the packages transformers and torch: {INSTALL}.")


def _fetch(config: EngineConfig, on_progress: OnProgress) -> Path:
    home = home_of(config)
    fetch_repository(config.musicgen_model, home, config, on_progress, wanted=wanted, needed=NEEDED)
    return checked(home)
