"""What a person may do to a transcript: each change makes a new one and leaves all other segments as they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.domain.wording import UNSPACED, pieces, reword, shared_out, spans

EDITED = "edited"
GUESSED = "guessed_times"
_UNSEEN = "\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff"
LABEL = re.compile(f"[^\\s/{_UNSEEN}]([^/{_UNSEEN}]{{0,58}}[^\\s/{_UNSEEN}])?")  # it stands in addresses
NAME_LENGTH = 200
SAME_VOICE = 0.9  # of the speech a voice was measured on must still be the speaker's


@dataclass(frozen=True)
class Edited:
    """A changed transcript, and what was done in one line."""

    transcript: Transcript
    summary: str


def correct_text(transcript: Transcript, position: int, text: str) -> Edited:
    """Put another text in a segment; words that stay keep their times to the millisecond."""
    segment = _segment(transcript, position)
    text = text.strip()
    if not text:
        raise errors.ValidationError("A segment needs a text; delete the segment to be rid of it.")
    if text == segment.text:
        return Edited(transcript, "nothing changed")
    made = reword(segment, text)
    flags = (EDITED, GUESSED) if made.guessed else (EDITED,)
    changed = replace(segment, text=text, words=made.words, flags=_with(segment.flags, *flags))
    return Edited(
        _put(transcript, position, 1, (changed,)), f"segment {position}: {_short(segment.text)} → {_short(text)}"
    )


def split_at_word(transcript: Transcript, position: int, word: int) -> Edited:
    """Cut a segment in two before the word of that number, counted from 0."""
    segment = _segment(transcript, position)
    starts = [start for start, _ in (spans(segment) if segment.words else _piece_spans(segment.text))]
    if not 0 < word < len(starts):
        raise errors.ValidationError(
            f"Segment {position} has {len(starts)} words; cut before one of 1 to {len(starts) - 1}."
        )
    halves = _cut(segment, starts[word], word if segment.words else None)
    return Edited(_put(transcript, position, 1, halves), f"segment {position} cut before word {word}")


def split_at_character(transcript: Transcript, position: int, character: int) -> Edited:
    """Cut a segment in two before the character of that number, counted from 0."""
    segment = _segment(transcript, position)
    if not segment.text[:character].strip() or not segment.text[character:].strip():
        raise errors.ValidationError(f"Cutting segment {position} before character {character} leaves one side empty.")
    halves = _cut(segment, character, None)
    return Edited(_put(transcript, position, 1, halves), f"segment {position} cut before character {character}")


def merge(transcript: Transcript, position: int, count: int = 2) -> Edited:
    """Make one segment of several that follow each other; the first one's speaker says it all."""
    if count < 2:  # noqa: PLR2004 - one segment cannot be merged
        raise errors.ValidationError("It takes at least two segments to merge.")
    parts = [_segment(transcript, index) for index in range(position, position + count)]
    last = position + count - 1
    return Edited(_put(transcript, position, count, (_merged(parts),)), f"segments {position} to {last} merged")


def delete(transcript: Transcript, position: int) -> Edited:
    """Take a segment out, one that was made up over silence for instance."""
    segment = _segment(transcript, position)
    return Edited(_put(transcript, position, 1, ()), f"segment {position} deleted: {_short(segment.text)}")


def assign(transcript: Transcript, positions: Collection[int], speaker: str | None) -> Edited:
    """Say who speaks in some segments; a label nobody has yet makes a new speaker, None leaves them without."""
    _check_label(speaker)
    wanted = set(positions)
    for position in wanted:
        _segment(transcript, position)
    changed = [
        replace(segment, speaker=speaker) if index in wanted else segment
        for index, segment in enumerate(transcript.segments)
    ]
    return Edited(
        replace(transcript, segments=tuple(changed)), f"{len(wanted)} segment(s) given to {speaker or 'nobody'}"
    )


