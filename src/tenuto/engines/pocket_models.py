"""Where models of pocket-tts lie on this machine, which voices they have, and what tells one from another."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.engines.model_cards import CARD, UNKNOWN, licence_in
from tenuto.engines.whisper_fetch import MARKER

SETTING = "TENUTO_POCKET_MODELS"
TENSORS = ".safetensors"
VOICE_FILES = (TENSORS, ".wav")
# Of the weights that its makers give out, by their model cards: a card may be missing beside a copy.
KNOWN = {"kyutai/pocket-tts": "CC-BY-4.0"}
DIGITS = 12
_HUB = re.compile(
    r"hf://(?P<name>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})/(?P<path>(?:[A-Za-z0-9_][\w.-]*/)*[A-Za-z0-9_][\w.-]*)"
    r"(?:@(?P<revision>[0-9A-Za-z_.-]{1,64}))?",
    re.ASCII,
)
_OWN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class HubFile:
    """A file on the model hub, as pocket-tts names it: hf://owner/name/path@revision."""

    repository: str
    path: str
    revision: str = ""  # empty for the newest

    @classmethod
    def of(cls, address: object) -> HubFile | None:
        """Read an address; None for one that is not on the hub."""
        found = _HUB.fullmatch(str(address))
        return cls(found["name"], found["path"], found["revision"] or "") if found else None

    def home(self, config: EngineConfig) -> Path:
        """The folder that it is fetched into."""
        revision = self.revision[:DIGITS] or "newest"
        return root_of(config, self.repository) / f"{revision}-{self.path.replace('/', '--')}"

    def here(self, config: EngineConfig) -> Path | None:
        """Where it lies on this machine: fetched, or in the hub's own cache."""
        place = self.home(config) / self.path
        if place.is_file():
            return place
        hub: Any = importlib.import_module("huggingface_hub")
        cached = hub.try_to_load_from_cache(self.repository, self.path, revision=self.revision or None)
        return Path(cached) if isinstance(cached, str) else None


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a model are, by its description."""

    weights: str
    open_weights: str  # the same without what takes up voices, for everybody; empty where there are none
    tokenizer: str


@dataclass(frozen=True)
class PocketModel:
    """A model that is here."""

    name: str
    description: Path
    weights: Path
    tokenizer: Path
    voices: Mapping[str, Path]
    identity: str  # another one may say the same text otherwise
    licence: str
    clones: bool = True  # its weights may take up a voice; those that cannot are given out to everybody


def locate(wanted: str, config: EngineConfig) -> PocketModel | None:
    """The model that a setting names, or None when it would have to be fetched."""
    if wanted.startswith(("/", "~", "./", "../")):
        return in_folder(Path(wanted).expanduser())
    description = description_of(wanted, config)
    if description is None:
        return None
    parts = addresses_in(description)
    tokenizer = _here(parts.tokenizer, config)
    for address, clones in ((parts.weights, True), (parts.open_weights, False)):
        weights = _here(address, config)
        if weights is not None and tokenizer is not None:
            return _fetched(wanted, description, HubFile.of(address), weights, tokenizer, clones=clones, config=config)
    return None


def called(wanted: str) -> str:
    """The name of a model that a setting names; no path of this machine is told."""
    last = _last(wanted.rstrip("/"))
    return last.removesuffix(".yaml").removesuffix(".yml")


def in_folder(folder: Path) -> PocketModel:
    """The model in a folder: a description with the files it names beside it, and voices in a folder of their own."""
    if not folder.is_dir():
        raise errors.EngineMissing(
            f"There is no folder {folder}; {SETTING} names folders that hold a pocket-tts model."
        )
    found = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if len(found) != 1:
        raise errors.EngineError(
            f"The folder {folder} is not a pocket-tts model: it has {len(found)} descriptions (.yaml), and needs one."
        )
    parts = addresses_in(found[0])
    weights, tokenizer = (folder / _last(address) for address in (parts.weights, parts.tokenizer))
    if missing := [path.name for path in (weights, tokenizer) if not path.is_file()]:
        raise errors.EngineError(
            f"The folder {folder} is not a whole pocket-tts model: it has no {' and no '.join(missing)}."
        )
    voices = _voices_in(folder / "voices")
    digest = _digest((found[0], weights, tokenizer, *voices.values()))
    licence = licence_in(folder / CARD) or UNKNOWN
    return PocketModel(folder.name, found[0], weights, tokenizer, voices, f"{folder.name}@{digest}", licence)


def description_of(wanted: str, config: EngineConfig) -> Path | None:
    """The description of a model of pocket-tts' own, or of one on the hub; None when it would have to be fetched."""
    address = HubFile.of(wanted)
    if address is not None and address.path.endswith((".yaml", ".yml")):
        return address.here(config)
    known = own_descriptions()
    if address is not None or wanted not in known:
        raise errors.ValidationError(
            f"{SETTING} names {wanted[:120]!r}, which is no model of pocket-tts ({', '.join(sorted(known))}), no "
            "folder (it begins with /, ~ or .) and no description on the model hub (hf://owner/name/path.yaml@revision)."
        )
    return known[wanted]


