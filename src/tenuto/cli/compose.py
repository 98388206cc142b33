"""`tenuto compose`: a prompt in, music out; prompts from a file, variations, more like a piece."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli.backend import open_backend
from tenuto.cli.failure import FAILED
from tenuto.cli.follow import reporter_for
from tenuto.cli.made import check_printed, format_of
from tenuto.cli.options import JSON, Fade, Output, Trim
from tenuto.cli.output import STANDARD_OUTPUT
from tenuto.cli.pieces import Pieces, Place, prompts_in
from tenuto.cli.show import document

FORMATS = ("wav", "flac", "mp3", "opus", "m4a", "wav24", "wav32f", "flac24")


Prompt = Annotated[str, typer.Argument(help="Style, tempo, key, mood, instruments, length.", show_default=False)]
Takes = Annotated[int | None, typer.Option(help="So many variations, each with its own seed.", min=1, max=100)]
Source = Annotated[
    Path | None, typer.Option("--from", help="A file of prompts, one a line, # for comments; - is standard input.")
]
Like = Annotated[str, typer.Option(metavar="GENERATION", help="More like this piece; what is named here is otherwise.")]
Seconds = Annotated[float | None, typer.Option(help="Length; else what the prompt says, or 16.", min=1, max=1200)]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same music.", min=0)]
Engine = Annotated[str, typer.Option(help="composer, musicgen or auto.", show_default="auto")]
Format = Annotated[str, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}.")]
Rate = Annotated[int | None, typer.Option(help="Samples a second.", min=8000, max=96000, show_default="44100")]
Stems = Annotated[bool, typer.Option("--stems", help="Write each part by itself too.")]
Midi = Annotated[bool, typer.Option("--midi", help="Write the score too.")]
Dated = Annotated[bool, typer.Option("--dated", help="Write into folders of days: 2026/11/21/slow-jazz-1234.wav.")]


def compose(
    prompt: Prompt = "",
    *,
    takes: Takes = None,
    source: Source = None,
    like: Like = "",
    seconds: Seconds = None,
    seed: Seed = None,
    engine: Engine = "",
    format_name: Format = "",
    sample_rate: Rate = None,
    stems: Stems = False,
    midi: Midi = False,
    fade_in: Fade = 0.0,
    fade_out: Fade = 0.0,
    trim: Trim = False,
    output: Output = None,
    in_dated: Dated = False,
    as_json: JSON = False,
) -> None:
    """Compose music from prompts, into files that are called by their words and seed, or the one that is named."""
    if [bool(prompt), bool(source), bool(like) and not prompt].count(True) != 1:
        raise errors.ValidationError("Give a prompt, --from a file of prompts, or --like a piece to have more like it.")
    several = source is not None or (takes or 1) > 1
    form = format_of(output, FORMATS, default="", named=format_name, in_folder=several or in_dated)
    check_printed(output, as_json=as_json)
    if output == STANDARD_OUTPUT and (stems or midi):
        raise errors.ValidationError("Standard output takes one file: name a file or a folder for stems and MIDI.")
    place = Place(output, in_dated=in_dated, several=several)
    prompts = prompts_in(source) if source else {}
    place.check()
    given: dict[str, Any] = {
        "prompt": prompt,
        "takes": takes,
        "seconds": seconds,
        "seed": seed,
        "engine": engine,
        "format": form,
        "sample_rate": sample_rate,
        "stems": stems,
        "midi": midi,
    }
    given |= {"fade_in": fade_in or None, "fade_out": fade_out or None, "trim": trim}
    # What nobody named is the server's to choose, or that of the piece it is to be like.
    body = {name: value for name, value in given.items() if not (value is None or value is False or value == "")}
    with open_backend() as backend:
        pieces = Pieces(backend, reporter_for(as_json=as_json), place)
        if source:
            pieces.ask_each(prompts, body)
        else:
            pieces.ask(body, like=like)
        done = pieces.watch()
    if as_json:
        document({"items": done, "refused": pieces.refused} if several else done[0])
    if not pieces.all_are_there:
        raise typer.Exit(FAILED)
