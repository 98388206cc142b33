"""A stem of a song as a file to take away: in another key, at another pace, with or without a guiding voice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.engines import registry
from tenuto.media.encoding import MUSIC_FORMATS, music_format
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.separate import INSTRUMENTAL, STEMS, VOCALS
from tenuto.pipelines.song_options import ENGINE, SOUND, checker, one_of

KIND = "backing"


def sound(steps: Steps, stem: str = INSTRUMENTAL) -> tuple[Path, tuple[str, ...]]:
    """The stem as the options want it, as a WAV, and what is to be said about it."""
    found = steps.artifact(stem)
    said: tuple[str, ...] = ()
    guide = steps.options["guide_db"]
    if guide is not None and stem == INSTRUMENTAL:
        mixed = steps.folder / "mixed.wav"
        down = steps.media.mixdown(found, steps.artifact(VOCALS), mixed, guide, should_stop=steps.should_stop)
        said = (f"All of it was turned down by {down:.1f} dB, as it would have clipped.",) if down else ()
        found = mixed
    semitones, tempo = steps.options["semitones"], steps.options["tempo"]
    if semitones or tempo != 1:
        tuned = steps.folder / "retuned.wav"
        steps.media.retune(found, tuned, semitones, tempo, should_stop=steps.should_stop)
        found = tuned
    return found, said


def export(steps: Steps) -> Outcome:
    """Write the stem in the format that was asked for."""
    stem, form = str(steps.options["stem"]), str(steps.options["format"])
    source, said = sound(steps, stem)
    song = steps.song()
    name = f"{stem}.{form}"
    target = steps.folder / f"made-{name}"
    tags = {"title": f"{song.title} ({stem})", "artist": song.artist, "album": song.album}
    steps.media.encode_music(
        source,
        target,
        form,
        tags=tags,
        on_progress=lambda share: steps.progress(share, "writing the file"),
        should_stop=steps.should_stop,
    )
    made = Artifact(target, KIND, music_format(form).media_type, of_file=False, name=name)
    return Outcome({"name": name}, artifacts=(made,), warnings=said)


_CHECKED = checker(
    "a backing track",
    {
        "engine": ENGINE,
        "stem": (INSTRUMENTAL, one_of(INSTRUMENTAL, VOCALS)),
        "format": ("wav", one_of(*MUSIC_FORMATS)),
        **SOUND,
    },
)


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options in full; a guide goes with the band alone."""
    options = _CHECKED(given)
    if options["stem"] == VOCALS and options["guide_db"] is not None:
        raise errors.ValidationError("guide_db goes with the instrumental; the voice needs no guide.", field="guide_db")
    return options


PIPELINE = Pipeline(
    name="backing",
    steps=(*STEMS, Step("export", "exporting", 20, export)),
    needs_song=True,
    engine_kind=registry.SEPARATOR,
    check_options=check,
)
