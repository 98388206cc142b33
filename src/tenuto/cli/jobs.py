"""`tenuto jobs`: look at work, stop it, try it again."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.backend import open_backend
from tenuto.cli.door import open_door
from tenuto.cli.failure import FAILED, tell
from tenuto.cli.follow import JSONReporter, follow, reporter_for
from tenuto.cli.options import JSON, Cursor, Limit
from tenuto.cli.removing import delete_each
from tenuto.client.shapes import Job

app = typer.Typer(help="Look at jobs, stop them, try them again.", no_args_is_help=True, rich_markup_mode=None)
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.", show_default=False)]
JobIds = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.", show_default=False)]


@app.command("list")
def list_jobs(
    status: Annotated[str, typer.Option(help="Only jobs in this status.")] = "",
    kind: Annotated[str, typer.Option(help="Only jobs of this kind.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: JSON = False,
) -> None:
    """List jobs, newest first."""
    with open_backend() as backend:
        page = backend.jobs(status=status, kind=kind, limit=limit, cursor=cursor or None)
    cells = [
        (job.id, job.kind, job.status, f"{job.progress:.0f} %", job.file_name, show.moment(job.created_at))
        for job in page.items
    ]
    headers = ("job", "kind", "status", "done", "file", "since")
    show.page(page, as_json, headers, cells, "There are no jobs. Start one with `tenuto transcribe FILE`.")


@app.command("show")
def show_job(job: JobId, as_json: JSON = False) -> None:
    """Show one job."""
    with open_backend() as backend:
        _show(backend.job(job), as_json=as_json)


@app.command()
def watch(job: JobId, as_json: JSON = False) -> None:
    """Follow a job until it ends; without any worker, do the work here."""
    with open_backend() as backend:
        ended = follow(backend, [job], JSONReporter() if as_json else reporter_for(as_json=False))[0]
    if ended.error is not None:
        tell(errors.from_code(ended.error.code, ended.error.message))
    if ended.status != "completed":
        raise typer.Exit(FAILED)
    if not as_json:
        show.note(f"Done. {_what_next(ended)}".strip())


@app.command()
def log(job: JobId, as_json: JSON = False) -> None:
    """Show what happened to a job, and which steps are done."""
    with open_backend() as backend:
        found = backend.log(job)
    if as_json:
        show.document(found)
        return
    for event in found.events:
        change = " → ".join(status for status in (event.old_status, event.new_status) if status)
        words = "  ".join(part for part in (event.kind, change, event.message, f"by {event.actor}") if part)
        print(f"{show.moment(event.at)}  {show.clean(words)}")
    for step in found.steps:
        part = "" if step.part is None else f", part {step.part + 1}"
        print(f"{show.moment(step.finished_at)}  finished  {show.clean(step.step)}{part}")


@app.command()
def cancel(jobs: JobIds, as_json: JSON = False) -> None:
    """Stop jobs that wait or run."""
    with open_backend() as backend:
        _show_all([backend.cancel(job) for job in jobs], as_json=as_json)


@app.command()
def start(jobs: JobIds, as_json: JSON = False) -> None:
    """Queue jobs that were submitted to be held."""
    with open_door() as client:
        _show_all([client.start(job) for job in jobs], as_json=as_json)


@app.command()
def retry(jobs: JobIds, as_json: JSON = False) -> None:
    """Queue failed or cancelled jobs again; their finished steps are kept."""
    with open_backend() as backend:
        _show_all([backend.retry(job) for job in jobs], as_json=as_json)


@app.command()
def delete(jobs: JobIds, as_json: JSON = False) -> None:
    """Remove finished jobs with their transcripts and exports."""
    with open_backend() as backend:
        delete_each(jobs, backend.delete_job, "job", as_json)


def _what_next(job: Job) -> str:
    """Where to find what a job made, if there is a command for it."""
    if job.presentation_id:
        return f"Get the video with `tenuto presentations video {job.presentation_id}`."
    if job.kind == "transcribe":
        return f"Read it with `tenuto export {job.id}`."
    return ""


def _show_all(jobs: list[Job], *, as_json: bool) -> None:
    if as_json:
        show.document({"items": jobs})
        return
    for job in jobs:
        wish = "asked to stop" if job.status == "processing" else job.status
        print(f"{job.id}  {wish}")


def _show(job: Job, *, as_json: bool) -> None:
    if as_json:
        show.document(job)
        return
    show.details(
        [
            ("job", job.id),
            ("file", job.file_name),
            ("kind", job.kind),
            ("status", job.status),
            ("stage", job.stage),
            ("done", f"{job.progress:.0f} %"),
            ("left", "" if job.eta_seconds is None else show.length(job.eta_seconds * show.SECOND_MS)),
            ("engine", job.engine),
            ("options", ", ".join(f"{name}={value}" for name, value in job.options.items() if value)),
            ("estimated", show.money(job.cost_estimate, job.currency)),
            ("cost", show.money(job.cost, job.currency)),
            ("attempts", job.attempts),
            ("error", job.error and f"{job.error.message} ({job.error.code})"),
            ("warnings", " ".join(job.warnings)),
            ("created", show.moment(job.created_at)),
            ("started", show.moment(job.started_at)),
            ("ended", show.moment(job.completed_at)),
        ]
    )