def own_descriptions() -> dict[str, Path]:
    """The models that the package knows by name; nothing of it is imported."""
    package = importlib.util.find_spec("pocket_tts")
    folders = package.submodule_search_locations or () if package is not None else ()
    return {path.stem: path for folder in folders for path in Path(folder, "config").glob("*.yaml")}


def read_description(path: Path) -> dict[str, Any]:
    """A model's description as it stands in its file."""
    yaml: Any = importlib.import_module("yaml")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        found["flow_lm"]["lookup_table"]["tokenizer_path"], found["mimi"]["sample_rate"]
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise errors.EngineError(f"The description {path} of a pocket-tts model cannot be read: {error!r}.") from error
    return dict(found)


def addresses_in(path: Path) -> Addresses:
    """The parts that a description names; only plain tensors are ever opened, because a pickle may run code."""
    told = read_description(path)
    apart = [name for name in ("flow_lm", "mimi") if told[name].get("weights_path")]
    weights = str(told.get("weights_path") or "")
    if apart or not weights.partition("@")[0].endswith(TENSORS):
        raise errors.EngineError(
            f"The description {path} does not name one file with all weights as {TENSORS} in `weights_path`. A "
            "checkpoint of a training is a pickle, which may run code, and is never opened: export it first."
        )
    open_weights = str(told.get("weights_path_without_voice_cloning") or "")
    return Addresses(weights, open_weights, str(told["flow_lm"]["lookup_table"]["tokenizer_path"]))


def root_of(config: EngineConfig, repository: str) -> Path:
    """Where all that is fetched from a repository lies."""
    return config.models_dir / "pocket-tts" / repository.replace("/", "--")


def voices_home(wanted: str, config: EngineConfig) -> Path:
    """Where the voices of a model of pocket-tts' own lie once they are fetched; they go with a version of it."""
    return config.models_dir / "pocket-tts" / f"voices-{wanted}-{importlib.metadata.version('pocket-tts')}"


def _fetched(
    wanted: str,
    description: Path,
    source: HubFile | None,
    weights: Path,
    tokenizer: Path,
    *,
    clones: bool,
    config: EngineConfig,
) -> PocketModel:
    repository, home = (source.repository, source.home(config)) if source is not None else ("", weights.parent)
    licence = licence_in(home / CARD) or next(
        (known for name, known in KNOWN.items() if repository.startswith(name)), ""
    )
    revision = source.revision if source is not None else ""
    if not revision and (home / MARKER).is_file():
        revision = str(json.loads((home / MARKER).read_text()).get("revision", ""))
    name = called(wanted)
    identity = f"{name}@{revision[:DIGITS] or _digest((description, weights, tokenizer))}"
    voices = _voices_in(voices_home(wanted, config)) if wanted in own_descriptions() else {}
    return PocketModel(name, description, weights, tokenizer, voices, identity, licence or UNKNOWN, clones)


def _here(address: str, config: EngineConfig) -> Path | None:
    source = HubFile.of(address)
    return source.here(config) if source is not None else None


def _last(address: str) -> str:
    """The name of the file that an address or a path ends in."""
    return address.partition("@")[0].rpartition("/")[2] or "nothing"


def _voices_in(folder: Path) -> dict[str, Path]:
    """Voices by name: states that were saved, and recordings."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in VOICE_FILES)
    return {path.stem: path for path in found}


def _digest(paths: Iterable[Path]) -> str:
    """What the contents of files are, in a few letters."""
    told = json.dumps([_digest_of(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths])
    return hashlib.sha256(told.encode()).hexdigest()[:DIGITS]


@cache
def _digest_of(path: str, _size: int, _changed: int) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
