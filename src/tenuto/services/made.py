"""Files that a job made, written into the ledger in the transaction of the step or part that made them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tenuto import errors
from tenuto.db.models import ArtifactRow, JobRow, now
from tenuto.db.work import UnitOfWork
from tenuto.pipelines.base import Artifact
from tenuto.services.content import Content, ContentStore


@dataclass(frozen=True)
class Made:
    """An artifact whose bytes lie in the store already."""

    artifact: Artifact
    content: Content


def keep_artifact(work: UnitOfWork, store: ContentStore, job: JobRow, made: Made) -> str:
    """Write the artifact's row; returns the key of the bytes whose place it took."""
    artifact, content = made.artifact, made.content
    file_id = job.file_id if artifact.of_file else None
    earlier = None
    if artifact.of_file:
        if file_id is None or not _is_there(work, file_id):
            return ""
        earlier = work.artifacts.of_file(file_id, artifact.kind, artifact.name)
        if earlier is not None and not artifact.replaces:
            return ""  # Another job of the recording was faster.
    store.claim(work, content)
    values = {**asdict(content), "media_type": artifact.media_type}
    if earlier is not None:
        old_key = earlier.storage_key
        work.artifacts.update(earlier, **values, created_at=now())
        return old_key
    parent = {"file_id": file_id, "job_id": None if artifact.of_file else job.id}
    row = ArtifactRow(owner_id=job.owner_id, kind=artifact.kind, name=artifact.name, **parent, **values)
    work.artifacts.add(row)
    return ""


def _is_there(work: UnitOfWork, file_id: int) -> bool:
    """Whether the recording is still there; other jobs of it wait until this one wrote."""
    try:
        work.files.lock(work.files.get(file_id))
    except errors.NotFound:
        return False
    return True
