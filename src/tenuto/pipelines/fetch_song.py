"""A song from an address of a video site: fetched, and put into the library unless it is there."""

from __future__ import annotations

from typing import Any

from tenuto import errors
from tenuto.domain.songs import MAX_NAME
from tenuto.pipelines.base import Outcome, Pipeline, Step, Steps
from tenuto.pipelines.song_options import checker

NAME = "import"
NAMES = ("title", "artist", "album")
MAX_URL = 2000


def fetch(steps: Steps) -> Outcome:
    """Fetch the song; one that was in the library before is what the job ends with, and it says so."""
    names = {name: str(steps.options[name]) for name in NAMES}
    found = steps.import_song(str(steps.options["url"]), names, lambda share: steps.progress(share, "fetching"))
    warnings = (found.already,) if found.already else ()
    return Outcome({"song_id": found.uid, "added": not found.already}, song_uid=found.uid, warnings=warnings)


def _address(name: str, given: Any) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= MAX_URL:
        raise errors.ValidationError(f"{name} must be an address of at most {MAX_URL} letters.", field=name)
    return given


def _name(name: str, given: Any) -> str:
    if not isinstance(given, str) or len(given) > MAX_NAME:
        raise errors.ValidationError(f"{name} must be a text of at most {MAX_NAME} letters.", field=name)
    return given


PIPELINE = Pipeline(
    name=NAME,
    steps=(Step("fetch", "fetching", 1, fetch),),
    needs_file=False,
    engine_kind="",
    check_options=checker("an import", {"url": ("", _address), **dict.fromkeys(NAMES, ("", _name))}),
)
