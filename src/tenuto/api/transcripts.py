"""/api/transcripts, and what a job found out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from tenuto import errors
from tenuto.api.bodies import StrictRoute
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas import (
    JobResult,
    SegmentList,
    SegmentOut,
    SpeakerList,
    TranscriptChange,
    TranscriptItem,
    TranscriptList,
    TranscriptOut,
)
from tenuto.api.schemas_lexicons import CorrectionList
from tenuto.bootstrap import Tenuto

router = APIRouter(tags=["transcripts"], route_class=StrictRoute)


@router.get("/api/transcripts")
def list_transcripts(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> TranscriptList:
    """Transcripts, newest first, without their text."""
    page = house.transcripts.get_all(owner, limit=limit, cursor=cursor)
    parents = house.transcripts.parents(owner, page.rows)
    items = [TranscriptItem.model_validate(TranscriptOut.of(row, parents)) for row in page.rows]
    return TranscriptList(items=items, next_cursor=page.next_cursor)


@router.get("/api/transcripts/{uid}")
def get_transcript(uid: Uid, house: House, owner: Owner) -> TranscriptOut:
    """One transcript."""
    row = house.transcripts.get(owner, uid)
    return TranscriptOut.of(row, house.transcripts.parents(owner, [row]))


@router.patch("/api/transcripts/{uid}")
def change_transcript(uid: Uid, change: TranscriptChange, house: House, owner: Owner) -> TranscriptOut:
    """Give a transcript another title."""
    row = house.transcripts.rename(owner, uid, change.title)
    return TranscriptOut.of(row, house.transcripts.parents(owner, [row]))


@router.get("/api/transcripts/{uid}/segments")
def get_segments(
    uid: Uid, house: House, owner: Owner, after: Annotated[int, Query(ge=-1, lt=1 << 31)] = -1, limit: Limit = 200
) -> SegmentList:
    """Segments in order, from the one behind position `after` on."""
    rows = house.transcripts.segments(owner, uid, after=after, limit=limit + 1)
    items = _segments(rows[:limit], house.transcripts.speakers(owner, uid))
    return SegmentList(items=items, next_after=rows[limit - 1].position if len(rows) > limit else None)


@router.get("/api/transcripts/{uid}/speakers")
def get_speakers(uid: Uid, house: House, owner: Owner) -> SpeakerList:
    """The voices, how much each spoke and how fast."""
    return SpeakerList.of(house.transcripts.speakers(owner, uid))


@router.get("/api/transcripts/{uid}/changes")
def get_corrections(uid: Uid, house: House, owner: Owner) -> CorrectionList:
    """What the job's lexicon changed, the first thousand places; positions are those of segments at that time."""
    return CorrectionList.of(house.transcripts.corrections(owner, uid))


@router.get("/api/jobs/{uid}/result", tags=["jobs"])
def get_result(uid: Uid, house: House, owner: Owner) -> JobResult:
    """All a job found out; what was heard already is here before the job is finished."""
    job = house.processing.get(owner, uid)
    row = house.transcripts.of_job(owner, uid)
    return _result(house, owner, job=job, row=row)


def _result(house: Tenuto, owner: int, *, job: Any, row: Any) -> JobResult:
    names = set(JobResult.model_fields) - {"job_id", "transcript_id", "status", "segments", "speakers", "warnings"}
    try:
        segments, speakers = house.transcripts.segments(owner, row.uid), house.transcripts.speakers(owner, row.uid)
    except errors.NotFound:
        raise errors.NotFound(f"There is no job {job.uid!r} any more.") from None
    return JobResult(
        job_id=job.uid,
        transcript_id=row.uid,
        status=job.status,
        warnings=list(dict.fromkeys([*job.warnings, *row.warnings])),
        segments=_segments(segments, speakers),
        speakers=SpeakerList.of(speakers).items,
        **{name: getattr(row, name) for name in names},
    )


def _segments(rows: Sequence[Any], speakers: Sequence[Any]) -> list[SegmentOut]:
    known = {speaker.id: speaker for speaker in speakers}
    return [SegmentOut.of(row, known) for row in rows]
