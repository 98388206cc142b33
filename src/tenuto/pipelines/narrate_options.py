"""The options of a narrated presentation, each named and bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tenuto import errors
from tenuto.domain.films import LARGEST_SIDE, MOST_CROSSFADE_MS, MOST_FPS, SMALLEST_SIDE
from tenuto.domain.presentations import INCLUDE, MAX_TITLE, SILENCE, SKIP, TEXT
from tenuto.media import slide_canvas
from tenuto.pipelines.narrate_voice import require_shapeable
from tenuto.pipelines.song_options import ENGINE, between, checker, flag, line, one_of, text, whole
from tenuto.pipelines.voice_options import instructions, require_taken

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
SLOWEST, FASTEST = 0.25, 4.0
SOFT, BURNED, NONE = "soft", "burned", "none"


def check_language(name: str, given: Any) -> str:
    """A code of a language, or nothing."""
    found = text(name, given)
    if found and not LANGUAGE.fullmatch(found):
        raise errors.ValidationError("language must be a code such as 'en' or 'de'.", field=name)
    return found


_CHECK = checker(
    "a narrated presentation",
    {
        "title": ("", line(MAX_TITLE)),
        "engine": ENGINE,
        "voice": ("", text),
        "voice_id": ("", text),
        "model": ("", text),
        "instructions": ("", instructions),
        "language": ("", check_language),
        "speed": (1.0, between(SLOWEST, FASTEST)),
        "lexicon_id": ("", text),
        "missing_notes": (TEXT, one_of(TEXT, SILENCE)),
        "hidden": (SKIP, one_of(SKIP, INCLUDE)),
        "width": (1920, whole(SMALLEST_SIDE, LARGEST_SIDE, even=True)),
        "height": (1080, whole(SMALLEST_SIDE, LARGEST_SIDE, even=True)),
        "fps": (5, whole(1, MOST_FPS)),
        "crossfade_ms": (0, whole(0, MOST_CROSSFADE_MS)),
        "captions": (SOFT, one_of(SOFT, BURNED, NONE)),
        "podcast": (False, flag),
        "slide_sounds": (False, flag),
        "redraw": (False, flag),
    },
)


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in full, or name the one that is wrong; without what draws, there is no use in beginning."""
    found = _CHECK(given)
    require_shapeable(found)
    require_taken(found)
    slide_canvas.require()
    return found
