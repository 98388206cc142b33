"""Bytes that tenuto made: playback copies, peaks, exports."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from tenuto.db.models import ArtifactRow
from tenuto.db.repository import Repository


class ArtifactRepository(Repository[ArtifactRow]):
    """Derived bytes, one per parent, kind and name."""

    model = ArtifactRow
    noun = "artifact"

    def of_file(self, file_id: int, kind: str) -> ArtifactRow | None:
        """What was made of a file, if it was made already."""
        wanted = select(ArtifactRow).where(ArtifactRow.file_id == file_id, ArtifactRow.kind == kind)
        return self.session.scalars(wanted).one_or_none()

    def of_job(self, job_id: int, kind: str, name: str) -> ArtifactRow | None:
        """What was made of a job, if it was made already."""
        wanted = select(ArtifactRow).where(
            ArtifactRow.job_id == job_id,
            ArtifactRow.kind == kind,
            ArtifactRow.name == name,
        )
        return self.session.scalars(wanted).one_or_none()

    def made_by(self, job_id: int, *, without: str) -> Sequence[ArtifactRow]:
        """What a job made, but for one kind."""
        wanted = select(ArtifactRow).where(ArtifactRow.job_id == job_id, ArtifactRow.kind != without)
        return self.session.scalars(wanted.order_by(ArtifactRow.id)).all()

    def keys_of_job(self, job_id: int) -> Sequence[str]:
        """Where a job's artifacts lie."""
        return self.session.scalars(select(ArtifactRow.storage_key).where(ArtifactRow.job_id == job_id)).all()

    def keys_of_file(self, file_id: int) -> Sequence[str]:
        """Where a file's artifacts lie."""
        return self.session.scalars(select(ArtifactRow.storage_key).where(ArtifactRow.file_id == file_id)).all()

    def all_after(self, row_id: int, limit: int = 500) -> Sequence[ArtifactRow]:
        """The next artifacts by internal id; for checks that walk through all of them."""
        wanted = select(ArtifactRow).where(ArtifactRow.id > row_id).order_by(ArtifactRow.id).limit(limit)
        return self.session.scalars(wanted).all()
