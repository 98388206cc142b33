"""The lyrics aligner that comes along: pocketsphinx listens for the words, loudness places what it did not hear.

English is heard; other languages in Latin letters are said by English rules and heard as far as that goes; all else is
placed where somebody sings, and says so by its confidence and in `notes`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenuto.domain.alignment import Stretch
from tenuto.domain.lyrics import LyricLine, LyricWord
from tenuto.domain.wording import pieces, shared_out
from tenuto.engines.aligner import PocketsphinxAligner
from tenuto.engines.base import EngineReport, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.lyrics_aligner_band import BandHearing, hear_beside_band
from tenuto.engines.lyrics_aligner_confidence import TOO_FAST, Evidence, confidence, score_of
from tenuto.engines.lyrics_aligner_places import Span, evenly, place, syllables
from tenuto.engines.lyrics_aligner_search import HeardLine, LineSearch
from tenuto.engines.lyrics_aligner_strays import gathered
from tenuto.engines.lyrics_aligner_voice import Voice, find_voice, gated
from tenuto.engines.pocketsphinx import MODEL
from tenuto.engines.sound import duration_ms, open_wave

HEADING = re.compile(r"^\[[^\]]*\]$")  # "[Chorus]" says what follows; nobody sings it
MARGINS_MS = (150, 30, 400)  # around a line whose sound is scored: some paths cannot be followed from one of them
FOUND_LATER = 0.5
MOST_LINES = 500  # are listened for: the grammar grows with their square, and no song has as many
SEARCH_SHARE = 0.9  # of the time it all takes
LONE_VOICE_DB = 30.0  # from its loud parts down to its quiet ones; where a band leaks in, it is less
BESIDE_BAND = "A band sounds in the vocals: lines are found through it, and less exactly than in a voice alone."


@dataclass(frozen=True)
class Placed:
    """When a line is sung, each of its pieces, and what speaks for it."""

    span: Span
    words: tuple[Span, ...]
    evidence: Evidence


class LyricsAlign:
    """Times for lines and words of a song, with a confidence for each line."""

    name = "lyrics-align"

    def __init__(self, config: EngineConfig) -> None:
        self._scorer = PocketsphinxAligner(config)
        self.notes: tuple[str, ...] = ()

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package and its model are here."""
        del config
        ready = importlib.util.find_spec("pocketsphinx") is not None
        detail = (
            f"pocketsphinx {importlib.metadata.version('pocketsphinx')} listens for known English lines in the voice."
            if ready
            else "The package pocketsphinx is not installed; install it: pip install pocketsphinx."
        )
        return EngineReport("lyrics-align", ready, detail, model=MODEL if ready else "", licence="BSD-2-Clause")

    def align_lyrics(
        self, vocals: Path, lines: Sequence[str], language: str | None, progress: Progress
    ) -> tuple[LyricLine, ...]:
        """Return the lines with the times of lines and words."""
        progress(0.0)
        with open_wave(vocals) as reader:
            length, voice = duration_ms(reader), find_voice(reader)
            reader.rewind()
            pcm = reader.readframes(reader.getnframes())
        sung = [line if is_sung(line) else "" for line in lines]
        if voice.is_silent or not any(sung):
            self.notes = ("Nobody sings in this sound: the lines are spread over it evenly.",) if any(sung) else ()
            progress(1.0)
            return _untouched(lines, sung, voice, length)
        tell = lambda share: progress(SEARCH_SHARE * share)  # noqa: E731 - one line says it
        more: list[HeardLine] = [{} for _ in sung[MOST_LINES:]]
        if voice.contrast_db < LONE_VOICE_DB:
            hearing = hear_beside_band(pcm, sung[:MOST_LINES], tell)
            self.notes = (*_notes(sung, hearing.sayable, hearing.lines + more, language), BESIDE_BAND)
            found = _placed_beside_band(sung, hearing, length)
        else:
            search = LineSearch(sung[:MOST_LINES])
            heard = search.find(gated(pcm, voice), tell) + more
            self.notes = _notes(sung, search.sayable, heard, language)
            found = self._placed(vocals, sung, heard, voice, length)
        progress(1.0)
        return _in_order(lines, found, length)

    def _placed(
        self, vocals: Path, sung: Sequence[str], heard: Sequence[HeardLine], voice: Voice, length: int
    ) -> dict[int, Placed]:
        known = gathered({at: _from_heard(sung[at], line) for at, line in enumerate(heard) if line}, voice)
        scores = self._scores(vocals, {at: (sung[at], spans) for at, spans in known.items()}, length)
        found = {
            at: Placed((spans[0][0], spans[-1][1]), spans, _evidence(voice, spans, sung[at], scores[at]))
            for at, spans in known.items()
        }
        for group, start, end in _gaps(sung, known, length):
            found |= self._between(vocals, {at: sung[at] for at in group}, voice, (start, end))
        return found

    def _scores(
        self, vocals: Path, known: dict[int, tuple[str, tuple[Span, ...]]], length: int
    ) -> dict[int, float | None]:
        """How well each heard line fits the sound where it was heard; None where nobody can tell."""
        scores: dict[int, float | None] = dict.fromkeys(known)
        for margin in MARGINS_MS:
            todo = {at: line for at, line in known.items() if scores[at] is None}
            stretches = [
                _stretch({at: line}, (max(0, spans[0][0] - margin), min(length, spans[-1][1] + margin)))
                for at, (line, spans) in todo.items()
            ]
            found = self._scorer.align(vocals, stretches, "en", lambda _share: None) if stretches else []
            scores |= {at: score_of(times[0]) for at, times in zip(todo, found, strict=True)}
        return scores

    def _between(self, vocals: Path, lines: dict[int, str], voice: Voice, gap: Span) -> dict[int, Placed]:
        """Lines that were not heard, between two that were: listened for once more, else placed by loudness."""
        weights = [syllables(line) for line in lines.values()]
        spots = place(voice, weights, *gap)
        found = {}
        if sum(weights) * 1000 > TOO_FAST * (gap[1] - gap[0]):  # nobody could sing all that there
            return {at: _guessed(line, spot, voice) for (at, line), spot in zip(lines.items(), spots, strict=True)}
        [times] = self._scorer.align(vocals, [_stretch(lines, gap)], "en", lambda _share: None)
        for (at, line), timed, spot in zip(lines.items(), times, spots, strict=True):
            spans = tuple((time.start_ms, time.end_ms) for time in timed)
            evidence = _evidence(voice, spans, line, score_of(timed))
            sure = confidence(evidence) >= FOUND_LATER
            found[at] = Placed((spans[0][0], spans[-1][1]), spans, evidence) if sure else _guessed(line, spot, voice)
        return found


