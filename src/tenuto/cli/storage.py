"""`tenuto storage` and `tenuto cleanup`: what takes space."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto.cli import show
from tenuto.cli.backend import open_backend, require_local
from tenuto.cli.failure import FAILED
from tenuto.cli.options import JSON

app = typer.Typer(help="See what takes space, and check it.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def stats(as_json: JSON = False) -> None:
    """Show how many files there are, how large and how old."""
    with open_backend() as backend:
        found = backend.storage_stats()
    if as_json:
        show.document(found)
        return
    free = found.get("free_bytes")
    show.details(
        [
            ("storage", found.get("storage")),
            ("files", f"{found['files']} with {show.size(found['bytes'])}"),
            *((f"  {kind}", f"{by['count']} with {show.size(by['bytes'])}") for kind, by in found["by_kind"].items()),
            *((f"  {age}", show.size(size)) for age, size in found["bytes_by_age"].items() if size),
            *(
                (f"made: {kind}", f"{by['count']} with {show.size(by['bytes'])}")
                for kind, by in found.get("outputs", {}).items()
            ),
            ("free", "" if free is None else show.size(free)),
        ]
    )


@app.command()
def verify(as_json: JSON = False) -> None:
    """Read every stored byte and compare it with its row; fails when something is missing or damaged."""
    require_local("storage verify")
    from tenuto.cli.prepare import open_house

    house = open_house()
    try:
        found = house.upkeep.verify()
    finally:
        house.close()
    if as_json:
        show.document({**show.plain(found), "sound": found.sound})
    else:
        for word, keys in (("missing", found.missing), ("damaged", found.damaged), ("nobody's", found.strays)):
            for key in keys:
                print(f"{word}  {show.clean(key)}")
        print(f"{found.checked} objects with {show.size(found.bytes)} were read.", end=" ")
        print("All are sound." if found.sound else "Some are not: see above.")
    if not found.sound:
        raise typer.Exit(FAILED)


def cleanup(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also when the clock may have leaped.")] = False,
    as_json: JSON = False,
) -> None:
    """Remove files past their time and bytes nobody points at."""
    with open_backend() as backend:
        found = backend.cleanup(dry_run=dry_run, force=force)
    if as_json:
        show.document(found)
    else:
        would = "would go" if dry_run else "went"
        parts = [f"{found['deleted']} file(s)", f"{found.get('jobs', 0)} job(s)", f"{found['strays']} leftover(s)"]
        print(f"{', '.join(parts)} {would}", end="")
        if found.get("archived"):
            print(f", {found['archived']} file(s) {'would be' if dry_run else 'were'} archived", end="")
        print(f", {show.size(found['freed_bytes'])} {'would be' if dry_run else 'were'} freed.")
        for problem in found["errors"]:
            show.note(problem)
    if found["failed"]:
        raise typer.Exit(FAILED)
