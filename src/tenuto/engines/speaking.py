"""What all voices share: text cut into sayable pieces, OpenAI's names of voices, and sound written as it comes."""

from __future__ import annotations

import re
import unicodedata
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tenuto.domain.transcripts import Word

OPENAI_VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip
SAMPLE_BYTES = 2
SHORTEST_SECONDS = 0.1
SENTENCE_END = re.compile(r"(?<=[.!?…。!?।؟])\s+|\n\s*\n")


@dataclass(frozen=True)
class Said:
    """The sound of one piece: 16-bit mono, and its words on the piece's own clock."""

    pcm: bytes
    words: tuple[Word, ...] = ()


def pieces(text: str, most: int) -> Iterator[str]:
    """Cut a text at the ends of sentences into pieces of at most `most` characters; nothing unsayable is left in."""
    held = ""
    for sentence in SENTENCE_END.split(sayable(text)):
        for part in _parts(" ".join(sentence.split()), most):
            if held and len(held) + len(part) >= most:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held


def _parts(sentence: str, most: int) -> Iterator[str]:
    """A sentence that is too long by itself, cut at its last space."""
    while len(sentence) > most:
        cut = sentence.rfind(" ", 1, most)
        cut = cut if cut > 0 else most
        yield sentence[:cut]
        sentence = sentence[cut:].lstrip()
    if sentence:
        yield sentence


def sayable(text: str) -> str:
    """The text without signs that steer an engine or cannot be written down."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn") else " "
        for character in text
    )


def has_words(text: str) -> bool:
    """Whether there is anything to say."""
    return any(character.isalnum() for character in text)


def write_speech(
    target: Path, rate: int, parts: list[str], say: Callable[[str], Said], progress: Callable[[float], None]
) -> tuple[int, tuple[Word, ...]]:
    """Say the parts one after the other into a WAV; return its length in ms and its words."""
    words: list[Word] = []
    frames = 0
    done, total = 0, sum(map(len, parts)) or 1
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(SAMPLE_BYTES)
        out.setframerate(rate)
        progress(0.0)
        for part in parts:
            said = say(part)
            offset, length = frames * 1000 // rate, len(said.pcm) // SAMPLE_BYTES * 1000 // rate
            words += [_placed(word, offset, length) for word in said.words]
            out.writeframesraw(said.pcm)
            frames += len(said.pcm) // SAMPLE_BYTES
            done += len(part)
            progress(done / total)
        if not frames:
            out.writeframesraw(bytes(int(rate * SHORTEST_SECONDS) * SAMPLE_BYTES))
            frames = int(rate * SHORTEST_SECONDS)
    progress(1.0)
    return frames * 1000 // rate, tuple(words)


def _placed(word: Word, offset: int, length: int) -> Word:
    """A word on the clock of the whole, inside its piece."""
    start = min(max(0, word.start_ms), length)
    return Word(offset + start, offset + min(max(start, word.end_ms), length), word.text)


# Script → the language that is most often written in it; Latin is English unless somebody says otherwise.
SCRIPTS = {
    "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta",
    "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu", "GURMUKHI": "pa", "SINHALA": "si",
    "GEORGIAN": "ka", "ARMENIAN": "hy", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "cmn", "THAI": "th",
    "ETHIOPIC": "am", "MYANMAR": "my",
}  # fmt: skip


def language_by_script(text: str) -> str | None:
    """The language a text's letters suggest; None for Latin ones, which say nothing."""
    counts: dict[str, int] = {}
    for character in text[:2000]:
        if character.isalpha():
            script = unicodedata.name(character, "LATIN").split(" ")[0].split("-")[0]
            counts[script] = counts.get(script, 0) + 1
    if "HIRAGANA" in counts or "KATAKANA" in counts:
        return "ja"
    most = max(counts, key=lambda script: counts[script], default="LATIN")
    return SCRIPTS.get(most)
