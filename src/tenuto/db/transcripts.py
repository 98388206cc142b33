"""Transcripts, their segments and their speakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from tenuto.db.models import JobRow, SegmentRow, SpeakerRow, TranscriptRow, now
from tenuto.db.repository import Repository
from tenuto.domain.speakers import count_turns
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.domain.wording import pieces


class TranscriptRepository(Repository[TranscriptRow]):
    """What was said."""

    model = TranscriptRow
    noun = "transcript"

    def of_job(self, job_id: int) -> TranscriptRow | None:
        """The transcript a job made, if it got that far."""
        return self.session.scalars(select(TranscriptRow).where(TranscriptRow.job_id == job_id)).one_or_none()

    def worked_on(self, job: JobRow) -> TranscriptRow | None:
        """The transcript a job made, or the one of the same recording that it was asked to work on."""
        uid = job.options.get("transcript_id")
        if uid is None:
            return self.of_job(job.id)
        mine = (TranscriptRow.owner_id == job.owner_id, TranscriptRow.file_id == job.file_id)
        return self.session.scalars(select(TranscriptRow).where(TranscriptRow.uid == uid, *mine)).one_or_none()

    def store(self, job: JobRow, transcript: Transcript) -> TranscriptRow:
        """Write what an engine heard; `original_text` is set here and never again."""
        row = TranscriptRow(
            owner_id=job.owner_id,
            job_id=job.id,
            file_id=job.file_id,
            title=transcript.title,
            language=transcript.language,
            engine=transcript.engine,
            model=transcript.model,
            original_text=transcript.text,
            duration_ms=transcript.duration_ms,
            word_count=words_in(transcript),
            confidence=transcript.confidence,
            warnings=list(transcript.warnings),
        )
        self.add(row)
        self._store_segments(row, transcript)
        return row

    def replace(self, row: TranscriptRow, transcript: Transcript) -> TranscriptRow:
        """Put other segments and speakers in place of those that are there; `original_text` stays."""
        self.session.execute(delete(SegmentRow).where(SegmentRow.transcript_id == row.id))
        self._store_segments(row, transcript)
        return self.update(row, word_count=words_in(transcript), confidence=transcript.confidence, updated_at=now())

    def _store_segments(self, row: TranscriptRow, transcript: Transcript) -> None:
        speakers = self.store_speakers(row, transcript)
        segments = enumerate(transcript.segments)
        values = [segment_values(row, position, segment, speakers) for position, segment in segments]
        if values:
            self.session.execute(insert(SegmentRow), values)

    def store_speakers(self, row: TranscriptRow, transcript: Transcript) -> dict[str, int]:
        """Bring the speakers' names and numbers up to date; label → id of all who speak."""
        kept = {speaker.label: speaker for speaker in self.speakers(row, silent=True)}
        said: dict[str, list[Segment]] = {}
        for segment in transcript.segments:
            if segment.speaker:
                said.setdefault(segment.speaker, []).append(segment)
        turns = count_turns([segment.speaker for segment in transcript.segments])
        for label in said.keys() - kept.keys():
            kept[label] = SpeakerRow(owner_id=row.owner_id, transcript_id=row.id, label=label)
        # One who says nothing any more stays with name and voice: an undo may give the words back.
        for label in dict.fromkeys((*said, *sorted(kept))):
            speaker, words = kept[label], said.get(label, [])
            speaker.display_name = transcript.speakers.get(label, "")
            speaker.speech_ms = sum(segment.end_ms - segment.start_ms for segment in words)
            speaker.words = sum(map(_words_in, words))
            speaker.turns = turns.get(label, 0)
            self.session.add(speaker)
            self.session.flush()
        return {label: kept[label].id for label in said}

    def segments(self, row: TranscriptRow, *, after: int = -1, limit: int | None = None) -> Sequence[SegmentRow]:
        """Segments in order, from the one behind position `after`."""
        wanted = select(SegmentRow).where(SegmentRow.transcript_id == row.id, SegmentRow.position > after)
        return self.session.scalars(wanted.order_by(SegmentRow.position).limit(limit)).all()

    def speakers(self, row: TranscriptRow, *, silent: bool = False) -> Sequence[SpeakerRow]:
        """The voices of a transcript; `silent` brings those too of whom an edit took all words."""
        wanted = select(SpeakerRow).where(SpeakerRow.transcript_id == row.id).order_by(SpeakerRow.id)
        return self.session.scalars(wanted if silent else wanted.where(SpeakerRow.turns > 0)).all()

    def load(self, row: TranscriptRow) -> Transcript:
        """The whole transcript as the exports read it."""
        speakers = {speaker.id: speaker for speaker in self.speakers(row, silent=True)}
        # Columns instead of objects: a long recording has thousands of segments.
        columns = (
            SegmentRow.start_ms,
            SegmentRow.end_ms,
            SegmentRow.text,
            SegmentRow.confidence,
            SegmentRow.speaker_id,
            SegmentRow.words,
            SegmentRow.flags,
        )
        found = select(*columns).where(SegmentRow.transcript_id == row.id).order_by(SegmentRow.position)
        segments = tuple(
            Segment(
                start_ms=start_ms,
                end_ms=end_ms,
                text=text,
                confidence=confidence,
                speaker=speakers[speaker_id].label if speaker_id else None,
                words=tuple(Word(*word) for word in words),
                flags=tuple(flags or ()),
            )
            for start_ms, end_ms, text, confidence, speaker_id, words, flags in self.session.execute(found)
        )
        return Transcript(
            segments=segments,
            language=row.language,
            duration_ms=row.duration_ms,
            engine=row.engine,
            model=row.model,
            title=row.title,
            warnings=tuple(row.warnings),
            speakers={speaker.label: speaker.display_name for speaker in speakers.values() if speaker.display_name},
        )


def segment_values(row: TranscriptRow, position: int, segment: Segment, speakers: Mapping[str, int]) -> dict[str, Any]:
    """A segment as a row; `speakers` is label → id."""
    return {
        "owner_id": row.owner_id,
        "transcript_id": row.id,
        "position": position,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "confidence": segment.confidence,
        "speaker_id": speakers.get(segment.speaker or ""),
        "words": [word.as_list() for word in segment.words],
        "flags": list(segment.flags) or None,
    }


def words_in(transcript: Transcript) -> int:
    """How many words were said."""
    return sum(map(_words_in, transcript.segments))


def _words_in(segment: Segment) -> int:
    return len(segment.words) or len(pieces(segment.text))