def assign_words(transcript: Transcript, position: int, words: tuple[int, int], speaker: str | None) -> Edited:
    """Give the words from `words[0]` to before `words[1]` to a speaker, and cut the segment around them."""
    _check_label(speaker)
    segment = _segment(transcript, position)
    known = spans(segment) if segment.words else _piece_spans(segment.text)
    first, behind = words
    if not 0 <= first < behind <= len(known):
        raise errors.ValidationError(
            f"Segment {position} has {len(known)} words; name some of them, from 0 to {len(known)}."
        )
    before: tuple[Segment, ...] = ()
    after: tuple[Segment, ...] = ()
    middle = segment
    if behind < len(known):
        middle, rest = _cut(middle, known[behind][0], behind if segment.words else None)
        after = (rest,)
    if first > 0:
        begin, middle = _cut(middle, known[first][0], first if segment.words else None)
        before = (begin,)
    put = _put(transcript, position, 1, (*before, replace(middle, speaker=speaker), *after))
    return Edited(put, f"words {first} to {behind - 1} of segment {position} given to {speaker or 'nobody'}")


def rename_speaker(transcript: Transcript, label: str, name: str) -> Edited:
    """Show another name for a speaker; an empty one shows the label again."""
    _require_speaker(transcript, label)
    if len(name) > NAME_LENGTH:
        raise errors.ValidationError(f"A name has at most {NAME_LENGTH} characters.")
    names = {**transcript.speakers, label: name.strip()}
    kept = {key: value for key, value in names.items() if value}
    return Edited(replace(transcript, speakers=kept), f"speaker {label} is called {name.strip() or label}")


def merge_speakers(transcript: Transcript, source: str, target: str) -> Edited:
    """Give everything one speaker says to another; the other's name stays."""
    _require_speaker(transcript, source)
    _require_speaker(transcript, target)
    if source == target:
        raise errors.ValidationError("A speaker cannot be merged with itself.")
    changed = tuple(
        replace(segment, speaker=target) if segment.speaker == source else segment for segment in transcript.segments
    )
    names = {label: name for label, name in transcript.speakers.items() if label != source}
    return Edited(replace(transcript, segments=changed, speakers=names), f"speaker {source} merged into {target}")


def split_speaker(transcript: Transcript, label: str, positions: Collection[int], new_label: str = "") -> Edited:
    """Make a new speaker of some of the segments of another."""
    _require_speaker(transcript, label)
    wrong = [index for index in sorted(set(positions)) if _segment(transcript, index).speaker != label]
    if wrong or not positions:
        raise errors.ValidationError(
            f"Segment {wrong[0]} is not said by {label}." if wrong else "Name the segments the new speaker says."
        )
    new_label = new_label or next_label(transcript)
    if new_label in labels(transcript):
        raise errors.ValidationError(f"There is a speaker {new_label} already; assign the segments to it instead.")
    edited = assign(transcript, positions, new_label)
    return Edited(edited.transcript, f"{len(set(positions))} segment(s) of {label} made speaker {new_label}")


def labels(transcript: Transcript) -> list[str]:
    """The labels of all who speak, in the order they begin."""
    return list(dict.fromkeys(segment.speaker for segment in transcript.segments if segment.speaker))


def next_label(transcript: Transcript) -> str:
    """A label that nobody has."""
    taken = {*labels(transcript), *transcript.speakers}
    return next(name for number in range(1, len(taken) + 2) if (name := f"S{number}") not in taken)


def keeps_voice(before: Transcript, after: Transcript, label: str) -> bool:
    """Whether what a speaker said before is still said by that speaker, but for a tenth at most."""
    old, new = ([part for part in each.segments if part.speaker == label] for each in (before, after))
    said = sum(part.end_ms - part.start_ms for part in old)
    still = place = 0
    for part in old:
        while place < len(new) and new[place].end_ms <= part.start_ms:
            place += 1
        reached = place
        while reached < len(new) and new[reached].start_ms < part.end_ms:
            still += max(0, min(part.end_ms, new[reached].end_ms) - max(part.start_ms, new[reached].start_ms))
            reached += 1
    return still >= said * SAME_VOICE


def label_of(transcript: Transcript, name: str) -> str:
    """The label that a person means by a label or by the one speaker of that name; else the name itself."""
    if name in labels(transcript):
        return name
    called = [label for label in labels(transcript) if transcript.speakers.get(label) == name]
    if len(called) > 1:
        raise errors.ValidationError(
            f"Several speakers are called {name!r}; say which by its label: {', '.join(called)}."
        )
    return called[0] if called else name


def _segment(transcript: Transcript, position: int) -> Segment:
    if not 0 <= position < len(transcript.segments):
        raise errors.NotFound(f"There is no segment {position}; this transcript has {len(transcript.segments)}.")
    return transcript.segments[position]


