"""Known voices, and what the speakers of transcripts sound like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from tenuto import errors
from tenuto.db.models import KnownVoiceRow, SpeakerRow, TranscriptRow
from tenuto.db.repository import Repository
from tenuto.domain.voices import KnownVoice, Voice, pack, unpack


class KnownVoiceRepository(Repository[KnownVoiceRow]):
    """Voices that have names."""

    model = KnownVoiceRow
    noun = "known voice"

    def named(self, name: str) -> KnownVoiceRow | None:
        """The voice of that name."""
        return self.session.scalars(select(KnownVoiceRow).where(KnownVoiceRow.name == name)).one_or_none()

    def of_owner(self, owner_id: int) -> list[KnownVoice]:
        """All voices of one owner; workers act for everybody, so here the owner is always named."""
        wanted = select(KnownVoiceRow).where(KnownVoiceRow.owner_id == owner_id).order_by(KnownVoiceRow.id)
        return [KnownVoice(row.uid, row.name, row.model, unpack(row.voice)) for row in self.session.scalars(wanted)]

    def speaker(self, transcript: TranscriptRow, label: str) -> SpeakerRow:
        """A speaker of a transcript."""
        wanted = select(SpeakerRow).where(SpeakerRow.transcript_id == transcript.id, SpeakerRow.label == label)
        row = self.session.scalars(wanted).one_or_none()
        if row is None:
            raise errors.NotFound(f"The transcript has no speaker {label[:60]!r}.")
        return row

    def describe(self, transcript: TranscriptRow, voices: Sequence[Voice], details: dict[str, Any]) -> None:
        """Keep what the speakers of a transcript sound like, and how that was found out."""
        known = {voice.label: voice for voice in voices}
        wanted = select(SpeakerRow).where(SpeakerRow.transcript_id == transcript.id, SpeakerRow.label.in_(known))
        for row in self.session.scalars(wanted):
            voice = known[row.label]
            row.voice, row.voice_model = pack(voice.vector), voice.model
            row.known_voice_uid = voice.known_uid or None
        transcript.details = {**transcript.details, **details}
        self.session.flush()

    def forget(self, row: KnownVoiceRow) -> int:
        """Remove a voice, and what speakers that bear its name sound like; return how many they were."""
        mine = SpeakerRow.known_voice_uid == row.uid
        found = self.session.execute(
            update(SpeakerRow).where(mine).values(voice=None, voice_model=None, known_voice_uid=None)
        )
        self.delete(row)
        return int(found.rowcount)  # type: ignore[attr-defined]
