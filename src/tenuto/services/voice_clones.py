"""VoiceService: voices that narrate, each by a sample that came with the consent of whoever speaks."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.db.models import VoiceCloneRow, now
from tenuto.db.models_presentations import LONGEST_SAMPLE_MS
from tenuto.db.repository import Page
from tenuto.db.work import Database
from tenuto.services.files import FileService, Readable, Upload, clean_name

logger = logging.getLogger(__name__)
MAX_NAME, MAX_CONSENT = 200, 10_000
A_DAY = timedelta(days=1)  # Whoever speaks may live where it is tomorrow already.


@dataclass(frozen=True)
class VoiceDetails:
    """What has to be said of a sample."""

    name: str
    consent: str
    consent_at: datetime


class VoiceService:
    """The samples of one owner; nobody else hears or uses them."""

    def __init__(self, database: Database, files: FileService) -> None:
        self.database, self.files = database, files
        self.content, self.media = files.content, files.media

    def create(self, owner_id: int, upload: Upload, details: VoiceDetails) -> VoiceCloneRow:
        """Keep a sample; of the recording that was brought nothing else stays."""
        details = _checked(details)
        upload.whole()
        return self._keep(owner_id, upload.path, upload.name, details)

    def create_of_file(self, owner_id: int, file_uid: str, details: VoiceDetails) -> VoiceCloneRow:
        """Keep a recording that was uploaded as a sample; the recording itself goes when its time is over."""
        details = _checked(details)
        file = self.files.get(owner_id, file_uid)
        with tempfile.TemporaryDirectory(prefix="make-", dir=self.content.storage.spool_dir()) as folder:
            source = self.content.storage.fetch(file.storage_key, Path(folder))
            return self._keep(owner_id, source, file.name, details)

    def _keep(self, owner_id: int, source: Path, name: str, details: VoiceDetails) -> VoiceCloneRow:
        with self.database.reading(owner_id) as work:
            if work.voice_clones.named(details.name) is not None:
                raise _name_is_taken(details.name)
        with tempfile.TemporaryDirectory(prefix="make-", dir=self.content.storage.spool_dir()) as folder:
            wav = Path(folder, "sample.wav")
            info = self.media.voice_sample(source, wav, longest_seconds=LONGEST_SAMPLE_MS // 1000)
            content = self.content.keep(wav)
        row = VoiceCloneRow(
            name=details.name,
            consent=details.consent,
            consent_at=details.consent_at,
            storage_key=content.storage_key,
            sha256=content.sha256,
            size_bytes=content.size_bytes,
            duration_ms=min(info.duration_ms, LONGEST_SAMPLE_MS),  # A millisecond that was begun counts as a whole one.
            sample_rate=info.sample_rate,
            channels=1,
            source_name=clean_name(name),
        )
        try:
            with self.database.unit_of_work(owner_id) as work:
                self.content.claim(work, content)
                work.voice_clones.add(row)
        except errors.TenutoError as error:
            self.content.release([content.storage_key])
            if isinstance(error, errors.ConflictError):  # Somebody else took the name in the same moment.
                raise _name_is_taken(details.name) from error
            raise
        logger.info("A voice was kept.", extra={"action": "voice_kept", "voice_id": row.uid})
        return row

    def get(self, owner_id: int, uid: str) -> VoiceCloneRow:
        """One voice."""
        with self.database.reading(owner_id) as work:
            return work.voice_clones.get_by_id(uid)

    def get_all(self, owner_id: int, *, limit: int = 50, cursor: str | None = None) -> Page[VoiceCloneRow]:
        """A page of voices, newest first."""
        with self.database.reading(owner_id) as work:
            return work.voice_clones.get_all(limit=limit, cursor=cursor)

    def sample(self, owner_id: int, uid: str) -> Readable:
        """What is needed to hand out the sample."""
        row = self.get(owner_id, uid)
        return Readable(row.storage_key, row.sha256, row.size_bytes, row.media_type, f"{row.name}.wav")

    def shape(
        self, owner_id: int, uid: str, shape: Mapping[str, Any], distances: Mapping[str, Any] | None = None
    ) -> VoiceCloneRow:
        """Keep what an engine made of the sample, and how far the voice is from it before and after."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.voice_clones.held(uid)
            return work.voice_clones.update(row, shape=dict(shape), distances=dict(distances or {}), updated_at=now())

    def delete(self, owner_id: int, uid: str) -> int:
        """Remove a voice with its sample and its consent; return how many bytes that freed."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.voice_clones.held(uid)
            spoken = work.voice_clones.presentations(row)
            if spoken:
                named = ", ".join(f"{each.title[:60]!r} ({each.uid})" for each in spoken)
                raise errors.ConflictError(
                    f"The voice {row.name[:60]!r} speaks {named}; give these another voice or delete them first."
                )
            work.voice_clones.delete(row)
        return self.content.release([row.storage_key])


def _checked(details: VoiceDetails) -> VoiceDetails:
    name, consent = " ".join(details.name.split()), details.consent.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise errors.ValidationError(f"name: a voice's name has between 1 and {MAX_NAME} characters.", field="name")
    if not 0 < len(consent) <= MAX_CONSENT:
        raise errors.ValidationError(
            "consent: say what whoever speaks has agreed to, and how you know; it is kept with the sample"
            f" ({MAX_CONSENT} characters at most).",
            field="consent",
        )
    if not name.isprintable():
        raise errors.ValidationError("name holds signs that are no text; leave them out.", field="name")
    if details.consent_at > now() + A_DAY:
        raise errors.ValidationError("consent_at: the date of the consent lies in the future.", field="consent_at")
    return VoiceDetails(name, consent, details.consent_at)


def _name_is_taken(name: str) -> errors.ConflictError:
    return errors.ConflictError(f"There is a voice {name[:60]!r} already; delete it first, or give this one a name.")
