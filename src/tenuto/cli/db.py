"""`tenuto db`: the database as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto.cli import show
from tenuto.cli.backend import require_local
from tenuto.cli.failure import FAILED
from tenuto.cli.options import JSON, Yes

app = typer.Typer(help="Set the database up, look at it, move it.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def init(as_json: JSON = False) -> None:
    """Make the tables, or bring them up to this version."""
    _bring_up("db init", as_json=as_json)


@app.command()
def migrate(as_json: JSON = False) -> None:
    """Bring the tables up to this version."""
    _bring_up("db migrate", as_json=as_json)


def _bring_up(command: str, *, as_json: bool) -> None:
    require_local(command)
    from tenuto import bootstrap
    from tenuto.cli.prepare import load_settings

    settings = load_settings()
    before = bootstrap.schema_state(settings)
    if before.found is not None and not before.is_current and not before.newer:
        show.note(f"The schema goes from {before.found} to {before.needed}; make a backup first if you can.")
    after = bootstrap.prepare_database(settings)
    if as_json:
        show.document({"before": before.found, "schema": after.found, "needed": after.needed})
    else:
        print(f"The database has schema {after.found}." + (" It had it before." if before.is_current else ""))


@app.command()
def downgrade(
    to: Annotated[str, typer.Option(help="Revision to go back to; -1 is one step, base is nothing at all.")] = "-1",
    yes: Yes = False,
    as_json: JSON = False,
) -> None:
    """Take the schema back; what only the newer one can hold is lost."""
    require_local("db downgrade")
    from tenuto import bootstrap
    from tenuto.cli.prepare import load_settings

    settings = load_settings()
    _ask(f"Take {_named(settings)} back to schema {to}? What the older schema cannot hold is lost.", yes=yes)
    after = bootstrap.downgrade_database(settings, to)
    if as_json:
        show.document({"schema": after.found, "needed": after.needed})
    else:
        print(f"The database has schema {after.found or 'none'}.")


@app.command()
def reset(yes: Yes = False, as_json: JSON = False) -> None:
    """Remove every job, file and transcript, and begin with an empty database."""
    require_local("db reset")
    from tenuto import bootstrap
    from tenuto.cli.prepare import load_settings

    settings = load_settings()
    _ask(f"Remove everything in {_named(settings)}: all jobs, files and transcripts?", yes=yes)
    bootstrap.forget_everything(settings)
    after = bootstrap.prepare_database(settings)
    if as_json:
        show.document({"reset": True, "schema": after.found})
    else:
        print("The database is empty. Stored bytes nobody points at any more go with `tenuto cleanup`.")


@app.command()
def stats(as_json: JSON = False) -> None:
    """Show how much there is in the ledger."""
    require_local("db stats")
    from tenuto.cli.prepare import open_house

    house = open_house()
    try:
        found = house.numbers.get_database_stats()
    finally:
        house.close()
    if as_json:
        show.document(found)
        return
    jobs, pool = show.plain(found["jobs"]), show.plain(found["pool"])
    show.details(
        [
            ("database", f"{found['database']}, schema {found['schema']}"),
            ("size", show.size(int(str(found["size_bytes"])))),
            ("jobs", found["jobs_total"]),
            *(
                (f"  {kind}", ", ".join(f"{number} {status}" for status, number in by.items()))
                for kind, by in jobs.items()
            ),
            ("files", f"{found['files']} with {show.size(int(str(found['file_bytes'])))}"),
            ("transcripts", found["transcripts"]),
            ("songs", found["songs"]),
            ("music", _music(found)),
            ("connections", f"{pool['in_use']} in use, {pool['idle']} idle, at most {pool['size']} kept"),
        ]
    )


def _music(found: dict[str, object]) -> str:
    long, large = show.length(1000 * float(str(found["music_seconds"]))), show.size(int(str(found["music_bytes"])))
    return f"{found['generations_total']} from {found['prompts']} prompts, {long} with {large}"


@app.command()
def check(as_json: JSON = False) -> None:
    """Check schema, queue and stored rows; fails when something is wrong."""
    require_local("db check")
    from tenuto import bootstrap
    from tenuto.cli.prepare import load_settings

    found = bootstrap.check_database(load_settings())
    if as_json:
        show.document(found)
    else:
        print(f"{found['database']}, schema {found['schema'] or 'none'}")
        for problem in show.plain(found["problems"]):
            print(show.clean(problem))
        if found["sound"]:
            print("Everything is as it should be.")
    if not found["sound"]:
        raise typer.Exit(FAILED)


@app.command("copy")
def copy_database(
    to: Annotated[str, typer.Option(help="URL of an empty database.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Also while workers work.")] = False,
    as_json: JSON = False,
) -> None:
    """Copy every row to another database, such as from SQLite to PostgreSQL."""
    require_local("db copy")
    from tenuto import bootstrap
    from tenuto.cli.prepare import open_house

    house = open_house()
    try:
        copied = bootstrap.copy_database(
            house, to, force=force, on_table=lambda name, count: show.note(f"{name}: {count} rows")
        )
    finally:
        house.close()
    if as_json:
        show.document({"copied": copied})
    else:
        print(f"Copied {sum(copied.values())} rows. Set TENUTO_DATABASE_URL to the new database and start the server.")
        print("Jobs that were not finished go on there; files stay where they are stored.")


def _ask(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        show.note("Nothing was changed.")
        raise typer.Exit(FAILED)


def _named(settings: object) -> str:
    from tenuto.cli.config import masked_url

    return masked_url(str(getattr(settings, "actual_database_url", "")))