def _placed_beside_band(sung: Sequence[str], hearing: BandHearing, length: int) -> dict[int, Placed]:
    """Lines that were heard through a band; the others stand between them, where somebody sings."""
    voice = hearing.voice
    known = {at: _from_heard(sung[at], line) for at, line in enumerate(hearing.lines) if line}
    found = {
        at: Placed((spans[0][0], spans[-1][1]), spans, Evidence(None, 0.0, 0.0, hearing.sure[at]))
        for at, spans in known.items()
    }
    for group, start, end in _gaps(sung, known, length):
        spots = place(voice, [syllables(sung[at]) for at in group], start, end)
        found |= {at: _guessed(sung[at], spot, voice) for at, spot in zip(group, spots, strict=True)}
    return found


def is_sung(line: str) -> bool:
    """Whether a line has words that somebody sings."""
    return any(character.isalnum() for character in line) and not HEADING.match(line.strip())


def _stretch(lines: dict[int, str], bounds: Span) -> Stretch:
    words = tuple(tuple(pieces(line)) for line in lines.values())
    return Stretch(*bounds, tuple(lines), words, tuple(bounds for _ in lines))


def _evidence(voice: Voice, spans: Sequence[Span], line: str, score: float | None) -> Evidence:
    start, end = spans[0][0], spans[-1][1]
    return Evidence(score, voice.share(start, end), syllables(line) * 1000 / max(1, end - start))


