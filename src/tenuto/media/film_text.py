"""What can be read of a film beside its pictures: captions in a track of their own, chapters, and what it is called."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from tenuto.domain.films import RATE, Film, Scene, shorten
from tenuto.media.film_plan import SAMPLES_A_MS, heard_captions

CAPTION_BYTES, DESCRIPTION_BYTES = 2000, 2000
# The encoder of captions wants to know a style; players have their own.
STYLE = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def add_captions(out: Any) -> Any:
    """Add a track for captions to a file."""
    track = out.add_stream("mov_text")
    track.codec_context.subtitle_header = STYLE
    return track


def caption_packets(scenes: Sequence[Scene], starts: Sequence[int]) -> Iterator[tuple[int, int, bytes]]:
    """When each caption of a film is due and how long it lasts, in samples, and what is stored of it."""
    for scene, start, end in zip(scenes, starts[:-1], starts[1:], strict=True):
        for caption in heard_captions(scene, end - start):
            at, over = (start + moment * SAMPLES_A_MS for moment in (caption.start_ms, caption.end_ms))
            rows = [shorten(row, CAPTION_BYTES) for row in caption.text.splitlines()]
            text = "\n".join(row for row in rows if row).encode()
            if text and at < end:
                yield at, min(over, end) - at, struct.pack(">H", len(text)) + text


def chapters(scenes: Sequence[Scene], starts: Sequence[int]) -> list[dict[str, Any]]:
    """A chapter for each scene."""
    return [
        {
            "id": number,
            "start": start,
            "end": end,
            "time_base": Fraction(1, RATE),
            "metadata": {"title": shorten(scene.title) or str(number)},
        }
        for number, (scene, start, end) in enumerate(zip(scenes, starts[:-1], starts[1:], strict=True), start=1)
    ]


def tags(film: Film) -> dict[str, str]:
    """What a file says of itself."""
    told = {
        "title": shorten(film.title),
        "artist": shorten(film.author),
        "date": shorten(film.date),
        "description": shorten(film.description, DESCRIPTION_BYTES),
    }
    return {name: text for name, text in told.items() if text}
