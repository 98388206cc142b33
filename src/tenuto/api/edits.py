"""Edits of a transcript: its segments, its speakers, its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from tenuto import logs
from tenuto.api.bodies import StrictRoute
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas import JobOut
from tenuto.api.schemas_edits import (
    MAX_POSITION,
    AssignIn,
    EditedOut,
    EditIn,
    EditList,
    EditOut,
    MergeIn,
    MergeSpeakersIn,
    RealignIn,
    RenameIn,
    SegmentChange,
    SplitIn,
    SplitSpeakerIn,
)
from tenuto.domain import editing
from tenuto.domain.editing import Edited
from tenuto.domain.transcripts import Transcript

router = APIRouter(prefix="/api/transcripts/{uid}", tags=["transcripts"], route_class=StrictRoute)
Position = Annotated[int, Path(ge=0, le=MAX_POSITION, description="The segment's place, from 0.")]
Label = Annotated[str, Path(max_length=200, description="The speaker's label, or a name only one has.")]
Revision = Annotated[int, Query(ge=0, le=MAX_POSITION, description="The revision the change was made for.")]
How = Callable[[Transcript], Edited]


@router.patch("/segments/{position}")
def change_segment(uid: Uid, position: Position, change: SegmentChange, house: House, owner: Owner) -> EditedOut:
    """Correct a segment's text, or say who speaks."""
    text = change.text
    if text is not None:
        how: How = lambda found: editing.correct_text(found, position, text)  # noqa: E731 - one of two
        return EditedOut.of(house.editing.change(owner, uid, how, kind="text", revision=change.revision))
    how = lambda found: editing.assign(found, [position], _label(found, change.speaker))  # noqa: E731 - the other
    return EditedOut.of(house.editing.change(owner, uid, how, kind="speaker", revision=change.revision))


@router.delete("/segments/{position}")
def delete_segment(uid: Uid, position: Position, revision: Revision, house: House, owner: Owner) -> EditedOut:
    """Take a segment out; like every edit it can be undone."""
    how: How = lambda found: editing.delete(found, position)  # noqa: E731 - named, to be read
    return EditedOut.of(house.editing.change(owner, uid, how, kind="delete", revision=revision))


@router.post("/segments/{position}/split")
def split_segment(uid: Uid, position: Position, wish: SplitIn, house: House, owner: Owner) -> EditedOut:
    """Cut a segment in two."""

    def how(found: Transcript) -> Edited:
        if wish.word is not None:
            return editing.split_at_word(found, position, wish.word)
        return editing.split_at_character(found, position, wish.character or 0)

    return EditedOut.of(house.editing.change(owner, uid, how, kind="split", revision=wish.revision))


@router.post("/segments/{position}/merge")
def merge_segments(uid: Uid, position: Position, wish: MergeIn, house: House, owner: Owner) -> EditedOut:
    """Make one segment of this one and those behind it."""
    how: How = lambda found: editing.merge(found, position, wish.count)  # noqa: E731 - named, to be read
    return EditedOut.of(house.editing.change(owner, uid, how, kind="merge", revision=wish.revision))


@router.post("/speakers/merge")
def merge_speakers(uid: Uid, wish: MergeSpeakersIn, house: House, owner: Owner) -> EditedOut:
    """Two of the voices are one."""

    def how(found: Transcript) -> Edited:
        source, target = editing.label_of(found, wish.source), editing.label_of(found, wish.target)
        return editing.merge_speakers(found, source, target)

    return EditedOut.of(house.editing.change(owner, uid, how, kind="merge_speakers", revision=wish.revision))


@router.post("/speakers/split")
def split_speaker(uid: Uid, wish: SplitSpeakerIn, house: House, owner: Owner) -> EditedOut:
    """One of the voices is two."""

    def how(found: Transcript) -> Edited:
        label = editing.label_of(found, wish.speaker)
        return editing.split_speaker(found, label, wish.positions, wish.new_label or "")

    return EditedOut.of(house.editing.change(owner, uid, how, kind="split_speaker", revision=wish.revision))


@router.post("/speakers/assign")
def assign_speaker(uid: Uid, wish: AssignIn, house: House, owner: Owner) -> EditedOut:
    """Say who speaks; a label nobody had yet makes a new speaker."""

    def how(found: Transcript) -> Edited:
        label = _label(found, wish.speaker)
        if wish.first_word is None or wish.last_word is None:
            return editing.assign(found, wish.positions, label)
        return editing.assign_words(found, wish.positions[0], (wish.first_word, wish.last_word + 1), label)

    return EditedOut.of(house.editing.change(owner, uid, how, kind="speaker", revision=wish.revision))


@router.patch("/speakers/{label}")
def rename_speaker(uid: Uid, label: Label, wish: RenameIn, house: House, owner: Owner) -> EditedOut:
    """Give a voice its name."""
    how: How = lambda found: editing.rename_speaker(  # noqa: E731 - named, to be read
        found, editing.label_of(found, label), wish.display_name
    )
    return EditedOut.of(house.editing.change(owner, uid, how, kind="rename_speaker", revision=wish.revision))


@router.get("/history")
def get_history(uid: Uid, house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> EditList:
    """What was done to a transcript, newest first; what is undone can be redone until the next edit."""
    row, page = house.editing.history(owner, uid, limit=limit, cursor=cursor)
    items = [EditOut.model_validate(edit) for edit in page.rows]
    return EditList(revision=row.revision, items=items, next_cursor=page.next_cursor)


@router.get("/history/{number}")
def get_edit(uid: Uid, number: Position, house: House, owner: Owner) -> EditedOut:
    """One change, with what it took and what it put."""
    return EditedOut.of(house.editing.look_at(owner, uid, number))


@router.post("/undo")
def undo(uid: Uid, wish: EditIn, house: House, owner: Owner) -> EditedOut:
    """Take the last change back, to the last millisecond."""
    return EditedOut.of(house.editing.undo(owner, uid, revision=wish.revision))


@router.post("/redo")
def redo(uid: Uid, wish: EditIn, house: House, owner: Owner) -> EditedOut:
    """Make the change again that was taken back last."""
    return EditedOut.of(house.editing.redo(owner, uid, revision=wish.revision))


@router.post("/realign", status_code=202)
def realign(uid: Uid, wish: RealignIn, response: Response, house: House, owner: Owner) -> JobOut:
    """Queue a job that finds out when the words are said whose times are guessed."""
    job = house.editing.realign(owner, uid, every_word=wish.every_word, request_id=logs.request_id.get())
    response.headers["Location"] = f"/api/jobs/{job.uid}"
    return JobOut.of(job, house.processing.file_uids(owner, [job]), currency=house.settings.currency)


def _label(found: Transcript, name: str | None) -> str | None:
    return None if name is None else editing.label_of(found, name)
