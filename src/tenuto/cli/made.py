"""Files that a job made, written where somebody wants them."""

from __future__ import annotations

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.cli.backend import Backend
from tenuto.cli.output import STANDARD_OUTPUT, Folder, is_folder, make_folder, print_bytes, write_fetched
from tenuto.cli.show import note
from tenuto.client.shapes import Job
from tenuto.domain.naming import dated_folder

OTHER_NAMES = {"ogg": "opus", "oga": "opus", "wave": "wav"}
ENDINGS = {"wav", "flac", "mp3", "opus", "m4a", "aac", "pcm", "mid", "midi", *OTHER_NAMES}  # of sound and of scores


def format_of(
    output: Path | None, known: Collection[str], default: str = "wav", *, named: str = "", in_folder: bool = False
) -> str:
    """The format that is named, or that the name of a file asks for; a name that promises another one is refused."""
    if named and named not in known:
        raise errors.ValidationError(f"There is no format {named[:40]!r}; choose from: {', '.join(known)}.")
    ending = "" if output is None or in_folder or is_folder(output) else _ending(output)
    asked = OTHER_NAMES.get(ending, ending)
    if named:
        if ending in ENDINGS and asked != named.removesuffix("24").removesuffix("32f"):
            raise errors.ValidationError(f"{output} is no name for a file of the format {named}.")
        return named
    if asked and asked not in known:
        raise errors.ValidationError(f"{output} is in no format that can be written; choose from: {', '.join(known)}.")
    return asked or default


def write_made(
    backend: Backend, job: Job, name: str, output: Path | None, *, called: str = "", beside: bool = False
) -> dict[str, Any]:
    """Write what a job made to `output`, into it if it is a folder, or here.

    In a folder it has its own name or that which it is `called`. Where nobody gave a place, or with `beside`, a file
    that is there already stays as it is.
    """
    form = Path(name).suffix.removeprefix(".")
    if output == STANDARD_OUTPUT:
        _print(backend, job, name)
        return {"format": form, "path": None}
    if isinstance(output, Folder):
        make_folder(output)
    wanted, beside = output or Path(), beside or output is None
    wanted = wanted / (called or name) if wanted.is_dir() else wanted
    path = write_fetched(wanted, lambda file: backend.fetch(job.id, name, file), beside=beside)
    note(f"Wrote {path}")
    return {"format": form, "path": str(path)}


def check_printed(output: Path | None, *, as_json: bool) -> None:
    """Refuse to put sound and JSON into one stream."""
    if as_json and output == STANDARD_OUTPUT:
        raise errors.ValidationError("Standard output takes the sound or the JSON: name a file or a folder with -o.")


def check_holds_several(output: Path, what: str) -> None:
    """Refuse a place that is no folder, or that is called like a file of sound and is not there."""
    called_like_sound = _ending(output) in ENDINGS and not is_folder(output)
    if output == STANDARD_OUTPUT or called_like_sound or (output.exists() and not output.is_dir()):
        raise errors.ValidationError(f"{what}, and {output} is none.")


def check_dated(output: Path | None) -> None:
    """Refuse a place in which no folders of days can be made, before any work is done for it."""
    if output is not None:
        check_holds_several(output, "--dated needs a folder to make those of days in")


def dated(output: Path | None, job: Job) -> Path:
    """The folder of the day on which a job was done, inside of `output`; made when it is not there."""
    done = datetime.fromisoformat(job.completed_at) if job.completed_at else datetime.now(UTC)
    folder = (output or Path()) / dated_folder(done.astimezone().date())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _ending(output: Path) -> str:
    return output.suffix.removeprefix(".").lower()


def _print(backend: Backend, job: Job, name: str) -> None:
    if sys.stdout.isatty():
        print_bytes(backend.artifact(job.id, name))
        return
    sys.stdout.flush()
    backend.fetch(job.id, name, sys.stdout.buffer)
    sys.stdout.flush()
