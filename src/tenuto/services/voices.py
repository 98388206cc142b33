"""KnownVoiceService: give a speaker's voice a name, so that it is recognised in later recordings when somebody asks."""

from __future__ import annotations

from tenuto import errors
from tenuto.db.edits import Change
from tenuto.db.models import KnownVoiceRow, SpeakerRow, TranscriptRow, now
from tenuto.db.repository import Page
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.editing import keeps_voice, label_of, rename_speaker
from tenuto.domain.transcripts import Transcript
from tenuto.domain.voices import pack, together, unpack
from tenuto.services.editing import ACTOR, require_idle

MAX_NAME = 200
REMEMBERED = "remembered"


class KnownVoiceService:
    """The voices of one owner; nobody else's are ever compared with."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get_all(self, owner_id: int, *, limit: int = 50, cursor: str | None = None) -> Page[KnownVoiceRow]:
        """A page of known voices, newest first."""
        with self.database.reading(owner_id) as work:
            return work.known_voices.get_all(limit=limit, cursor=cursor)

    def get(self, owner_id: int, uid: str) -> KnownVoiceRow:
        """One known voice."""
        with self.database.reading(owner_id) as work:
            return work.known_voices.get_by_id(uid)

    def remember(self, owner_id: int, transcript_uid: str, *, speaker: str, name: str) -> KnownVoiceRow:
        """Remember how a speaker of a transcript sounds; a name that is known hears one more recording of it."""
        name = _checked(name)
        with self.database.unit_of_work(owner_id) as work:
            transcript = work.transcripts.get_by_id(transcript_uid)
            before = work.transcripts.load(transcript)
            label = label_of(before, speaker)
            heard = work.known_voices.speaker(transcript, label)
            require_idle(work, transcript)
            _require_same_voice(work, transcript, before, label)
            named = rename_speaker(before, label, name)
            change = Change(named.transcript, "rename_speaker", ACTOR, named.summary)
            work.edits.apply(transcript, change, revision=transcript.revision, before=before)
            known = work.known_voices.named(name)
            if known is None:
                known = _new(work, owner_id, heard, name=name)
            elif transcript.details.get(REMEMBERED, {}).get(label) != known.uid:
                _hear_again(work, known, heard)
            work.known_voices.describe(transcript, [], {REMEMBERED: _noted(transcript, label, known.uid)})
            heard.known_voice_uid = known.uid
            return known

    def rename(self, owner_id: int, uid: str, name: str) -> KnownVoiceRow:
        """Give a voice another name; transcripts keep the names they show."""
        name = _checked(name)
        with self.database.unit_of_work(owner_id) as work:
            row = work.known_voices.get_by_id(uid)
            other = work.known_voices.named(name)
            if other is not None and other.uid != uid:
                raise errors.ConflictError(f"There is a known voice {name[:60]!r} already.")
            return work.known_voices.update(row, name=name, updated_at=now())

    def delete(self, owner_id: int, uid: str) -> int:
        """Forget what a voice sounds like, here and in every transcript; return of how many speakers."""
        with self.database.unit_of_work(owner_id) as work:
            return work.known_voices.forget(work.known_voices.get_by_id(uid))


def _require_same_voice(work: UnitOfWork, row: TranscriptRow, now_said: Transcript, label: str) -> None:
    """Refuse a voice that was measured on words which an edit gave to somebody else."""
    if row.revision and not keeps_voice(work.edits.first(row), now_said, label):
        raise errors.ConflictError(
            f"Segments were taken from {label} since this voice was measured, so it may be another's. Transcribe the "
            "recording again with the number of speakers, then remember the voice."
        )


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        raise errors.ValidationError(f"A voice's name has between 1 and {MAX_NAME} characters.")
    return name


def _voice_of(speaker: SpeakerRow) -> tuple[bytes, str]:
    if speaker.voice is None or speaker.voice_model is None:
        raise errors.ConflictError(
            f"Nothing is known of how {speaker.label!r} sounds: transcribe the recording again with speakers."
        )
    return speaker.voice, speaker.voice_model


def _new(work: UnitOfWork, owner_id: int, speaker: SpeakerRow, *, name: str) -> KnownVoiceRow:
    voice, model = _voice_of(speaker)
    row = KnownVoiceRow(owner_id=owner_id, name=name, model=model, voice=voice, speech_ms=speaker.speech_ms)
    return work.known_voices.add(row)


def _hear_again(work: UnitOfWork, known: KnownVoiceRow, speaker: SpeakerRow) -> None:
    """Join another recording to what is known, each with the weight of its speech."""
    voice, model = _voice_of(speaker)
    if model != known.model:
        raise errors.ConflictError(
            f"{known.name[:60]!r} is known by {known.model}, and this recording was heard by {model}: "
            "delete the known voice and remember it anew."
        )
    mean = together(unpack(known.voice), max(1, known.speech_ms), unpack(voice), max(1, speaker.speech_ms))
    work.known_voices.update(
        known,
        voice=pack(mean),
        recordings=known.recordings + 1,
        speech_ms=known.speech_ms + speaker.speech_ms,
        updated_at=now(),
    )


def _noted(transcript: TranscriptRow, label: str, uid: str) -> dict[str, str]:
    """Which speakers of a transcript were remembered, so that saying it twice counts once."""
    return {**transcript.details.get(REMEMBERED, {}), label: uid}
