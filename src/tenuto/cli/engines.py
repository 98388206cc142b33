"""`tenuto engines`: what can listen, and what it misses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from tenuto.cli import show
from tenuto.cli.backend import open_backend, require_local
from tenuto.cli.failure import FAILED
from tenuto.cli.options import JSON

if TYPE_CHECKING:
    from tenuto.bootstrap import Tenuto

app = typer.Typer(help="See what can listen, and fetch what it misses.", rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the engine.", show_default=False)]


@app.callback(invoke_without_command=True)
def engines(context: typer.Context, as_json: JSON = False) -> None:
    """See what can listen, and fetch what it misses."""
    if context.invoked_subcommand is None:
        list_engines(as_json=as_json)


@app.command("list")
def list_engines(as_json: JSON = False) -> None:
    """List the engines on offer."""
    with open_backend() as backend:
        found = backend.engines()
    if as_json:
        show.document({"items": found})
        return
    cells = [
        (item["name"], "ready" if item["ready"] else "not ready", item.get("licence", ""), item.get("detail", ""))
        for item in found
    ]
    show.table(("engine", "state", "licence", "detail"), cells)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="One engine; all when left out.")] = "", as_json: JSON = False
) -> None:
    """Check that engines can work, and say which one `auto` means; fails when none or the named one cannot."""
    house = _house("engines check")
    try:
        reports = [house.catalogue.report(name)] if name else list(house.catalogue.reports())
        choice = house.catalogue.choose(name) if name else house.catalogue.default()
    finally:
        house.close()
    if as_json:
        show.document({"items": reports, "auto": None if name else choice})
    else:
        for report in reports:
            print(f"{report.name}: {'ready' if report.ready else 'not ready'}. {show.clean(report.detail)}")
        if not name:
            print(" ".join(part for part in (choice.reason, choice.hint) if part))
    if not choice.name or not any(report.ready for report in reports):
        raise typer.Exit(FAILED)


@app.command()
def fetch(name: Name, as_json: JSON = False) -> None:
    """Download the model an engine misses."""
    house = _house("engines fetch")
    try:
        with _Meter(name) as meter:
            report = house.catalogue.fetch(name, meter.tell)
    finally:
        house.close()
    if as_json:
        show.document(report)
    else:
        print(f"{report.name}: {'ready' if report.ready else 'not ready'}. {show.clean(report.detail)}")
    if not report.ready:
        raise typer.Exit(FAILED)


def _house(command: str) -> Tenuto:
    require_local(command)
    from tenuto.cli.prepare import open_house

    return open_house()


class _Meter:
    """Tells how much of a download is here: a bar on a terminal, a line for each tenth elsewhere."""

    def __init__(self, name: str) -> None:
        self.name, self.tenth = name, -1
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self.bar = Progress(*columns, console=Console(stderr=True))
            self.task = self.bar.add_task(self.name, total=None)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def tell(self, here: int, total: int) -> None:
        """So many bytes of so many are here."""
        if self.bar is not None:
            self.bar.update(self.task, completed=here, total=total or None)
        elif total and here * 10 // total != self.tenth:
            self.tenth = here * 10 // total
            show.note(f"{self.name}: {show.size(here)} of {show.size(total)}")
