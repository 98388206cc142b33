"""What the files are called that are kept beside a deck, for the next video of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tenuto.domain.presentations import Presentation, from_json
from tenuto.pipelines.base import Steps

PICTURE, THUMBNAIL = "slide-picture", "slide-thumbnail"  # by size and slide
CHUNK = "speech-chunk"  # by what is said and how, as are those of a whole slide:
SOUND, SPEECH = "slide-sound", "slide-speech"
SEGMENT = "film-segment"  # by what is shown or heard, encoded
VIDEO, POSTER = "video", "poster"


def picture_name(options: Mapping[str, Any], number: int) -> str:
    """What the picture of a slide is called."""
    return f"{_size(options)}-{number}"


def pictures_of_size(options: Mapping[str, Any], names: Collection[str]) -> frozenset[str]:
    """Those of pictures that have the size of the video; slides that it does not show are among them."""
    return frozenset(name for name in names if name.startswith(f"{_size(options)}-"))


def _size(options: Mapping[str, Any]) -> str:
    return f"{options['width']}x{options['height']}"


def plan_of(steps: Steps) -> Presentation:
    """The presentation as it was when its slides were drawn: later steps go by that, whatever is edited meanwhile."""
    return from_json(steps.result_of("draw")["plan"])
