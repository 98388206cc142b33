"""Uploads that come in pieces: how far each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from tenuto import errors
from tenuto.db.models import UploadRow
from tenuto.db.repository import Repository


class UploadRepository(Repository[UploadRow]):
    """Uploads under way, and finished ones for as long as a client may ask what became of them."""

    model = UploadRow
    noun = "upload"

    def move(self, row: UploadRow, old_bytes: int, new_bytes: int, **values: Any) -> UploadRow:
        """Move the offset, if it is still where the caller thinks; return the upload as it is now."""
        statement = (
            update(UploadRow)
            .where(UploadRow.id == row.id, UploadRow.offset_bytes == old_bytes)
            .values(offset_bytes=new_bytes, **values)
            .returning(UploadRow)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        moved = self.session.scalars(statement).one_or_none()
        if moved is None:
            raise errors.ConflictError(f"Upload {row.uid} changed meanwhile; ask for its offset and go on from there.")
        return moved

    def expired(self, moment: datetime, *, after_id: int = 0, limit: int = 500) -> Sequence[UploadRow]:
        """Uploads past their time."""
        wanted = (
            select(UploadRow)
            .where(UploadRow.id > after_id, UploadRow.expires_at < moment)
            .order_by(UploadRow.id)
            .limit(limit)
        )
        return self.session.scalars(wanted).all()
