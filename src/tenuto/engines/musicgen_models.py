"""Where MusicGen's models lie on this machine, and under which licence their weights are; a pickle is never opened."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.engines.model_cards import CARD, UNKNOWN, licence_in
from tenuto.engines.whisper_fetch import MARKER

NEEDED = ("config.json", "tokenizer.json")
TENSORS = ".safetensors"
BESIDE = (
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    f"model{TENSORS}.index.json",
    CARD,
)
KIND = "musicgen"
# The weights that Meta gives out, by the licence of its model cards: a card may be missing beside a copy.
KNOWN = {"facebook/musicgen-": "CC-BY-NC-4.0"}
REVISION_DIGITS = 12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[0-9a-f]{40}")


def wanted(name: str) -> bool:
    """Whether a file of the hub's is part of a model."""
    return name in (*NEEDED, *BESIDE) or (name.endswith(TENSORS) and "/" not in name)


def locate(config: EngineConfig) -> Path | None:
    """The folder of the configured model on this machine, or None when it would have to be fetched."""
    model = config.musicgen_model
    if _is_folder(model):
        return checked(Path(model).expanduser())
    if not _NAME.fullmatch(model):
        raise errors.ValidationError(
            f"TENUTO_MUSICGEN_MODEL is {model[:80]!r}, which is neither a folder nor a name on the model hub such as "
            "facebook/musicgen-small."
        )
    home = home_of(config)
    return checked(home) if home.is_dir() else _in_hub_cache(model)


def home_of(config: EngineConfig) -> Path:
    """Where the configured model lies once it is fetched."""
    return config.models_dir / "musicgen" / config.musicgen_model.replace("/", "--")


def checked(folder: Path) -> Path:
    """The same folder when it holds a MusicGen model as plain tensors; nothing else is ever loaded."""
    if not folder.is_dir():
        raise errors.EngineMissing(f"There is no folder {folder}; give a folder that holds a MusicGen model.")
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        raise errors.EngineError(f"The folder {folder} is not a MusicGen model: it has no {' and no '.join(missing)}.")
    kind = _json(folder / "config.json").get("model_type")
    if kind != KIND:
        raise errors.EngineError(f"The model in {folder} is of the kind {kind!r}; only {KIND!r} can be used.")
    if not any(folder.glob(f"*{TENSORS}")):
        pickles = any(folder.glob("*.bin"))
        raise errors.EngineError(
            f"The folder {folder} holds no weights as {TENSORS}. "
            + ("Its .bin files are pickles, which may run code, and are never opened. " if pickles else "")
            + "Take a model that has them, or convert it with transformers' save_pretrained."
        )
    return folder


def called(config: EngineConfig, folder: Path) -> str:
    """The model's name with its revision, where that is known; no path of this machine is told."""
    name = folder.name if _is_folder(config.musicgen_model) else config.musicgen_model
    fetched = folder / MARKER
    revision = str(_json(fetched).get("revision", "")) if fetched.is_file() else folder.name
    return f"{name}@{revision[:REVISION_DIGITS]}" if _REVISION.fullmatch(revision) else name


def licence_of(config: EngineConfig, folder: Path | None) -> str:
    """The licence of the weights: what their card says, else what is known of the hub's name."""
    if named := licence_in(folder / CARD if folder is not None else None):
        return named
    return next((known for name, known in KNOWN.items() if config.musicgen_model.startswith(name)), UNKNOWN)


def _is_folder(model: str) -> bool:
    return model.startswith(("/", "~", "./", "../"))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise errors.EngineError(f"The file {path} of a MusicGen model cannot be read: {error}.") from error
    return found if isinstance(found, dict) else {}


def _in_hub_cache(name: str) -> Path | None:
    hub: Any = importlib.import_module("huggingface_hub")
    try:
        return checked(Path(hub.snapshot_download(name, local_files_only=True)))
    except (OSError, ValueError, errors.EngineError):  # Not there, or only partly there.
        return None
