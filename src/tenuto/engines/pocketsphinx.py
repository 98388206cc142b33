"""The transcriber that comes along: pocketsphinx with its English model, small, offline and modest in what it hears."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.engines.base import EngineReport, Progress, TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.pauses import FRAME_MS, Utterance, utterances
from tenuto.engines.sound import SAMPLE_BYTES, SAMPLE_RATE, duration_ms, open_wave

MODEL = "en-us"
FRAME_BYTES = SAMPLE_RATE * SAMPLE_BYTES * FRAME_MS // 1000
SHORTEST_BYTES = SAMPLE_RATE * SAMPLE_BYTES // 10  # the decoder fails on nothing and hears nothing in less
LONG_PAUSE_MS = 700
LONGEST_SEGMENT_MS = 12_000
VAD_MODE = 2
MOST_ACTIVE_STATES = 6_000  # a third faster than no cap, with the same errors


class PocketsphinxTranscriber:
    """English words with times of 10 ms, lower case, no punctuation."""

    block_seconds = 120.0
    parallel_blocks = True
    hears_hot_words = False

    name = "pocketsphinx"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._decoder: Any = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the package and its model are here."""
        del config
        ready = importlib.util.find_spec("pocketsphinx") is not None
        detail = (
            f"pocketsphinx {importlib.metadata.version('pocketsphinx')} with its English model {MODEL}."
            if ready
            else "The package pocketsphinx is not installed; install it: pip install pocketsphinx."
        )
        return EngineReport("pocketsphinx", ready, detail, model=MODEL if ready else "", licence="BSD-2-Clause")

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: Progress) -> Transcript:
        """Return what was said in `audio`, utterance by utterance."""
        _check(options)
        segments: list[Segment] = []
        with open_wave(audio) as reader:
            length = duration_ms(reader)
            progress(0.0)
            for utterance in utterances(_frames(reader), _speech_test()):
                segments += _segments(self._words(utterance, length))
                progress(min(1.0, (utterance.start_ms + _length_ms(utterance)) / max(1, length)))
        progress(1.0)
        warnings = ("The engine pocketsphinx cannot use hot words; they changed nothing.",) if options.hot_words else ()
        return Transcript(
            tuple(segments), language="en", duration_ms=length, engine=self.name, model=MODEL, warnings=warnings
        )

    def _words(self, utterance: Utterance, length: int) -> list[Word]:
        if len(utterance.pcm) < SHORTEST_BYTES:
            return []
        decoder = self._load()
        decoder.start_utt()
        decoder.process_raw(utterance.pcm, full_utt=True)
        decoder.end_utt()
        words = []
        for heard in decoder.seg() or ():
            if heard.word[0] in "<[+":
                continue
            start = min(length, utterance.start_ms + heard.start_frame * 10)
            end = min(length, utterance.start_ms + (heard.end_frame + 1) * 10)
            text = re.sub(r"\(\d+\)$", "", heard.word)
            words.append(Word(start, end, text, round(min(1.0, max(0.0, heard.prob)), 3)))
        return words

    def _load(self) -> Any:
        """The decoder, loaded once, and reset each time so that what came before has no say in what is heard."""
        if self._decoder is None:
            pocketsphinx = _package()
            # Normalising over each utterance by itself hears as well as the running mean and needs no history.
            self._decoder = pocketsphinx.Decoder(
                samprate=SAMPLE_RATE, cmn="batch", maxhmmpf=MOST_ACTIVE_STATES, loglevel="FATAL"
            )
        else:
            self._decoder.reinit_feat()
        return self._decoder


def _check(options: TranscribeOptions) -> None:
    language = (options.language or "en").lower().replace("_", "-")
    if language.split("-")[0] not in ("en", "english"):
        raise errors.ValidationError(
            f"The engine pocketsphinx understands English only, not {options.language!r}. "
            "Leave the language out, or choose another engine such as whisper.",
        )
    if options.model not in ("", MODEL):
        raise errors.ValidationError(f"The engine pocketsphinx has one model, {MODEL}; there is no {options.model!r}.")


def _package() -> Any:
    try:
        return importlib.import_module("pocketsphinx")
    except ImportError as error:
        raise errors.EngineMissing(
            "The engine pocketsphinx needs the package of that name: pip install pocketsphinx."
        ) from error


def _speech_test() -> Any:
    return _package().Vad(VAD_MODE, SAMPLE_RATE, FRAME_MS / 1000).is_speech


def _frames(reader: wave.Wave_read) -> Iterator[bytes]:
    """Frames of 30 ms; the last one is filled up with silence."""
    while piece := reader.readframes(FRAME_BYTES // SAMPLE_BYTES):
        yield piece.ljust(FRAME_BYTES, b"\0")


def _length_ms(utterance: Utterance) -> int:
    return len(utterance.pcm) * 1000 // (SAMPLE_RATE * SAMPLE_BYTES)


def _segments(words: list[Word]) -> list[Segment]:
    """Cut the words of one utterance at long pauses, and where a segment would grow too long to read."""
    groups: list[list[Word]] = []
    for word in words:
        pause = word.start_ms - groups[-1][-1].end_ms if groups else LONG_PAUSE_MS
        if pause >= LONG_PAUSE_MS or word.end_ms - groups[-1][0].start_ms > LONGEST_SEGMENT_MS:
            groups.append([])
        groups[-1].append(word)
    return [_segment(group) for group in groups]


def _segment(words: list[Word]) -> Segment:
    known = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        text=" ".join(word.text for word in words),
        confidence=round(sum(known) / len(known), 3) if known else None,
        words=tuple(words),
    )
