"""Shapes of edits: what a person may change about a transcript, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from tenuto.api.schemas import Given, SegmentOut, Shown, WordOut
from tenuto.domain.transcripts import Segment
from tenuto.services.editing import Done

MAX_POSITION = (1 << 31) - 1
Position = Annotated[int, Field(ge=0, le=MAX_POSITION)]
Positions = Annotated[list[Position], Field(min_length=1, max_length=10_000)]
Label = Annotated[str, Field(min_length=1, max_length=60)]


class EditIn(Given):
    """Every edit names the revision it was made for."""

    revision: int = Field(ge=0, le=MAX_POSITION)


class SegmentChange(EditIn):
    """Another text, another speaker, or both one after the other; a speaker of null is nobody."""

    text: str | None = Field(None, max_length=10_000)
    speaker: Label | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> SegmentChange:
        if len({"text", "speaker"} & self.model_fields_set) != 1:
            raise ValueError("give either text or speaker")
        return self


class SplitIn(EditIn):
    """Where to cut a segment: before a word or before a character, counted from 0."""

    word: Position | None = None
    character: Position | None = None

    @model_validator(mode="after")
    def _says_where(self) -> SplitIn:
        if (self.word is None) == (self.character is None):
            raise ValueError("give either word or character")
        return self


class MergeIn(EditIn):
    """How many segments become one, the first included."""

    count: int = Field(2, ge=2, le=10_000)


class RenameIn(EditIn):
    """A speaker's name; an empty one shows the label again."""

    display_name: str = Field(max_length=200)


class MergeSpeakersIn(EditIn):
    """All that `source` says is said by `target` from now on."""

    source: Label
    target: Label


class SplitSpeakerIn(EditIn):
    """Some segments of a speaker are said by somebody new."""

    speaker: Label
    positions: Positions
    new_label: Label | None = None


class AssignIn(EditIn):
    """Segments, or words `first_word` to `last_word` of one of them, are said by `speaker`; null is nobody."""

    positions: Positions
    speaker: Label | None
    first_word: Position | None = None
    last_word: Position | None = None

    @model_validator(mode="after")
    def _words_of_one(self) -> AssignIn:
        if (self.first_word is None) != (self.last_word is None):
            raise ValueError("give both first_word and last_word, or none")
        if self.first_word is not None and len(self.positions) != 1:
            raise ValueError("words belong to one segment; name its position alone")
        return self


class RealignIn(Given):
    """Whether words are timed anew whose times were heard."""

    every_word: bool = False


class HunkOut(Shown):
    """From `position` on, what stood `before` gave way to what stands `after`."""

    position: int
    before: list[SegmentOut]
    after: list[SegmentOut]


class EditOut(Shown):
    """One change in the history of a transcript."""

    number: int
    kind: str
    actor: str
    summary: str
    undone: bool
    created_at: datetime


class EditList(Shown):
    """A page of history, newest first."""

    revision: int
    items: list[EditOut]
    next_cursor: str | None


class EditedOut(Shown):
    """What a change did; `edit` is null when it changed nothing."""

    transcript_id: str
    revision: int
    edit: EditOut | None
    hunks: list[HunkOut]
    names: dict[str, str]

    @classmethod
    def of(cls, done: Done) -> EditedOut:
        """Read what the service did."""
        return cls(
            transcript_id=done.row.uid,
            revision=done.row.revision,
            edit=None if done.edit is None else EditOut.model_validate(done.edit),
            hunks=[
                HunkOut(
                    position=hunk.at,
                    before=_segments(hunk.at, hunk.removed, done.names),
                    after=_segments(hunk.at, hunk.inserted, done.names),
                )
                for hunk in done.splice.hunks
            ],
            names={label: name for label, name in done.names.items() if name},
        )


def _segments(first: int, segments: Sequence[Segment], names: Mapping[str, str]) -> list[SegmentOut]:
    return [_segment(first + step, segment, names) for step, segment in enumerate(segments)]


def _segment(position: int, segment: Segment, names: Mapping[str, str]) -> SegmentOut:
    label = segment.speaker
    return SegmentOut(
        position=position,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        text=segment.text,
        confidence=segment.confidence,
        speaker=(names.get(label) or label) if label else None,
        speaker_label=label,
        flags=list(segment.flags),
        words=[WordOut.model_validate(word) for word in segment.words],
    )
