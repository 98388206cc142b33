"""The aligner that comes along: pocketsphinx finds when known English words are said, to about a hundredth of a second.

Sound in another language, and words the sound does not say, get times by letters and loudness, and no score.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tenuto import errors
from tenuto.domain.alignment import Stretch, Timed, fits
from tenuto.domain.wording import letters
from tenuto.engines.base import EngineReport, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.pocketsphinx import MODEL
from tenuto.engines.pronunciation import pronunciations
from tenuto.engines.sound import SAMPLE_BYTES, SAMPLE_RATE, open_wave

FRAME_MS = 10
FRAME = SAMPLE_RATE * FRAME_MS // 1000
SHORTEST_FRAMES = 20
QUIET_SHARE = 0.1  # of the loudness between the quietest and the loudest parts, that is no speech any more
MOST_ADDED = 5_000  # words; then the dictionary is begun anew
SPOKEN = re.compile(r"^[^<\[(+]")


class PocketsphinxAligner:
    """Times for words that are known, from the sound they are said in."""

    name = "pocketsphinx-align"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._decoder: Any = None
        self._added: dict[str, str] = {}

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package and its model are here."""
        del config
        ready = importlib.util.find_spec("pocketsphinx") is not None
        detail = (
            f"pocketsphinx {importlib.metadata.version('pocketsphinx')} finds when known English words are said."
            if ready
            else "The package pocketsphinx is not installed; install it: pip install pocketsphinx."
        )
        return EngineReport("pocketsphinx-align", ready, detail, model=MODEL if ready else "", licence="BSD-2-Clause")

    def align(
        self, audio: Path, stretches: Sequence[Stretch], language: str | None, progress: Progress
    ) -> list[list[list[Timed]]]:
        """When each word is said: by stretch, by segment, by word; in milliseconds of `audio`."""
        english = (language or "en").lower().split("-")[0] in ("en", "english")
        found = []
        with open_wave(audio) as reader:
            for number, stretch in enumerate(stretches):
                progress(number / len(stretches))
                pcm = _read(reader, stretch)
                times = self._aligned(pcm, stretch) if english else None
                if times is None or (len(stretch.positions) == 1 and not fits(times)):
                    times = _by_loudness(pcm, _flat(stretch), [time.score for time in times] if times else None)
                found.append(_by_segment([_within(time, stretch) for time in times], stretch))
        progress(1.0)
        return found

    def _aligned(self, pcm: bytes, stretch: Stretch) -> list[Timed] | None:
        """Times within the stretch, or None when the words cannot be found in it."""
        written = _flat(stretch)
        if len(pcm) // SAMPLE_BYTES < FRAME * SHORTEST_FRAMES:
            return None
        tokens = [self._token(word) for word in written]
        said = [token for token in tokens if token]
        heard = self._search(pcm, said) if said else None
        if heard is None:
            return None
        times = iter(heard)
        known = _with_scores([next(times) if token else None for token in tokens])
        return _filled(known, len(pcm) // SAMPLE_BYTES * 1000 // SAMPLE_RATE)

    def _search(self, pcm: bytes, tokens: list[str]) -> list[Timed] | None:
        """Find the words in order, then go over it once more for how well each fits."""
        first = self._path(pcm, tokens)
        if first is None:
            return None
        scored = self._scored(pcm, tokens)
        if scored is not None or len(tokens) == 1:
            return scored or first
        # The decoder cannot score some paths for one odd word; its halves are scored apart, and the word stays alone.
        middle = len(tokens) // 2
        cut_ms = (first[middle - 1].end_ms + first[middle].start_ms) // 2
        cut = cut_ms * SAMPLE_RATE // 1000 * SAMPLE_BYTES
        left = self._search(pcm[:cut], tokens[:middle]) or first[:middle]
        right = self._search(pcm[cut:], tokens[middle:])
        return left + ([_later(time, cut_ms) for time in right] if right else first[middle:])

    def _path(self, pcm: bytes, tokens: list[str]) -> list[Timed] | None:
        """The best path through the sound, None when it does not lead to the last word."""
        decoder = self._load()
        decoder.set_align_text(" ".join(tokens))
        _hear(decoder, pcm)
        words = [part for part in decoder.seg() or () if SPOKEN.match(part.word)]
        if [_bare(part.word) for part in words] != tokens:
            return None
        return [Timed(part.start_frame * FRAME_MS, (part.end_frame + 1) * FRAME_MS) for part in words]

    def _scored(self, pcm: bytes, tokens: list[str]) -> list[Timed] | None:
        """The path found last with a score for each word, None when the decoder cannot follow it."""
        decoder = self._load()
        try:
            decoder.set_alignment()
            _hear(decoder, pcm)
            words = [part for part in decoder.get_alignment().words() if SPOKEN.match(part.name)]
        except RuntimeError:
            return None
        if [_bare(part.name) for part in words] != tokens:
            return None
        return [
            Timed(part.start * FRAME_MS, (part.start + part.duration) * FRAME_MS, part.score / max(1, part.duration))
            for part in words
        ]

    def _token(self, word: str) -> str:
        """The word as the decoder's dictionary has it, added when it is new; empty when nobody can say it."""
        plain = word.lower().strip('.,;:!?"“”()')
        if re.fullmatch("[a-z']+", plain) and self._load().lookup_word(plain):
            return plain
        if word not in self._added:
            ways = pronunciations(word, self._lookup)
            token = f"tenuto{len(self._added)}" if ways else ""
            for number, phones in enumerate(ways, start=1):
                self._load().add_word(token if number == 1 else f"{token}({number})", phones, number == len(ways))
            self._added[word] = token
        return self._added[word]

    def _lookup(self, word: str) -> str | None:
        return self._load().lookup_word(word) or None

    def _load(self) -> Any:
        if self._decoder is None or len(self._added) > MOST_ADDED:
            self._added = {}
            try:
                pocketsphinx = importlib.import_module("pocketsphinx")
            except ImportError as error:
                raise errors.EngineMissing(
                    "Words are timed by the package pocketsphinx: pip install pocketsphinx."
                ) from error
            # The usual beams: wider ones lead to more paths that cannot be scored, and to no more words.
            self._decoder = pocketsphinx.Decoder(samprate=SAMPLE_RATE, lm=None, cmn="batch", loglevel="FATAL")
        return self._decoder


def _hear(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _bare(token: str) -> str:
    return re.sub(r"\(\d+\)$", "", token)


def _flat(stretch: Stretch) -> list[str]:
    return [word for words in stretch.words for word in words]


def _read(reader: wave.Wave_read, stretch: Stretch) -> bytes:
    first = min(stretch.start_ms * SAMPLE_RATE // 1000, reader.getnframes())
    reader.setpos(first)
    return reader.readframes(max(0, stretch.end_ms * SAMPLE_RATE // 1000 - first))


def _later(time: Timed, by_ms: int) -> Timed:
    return Timed(time.start_ms + by_ms, time.end_ms + by_ms, time.score)


def _within(time: Timed, stretch: Stretch) -> Timed:
    """From the clock of a stretch to that of the recording, never beyond the stretch."""
    start, end = (min(moment + stretch.start_ms, stretch.end_ms) for moment in (time.start_ms, time.end_ms))
    return Timed(start, end, time.score)


def _by_segment(times: list[Timed], stretch: Stretch) -> list[list[Timed]]:
    found, at = [], 0
    for words in stretch.words:
        found.append(times[at : at + len(words)])
        at += len(words)
    return found


def _with_scores(times: list[Timed | None]) -> list[Timed | None]:
    """A word that was found and could not be scored is as good as the others."""
    scores = [time.score for time in times if time is not None and time.score is not None]
    mean = sum(scores) / len(scores) if scores else None
    return [time and (time if time.score is not None else replace(time, score=mean)) for time in times]


def _filled(times: list[Timed | None], length_ms: int) -> list[Timed]:
    """What nobody can say stands between its neighbours."""
    found: list[Timed] = []
    for index, time in enumerate(times):
        if time is None:
            edge = found[-1].end_ms if found else 0
            following = next((later.start_ms for later in times[index:] if later), length_ms)
            time = Timed(edge, max(edge, following))  # noqa: PLW2901 - the gap takes the place of nothing
        found.append(time)
    return found


def _by_loudness(pcm: bytes, words: Sequence[str], scores: Sequence[float | None] | None) -> list[Timed]:
    """Share the loud part of the sound out by letters."""
    samples = np.frombuffer(pcm[: len(pcm) // (2 * FRAME) * 2 * FRAME], np.int16).astype(np.float32)
    power = np.square(samples.reshape(-1, FRAME)).mean(axis=1) if len(samples) else np.zeros(1, np.float32)
    level = np.log10(np.convolve(power, np.ones(5) / 5, mode="same") + 1)
    low, high = np.percentile(level, (5, 95))
    weight = np.where(level > low + QUIET_SHARE * (high - low), 1.0, 0.01)
    spoken = np.concatenate([[0.0], np.cumsum(weight)])
    edges = np.concatenate([[0], np.cumsum([letters(word) for word in words])])
    at = np.interp(edges / max(1, edges[-1]) * spoken[-1], spoken, np.arange(len(spoken))) * FRAME_MS
    times = at.round().astype(int).tolist()
    known = scores or [None] * len(words)
    return [Timed(first, last, score) for first, last, score in zip(times, times[1:], known, strict=False)]
