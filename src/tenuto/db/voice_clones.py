"""Voices by a sample: which there are, and which presentations they speak."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from tenuto import errors
from tenuto.db.models import PresentationRow, VoiceCloneRow
from tenuto.db.repository import Repository


class VoiceCloneRepository(Repository[VoiceCloneRow]):
    """Samples of voices, with the consent they came with."""

    model = VoiceCloneRow
    noun = "voice"

    def named(self, name: str) -> VoiceCloneRow | None:
        """The voice of that name."""
        return self.session.scalars(select(VoiceCloneRow).where(VoiceCloneRow.name == name)).one_or_none()

    def held(self, uid: str) -> VoiceCloneRow:
        """One voice, and nobody else changes or deletes it until the transaction ends."""
        wanted = select(VoiceCloneRow).where(VoiceCloneRow.uid == uid).with_for_update()
        row = self.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no voice {uid[:64]!r}.")
        return row

    def of_owner(self, owner_id: int, uid: str) -> VoiceCloneRow:
        """One voice of one owner; workers act for everybody, so here the owner is always named."""
        return self._one((VoiceCloneRow.uid == uid) & (VoiceCloneRow.owner_id == owner_id), uid)

    def presentations(self, row: VoiceCloneRow, limit: int = 5) -> Sequence[PresentationRow]:
        """Some of the presentations that this voice speaks."""
        wanted = select(PresentationRow).where(PresentationRow.voice_id == row.id).order_by(PresentationRow.id)
        return self.session.scalars(wanted.limit(limit)).all()

    def all_after(self, row_id: int, limit: int = 500) -> Sequence[VoiceCloneRow]:
        """The next voices by internal id; for checks that walk through all of them."""
        wanted = select(VoiceCloneRow).where(VoiceCloneRow.id > row_id).order_by(VoiceCloneRow.id).limit(limit)
        return self.session.scalars(wanted).all()
