"""`tenuto compose`: a prompt in, music out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli.backend import Backend, open_backend
from tenuto.cli.failure import FAILED, tell
from tenuto.cli.follow import follow, reporter_for
from tenuto.cli.made import format_of, write_made
from tenuto.cli.options import JSON, Output
from tenuto.cli.output import STANDARD_OUTPUT
from tenuto.cli.show import document, note, plain
from tenuto.client.shapes import Job

FORMATS = ("wav", "flac", "mp3", "opus", "m4a", "wav24", "wav32f")
MUSIC, MIDI, DETAILS = "music", "music.mid", "composition.json"


def compose(
    prompt: Annotated[str, typer.Argument(help="Style, tempo, key, mood, instruments, length.", show_default=False)],
    *,
    seconds: Annotated[
        float | None, typer.Option(help="Length; else what the prompt says, or 16.", min=1, max=1200)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same music.", min=0)] = None,
    engine: Annotated[str, typer.Option(help="composer or auto.")] = "auto",
    format_name: Annotated[str, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}.")] = "",
    sample_rate: Annotated[int, typer.Option(help="Samples a second.", min=8000, max=96000)] = 44_100,
    stems: Annotated[bool, typer.Option("--stems", help="Write each part by itself too.")] = False,
    midi: Annotated[bool, typer.Option("--midi", help="Write the score too.")] = False,
    output: Output = None,
    as_json: JSON = False,
) -> None:
    """Compose music from a prompt, into music.wav or the file that is named."""
    form = format_name or format_of(output, FORMATS)
    if form not in FORMATS:
        raise errors.ValidationError(f"There is no format {form[:40]!r}; choose from: {', '.join(FORMATS)}.")
    if output == STANDARD_OUTPUT and (stems or midi):
        raise errors.ValidationError("Standard output takes one file: name a file or a folder for stems and MIDI.")
    options = {
        "prompt": prompt,
        "seconds": seconds,
        "seed": seed,
        "engine": engine,
        "format": form,
        "sample_rate": sample_rate,
        "stems": stems,
        "midi": midi,
    }
    with open_backend() as backend:
        begun = backend.begin("compose", options)
        job = follow(backend, [begun.id], reporter_for(as_json=as_json))[0]
        done = job.status == "completed"
        made = json.loads(backend.artifact(job.id, DETAILS)) if done else {}
        written = _write(backend, job, made, output) if done else []
    for warning in job.warnings:
        note(warning)
    if made:
        note(_summary(made))
    if as_json:
        document({**plain(job), "outputs": written, "composition": made})
    if job.error is not None:
        tell(errors.from_code(job.error.code, job.error.message))
    if not written:
        raise typer.Exit(FAILED)


def _write(backend: Backend, job: Job, made: dict[str, Any], output: Path | None) -> list[dict[str, Any]]:
    """The music where it is wanted, and all else beside it."""
    ending = str(job.options["format"]).removesuffix("24").removesuffix("32f")
    written = [write_made(backend, job, f"{MUSIC}.{ending}", output)]
    others = [f"{stem}.{ending}" for stem in made["stems"]] + ([MIDI] if job.options["midi"] else [])
    return written + [write_made(backend, job, name, _beside(output, name)) for name in others]


def _beside(output: Path | None, name: str) -> Path | None:
    if output is None or output.is_dir():
        return output
    ending = Path(name)
    return output.with_suffix(ending.suffix) if name == MIDI else output.with_name(f"{output.stem}-{name}")


def _summary(made: dict[str, Any]) -> str:
    composed, measured = made["composed"], made["measured"]
    known = [composed.get("style"), composed["bpm"] and f"{composed['bpm']:g} BPM", composed["key"]]
    loud = measured["loudness_lufs"]
    told = [*known, f"{made['seconds']:g} s", loud is not None and f"{loud:.1f} LUFS", f"seed {made['seed']}"]
    return f"{', '.join(str(part) for part in told if part)}; {made['model']}."
