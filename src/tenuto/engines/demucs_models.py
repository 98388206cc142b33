"""Where Demucs' models lie on this machine; only plain tensors are ever opened, because a pickle may run code."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines.config import EngineConfig

# Name → the hub's repository. Those that need diffq are left out: its licence does not allow commercial use.
MODELS = {
    "htdemucs": "adefossez/HTDemucs",
    "htdemucs_ft": "adefossez/HTDemucs-ft",
    "htdemucs_6s": "adefossez/HTDemucs-6s",
    "hdemucs_mmi": "adefossez/Demucs-hdemucs_mmi",
    "mdx": "adefossez/Demucs-mdx",
    "mdx_extra": "adefossez/Demucs-mdx_extra",
}
CLASSES = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")
TENSORS = ".safetensors"
MOST_HEADER_BYTES = 10_000_000
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Bag:
    """The files of a model, and how much each counts for each source."""

    files: tuple[Path, ...]
    weights: Any = None
    segment: float | None = None


def locate(model: str, config: EngineConfig) -> Path | None:
    """The folder of a model on this machine, or None when it would have to be fetched."""
    if model in MODELS:
        home = home_of(model, config)
        return home if home.is_dir() else None
    if "\0" in model or not (config.any_model or model == config.demucs_model):
        raise errors.ValidationError(f"The model {model[:80]!r} cannot be used here; give one of {', '.join(MODELS)}.")
    folder = Path(model).expanduser()
    if not folder.is_dir():
        raise errors.EngineMissing(
            f"There is no model and no folder {model[:200]!r}; give one of {', '.join(MODELS)}, or a folder with one."
        )
    return folder


def home_of(model: str, config: EngineConfig) -> Path:
    """Where a fetched model lies."""
    return config.models_dir / "demucs" / model


def read_bag(folder: Path) -> Bag:
    """What a folder holds: a list with its tensors, as on the hub, or tensors alone."""
    lists, tensors = sorted(folder.glob("*.yaml")), sorted(folder.glob(f"*{TENSORS}"))
    if not tensors or len(lists) > 1 or (not lists and len(tensors) > 1):
        pickles = any(folder.glob("*.th"))
        raise errors.EngineError(
            f"The folder {folder} does not hold one Demucs model as {TENSORS}, with a .yaml that lists its parts. "
            + ("Its .th files are pickles, which may run code, and are never opened: " if pickles else "")
            + "fetch a model with: tenuto engines fetch demucs."
        )
    bag = _listed(lists[0]) if lists else Bag((tensors[0],))
    for file in bag.files:
        _check(file)
    return bag


def _listed(path: Path) -> Bag:
    yaml: Any = importlib.import_module("yaml")
    try:
        found = yaml.safe_load(path.read_text())
        names = [str(name) for name in found["models"]]
        weights, segment = found.get("weights"), found.get("segment")
    except (OSError, UnicodeError, yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise errors.EngineError(f"The list of a Demucs model in {path} cannot be read: {error}.") from error
    if not names or not all(_SIGNATURE.fullmatch(name) for name in names):
        raise errors.EngineError(f"The list of a Demucs model in {path} does not name its parts.")
    return Bag(tuple(path.with_name(name + TENSORS) for name in names), weights, segment)


def _check(file: Path) -> None:
    """Refuse a file that asks for another class than Demucs' own: demucs would import and call it."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length)) if length <= MOST_HEADER_BYTES else {}
        known = header["__metadata__"]
        right = known["klass"] in CLASSES and "structure" not in known
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.EngineError(f"The file {file} is not a part of a Demucs model: {error}.") from error
    if not right:
        raise errors.EngineError(f"The file {file} asks for code that is not Demucs', and is not opened.")