def _put(transcript: Transcript, position: int, count: int, segments: Sequence[Segment]) -> Transcript:
    before, after = transcript.segments[:position], transcript.segments[position + count :]
    return replace(transcript, segments=(*before, *segments, *after))


def _require_speaker(transcript: Transcript, label: str) -> None:
    known = labels(transcript)
    if label not in known:
        raise errors.NotFound(f"There is no speaker {label!r}; there are: {', '.join(known) or 'none'}.")


def _check_label(label: str | None) -> None:
    if label is not None and not LABEL.fullmatch(label):
        raise errors.ValidationError(
            "A speaker's label has 1 to 60 letters that can be seen, no slash, and no space at its ends."
        )


def _with(flags: Sequence[str], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*flags, *more)))


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")  # noqa: PLR2004 - what fits a line of history


def _piece_spans(text: str) -> list[tuple[int, int]]:
    found, cursor = [], 0
    for piece in pieces(text):
        start = text.index(piece, cursor)
        cursor = start + len(piece)
        found.append((start, cursor))
    return found


def _cut(segment: Segment, at: int, word: int | None) -> tuple[Segment, Segment]:
    """Cut before character `at`; `word` is the first word of the second half, where that is known."""
    left, right = segment.text[:at].rstrip(), segment.text[at:].lstrip()
    if not left or not right:
        raise errors.ValidationError("The cut would leave one side without a text.")
    if not segment.words:
        middle = shared_out([left, right], segment.start_ms, segment.end_ms)[0].end_ms
        flags = _with(segment.flags, GUESSED)
        first = replace(segment, text=left, end_ms=middle, flags=flags)
        return first, replace(segment, text=right, start_ms=middle, flags=flags)
    words, flags = list(segment.words), segment.flags
    if word is None:
        word, broken = _word_at(segment, at)
        if broken:
            words[word : word + 1] = broken
            word, flags = word + 1, _with(segment.flags, GUESSED)
    before, after = tuple(words[:word]), tuple(words[word:])
    end = (
        max([segment.start_ms, *(min(segment.end_ms, timed.end_ms) for timed in before)])
        if before
        else segment.start_ms
    )
    start = min([segment.end_ms, *(max(segment.start_ms, timed.start_ms) for timed in after)])
    first = replace(segment, text=left, end_ms=end, words=before, flags=flags)
    return first, replace(segment, text=right, start_ms=start, words=after, flags=flags)


def _word_at(segment: Segment, at: int) -> tuple[int, list[Word]]:
    """The word that begins at character `at` or is the next to begin; in two when the cut goes through it."""
    for index, (start, end) in enumerate(spans(segment)):
        if start >= at:
            return index, []
        if start < at < end:
            word = segment.words[index]
            halves = [segment.text[start:at].strip(), segment.text[at:end].strip()]
            made = shared_out(halves, word.start_ms, word.end_ms)
            return index, [replace(half, confidence=word.confidence) for half in made]
    return len(segment.words), []


def _merged(parts: Sequence[Segment]) -> Segment:
    text = parts[0].text.strip()
    for part in parts[1:]:
        text = _joined(text, part.text.strip())
    timed = any(part.words for part in parts)
    words: list[Word] = []
    flags: tuple[str, ...] = ()
    for part in parts:
        flags = _with(flags, *part.flags)
        words += part.words
        if timed and not part.words:
            words += shared_out(pieces(part.text), part.start_ms, part.end_ms)
            flags = _with(flags, GUESSED)
    known = [(part.confidence, max(1, len(part.words))) for part in parts if part.confidence is not None]
    weight = sum(count for _, count in known)
    sure = round(sum(value * count for value, count in known) / weight, 4) if known else None
    return Segment(
        start_ms=min(part.start_ms for part in parts),
        end_ms=max(part.end_ms for part in parts),
        text=text,
        confidence=sure,
        speaker=parts[0].speaker,
        words=tuple(words),
        flags=flags,
    )


def _joined(left: str, right: str) -> str:
    unspaced = re.search(f"[{UNSPACED}]\\W?$", left) and re.match(f"[{UNSPACED}]", right)
    return f"{left}{'' if unspaced or not left or not right else ' '}{right}"
