"""A server at an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from tenuto.client import Client
from tenuto.client.http import artifact_address
from tenuto.client.shapes import Estimate, Export, File, Job, JobLog, Page, Segment, Transcript


class RemoteBackend:
    """`Backend` on the HTTP API."""

    poll_seconds = 1.0
    patience_seconds = 600.0

    def __init__(self, client: Client) -> None:
        self.client = client

    def add_file(self, path: Path) -> File:
        """Take a recording in."""
        return self.client.upload(path)

    def file(self, file_id: str) -> File:
        """One file."""
        return self.client.file(file_id)

    def files(self, *, limit: int, cursor: str | None) -> Page[File]:
        """A page of files, newest first."""
        return self.client.files(limit=limit, cursor=cursor)

    def delete_file(self, file_id: str) -> None:
        """Remove a file nobody works on."""
        self.client.delete_file(file_id)

    def submit(self, file_id: str, options: Mapping[str, Any], *, kind: str = "transcribe", priority: int = 5) -> Job:
        """Ask for work on a file."""
        return self.client.submit(file_id, kind=kind, options=options, priority=priority, idempotency_key=str(uuid4()))

    def estimate(self, file_id: str, options: Mapping[str, Any]) -> Estimate:
        """What a transcription would cost."""
        return self.client.estimate(file_id, options=options)

    def begin(self, kind: str, options: Mapping[str, Any]) -> Job:
        """Ask for work that needs no file."""
        return self.client.begin(kind, options, idempotency_key=str(uuid4()))

    def artifact(self, job_id: str, name: str) -> bytes:
        """A file that a job made."""
        return self.client.artifact(job_id, name)

    def fetch(self, job_id: str, name: str, target: BinaryIO) -> None:
        """The same, written piece by piece."""
        self.client.fetch(artifact_address(job_id, name), target)

    def job(self, job_id: str) -> Job:
        """One job."""
        return self.client.job(job_id)

    def jobs(self, *, status: str, kind: str, limit: int, cursor: str | None) -> Page[Job]:
        """A page of jobs, newest first."""
        return self.client.jobs(status=status, kind=kind, limit=limit, cursor=cursor)

    def log(self, job_id: str) -> JobLog:
        """A job's history and finished steps."""
        return self.client.log(job_id)

    def cancel(self, job_id: str) -> Job:
        """Stop a job that waits or runs."""
        return self.client.cancel(job_id)

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again."""
        return self.client.retry(job_id)

    def delete_job(self, job_id: str) -> None:
        """Remove a finished job with its transcript."""
        self.client.delete_job(job_id)

    def check_format(self, name: str) -> None:
        """The server knows its formats, and may know more than this version."""

    def export(self, job_id: str, format_name: str) -> Export:
        """A job's transcript in a format."""
        return self.client.export(job_id, format_name)

    def transcripts(self, *, limit: int, cursor: str | None) -> Page[Transcript]:
        """A page of transcripts, newest first."""
        return self.client.transcripts(limit=limit, cursor=cursor)

    def transcript(self, transcript_id: str) -> Transcript:
        """One transcript."""
        return self.client.transcript(transcript_id)

    def segments(self, transcript_id: str) -> Iterable[Segment]:
        """Its segments, in order."""
        return self.client.segments(transcript_id)

    def engines(self) -> list[dict[str, Any]]:
        """The engines on offer."""
        return self.client.engines()

    def health(self) -> dict[str, Any]:
        """How all parts are."""
        return self.client.health()

    def storage_stats(self) -> dict[str, Any]:
        """What takes space."""
        return self.client.storage_stats()

    def cleanup(self, *, dry_run: bool, force: bool) -> dict[str, Any]:
        """Remove what is past its time."""
        return self.client.cleanup(dry_run=dry_run, force=force)

    def attend(self, job_ids: Sequence[str]) -> None:
        """The server sees to its workers."""

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
