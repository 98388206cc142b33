"""Diarization by pyannote.audio: better in noise, in overlaps and at counting; needs torch and a model of its own."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.speakers import Turn
from tenuto.engines import voiceprints
from tenuto.engines.base import Diarization, DiarizeOptions, EngineReport, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.tensors import device_of
from tenuto.engines.turns import numbered
from tenuto.engines.windows import Windower

INSTALL = "pip install 'tenuto[pyannote]'"


class PyannoteDiarizer:
    """Speakers by a pyannote pipeline; the voices are described by GE2E, so that known ones stay comparable."""

    name = "pyannote"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._pipeline: Any = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package is here; whether the model can be had shows when it is loaded."""
        if not installed():
            detail = f"The package pyannote.audio is not installed; install it: {INSTALL}."
            return EngineReport("pyannote", ready=False, detail=detail)
        version = importlib.metadata.version("pyannote.audio")
        detail = (
            f"pyannote.audio {version} with {config.pyannote_model}, which its makers give out after a registration."
        )
        return EngineReport("pyannote", ready=True, detail=detail, model=config.pyannote_model, licence="MIT")

    def diarize(self, audio: Path, options: DiarizeOptions, progress: Progress) -> Diarization:
        """Return who speaks when in `audio`."""
        pipeline = self._load()
        progress(0.0)
        wanted = (
            {"num_speakers": options.number}
            if options.number is not None
            else {"min_speakers": options.at_least, "max_speakers": options.at_most}
        )
        try:
            answer = pipeline(str(audio), hook=_hook(progress), **wanted)
        except (RuntimeError, ValueError, OSError) as error:
            raise errors.EngineError(f"pyannote could not tell the voices apart: {error}.") from error
        turns = tuple(numbered(_turns(answer)))
        voices = Windower().voices(audio, turns)
        progress(1.0)
        return Diarization(turns, self.name, voices=voices, voice_model=voiceprints.MODEL, detector=self.name)

    def _load(self) -> Any:
        if self._pipeline is None:
            if not installed():
                raise errors.EngineMissing(f"The diarizer pyannote needs the package pyannote.audio: {INSTALL}.")
            name = self._config.pyannote_model
            if not self._config.allow_fetch and not Path(name).exists():
                raise errors.EngineMissing(
                    f"The diarizer pyannote may not fetch {name} on this server: name the folder of a model in "
                    "TENUTO_PYANNOTE_MODEL."
                )
            self._pipeline = _open(name, self._config.device)
        return self._pipeline


def installed() -> bool:
    """Whether the package is here; nothing of it is imported."""
    try:
        return importlib.util.find_spec("pyannote.audio") is not None
    except ModuleNotFoundError:
        return False


def _open(name: str, device: str) -> Any:
    try:
        package: Any = importlib.import_module("pyannote.audio")
        torch: Any = importlib.import_module("torch")
        pipeline = package.Pipeline.from_pretrained(name)
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise errors.EngineMissing(f"The diarizer pyannote cannot load {name}: {error}.") from error
    if pipeline is None:  # What pyannote answers when the hub refuses.
        raise errors.EngineMissing(
            f"The diarizer pyannote may not fetch {name}: accept its terms on its page and set HF_TOKEN, "
            "or name a local folder in TENUTO_PYANNOTE_MODEL."
        )
    if device_of(torch, device) != "cpu":
        pipeline.to(torch.device("cuda"))
    return pipeline


def _turns(answer: Any) -> Iterator[Turn]:
    """Read an answer of version 4, which also holds turns that never overlap, or of version 3."""
    found = getattr(answer, "exclusive_speaker_diarization", None)
    found = getattr(answer, "speaker_diarization", answer) if found is None else found
    numbers: dict[str, int] = {}
    for stretch, _, label in found.itertracks(yield_label=True):
        yield Turn(round(stretch.start * 1000), round(stretch.end * 1000), numbers.setdefault(str(label), len(numbers)))


def _hook(progress: Progress) -> Any:
    """What pyannote calls while it works: some of its steps say how far they are."""

    def hook(step: str, _artifact: Any, **more: Any) -> None:
        share = (more.get("completed") or 0) / (more.get("total") or 1)
        shares = {"segmentation": 0.4 * share, "speaker_counting": 0.4, "embeddings": 0.4 + 0.5 * share}
        progress(shares.get(step, 0.9))

    return hook
