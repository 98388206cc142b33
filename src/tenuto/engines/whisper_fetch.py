"""Downloads a model from the hub: resumes what was begun, checks every byte, and puts it in place in one move."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import importlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.engines.whisper_models import NEEDED, WANTED, OnProgress, checked, home_of, hub_id

REACH_SECONDS = 2.0
REMEMBER_SECONDS = 60.0
MARKER = "tenuto-model.json"  # what was fetched, and from which revision

_reached: dict[str, tuple[float, bool]] = {}
_asking: dict[str, threading.Thread] = {}
_lock = threading.Lock()


def hub_answers(config: EngineConfig, *, anew: bool = False) -> bool:
    """Whether the model hub can be reached within two seconds.

    The last answer is given at once, unless it is wanted `anew`; one older than a minute is asked for again meanwhile,
    for those who come later.
    """
    hub: Any = importlib.import_module("huggingface_hub.constants")
    url = config.hub_url or str(hub.ENDPOINT)
    if hub.HF_HUB_OFFLINE:
        return False
    known = _reached.get(url)
    if known is None or known[0] < time.monotonic() - REMEMBER_SECONDS:
        asking = _ask(url)
        if known is None or anew:
            # A thread, because httpx limits how long each read takes, and a hub that drips has many.
            asking.join(REACH_SECONDS)
            known = _reached.setdefault(url, (time.monotonic(), False))
    return known[1]


def _ask(url: str) -> threading.Thread:
    """The thread that asks this hub now; however many want to know, there is one."""
    with _lock:
        asking = _asking.get(url)
        if asking is None or not asking.is_alive():
            asking = _asking[url] = threading.Thread(target=_note, args=(url,), name="hub", daemon=True)
            asking.start()
        return asking


def _note(url: str) -> None:
    _reached[url] = (time.monotonic(), _answers(url))


def _answers(url: str) -> bool:
    started = time.monotonic()
    try:
        status = httpx.head(url, timeout=REACH_SECONDS).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return status < httpx.codes.INTERNAL_SERVER_ERROR and time.monotonic() - started <= REACH_SECONDS


def fetch_model(model: str, config: EngineConfig, on_progress: OnProgress) -> Path:
    """Download `model` into the models folder, unless it is there; tells (bytes here, bytes in all)."""
    name, home = hub_id(model), home_of(model, config)
    if not home.is_dir():
        fetch_repository(name, home, config, on_progress, wanted=WANTED.__contains__, needed=NEEDED)
    return checked(home)


def fetch_repository(
    name: str,
    home: Path,
    config: EngineConfig,
    on_progress: OnProgress,
    *,
    wanted: Callable[[str], bool],
    needed: Sequence[str],
    revision: str | None = None,
) -> None:
    """Download the wanted files of the hub's `name` into the new folder `home`; without the needed ones it fails.

    It takes the newest revision, unless one is named.
    """
    if not hub_answers(config, anew=True):
        raise errors.ServiceError(
            f"The model {name} cannot be fetched: the model hub does not answer. Check the network and try again, "
            f"or copy the model's files into {home}.",
        )
    with _translated(name, home), _only_one(home):
        if not home.is_dir():
            _download(name, home, config, on_progress, wanted=wanted, needed=needed, revision=revision)


def _download(
    name: str,
    home: Path,
    config: EngineConfig,
    on_progress: OnProgress,
    *,
    wanted: Callable[[str], bool],
    needed: Sequence[str],
    revision: str | None,
) -> None:
    hub: Any = importlib.import_module("huggingface_hub")
    partial = home.with_name(f".{home.name}.partial")
    partial.mkdir(exist_ok=True)
    endpoint = config.hub_url or None
    info = hub.HfApi(endpoint=endpoint).model_info(name, revision=revision, files_metadata=True, timeout=10)
    files = {file.rfilename: file for file in info.siblings if wanted(file.rfilename)}
    if absent := [each for each in needed if each not in files]:
        raise errors.EngineError(f"The hub's {name} is not a model that works here: it has no {', '.join(absent)}.")
    total = sum(file.size or 0 for file in files.values())
    on_progress(0, total)
    hub.snapshot_download(
        name,
        revision=info.sha,
        local_dir=partial,
        allow_patterns=list(files),
        endpoint=endpoint,
        max_workers=2,
        tqdm_class=_meter(lambda: on_progress(min(total, _bytes_in(partial)), total)),
    )
    for file in files.values():
        _check_file(partial / file.rfilename, file)
    (partial / MARKER).write_text(json.dumps({"name": name, "revision": info.sha}))
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    for path in partial.rglob("*"):
        _sync(path)
    partial.rename(home)
    _sync(home.parent)
    on_progress(total, total)


def _check_file(path: Path, file: Any) -> None:
    """Compare with the size and the hash that the hub gave; a file that differs is removed, to be fetched anew."""
    wanted = file.lfs.sha256 if file.lfs else None
    with path.open("rb") as stream:
        right = path.stat().st_size == (file.size or path.stat().st_size)
        right = right and (wanted is None or hashlib.file_digest(stream, "sha256").hexdigest() == wanted)
    if not right:
        path.unlink()
        raise errors.ServiceError(f"The file {path.name} of the model arrived damaged. Fetch the model again.")


def _meter(tell: Any) -> Any:
    """A progress bar that draws nothing and calls `tell` instead."""
    tqdm: Any = importlib.import_module("tqdm").tqdm

    def start(self: Any, *args: Any, **options: Any) -> None:
        options.pop("name", None)
        tqdm.__init__(self, *args, **(options | {"disable": True}))

    def update(_self: Any, _count: float | None = 1) -> None:
        tell()

    return type("Meter", (tqdm,), {"__init__": start, "update": update})


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # Files are renamed while we look.
            total += path.stat().st_size if path.is_file() else 0
    return total


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Let one process at a time fetch a model."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f".{home.name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _translated(name: str, home: Path) -> Iterator[None]:
    """Turn what the hub's client and the disk raise into tenuto's errors."""
    hub: Any = importlib.import_module("huggingface_hub.errors")
    try:
        yield
    except hub.GatedRepoError as error:
        raise errors.ValidationError(
            f"The model {name} is given out after a registration only: accept its terms on its page on the model hub, "
            "set HF_TOKEN to a token of that account, and fetch it again."
        ) from error
    except (hub.RepositoryNotFoundError, hub.HFValidationError) as error:
        raise errors.ValidationError(
            f"The model hub has no model {name} that may be read without an account."
        ) from error
    except hub.HTTPError as error:
        raise errors.ServiceError(f"Fetching {name} was interrupted: {error}. Try again; it goes on there.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.StorageFull(f"There is no room for the model {name} in {home.parent}.") from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise errors.EngineError(f"The model {name} cannot be written to {home.parent}: {error}.") from error
        raise errors.ServiceError(f"Fetching {name} was interrupted: {error}. Try again; it goes on there.") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
