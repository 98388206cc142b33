"""`tenuto say`: a text in, speech out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tenuto import errors
from tenuto.cli.backend import open_backend
from tenuto.cli.failure import FAILED, tell
from tenuto.cli.follow import follow, reporter_for
from tenuto.cli.made import check_printed, format_of, write_made
from tenuto.cli.options import JSON, Output
from tenuto.cli.output import check_folder
from tenuto.cli.show import document, note, plain

FORMATS = ("wav", "mp3", "opus", "aac", "flac", "pcm")
STANDARD_INPUT = "-"


def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.", show_default=False)],
    *,
    voice: Annotated[str, typer.Option(help="A voice of the engine, such as de+f2, or alloy, nova ...")] = "",
    engine: Annotated[str, typer.Option(help="espeak, flite, pocket-tts, openai-speech (paid) or auto.")] = "auto",
    model: Annotated[str, typer.Option(help="Of an engine that has several, such as tts-1-hd.")] = "",
    instructions: Annotated[str, typer.Option(help="How to say it, for a voice that is told in words.")] = "",
    language: Annotated[str, typer.Option(help="Code such as de; else the text's script decides.")] = "",
    speed: Annotated[float, typer.Option(help="Times the usual pace.", min=0.25, max=4.0)] = 1.0,
    format_name: Annotated[str, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}.")] = "",
    output: Output = None,
    as_json: JSON = False,
) -> None:
    """Say a text, into speech.wav or the file that is named."""
    form = format_of(output, FORMATS, named=format_name)
    check_printed(output, as_json=as_json)
    check_folder(output)
    options = {
        "text": sys.stdin.read() if text == STANDARD_INPUT else text,
        "voice": voice,
        "engine": engine,
        "model": model,
        "instructions": instructions,
        "language": language,
        "speed": speed,
        "format": form,
    }
    with open_backend() as backend:
        begun = backend.begin("speak", options)
        job = follow(backend, [begun.id], reporter_for(as_json=as_json))[0]
        written = write_made(backend, job, f"speech.{form}", output) if job.status == "completed" else None
    for warning in job.warnings:
        note(warning)
    if as_json:
        document({**plain(job), "outputs": [written] if written else []})
    if job.error is not None:
        tell(errors.from_code(job.error.code, job.error.message))
    if written is None:
        raise typer.Exit(FAILED)
