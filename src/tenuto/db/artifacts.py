"""Bytes that tenuto made: playback copies, peaks, exports."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select

from tenuto.db.models import ArtifactRow
from tenuto.db.repository import Repository

MOST_AT_ONCE = 500


class ArtifactRepository(Repository[ArtifactRow]):
    """Derived bytes, one per parent, kind and name."""

    model = ArtifactRow
    noun = "artifact"

    def of_file(self, file_id: int, kind: str, name: str = "") -> ArtifactRow | None:
        """What was made of a file, if it was made already."""
        mine = (ArtifactRow.file_id == file_id, ArtifactRow.kind == kind, ArtifactRow.name == name)
        return self.session.scalars(select(ArtifactRow).where(*mine)).one_or_none()

    def names_of_file(self, file_id: int, kind: str) -> frozenset[str]:
        """The names of what was made of a file."""
        mine = (ArtifactRow.file_id == file_id, ArtifactRow.kind == kind)
        return frozenset(self.session.scalars(select(ArtifactRow.name).where(*mine)))

    def drop_others(self, file_id: int, kind: str, names: Collection[str]) -> list[str]:
        """Remove what was made of a file under other names; return where the bytes lie."""
        mine = (ArtifactRow.file_id == file_id, ArtifactRow.kind == kind)
        found = self.session.execute(select(ArtifactRow.id, ArtifactRow.name, ArtifactRow.storage_key).where(*mine))
        gone = {row_id: key for row_id, name, key in found if name not in names}
        ids = list(gone)
        for start in range(0, len(ids), MOST_AT_ONCE):
            some = ids[start : start + MOST_AT_ONCE]
            self.session.execute(delete(ArtifactRow).where(ArtifactRow.id.in_(some)))
        return list(gone.values())

    def of_job(self, job_id: int, kind: str, name: str) -> ArtifactRow | None:
        """What was made of a job, if it was made already."""
        wanted = select(ArtifactRow).where(
            ArtifactRow.job_id == job_id,
            ArtifactRow.kind == kind,
            ArtifactRow.name == name,
        )
        return self.session.scalars(wanted).one_or_none()

    def drop_of_job(self, job_id: int, kind: str) -> Sequence[str]:
        """Remove what a job made of a kind; return where the bytes lie."""
        mine = (ArtifactRow.job_id == job_id, ArtifactRow.kind == kind)
        keys = self.session.scalars(select(ArtifactRow.storage_key).where(*mine)).all()
        self.session.execute(delete(ArtifactRow).where(*mine))
        return keys

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

    def totals_of_jobs(self) -> list[tuple[str, int, int]]:
        """Kind, number and bytes of what jobs made that is theirs: music, stems, speech, exports."""
        sums = select(ArtifactRow.kind, func.count(), func.sum(ArtifactRow.size_bytes))
        wanted = sums.where(ArtifactRow.job_id.is_not(None)).group_by(ArtifactRow.kind).order_by(ArtifactRow.kind)
        return [(kind, int(count), int(size)) for kind, count, size in self.session.execute(wanted)]

    def all_after(self, row_id: int, limit: int = 500) -> Sequence[ArtifactRow]:
        """The next artifacts by internal id; for checks that walk through all of them."""
        wanted = select(ArtifactRow).where(ArtifactRow.id > row_id).order_by(ArtifactRow.id).limit(limit)
        return self.session.scalars(wanted).all()
