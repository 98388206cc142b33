"""Files that a job made, written where somebody wants them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tenuto.cli.backend import Backend
from tenuto.cli.output import STANDARD_OUTPUT, free_path, print_bytes, write_whole
from tenuto.cli.show import note
from tenuto.client.shapes import Job


def format_of(output: Path | None, known: Collection[str], default: str = "wav") -> str:
    """The format that the name of a file asks for."""
    ending = output.suffix.removeprefix(".").lower() if output else ""
    return ending if ending in known else default


def write_made(backend: Backend, job: Job, name: str, output: Path | None) -> dict[str, Any]:
    """Write what a job made to `output`, into it if it is a folder, or beside the user under its own name."""
    form = Path(name).suffix.removeprefix(".")
    data = backend.artifact(job.id, name)
    if output == STANDARD_OUTPUT:
        print_bytes(data)
        return {"format": form, "path": None}
    path = output or free_path(Path(name), data)
    path = path / name if path.is_dir() else path
    write_whole(path, data)
    note(f"Wrote {path}")
    return {"format": form, "path": str(path)}
