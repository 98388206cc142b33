"""`tenuto transcribe`: recordings in, text or subtitles out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli.backend import Backend, open_backend
from tenuto.cli.failure import FAILED, REFUSALS, REFUSED, tell
from tenuto.cli.follow import Reporter, follow, reporter_for
from tenuto.cli.options import JSON, Output
from tenuto.cli.output import Target, plan_target
from tenuto.cli.show import document, length, money, note, plain
from tenuto.client.shapes import Job
from tenuto.services.formats import named_in_a_sentence

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings; sound or video.", show_default=False)]
Formats = Annotated[str, typer.Option("--format", "-f", help=f"{named_in_a_sentence()}; several with commas.")]


@dataclass
class Batch:
    """Several recordings on their way."""

    backend: Backend
    target: Target
    reporter: Reporter
    sources: dict[str, Path] = field(default_factory=dict)  # by job
    outputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)

    def submit(self, path: Path, options: dict[str, Any]) -> None:
        """Take one file in, or tell why not."""
        try:
            _require_file(path)
            file = self.backend.add_file(path)
            try:
                job = self.backend.submit(file.id, options)
            except errors.TenutoError:
                self.backend.delete_file(file.id)  # Nobody wants a recording whose job was refused.
                raise
        except REFUSALS as error:
            self._refuse(path, error)
        else:
            if job.cost_estimate:
                note(f"{path}: this will cost about {money(job.cost_estimate, job.currency)}.")
            self.sources[job.id] = path

    def estimate(self, path: Path, options: dict[str, Any]) -> dict[str, Any]:
        """Tell what one file would cost, and keep neither it nor a job; nothing where it is refused."""
        try:
            _require_file(path)
            file = self.backend.add_file(path)
            try:
                found = self.backend.estimate(file.id, options)
            finally:
                self.backend.delete_file(file.id)
        except REFUSALS as error:
            self._refuse(path, error)
            return {}
        for warning in found.warnings:
            note(f"{path}: {warning}")
        return {"file": str(path), "duration_ms": file.duration_ms, **plain(found)}

    def _refuse(self, path: Path, error: errors.TenutoError) -> None:
        tell(error, about=str(path))
        self.refused.append({"file": str(path), "code": error.code, "message": error.message})

    def follow(self) -> list[Job]:
        """Watch all jobs until they end."""
        if not self.sources:
            return []
        return follow(self.backend, list(self.sources), self.reporter, on_end=self.finish)

    def leave(self, *, quiet: bool) -> list[Job]:
        """Name the jobs and let workers see to them."""
        jobs = [self.backend.job(job_id) for job_id in self.sources]
        for job in () if quiet else jobs:
            print(f"{job.id}  {job.status}  {self.sources[job.id]}")
        return jobs

    def finish(self, job: Job) -> None:
        """Write what a job made, or tell why it made nothing."""
        self.reporter.pause()
        for warning in job.warnings:
            note(f"{job.file_name}: {warning}")
        if job.status == "completed":
            self.outputs[job.id] = self.target.write(self.backend, job.id, self.sources[job.id])
        elif job.error is not None:
            tell(errors.from_code(job.error.code, job.error.message), about=str(self.sources[job.id]))
        else:
            note(f"{self.sources[job.id]}: the job was {job.status}.")


def _require_file(path: Path) -> None:
    """A pipe would be waited for, a device never ends."""
    if path.exists() and not path.is_file():
        raise errors.NotFound(f"{path} is not a file; name each recording.")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _estimate(batch: Batch, files: list[Path], options: dict[str, Any], *, as_json: bool) -> None:
    """Say what the recordings would cost, each and in all."""
    found = [told for path in files if (told := batch.estimate(path, options))]
    if as_json:
        document({"estimates": found, "refused": batch.refused})
    for told in () if as_json else found:
        cost = money(told["cost_estimate"], told["currency"]) or "nothing"
        print(f"{told['file']}  {length(told['duration_ms'])}  {told['engine']}  {cost}")
    total = sum(told["cost_estimate"] for told in found)
    if len(found) > 1 and total and not as_json:
        note(f"In all about {money(total, found[0]['currency'])}.")
    if batch.refused:
        raise typer.Exit(REFUSED)


def transcribe(
    files: Files,
    *,
    engine: Annotated[str, typer.Option(help="Engine; see `tenuto engines`.")] = "auto",
    language: Annotated[str, typer.Option(help="Code such as en, or auto.")] = "auto",
    model: Annotated[str, typer.Option(help="The engine's model, such as small.")] = "",
    format_names: Formats = "txt",
    output: Output = None,
    speakers: Annotated[str, typer.Option(help="How many speak: a number, bounds such as 2-4, auto or off.")] = "auto",
    recognise: Annotated[
        bool, typer.Option("--recognise", help="Name known voices; see `tenuto known-voices`.")
    ] = False,
    lexicon: Annotated[str, typer.Option(help="Corrections to apply; see `tenuto lexicon`.")] = "",
    hot_words: Annotated[str, typer.Option(help="Names and words to listen for, with commas between.")] = "",
    translate: Annotated[bool, typer.Option("--translate", help="Say it in English; whisper and openai can.")] = False,
    title: Annotated[str, typer.Option(help="What the transcript is called; the file's name without it.")] = "",
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it would cost; nothing is kept.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result, or leave it to workers.")] = True,
    as_json: JSON = False,
) -> None:
    """Write down what is said in recordings."""
    options: dict[str, Any] = {
        "engine": engine,
        "language": language,
        "model": model,
        "speakers": speakers,
        "recognise": recognise,
    }
    options |= {"translate": translate, "title": title, "hot_words": _words(hot_words)}
    if lexicon:
        options["lexicon_id"] = lexicon
    with open_backend() as backend:
        target = plan_target(backend, format_names, output, files, quiet=as_json)
        batch = Batch(backend, target, reporter_for(as_json=as_json))
        if estimate:
            _estimate(batch, files, options, as_json=as_json)
            return
        for path in files:
            batch.submit(path, options)
        jobs = batch.follow() if wait else batch.leave(quiet=as_json)
    if as_json:
        found = [{**plain(job), "outputs": batch.outputs.get(job.id, [])} for job in jobs]
        document({"jobs": found, "refused": batch.refused})
    if batch.refused:
        raise typer.Exit(REFUSED)
    if wait and any(job.status != "completed" for job in jobs):
        raise typer.Exit(FAILED)
