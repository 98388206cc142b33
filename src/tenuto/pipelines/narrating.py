"""One slide spoken: its script goes to a voice sentence by sentence, and comes back as one sound with timed words.

What a voice said is kept by a key of what was said and how: the same sentence is never spoken again by the same voice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

from tenuto.domain.alignment import GUESSED
from tenuto.domain.narration import Pause, Say, Script
from tenuto.domain.reading_out import Reading
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.domain.word_map import said_words, shown_words
from tenuto.engines import codec
from tenuto.media.mended import JoinedBefore, Piece
from tenuto.media.speech_pieces import RATE, Narrated, Placed
from tenuto.pipelines.base import Steps
from tenuto.pipelines.chunks import Chunk, Speech

# How loud a voice is, where a slide says too little to tell; every voice reads numbers, in every language.
REFERENCE = Say((Reading("", "1, 2, 3, 4, 5, 6, 7, 8."),))
SENTENCE_GAP_MS, PHRASE_GAP_MS, WORD_GAP_MS = 300, 150, 50
PHRASE_ENDS, CLOSING = ",;:،؛，、；：–—", "\"'”’»)]"  # noqa: RUF001 - the full-width forms are meant
SHORT_LETTERS = 25
SPEAKING_SHARE = 0.9  # of the time a slide takes
LITTLE_MS = 2_000  # less speech than this says little of how loud a voice is


@dataclass(frozen=True)
class Timing:
    """The silences around what is said on a slide."""

    lead_in_ms: int = 300
    tail_ms: int = 700
    silent_ms: int = 3_000  # of a slide with nothing to say
    block: int = 1  # a slide lasts a multiple of so many frames, by silence at its end


@dataclass(frozen=True)
class Spoken:
    """What a slide says: a 48 kHz 16-bit mono WAV, and its sentences with their words on the slide's own clock."""

    path: Path
    frames: int
    sentences: tuple[Segment, ...]
    chunks: tuple[str, ...]  # the keys of what was spoken
    made: int  # how many of them were spoken now, and not taken from what was kept
    details: Mapping[str, Any] = field(default_factory=dict)  # engine, voice and measures
    warnings: tuple[str, ...] = ()
    pieces: Mapping[str, Placed] = field(default_factory=dict)  # where each of the chunks lies
    mended: float = 0.0  # the share of what is spoken that was put in after all of it was measured

    @property
    def duration_ms(self) -> int:
        """Its length, the last begun millisecond included."""
        return -(-self.frames * 1000 // RATE)

    @property
    def words(self) -> tuple[Word, ...]:
        """All words of all sentences."""
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @property
    def joined(self) -> JoinedBefore | None:
        """What a slide that says almost the same takes from it; nothing where it says too little to be measured."""
        lufs = self.details["loudness_lufs"]
        if lufs is None or self.details["gain_by_reference"] or not self.pieces:
            return None
        gain_db, limited_db = self.details["gain_db"], self.details["limited_db"]
        return JoinedBefore(str(self.path), lufs, gain_db, limited_db, self.mended, dict(self.pieces))

    def segments(self, at_ms: int = 0) -> tuple[Segment, ...]:
        """The sentences as parts of a transcript in which the slide begins at `at_ms`."""
        return tuple(sentence.shifted(at_ms) for sentence in self.sentences)


def to_json(spoken: Spoken) -> dict[str, Any]:
    """All but the sound itself, as plain values: what is kept of a part of a job."""
    return {
        "frames": spoken.frames,
        "sentences": codec.to_json(Transcript(spoken.sentences)),
        "chunks": list(spoken.chunks),
        "made": spoken.made,
        "details": dict(spoken.details),
        "warnings": list(spoken.warnings),
        "pieces": {key: astuple(placed) for key, placed in spoken.pieces.items()},
        "mended": spoken.mended,
    }


def from_json(data: Mapping[str, Any], path: Path) -> Spoken:
    """Read what `to_json` wrote; the sound lies at `path`."""
    return Spoken(
        path,
        data["frames"],
        codec.from_json(data["sentences"]).segments,
        tuple(data["chunks"]),
        data["made"],
        data["details"],
        tuple(data["warnings"]),
        {key: Placed(*placed) for key, placed in data.get("pieces", {}).items()},  # Once they were not kept.
        data.get("mended", 0.0),
    )


def speak_slide(
    steps: Steps,
    script: Script,
    speech: Speech,
    target: Path,
    *,
    timing: Timing = Timing(),
    before: Spoken | None = None,
    on_share: Callable[[float], None] = lambda _share: None,
) -> Spoken:
    """Speak what a script says and write it to `target`; where little has changed, most is taken from `before`."""
    plan: list[_Said | int] = [frames_of(timing.lead_in_ms)]
    letters = sum(len(say.spoken) for say in script.says)
    for part in _planned(script, speech):
        plan.append(part)
        done = sum(len(say.spoken) for said in plan if isinstance(said, _Said) for say in said.says)
        on_share(SPEAKING_SHARE * done / max(1, letters))
    plan.append(frames_of(timing.tail_ms))
    said = [part for part in plan if isinstance(part, _Said)]
    if not said:
        plan = [max(frames_of(timing.silent_ms), sum(part for part in plan if isinstance(part, int)))]
    used = [part.chunk for part in said]
    reference = None
    if said and sum(chunk.spoken_ms for chunk in used) < LITTLE_MS:
        used.append(speech.chunk([REFERENCE]))
        reference = used[-1].sound
    joined = steps.media.narrated(
        [_piece(part) for part in plan],
        target,
        reference=reference,
        before=before.joined if before and not reference else None,
        block=timing.block,
        should_stop=steps.should_stop,
    )
    on_share(1.0)
    return Spoken(
        target,
        joined.frames,
        tuple(found for part, placed in zip(said, joined.placed, strict=True) for found in _sentences(part, placed)),
        chunks=tuple(dict.fromkeys(chunk.key for chunk in used)),
        made=sum(chunk.is_new for chunk in used),
        details={**_details(speech, [part.chunk for part in said], joined), "gain_by_reference": reference is not None},
        warnings=(*script.warnings, *dict.fromkeys(warning for chunk in used for warning in chunk.warnings)),
        pieces={part.chunk.key: placed for part, placed in zip(said, joined.placed, strict=True)},
        mended=joined.mended,
    )


def _piece(part: _Said | int) -> Piece:
    return Piece(sound=part.chunk.sound, name=part.chunk.key) if isinstance(part, _Said) else Piece(part)


@dataclass(frozen=True)
class _Said:
    """A chunk, and the sentences that it says."""

    chunk: Chunk
    says: tuple[Say, ...]


def _planned(script: Script, speech: Speech) -> Iterator[_Said | int]:
    """What is said, and for how many frames nothing is, in order; each chunk is spoken when it is its turn."""
    before: tuple[Say, ...] = ()
    for group in _groups(script.pieces):
        if isinstance(group, Pause):
            yield frames_of(group.ms)
            before = ()
        else:
            if before:
                yield frames_of(_gap_ms(before[-1]))
            yield _Said(speech.chunk(group), group)
            before = group


def chunks_of(script: Script) -> list[tuple[Say, ...]]:
    """What a script's chunks say, in order."""
    return [group for group in _groups(script.pieces) if not isinstance(group, Pause)]


def _groups(pieces: Sequence[Say | Pause]) -> Iterator[tuple[Say, ...] | Pause]:
    """The sentences spoken in one go: a very short one goes with the next, as two words alone sound clipped."""
    held: tuple[Say, ...] = ()
    for piece in pieces:
        fits = isinstance(piece, Say) and held and held[0].speed == piece.speed
        if held and not (fits and sum(len(say.spoken) for say in held) < SHORT_LETTERS):
            yield held
            held = ()
        if isinstance(piece, Pause):
            yield piece
        else:
            held = (*held, piece)
    if held:
        yield held


def _gap_ms(before: Say) -> int:
    """How long a voice rests: after a sentence, after a phrase of one that is too long, or within it."""
    ending = before.text.rstrip(CLOSING)[-1:]
    return WORD_GAP_MS if ending.isalnum() else PHRASE_GAP_MS if ending in PHRASE_ENDS else SENTENCE_GAP_MS


def frames_of(milliseconds: int) -> int:
    """The samples of a time."""
    return milliseconds * RATE // 1000


def _sentences(said: _Said, placed: Placed) -> Iterator[Segment]:
    """The sentences of a chunk with their words, on the slide's clock and inside of what was kept of the sound."""
    first, last = placed.start * 1000 // RATE, (placed.start + placed.frames) * 1000 // RATE
    shift = (placed.start - placed.skipped) * 1000 // RATE
    at = 0
    for say in said.says:
        count = len(said_words(say.spoken))
        times, at = said.chunk.words[at : at + count], at + count
        words = tuple(
            replace(
                word,
                start_ms=_within(word.start_ms + shift, first, last),
                end_ms=_within(word.end_ms + shift, first, last),
            )
            for word in shown_words(say.readings, times)
        )
        guessed = (GUESSED,) if any(word.guessed for word in words) else ()
        start, end = (words[0].start_ms, words[-1].end_ms) if words else (first, last)
        yield Segment(start, end, say.text, words=words, flags=guessed)


def _within(moment: int, first: int, last: int) -> int:
    return min(max(moment, first), last)


def _details(speech: Speech, used: Sequence[Chunk], joined: Narrated) -> dict[str, Any]:
    """Who spoke, and what was measured."""
    return {
        "engine": speech.engine,
        "version": speech.version,
        "model": speech.model,
        "voice": used[0].voice if used else "",
        "weights_licence": used[0].weights_licence if used else "",
        "loudness_lufs": joined.lufs,
        "gain_db": joined.gain_db,
        "limited_db": joined.limited_db,
        "checks": dict(Counter(chunk.check["method"] for chunk in used)),
        "worst_score": min((score for chunk in used if (score := chunk.check["score"]) is not None), default=None),
        "spoken_again": sum(chunk.check["again"] for chunk in used),
        "doubtful": sum(bool(chunk.check["problem"]) for chunk in used),
    }
