"""Yandex's stream of results as segments: the refined text where there is one, the words' own times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tenuto.domain.transcripts import Segment, Word

CODES = {
    "de": "de-DE", "en": "en-US", "es": "es-ES", "fi": "fi-FI", "fr": "fr-FR", "he": "he-IL", "it": "it-IT",
    "kk": "kk-KZ", "nl": "nl-NL", "pl": "pl-PL", "pt": "pt-PT", "ru": "ru-RU", "sv": "sv-SE", "tr": "tr-TR",
    "uz": "uz-UZ",
}  # fmt: skip
ANY_LANGUAGE = "auto"


def language_code(asked: str | None) -> str:
    """The service's name for a language; it finds the language by itself where none is asked for."""
    if not asked:
        return ANY_LANGUAGE
    return asked if "-" in asked else CODES.get(asked, asked)


def gather(responses: Iterable[Any]) -> tuple[dict[tuple[str, int], Any], dict[tuple[str, int], str]]:
    """What was heard, and the refined text of it, by channel and number; later news of a number take its place."""
    heard: dict[tuple[str, int], Any] = {}
    refined: dict[tuple[str, int], str] = {}
    for response in responses:
        event = response.WhichOneof("Event")
        if event == "final" and response.final.alternatives:
            heard[(response.channel_tag, response.audio_cursors.final_index)] = response.final.alternatives[0]
        elif event == "final_refinement" and response.final_refinement.normalized_text.alternatives:
            key = (response.channel_tag, response.final_refinement.final_index)
            refined[key] = response.final_refinement.normalized_text.alternatives[0].text
    return heard, refined


def segments_of(responses: Iterable[Any], length_ms: int, *, speakers: bool) -> tuple[tuple[Segment, ...], str | None]:
    """The segments in order, and the language most of them are in."""
    heard, refined = gather(responses)
    found = []
    votes: dict[str, float] = {}
    for (channel, number), alternative in heard.items():
        text = " ".join((refined.get((channel, number)) or alternative.text).split())
        if not text:
            continue
        speaker = channel if speakers and channel else None
        found.append(replace(_segment(alternative, length_ms), text=text, speaker=speaker))
        for language in alternative.languages:
            votes[language.language_code] = votes.get(language.language_code, 0.0) + language.probability
    code = max(votes, key=lambda name: votes[name]).split("-")[0] if votes else None
    return tuple(sorted(found, key=lambda segment: (segment.start_ms, segment.end_ms))), code


def _segment(alternative: Any, length_ms: int) -> Segment:
    def inside(moment: int, least: int = 0) -> int:
        return min(max(moment, least), length_ms)

    words = []
    for word in alternative.words:
        start = inside(word.start_time_ms)
        if word.text.strip():
            words.append(Word(start, inside(word.end_time_ms, start), word.text.strip()))
    words.sort(key=lambda word: (word.start_ms, word.end_ms))
    start = inside(min([alternative.start_time_ms, *(word.start_ms for word in words)]))
    end = inside(max([alternative.end_time_ms, *(word.end_ms for word in words)]), start)
    confidence = round(min(1.0, alternative.confidence), 3) if alternative.confidence > 0 else None
    return Segment(start, end, alternative.text, confidence, words=tuple(words))