def _guessed(line: str, spot: Span, voice: Voice) -> Placed:
    """A line that nobody heard."""
    spans = tuple((word.start_ms, word.end_ms) for word in shared_out(pieces(line), *spot))
    return Placed(spot, spans, Evidence(None, voice.share(*spot), 0.0))


def _from_heard(line: str, heard: HeardLine) -> tuple[Span, ...]:
    """A time for every piece: one that nobody can say stands between its neighbours."""
    spans: list[Span] = []
    edge = min(time.start_ms for time in heard.values())
    for number in range(len(pieces(line))):
        if number in heard:
            edge = heard[number].end_ms
            spans.append((heard[number].start_ms, edge))
        else:
            following = next((heard[later].start_ms for later in sorted(heard) if later > number), edge)
            spans.append((edge, max(edge, following)))
            edge = spans[-1][1]
    return tuple(spans)


def _gaps(sung: Sequence[str], known: dict[int, tuple[Span, ...]], length: int) -> list[tuple[list[int], int, int]]:
    """The lines that were not heard, in groups, and the sound between those that were."""
    found: list[tuple[list[int], int, int]] = []
    group: list[int] = []
    edge = 0
    for at in [*range(len(sung)), len(sung)]:
        if at == len(sung) or at in known:
            start = known[at][0][0] if at in known else length
            if group:
                found.append((group, edge, max(edge, start)))
            group = []
            edge = max(edge, known[at][-1][1]) if at in known else edge
        elif sung[at]:
            group.append(at)
    return found


def _notes(
    sung: Sequence[str], sayable: Sequence[bool], heard: Sequence[HeardLine], language: str | None
) -> tuple[str, ...]:
    """What the times are worth, in words."""
    mute = sum(bool(line) and not can for line, can in zip(sung, sayable, strict=False))
    missed = sum(can and not line for can, line in zip(sayable, heard, strict=False))
    behind = len(sung) - len(sayable)
    english = (language or "en").lower().split("-")[0] in ("en", "english")
    told = (
        (not english, "The aligner knows English sounds only; other words are heard by English rules of spelling."),
        (mute > 0, f"{mute} line(s) have no words it can say; they stand where somebody sings, by length."),
        (behind > 0, f"Lines behind the first {MOST_LINES} were not listened for; their times are guesses."),
        (missed > 0, f"{missed} line(s) were not heard in their place; their times are guesses."),
    )
    return tuple(text for holds, text in told if holds)


def _untouched(lines: Sequence[str], sung: Sequence[str], voice: Voice, length: int) -> tuple[LyricLine, ...]:
    """Lines of a song in which nobody sings."""
    having = [at for at, line in enumerate(sung) if line]
    spots = evenly([syllables(sung[at]) for at in having], 0, length)
    found = {at: _guessed(lines[at], spot, voice) for at, spot in zip(having, spots, strict=True)}
    return _in_order(lines, found, length)


def _in_order(lines: Sequence[str], found: dict[int, Placed], length: int) -> tuple[LyricLine, ...]:
    """The lines as asked for; times never go backwards and never leave the sound."""
    made, edge = [], 0
    starts = sorted((at, placed.span[0]) for at, placed in found.items())
    for at, text in enumerate(lines):
        if at not in found:
            made.append(LyricLine(text))
            continue
        limit = min([length, *(start for later, start in starts if later == at + 1)])
        words = []
        for (start, end), piece in zip(found[at].words, _written(text), strict=True):
            begin = min(length, max(edge, start))
            edge = min(length, max(begin, min(end, max(begin, limit))))
            words.append(LyricWord(begin, edge, piece[0], joined=piece[1]))
        sure = round(confidence(found[at].evidence), 3)
        made.append(LyricLine(text, words[0].start_ms, words[-1].end_ms, tuple(words), sure))
    return tuple(made)


def _written(line: str) -> list[tuple[str, bool]]:
    """The pieces of a line, and whether the next one goes on without a space."""
    found, at = [], 0
    for piece in pieces(line):
        at = line.index(piece, at) + len(piece)
        found.append((piece, at < len(line) and not line[at].isspace()))
    return found
