"""Text as line-based formats can carry it.

A passage is one line: line breaks, tabs and runs of white space become one space, other control characters and byte
order marks go, lone surrogates become U+FFFD. Everything else, direction marks and lone no-break spaces included, stays
as it was said. Segments with nothing to read are left out, the rest stand in the order they start.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from tenuto.domain.transcripts import Segment, Transcript

_SURROGATES = re.compile(r"[\ud800-\udfff]")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")
_GAPS = re.compile(r"\s{2,}|[\t-\r\x1c-\x1f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Passage:
    """A segment that has something to read, its text as one line, and who speaks, empty when unknown."""

    segment: Segment
    text: str
    speaker: str


def mend_surrogates(text: str) -> str:
    """Put U+FFFD where a lone surrogate stands, which no encoding can write."""
    return _SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Return `text` as one line that can be read, encoded and split off again."""
    return _GAPS.sub(" ", _UNSEEN.sub("", mend_surrogates(text))).strip()


def speaker_name(transcript: Transcript, segment: Segment) -> str:
    """Return the name to show for who speaks: the display name, else the label, else nothing."""
    label = segment.speaker or ""
    return one_line(transcript.speakers.get(label, "")) or one_line(label)


def passages(transcript: Transcript) -> list[Passage]:
    """Return what there is to read, in the order it starts."""
    spoken = [(segment, text) for segment in transcript.segments if (text := one_line(segment.text))]
    voices = {segment.speaker or "" for segment, _ in spoken}
    # A single voice that nobody named needs no label before each of its lines.
    alone = len(voices) == 1 and not any(one_line(transcript.speakers.get(label, "")) for label in voices)
    found = [Passage(segment, text, "" if alone else speaker_name(transcript, segment)) for segment, text in spoken]
    return sorted(found, key=lambda passage: passage.segment.start_ms)


def join_texts(texts: Iterable[str]) -> str:
    """Return lines as one line; between letters of scripts that know no spaces there is none."""
    joined: list[str] = []
    for text in texts:
        if joined and not (_is_wide(joined[-1][-1]) and _is_wide(text[0])):
            joined.append(" ")
        joined.append(text)
    return "".join(joined)


def _is_wide(char: str) -> bool:
    # Hangul is wide too, and Korean puts spaces between its words.
    return unicodedata.east_asian_width(char) == "W" and not "\uac00" <= char <= "\ud7af"


def clock_time(milliseconds: int) -> str:
    """Return HH:MM:SS, as people write a time down."""
    return timestamp(milliseconds, ".")[:-4]


def timestamp(milliseconds: int, point: str) -> str:
    """Return HH:MM:SS and the milliseconds after `point`; the hours grow beyond two digits when they must."""
    seconds, rest = divmod(max(0, milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
