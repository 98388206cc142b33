"""Fetches what a model of pocket-tts needs from the model hub, each file in the revision that its description names."""

from __future__ import annotations

import importlib
from typing import Any

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.engines.model_cards import CARD
from tenuto.engines.pocket_models import (
    HubFile,
    PocketModel,
    addresses_in,
    description_of,
    locate,
    own_descriptions,
    voices_home,
)
from tenuto.engines.whisper_fetch import fetch_repository
from tenuto.engines.whisper_models import OnProgress

# Of the voices that its makers give out those whose recordings may be used for anything (CC0, CC-BY-4.0): the one that
# speaks a language where nobody names another, and some in English. Two more are not for commercial use, and left out.
VOICES = (
    "alba", "anna", "bill_boerst", "caro_davy", "charles", "eve", "george", "javert", "marius", "mary", "paul",
    "peter_yearsley", "stuart_bell", "vera",
)  # fmt: skip


def fetch_model(wanted: str, config: EngineConfig, on_progress: OnProgress) -> PocketModel:
    """Download what is missing of the model that a setting names; tells (bytes here, bytes in all, as far as known)."""
    fetcher = _Fetcher(config, on_progress)
    described = HubFile.of(wanted)
    if described is not None and description_of(wanted, config) is None:
        fetcher.file(described)
    description = description_of(wanted, config)
    if description is None:
        raise errors.ServiceError(
            f"The description {wanted} of a model went away while it was fetched. Fetch it again."
        )
    parts = addresses_in(description)
    try:
        fetcher.address(parts.weights)
    except errors.ValidationError:  # Those that take up voices are given out after a registration; the others are not.
        if not parts.open_weights:
            raise
        fetcher.address(parts.open_weights)
    fetcher.address(parts.tokenizer)
    if wanted in own_descriptions():
        fetcher.voices(wanted)
    found = locate(wanted, config)
    if found is None:
        raise errors.ServiceError(
            f"The model {wanted} of pocket-tts is not whole after it was fetched. Fetch it again."
        )
    return found


class _Fetcher:
    """Fetches file after file, with one progress over all of them."""

    def __init__(self, config: EngineConfig, on_progress: OnProgress) -> None:
        self._config, self._on_progress = config, on_progress
        self._before = self._last = self._here = 0

    def address(self, address: str) -> None:
        """Fetch a file by its address."""
        source = HubFile.of(address)
        if source is None:
            raise errors.EngineError(
                f"The model is described with {address[:120]!r}, which is no file on the model hub."
            )
        self.file(source)

    def file(self, source: HubFile) -> None:
        """Fetch a file with the card beside it, unless it is here."""
        if source.here(self._config) is None:
            fetch_repository(
                source.repository,
                source.home(self._config),
                self._config,
                self._tell,
                wanted={source.path, CARD}.__contains__,
                needed=(source.path,),
                revision=source.revision or None,
            )
            self._before = self._last

    def voices(self, name: str) -> None:
        """Fetch the voices of a model of pocket-tts' own, as far as there are any."""
        home = voices_home(name, self._config)
        if home.is_dir():
            return
        package: Any = importlib.import_module("pocket_tts.utils.utils")
        names = {default_voice(name), *VOICES}
        sources = [HubFile.of(package.get_predefined_voice(name, voice)) for voice in sorted(names)]
        known = [source for source in sources if source is not None]
        fetch_repository(
            known[0].repository,
            home,
            self._config,
            self._tell,
            wanted={source.path for source in known}.__contains__,
            needed=(),
            revision=known[0].revision or None,
        )

    def _tell(self, here: int, total: int) -> None:
        self._last = self._before + total
        # What is counted while a file is put in its place may be less than a moment before.
        self._here = max(self._here, self._before + here)
        self._on_progress(self._here, self._last)


def default_voice(name: str) -> str:
    """The voice that speaks with a model of pocket-tts' own where nobody names another."""
    package: Any = importlib.import_module("pocket_tts.default_parameters")
    return str(package.get_default_voice_for_language(name))
