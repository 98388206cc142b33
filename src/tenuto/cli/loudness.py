"""`tenuto loudness`: recordings are measured, or written at another loudness."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli.backend import Backend, open_backend
from tenuto.cli.failure import FAILED, REFUSALS, REFUSED, tell
from tenuto.cli.follow import Reporter, follow, reporter_for
from tenuto.cli.made import check_holds_several, check_printed, format_of, write_made
from tenuto.cli.options import JSON, Fade, Trim
from tenuto.cli.output import STANDARD_OUTPUT, check_folder, make_folder, place_of
from tenuto.cli.show import document, length, note, plain, table
from tenuto.client.shapes import Job

FORMATS = ("wav", "flac", "mp3", "opus", "m4a", "wav24", "wav32f", "flac24")
AUTO = "auto"
REPORT = "loudness.json"
HEADERS = ("file", "length", "LUFS", "true peak", "range", "gain", "target")
NOTHING = "-"

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings or songs.", show_default=False)]


@dataclass
class Batch:
    """Recordings on their way."""

    backend: Backend
    options: dict[str, Any]
    output: Path | None
    reporter: Reporter
    sources: dict[str, Path] = field(default_factory=dict)  # by job
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)

    def submit(self, path: Path) -> None:
        """Take one file in, or tell why not."""
        try:
            if path.exists() and not path.is_file():
                raise errors.NotFound(f"{path} is not a file; name each recording.")
            file = self.backend.add_file(path)
            try:
                job = self.backend.submit(file.id, self.options, kind="loudness")
            except errors.TenutoError:
                self.backend.delete_file(file.id)  # Nobody wants a recording whose job was refused.
                raise
        except REFUSALS as error:
            tell(error, about=str(path))
            self.refused.append({"file": str(path), "code": error.code, "message": error.message})
        else:
            self.sources[job.id] = path

    def follow(self) -> list[Job]:
        """Watch all jobs until they end."""
        return follow(self.backend, list(self.sources), self.reporter, on_end=self.finish) if self.sources else []

    def finish(self, job: Job) -> None:
        """Fetch what a job found and made, or tell why it made nothing."""
        self.reporter.pause()
        source = self.sources[job.id]
        for warning in job.warnings:
            note(f"{source}: {warning}")
        if job.error is not None:
            tell(errors.from_code(job.error.code, job.error.message), about=str(source))
        if job.status != "completed":
            return
        report = self.reports[job.id] = json.loads(self.backend.artifact(job.id, REPORT))
        if self.output is not None:
            name = str(report["normalised"]["name"])
            called = f"{source.stem}{Path(name).suffix}"
            in_folder = self.output.is_dir()
            self.outputs[job.id] = [write_made(self.backend, job, name, self.output, called=called, beside=in_folder)]


def loudness(
    files: Files,
    *,
    target: Annotated[float, typer.Option(help="LUFS.", min=-36, max=-5)] = -16.0,
    peak: Annotated[float, typer.Option(help="The highest true peak, in dBTP.", min=-9, max=0)] = -1.0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            parser=place_of,
            help="Write at the target: a file or a folder; - is standard output.",
        ),
    ] = None,
    format_name: Annotated[
        str, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}; else by the output's name, or as it was.")
    ] = "",
    fade_in: Fade = 0.0,
    fade_out: Fade = 0.0,
    trim: Trim = False,
    as_json: JSON = False,
) -> None:
    """Measure how loud recordings are; with -o, write them at the target."""
    named, several = format_name if format_name != AUTO else "", len(files) > 1
    form = format_of(output, FORMATS, AUTO, named=named, in_folder=several)
    check_printed(output, as_json=as_json)
    if output is None and (fade_in or fade_out or trim or format_name):
        raise errors.ValidationError("Without -o there is only measuring: name a file or a folder to write to.")
    _check_place(output, several=several)
    options = {"target": target, "peak": peak, "format": form, "normalise": output is not None}
    options |= {"fade_in": fade_in, "fade_out": fade_out, "trim": trim}
    with open_backend() as backend:
        batch = Batch(backend, options, output, reporter_for(as_json=as_json))
        for path in files:
            batch.submit(path)
        jobs = batch.follow()
    if as_json:
        found = [
            {**plain(job), "loudness": batch.reports.get(job.id), "outputs": batch.outputs.get(job.id, [])}
            for job in jobs
        ]
        document({"jobs": found, "refused": batch.refused})
    elif batch.reports and output != STANDARD_OUTPUT:
        table(HEADERS, [_cells(batch.sources[job], report) for job, report in batch.reports.items()])
    if batch.refused:
        raise typer.Exit(REFUSED)
    if any(job.status != "completed" for job in jobs):
        raise typer.Exit(FAILED)


def _check_place(output: Path | None, *, several: bool) -> None:
    """Settle where results go before any work is done."""
    if output is None:
        return
    if several:
        check_holds_several(output, "Several recordings need a folder to be written to")
        make_folder(output)
    check_folder(output)


def _cells(source: Path, report: dict[str, Any]) -> list[str]:
    """A row: what was measured, or what the new file has, and whether the target is met."""
    made, outlook = report["normalised"], report["outlook"]
    found = (made or {}).get("loudness") or report["measured"]
    gain = made["gain_db"] if made else outlook["gain_db"]
    return [
        str(source),
        length(1000 * (made or report)["seconds"]),
        _number(found["integrated_lufs"], "{:.1f}"),
        _number(found["true_peak_db"], "{:.1f} dB"),
        _number(found["range_lu"], "{:.1f} LU"),
        _number(gain, "{:+.1f} dB"),
        _verdict(report, made or outlook),
    ]


def _verdict(report: dict[str, Any], change: dict[str, Any]) -> str:
    if report["can_be_met"] is None:
        return NOTHING
    reached = change.get("reached_lufs") or change["loudness"]["integrated_lufs"]
    limited = change["limited_db"]
    by = f", {limited:.1f} dB off the highest peak" if limited else ""
    return f"{reached:.1f} LUFS{by}" if report["can_be_met"] else f"not met: {reached:.1f} LUFS{by}"


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else form.format(value)
