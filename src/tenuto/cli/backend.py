"""What the commands ask for, whoever answers: the ledger on this machine, or a server."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tenuto import errors
from tenuto.client.shapes import Estimate, Export, File, Job, JobLog, Page, Segment, Transcript

URL, API_KEY = "TENUTO_URL", "TENUTO_API_KEY"


class Backend(Protocol):
    """One interface, two homes. Ids are public ids, errors those of `tenuto.errors`."""

    poll_seconds: float
    patience_seconds: float  # how long it may be away while there is work of ours

    def add_file(self, path: Path) -> File:
        """Take a recording in."""
        ...

    def file(self, file_id: str) -> File:
        """One file."""
        ...

    def files(self, *, limit: int, cursor: str | None) -> Page[File]:
        """A page of files, newest first."""
        ...

    def delete_file(self, file_id: str) -> None:
        """Remove a file nobody works on."""
        ...

    def submit(self, file_id: str, options: Mapping[str, Any], *, kind: str = "transcribe", priority: int = 5) -> Job:
        """Ask for work on a file."""
        ...

    def estimate(self, file_id: str, options: Mapping[str, Any]) -> Estimate:
        """What a transcription would cost; no job is made."""
        ...

    def begin(self, kind: str, options: Mapping[str, Any]) -> Job:
        """Ask for work that needs no file."""
        ...

    def artifact(self, job_id: str, name: str) -> bytes:
        """A file that a job made."""
        ...

    def fetch(self, job_id: str, name: str, target: BinaryIO) -> None:
        """The same, written piece by piece: it may be larger than this machine's memory."""
        ...

    def job(self, job_id: str) -> Job:
        """One job."""
        ...

    def jobs(self, *, status: str, kind: str, limit: int, cursor: str | None) -> Page[Job]:
        """A page of jobs, newest first."""
        ...

    def log(self, job_id: str) -> JobLog:
        """A job's history and finished steps."""
        ...

    def cancel(self, job_id: str) -> Job:
        """Stop a job that waits or runs."""
        ...

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again."""
        ...

    def delete_job(self, job_id: str) -> None:
        """Remove a finished job with its transcript."""
        ...

    def check_format(self, name: str) -> None:
        """Refuse an export format nobody knows, before any work is done."""
        ...

    def export(self, job_id: str, format_name: str) -> Export:
        """A job's transcript in a format."""
        ...

    def transcripts(self, *, limit: int, cursor: str | None) -> Page[Transcript]:
        """A page of transcripts, newest first."""
        ...

    def transcript(self, transcript_id: str) -> Transcript:
        """One transcript."""
        ...

    def segments(self, transcript_id: str) -> Iterable[Segment]:
        """Its segments, in order."""
        ...

    def engines(self) -> list[dict[str, Any]]:
        """The engines on offer."""
        ...

    def health(self) -> dict[str, Any]:
        """How all parts are."""
        ...

    def storage_stats(self) -> dict[str, Any]:
        """What takes space."""
        ...

    def cleanup(self, *, dry_run: bool, force: bool) -> dict[str, Any]:
        """Remove what is past its time."""
        ...

    def attend(self, job_ids: Sequence[str]) -> None:
        """See that somebody works on waiting jobs; called again and again while jobs are watched."""
        ...

    def close(self) -> None:
        """Let go of everything; unfinished jobs stay in the ledger."""
        ...


@contextmanager
def open_backend() -> Iterator[Backend]:
    """The server that TENUTO_URL names, or the ledger on this machine."""
    url, key = server_named()
    backend = _remote(url, key) if url else _local()
    try:
        yield backend
    finally:
        backend.close()


def server_named() -> tuple[str, str]:
    """The address and the key of the server that commands talk to; empty when that is the ledger on this machine."""
    return _said(URL), _said(API_KEY)


def _said(name: str) -> str:
    """A variable of the environment, or of `.env` as the settings read it."""
    if name in os.environ or not Path(".env").is_file():
        return os.environ.get(name, "")
    from dotenv import dotenv_values

    return dotenv_values(".env").get(name) or ""


def require_local(command: str) -> None:
    """Refuse a command that looks at this machine while the others talk to a server."""
    if server_named()[0]:
        raise errors.ValidationError(
            f"`tenuto {command}` works on this machine's own ledger, and {URL} names a server; unset {URL}, or run it"
            " there."
        )


def _local() -> Backend:
    from tenuto.cli.local import LocalBackend
    from tenuto.cli.prepare import open_house

    return LocalBackend(open_house())


def _remote(url: str, key: str) -> Backend:
    from tenuto.cli.remote import RemoteBackend
    from tenuto.client import Client

    return RemoteBackend(Client(url, api_key=key))
