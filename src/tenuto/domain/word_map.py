"""From what was said back to what was written: the times of spoken words become times of the words that are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tenuto.domain.reading_out import Reading
from tenuto.domain.transcripts import Word
from tenuto.domain.wording import pieces, shared_out

RUN_TOGETHER_MS = 300


def said_words(spoken: str) -> list[str]:
    """The words of a spoken text, as they are timed: what stands between spaces, or one letter of Chinese."""
    return [piece for piece in pieces(spoken) if _is_word(piece)]


def matched(said: Sequence[str], heard: Sequence[Word]) -> list[Word | None]:
    """For each word that was to be said the time an engine tells of it; engines pass some over."""
    found: list[Word | None] = [None] * len(said)
    at = 0
    for word in heard:
        parts = [part for part in pieces(word.text) if _is_word(part)]
        for timed in shared_out(parts, word.start_ms, word.end_ms):
            place = next((place for place in range(at, len(said)) if said[place] == timed.text), None)
            if place is not None:
                found[place] = replace(timed, guessed=word.guessed or len(parts) > 1)
                at = place + 1
    return found


def filled(said: Sequence[str], times: Sequence[Word | None], start_ms: int, end_ms: int) -> list[Word]:
    """Times for all words: those nobody told share what is between their neighbours, by their letters.

    A word that lasts until the next one that is told begins shares its own time with those between the two. Small
    words that a voice runs together, such as "with the", are known well enough.
    """
    found: list[Word] = []
    waiting: list[str] = []
    edge = start_ms
    for text, time in zip([*said, ""], [*times, Word(end_ms, end_ms, "")], strict=True):
        if time is None:
            waiting.append(text)
            continue
        together = bool(waiting and found) and time.start_ms <= edge
        if together:
            waiting.insert(0, found[-1].text)
            edge = found.pop().start_ms
        near = together and time.start_ms - edge <= RUN_TOGETHER_MS
        found += [replace(word, guessed=not near) for word in shared_out(waiting, edge, max(edge, time.start_ms))]
        waiting = []
        found.append(time)
        edge = max(edge, time.end_ms)
    return found[:-1]


def shown_words(readings: Sequence[Reading], times: Sequence[Word]) -> list[Word]:
    """The words as they are shown, with the times of what was said for them; together they are the whole text."""
    found: list[Word] = []
    unsaid = ""  # signs before the first word
    at = 0
    for reading in readings:
        count = len(said_words(reading.spoken))
        said, at = times[at : at + count], at + count
        for word in _shown(reading.shown, said):
            if word.end_ms >= 0:
                found.append(replace(word, text=f"{unsaid} {word.text}".strip()))
                unsaid = ""
            elif found:
                found[-1] = replace(found[-1], text=f"{found[-1].text} {word.text}")
            else:
                unsaid = f"{unsaid} {word.text}".strip()
    return found


def _shown(shown: str, said: Sequence[Word]) -> Iterator[Word]:
    """The words of a reading; nothing that was said for them shows as an end before the beginning of time."""
    parts = list(_with_signs(shown))
    if not said:
        yield Word(-1, -1, shown)
    elif len(parts) == len(said):
        yield from (replace(word, text=part) for word, part in zip(said, parts, strict=True))
    elif len(parts) <= 1:
        guessed = any(word.guessed for word in said)
        yield Word(said[0].start_ms, max(word.end_ms for word in said), shown, guessed=guessed)
    else:
        yield from shared_out(parts, said[0].start_ms, max(word.end_ms for word in said))


def _with_signs(shown: str) -> Iterator[str]:
    """The words of a text, each with the signs around it that are no words."""
    before, word = "", ""
    for token in shown.split():
        for number, piece in enumerate(pieces(token)):
            gap = " " if number == 0 else ""
            if not _is_word(piece):
                word, before = (f"{word}{gap}{piece}", before) if word else ("", f"{before}{gap}{piece}")
                continue
            if word:
                yield word
            word, before = f"{before}{gap}{piece}".strip(), ""
    if word or before:
        yield f"{word}{before}".strip()


def _is_word(piece: str) -> bool:
    return any(character.isalnum() for character in piece)
