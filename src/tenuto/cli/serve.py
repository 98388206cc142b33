"""`tenuto serve` and `tenuto work`: processes that stay."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Annotated

import typer

from tenuto import __version__, errors
from tenuto.cli.failure import debugging

if TYPE_CHECKING:
    from tenuto.settings import Settings

logger = logging.getLogger(__name__)
LogJSON = Annotated[bool, typer.Option("--json", help="Log in JSON.")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on [default: TENUTO_HOST].")] = "",
    port: Annotated[
        int | None, typer.Option(help="Port [default: TENUTO_PORT]; 0 takes a free one.", min=0, max=65535)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes beside it [default: TENUTO_WORKERS].", min=0, max=64)
    ] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Serve only; workers run elsewhere.")] = False,
    as_json: LogJSON = False,
) -> None:
    """Serve the HTTP API, with workers beside it."""
    settings = _settings(as_json=as_json)
    wished = {"host": host or settings.host, "port": settings.port if port is None else port}
    crew = 0 if no_worker else settings.workers if workers is None else workers
    # Said before the slow imports: a person who sees nothing for seconds believes that it hangs.
    logger.info("The server starts.", extra={"action": "starting", "version": __version__, **wished, "workers": crew})
    from tenuto.api.server import serve as serve_api

    serve_api(settings.model_copy(update=wished), crew)


def work(
    kinds: Annotated[str, typer.Option(help="Kinds of jobs to take, with commas; all when left out.")] = "",
    concurrency: Annotated[int, typer.Option(help="Jobs at once; 0 for TENUTO_CONCURRENCY.", min=0, max=256)] = 0,
    drain: Annotated[bool, typer.Option("--drain", help="Stop when no job is left.")] = False,
    parent: Annotated[int, typer.Option(hidden=True)] = 0,
    as_json: LogJSON = False,
) -> None:
    """Work on jobs until stopped; any number of workers may run, here and on other machines."""
    settings = _settings(as_json=as_json)
    logger.info("A worker starts.", extra={"action": "starting", "version": __version__, "kinds": kinds})
    from tenuto import verify
    from tenuto.bootstrap import job_kinds
    from tenuto.cli.prepare import open_house
    from tenuto.worker import main as worker

    verify.verify(settings)
    known = job_kinds()
    wanted = {kind.strip() for kind in kinds.split(",") if kind.strip()}
    unknown = wanted - set(known)
    if unknown:
        raise errors.ValidationError(
            f"There is no kind of job called {min(unknown)!r}; this version knows {', '.join(known)}."
        )
    house = open_house(settings)
    worker.work(house, concurrency=concurrency or None, kinds=wanted, drain=drain, parent_pid=parent or None)


def _settings(*, as_json: bool) -> Settings:
    """The settings, with logs as they say; the environment carries the command's wishes on to the workers."""
    from tenuto import logs
    from tenuto.settings import load, unknown_variables

    if as_json:
        os.environ["TENUTO_LOG_FORMAT"] = "json"
    if debugging.get():
        os.environ["TENUTO_LOG_LEVEL"] = "DEBUG"
    found = load()
    logs.configure(found.log_level, found.log_format, statements=found.database_debug)
    for name in unknown_variables():
        logger.warning("%s is no setting of this version and is not used.", name, extra={"action": "unknown_setting"})
    return found
