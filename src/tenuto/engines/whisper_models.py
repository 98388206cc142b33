"""Where Whisper's models lie on this machine, and how they get here: whole and checked, or not at all."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines.config import EngineConfig

SIZES = {
    "tiny": "Systran/faster-whisper-tiny",
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "base": "Systran/faster-whisper-base",
    "base.en": "Systran/faster-whisper-base.en",
    "small": "Systran/faster-whisper-small",
    "small.en": "Systran/faster-whisper-small.en",
    "medium": "Systran/faster-whisper-medium",
    "medium.en": "Systran/faster-whisper-medium.en",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large": "Systran/faster-whisper-large-v3",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
}
# faster-whisper would fetch a missing tokenizer from the network by itself, so it counts as part of the model.
NEEDED = ("model.bin", "config.json", "tokenizer.json")
WANTED = (*NEEDED, "preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")

OnProgress = Callable[[int, int], None]


def locate(model: str, config: EngineConfig) -> Path | None:
    """The folder of a model on this machine, or None when it would have to be fetched."""
    model = model or config.whisper_model
    _check_name(model, config)
    if _is_folder(model):
        return checked(Path(model).expanduser())
    for folder in (home_of(model, config), config.models_dir / model.replace("/", "--")):
        if folder.is_dir():
            return checked(folder)
    return _in_hub_cache(hub_id(model)) if "/" in model or model in SIZES else None


def checked(folder: Path) -> Path:
    """The same folder when it holds a Whisper model for CTranslate2; nothing else is ever loaded."""
    if not folder.is_dir():
        raise errors.EngineMissing(f"There is no folder {folder}; give a folder that holds a Whisper model.")
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if not missing:
        return folder
    other = any(folder.glob("*.safetensors")) or any(folder.glob("pytorch_model*"))
    raise errors.EngineError(
        f"The folder {folder} is not a Whisper model in CTranslate2's form: {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing. "
        + ("It holds another kind of weights; convert it with ct2-transformers-converter." if other else "")
        + ("" if other else "Fetch a model with: tenuto engines fetch whisper."),
    )


def hub_id(model: str) -> str:
    """The hub's name of a model given by size or by that very name."""
    if "/" not in model and model not in SIZES:
        raise errors.ValidationError(
            f"There is no Whisper model {model!r}; give one of {', '.join(SIZES)}, a hub id or a folder."
        )
    return SIZES.get(model, model)


def home_of(model: str, config: EngineConfig) -> Path:
    """Where a fetched model lies."""
    return config.models_dir / "whisper" / model.replace("/", "--")


def _is_folder(model: str) -> bool:
    return model.startswith(("/", "~", "./", "../")) or (not _NAME.fullmatch(model))


def _check_name(model: str, config: EngineConfig) -> None:
    """Refuse what a request may not name: `any_model` is off on a server whose users are not its operator."""
    free = config.any_model or model == config.whisper_model
    if "\0" in model or len(model) > 1000:  # noqa: PLR2004 - no path is longer
        raise errors.ValidationError("The name of the model cannot be used: it is too long or holds a zero byte.")
    if not free and (not _NAME.fullmatch(model) or ("/" in model and not home_of(model, config).is_dir())):
        raise errors.ValidationError(
            f"The model {model[:80]!r} cannot be used here; give one of {', '.join(SIZES)}, or one that is installed."
        )


def _in_hub_cache(name: str) -> Path | None:
    hub: Any = importlib.import_module("huggingface_hub")
    try:
        folder = Path(hub.snapshot_download(name, local_files_only=True, allow_patterns=list(WANTED)))
    except (OSError, ValueError):  # Not there, only partly there, or not a name the hub knows.
        return None
    return folder if all((folder / needed).is_file() for needed in NEEDED) else None
