"""The difference between two states of a transcript, small, and exact both ways: what undo and redo put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenuto.domain.transcripts import Segment, Transcript, Word


@dataclass(frozen=True)
class Hunk:
    """From segment `at` on, `removed` gave way to `inserted`."""

    at: int
    removed: tuple[Segment, ...]
    inserted: tuple[Segment, ...]


@dataclass(frozen=True)
class Splice:
    """What changed. Either one hunk, or several of which each has as many segments afterwards as before."""

    hunks: tuple[Hunk, ...]
    names_before: Mapping[str, str]  # of speakers whose name changed; empty where there was none
    names_after: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not self.hunks and self.names_before == self.names_after

    def reversed(self) -> Splice:
        """The change that takes this one back."""
        hunks = tuple(Hunk(hunk.at, hunk.inserted, hunk.removed) for hunk in self.hunks)
        return Splice(hunks, self.names_after, self.names_before)


def between(before: Transcript, after: Transcript) -> Splice:
    """What leads from one state to another."""
    old, new = before.segments, after.segments
    hunks = _runs(old, new) if len(old) == len(new) else (_one(old, new),)
    changed = [
        label
        for label in dict.fromkeys((*before.speakers, *after.speakers))
        if before.speakers.get(label, "") != after.speakers.get(label, "")
    ]
    return Splice(
        hunks,
        {label: before.speakers.get(label, "") for label in changed},
        {label: after.speakers.get(label, "") for label in changed},
    )


def _runs(old: Sequence[Segment], new: Sequence[Segment]) -> tuple[Hunk, ...]:
    found: list[Hunk] = []
    for index, (left, right) in enumerate(zip(old, new, strict=True)):
        if left == right:
            continue
        if found and found[-1].at + len(found[-1].removed) == index:
            last = found[-1]
            found[-1] = Hunk(last.at, (*last.removed, left), (*last.inserted, right))
        else:
            found.append(Hunk(index, (left,), (right,)))
    return tuple(found)


def _one(old: Sequence[Segment], new: Sequence[Segment]) -> Hunk:
    shortest = min(len(old), len(new))
    head = next((index for index in range(shortest) if old[index] != new[index]), shortest)
    tail = next((index for index in range(shortest - head) if old[-1 - index] != new[-1 - index]), shortest - head)
    return Hunk(head, tuple(old[head : len(old) - tail]), tuple(new[head : len(new) - tail]))


def applied(transcript: Transcript, splice: Splice) -> Transcript:
    """The transcript after a change."""
    segments = list(transcript.segments)
    for hunk in splice.hunks:
        segments[hunk.at : hunk.at + len(hunk.removed)] = hunk.inserted
    names = {**transcript.speakers, **splice.names_after}
    return replace(
        transcript, segments=tuple(segments), speakers={label: name for label, name in names.items() if name}
    )


def to_json(splice: Splice) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of a change as plain values."""
    before = {"hunks": [[hunk.at, [_plain(part) for part in hunk.removed]] for hunk in splice.hunks]}
    after = {"hunks": [[hunk.at, [_plain(part) for part in hunk.inserted]] for hunk in splice.hunks]}
    return {**before, "names": dict(splice.names_before)}, {**after, "names": dict(splice.names_after)}


def from_json(before: Mapping[str, Any], after: Mapping[str, Any]) -> Splice:
    """Read what `to_json` wrote."""
    hunks = tuple(
        Hunk(at, tuple(_segment(part) for part in removed), tuple(_segment(part) for part in inserted))
        for (at, removed), (_, inserted) in zip(before["hunks"], after["hunks"], strict=True)
    )
    return Splice(hunks, before["names"], after["names"])


def _plain(segment: Segment) -> list[Any]:
    words = [word.as_list() for word in segment.words]
    head = [segment.start_ms, segment.end_ms, segment.text, segment.confidence, segment.speaker]
    return [*head, words, list(segment.flags)]


def _segment(plain: Sequence[Any]) -> Segment:
    start, end, text, confidence, speaker, words, flags = plain
    return Segment(start, end, text, confidence, speaker, tuple(Word(*word) for word in words), tuple(flags))
