"""Source separation by Demucs, which parts far better than the embedded engine and needs torch; the extra `demucs`."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from tenuto import errors
from tenuto.engines import stems
from tenuto.engines.base import EngineReport, Progress, Separation
from tenuto.engines.config import EngineConfig
from tenuto.engines.demucs_models import MODELS, home_of, locate, read_bag
from tenuto.engines.stems import Floats
from tenuto.engines.tensors import device_of, load_faults
from tenuto.engines.whisper_fetch import fetch_repository, hub_answers
from tenuto.engines.whisper_models import OnProgress

INSTALL = "pip install 'tenuto[demucs]'"
FETCH = "tenuto engines fetch demucs"
METHOD = "source separation"
VOICE = "vocals"
OVERLAP = 0.25  # of the stretches that a model hears at once


class DemucsSeparator:
    """Any Demucs model of the hub, or one in a folder; all that is not the voice is the instrumental."""

    name = "demucs"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._loaded: tuple[str, Any] | None = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether package and model are here; nothing of either is loaded."""
        model = config.demucs_model
        ready, detail, fetchable = _availability(config)
        return EngineReport("demucs", ready, detail, model, fetchable=fetchable, licence="MIT")

    @staticmethod
    def fetch(config: EngineConfig, on_progress: OnProgress) -> None:
        """Download the model that the configuration names."""
        _require_installed()
        if locate(config.demucs_model, config) is None:
            _fetch(config.demucs_model, config, on_progress)

    def separate(self, mix: Path, vocals: Path, instrumental: Path, model: str, progress: Progress) -> Separation:
        """Write `vocals` and `instrumental`."""
        name = model or self._config.demucs_model
        net = self._load(name)
        torch: Any = importlib.import_module("torch")
        device = device_of(torch, self._config.device)
        voice = list(net.sources).index(VOICE)

        def find_voice(block: Floats, tell: Progress) -> Floats:
            # As demucs itself does: the models were trained on sound of one loudness.
            middle = block.mean(axis=0)
            mean, spread = float(middle.mean()), float(middle.std()) + 1e-8
            with torch.no_grad():
                found = _apply(net, torch.from_numpy((block - mean) / spread)[None], device, tell)
            return np.asarray(found[0, voice].cpu().numpy() * spread + mean, np.float32)

        try:
            found = stems.part(mix, vocals, instrumental, find_voice, progress)
        except (RuntimeError, MemoryError) as error:
            raise errors.EngineError(f"Demucs failed with the model {name}: {error or 'no memory'}.") from error
        details = {"mono": found.mono, "vocals_db": found.voice_db, "sources": list(net.sources), "device": device}
        return Separation(METHOD, name, details, found.warnings())

    def _load(self, model: str) -> Any:
        if self._loaded is None or self._loaded[0] != model:
            self._loaded = None  # Let the old model go before the new one comes.
            _require_installed()
            folder = locate(model, self._config)
            if folder is None and not self._config.allow_fetch:
                raise errors.EngineMissing(f"Demucs' model {model} is not on this machine; fetch it: {FETCH}.")
            folder = folder or _fetch(model, self._config, lambda _here, _total: None)
            self._loaded = (model, _open(folder, self._config.threads))
        return self._loaded[1]


def _availability(config: EngineConfig) -> tuple[bool, str, bool]:
    """Whether it can work, why or why not, and whether a fetch would make it."""
    model = config.demucs_model
    if not _installed():
        return False, f"The extra demucs is not installed, which parts voices far better; do this: {INSTALL}.", False
    try:
        here = locate(model, config)
    except errors.TenutoError as error:
        return False, error.message, False
    version = importlib.metadata.version("demucs")
    if here is not None:
        return True, f"demucs {version} is installed and its model {model} is on this machine.", False
    if not config.allow_fetch:
        return False, f"Its model {model} is not here and may not be fetched by itself; do this: {FETCH}.", True
    if not hub_answers(config):
        return False, f"Its model {model} is not here and the model hub does not answer; do this: {FETCH}.", True
    return True, f"demucs {version} is installed and its model {model} is fetched at first use.", True


def _installed() -> bool:
    return all(importlib.util.find_spec(package) is not None for package in ("demucs", "torch"))


def _require_installed() -> None:
    if not _installed():
        raise errors.EngineMissing(f"The separator demucs needs the package demucs: {INSTALL}.")


def _fetch(model: str, config: EngineConfig, on_progress: OnProgress) -> Path:
    home = home_of(model, config)
    fetch_repository(
        MODELS[model],
        home,
        config,
        on_progress,
        wanted=lambda name: name.endswith((".yaml", ".safetensors")) and "/" not in name,
        needed=(f"{model}.yaml",),
    )
    return home


def _open(folder: Path, threads: int) -> Any:
    bag = read_bag(folder)
    try:
        hub: Any = importlib.import_module("demucs.hf")
        package: Any = importlib.import_module("demucs.apply")
        if threads:
            importlib.import_module("torch").set_num_threads(threads)
        net = package.BagOfModels([hub.load_safetensors_model(file) for file in bag.files], bag.weights, bag.segment)
    except ImportError as error:
        raise errors.EngineMissing(f"demucs cannot be loaded: {error}. Install it anew: {INSTALL}.") from error
    except load_faults() as error:
        raise errors.EngineError(f"The Demucs model in {folder} cannot be loaded: {error}.") from error
    if (net.samplerate, net.audio_channels) != (stems.SAMPLE_RATE, stems.CHANNELS) or VOICE not in net.sources:
        raise errors.EngineError(f"The Demucs model in {folder} is not for voices in stereo at {stems.SAMPLE_RATE} Hz.")
    net.eval()
    return net


def _apply(net: Any, samples: Any, device: str, tell: Progress) -> Any:
    """Every source in a block, stretch by stretch."""
    package: Any = importlib.import_module("demucs.apply")

    def heard(event: dict[str, Any]) -> None:
        share = event.get("segment_offset", 0) / samples.shape[-1]
        tell((event.get("model_idx_in_bag", 0) + share) / len(net.models))

    return package.apply_model(
        net, samples, shifts=0, split=True, overlap=OVERLAP, device=device, progress=False, callback=heard
    )
