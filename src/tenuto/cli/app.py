"""All commands. Nothing but Typer is imported here: each command brings what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto import __version__
from tenuto.cli import (
    budget,
    config,
    db,
    engines,
    files,
    generations,
    jobs,
    lexicon,
    presentations,
    songs,
    storage,
    transcripts,
    voice_samples,
    voices,
    webhooks,
)
from tenuto.cli.compose import compose
from tenuto.cli.demo import demo
from tenuto.cli.doctor import doctor
from tenuto.cli.export import export
from tenuto.cli.failure import GuardedGroup, debugging
from tenuto.cli.karaoke import align, karaoke, separate
from tenuto.cli.loudness import loudness
from tenuto.cli.narrate import narrate
from tenuto.cli.say import say
from tenuto.cli.serve import serve, work
from tenuto.cli.speakers import speakers
from tenuto.cli.transcribe import transcribe
from tenuto.cli.usage import usage

app = typer.Typer(
    cls=GuardedGroup,
    help="tenuto: long audio work that is never lost.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"tenuto {__version__}")
        raise typer.Exit


@app.callback()
def tenuto(
    debug: Annotated[bool, typer.Option("--debug", envvar="TENUTO_DEBUG", help="Show tracebacks and logs.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", "-V", callback=_tell_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """tenuto: long audio work that is never lost. With TENUTO_URL set, commands talk to that server."""
    debugging.set(debug)


app.command()(transcribe)
app.command()(export)
app.command()(say)
app.command()(compose)
app.command()(loudness)
app.command()(separate)
app.command()(align)
app.command()(karaoke)
app.command()(narrate)
app.add_typer(jobs.app, name="jobs")
app.add_typer(files.app, name="files")
app.add_typer(transcripts.app, name="transcripts")
app.add_typer(lexicon.app, name="lexicon")
app.add_typer(songs.app, name="songs")
app.add_typer(presentations.app, name="presentations")
app.add_typer(generations.app, name="generations")
app.add_typer(generations.prompts_app, name="prompts")
transcripts.app.command("speakers")(speakers)
app.add_typer(voices.app, name="known-voices")
app.add_typer(voice_samples.app, name="voices")
app.add_typer(webhooks.app, name="webhooks")
app.command()(serve)
app.command()(work)
app.command()(usage)
app.add_typer(budget.app, name="budget")
app.add_typer(engines.app, name="engines")
app.add_typer(db.app, name="db")
app.add_typer(storage.app, name="storage")
app.command()(storage.cleanup)
app.add_typer(config.app, name="config")
app.command()(doctor)
app.command()(demo)

command = typer.main.get_command(app)
