"""Where results go: standard output, the path that was named, or beside the recording."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path, PosixPath
from typing import Any, BinaryIO
from uuid import uuid4

from tenuto import errors
from tenuto.cli.backend import Backend
from tenuto.cli.show import note
from tenuto.client.shapes import Export

STANDARD_OUTPUT = Path("-")
MANY = 1000


class Folder(PosixPath):
    """A place that was written with a slash at its end, which no path keeps: a folder, there or to be made."""


def place_of(text: str) -> Path:
    """The place that an option names."""
    return Folder(text) if text.endswith(os.sep) else Path(text)


def is_folder(output: Path) -> bool:
    """Whether files go into it, because it is a folder or is to be one."""
    return isinstance(output, Folder) or output.is_dir()


def make_folder(output: Path) -> None:
    """See that there is a folder of this name."""
    if output.exists() and not output.is_dir():
        raise errors.ValidationError(f"{output} is to be a folder, and a file has that name.")
    output.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class Target:
    """Formats, and the place for them."""

    formats: tuple[str, ...]
    place: Path | None  # None for beside the recording, "-" for standard output
    is_folder: bool
    headings: bool  # whether texts on standard output need a name above them
    quiet: bool  # whether texts are handed back rather than printed

    def write(self, backend: Backend, job_id: str, source: Path) -> list[dict[str, Any]]:
        """Fetch each format of a finished job and put it where it belongs."""
        return [self._write_one(backend.export(job_id, name), name, source) for name in self.formats]

    def _write_one(self, export: Export, name: str, source: Path) -> dict[str, Any]:
        made: dict[str, Any] = {"format": name, "path": None}
        if self.place == STANDARD_OUTPUT:
            if self.quiet:
                return {**made, **handed_back(export.data)}
            if self.headings:
                print(f"\n{source.name}:", flush=True)
            print_bytes(export.data)
            return made
        path = self._path(export, name, source)
        write_whole(path, export.data)
        note(f"Wrote {path}")
        return {**made, "path": str(path)}

    def _path(self, export: Export, name: str, source: Path) -> Path:
        if self.place is not None and not self.is_folder:
            return self.place
        folder = self.place if self.place is not None else source.parent
        # txt and txt-speakers share their ending and may lie side by side.
        kind = "".join(f".{variant}" for variant in name.split("-")[1:])
        return free_path(folder / f"{source.stem}{kind}{Path(export.filename).suffix}", export.data)


def plan_target(
    backend: Backend, format_names: str, output: Path | None, files: Sequence[Path], *, quiet: bool
) -> Target:
    """Settle where results go before any work is done, and refuse what cannot be."""
    formats = tuple(dict.fromkeys(name.strip() for name in format_names.split(",") if name.strip()))
    if not formats:
        raise errors.ValidationError("--format names no format; use for example --format srt.")
    for name in formats:
        backend.check_format(name)
    several = len(files) > 1 or len(formats) > 1
    if output is None:
        plain_text = formats == ("txt",) or quiet
        place = STANDARD_OUTPUT if plain_text else None
        return Target(formats, place, is_folder=False, headings=len(files) > 1, quiet=quiet)
    if output == STANDARD_OUTPUT:
        return Target(formats, STANDARD_OUTPUT, is_folder=False, headings=several, quiet=quiet)
    in_folder = several or is_folder(output)
    if in_folder:
        make_folder(output)
    else:
        check_folder(output)
    return Target(formats, output, is_folder=in_folder, headings=False, quiet=quiet)


def handed_back(data: bytes) -> dict[str, str]:
    """The bytes as a field of JSON: as text where they are text."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def check_folder(output: Path | None) -> None:
    """Refuse a place that cannot be written to, before any work is done for it; make the folder that was asked for."""
    if isinstance(output, Folder):
        make_folder(output)
    elif output is not None and not output.parent.is_dir():
        raise errors.ValidationError(f"The folder {output.parent} does not exist; make it first.")


def print_bytes(data: bytes) -> None:
    """Write to standard output as it is; only a terminal gets its line ended, and no bytes that are not text."""
    if sys.stdout.isatty() and "text" not in handed_back(data):
        raise errors.ValidationError("This format is not text, and a terminal cannot show it; name a file with -o.")
    sys.stdout.flush()
    sys.stdout.buffer.write(data + b"\n" if sys.stdout.isatty() and not data.endswith(b"\n") else data)
    sys.stdout.flush()


def free_path(path: Path, data: bytes) -> Path:
    """The path itself, or one beside it: somebody may have corrected the file that is there."""
    return next(found for found in _beside(path) if not found.exists() or found.read_bytes() == data)


def _beside(path: Path) -> Iterator[Path]:
    """The path, and names like it."""
    yield path
    yield from (path.with_stem(f"{path.stem} ({number})") for number in range(2, MANY))
    raise errors.ConflictError(f"There are {MANY} files named like {path}; remove some.")


def write_whole(path: Path, data: bytes) -> None:
    """Write all of it or nothing."""
    if path.exists() and not path.is_file():  # A device or a pipe cannot be replaced.
        path.write_bytes(data)
        return
    with _part_of(path) as part:
        part.write_bytes(data)
        part.replace(path)


def write_fetched(path: Path, fetch: Callable[[BinaryIO], None], *, beside: bool = False) -> Path:
    """Write all that `fetch` brings or nothing; `beside` another file that lies there rather than over it."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            fetch(file)
        return path
    with _part_of(path) as part:
        with part.open("wb") as file:
            fetch(file)
        return _put_beside(part, path) if beside else part.replace(path)


def _put_beside(part: Path, path: Path) -> Path:
    """Give a file its name, or one like it; another that has it by then, whoever wrote it, stays."""
    for found in _beside(path):
        try:
            found.hardlink_to(part)
        except FileExistsError:
            if not cmp(found, part, shallow=False):
                continue
        except OSError:  # A file system without links: there is only looking first.
            if found.exists():
                continue
            part.replace(found)
        break
    return found


@contextmanager
def _part_of(path: Path) -> Iterator[Path]:
    part = path.with_name(f".tenuto-{uuid4().hex}.part")  # Another command may write to the same name.
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
