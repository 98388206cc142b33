"""Films of narrated pictures: scenes, each a picture and the sound that is heard with it, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.columns import cut_letters, drawable

RATE = 48_000
"""Samples a second of a scene's sound, and ticks a second of a film's clock: what is seen changes on a sample."""
SOUND_BLOCK = 1024
"""Sounds as long as a multiple of so many samples are not encoded anew when one before them gets another length."""
SMALLEST_SIDE, LARGEST_SIDE = 64, 4096
MOST_FPS, MOST_CROSSFADE_MS = 30, 2000
MOST_SCENES = 5000
TITLE_BYTES = 200  # a chapter of an MP4 has room for 255


@dataclass(frozen=True)
class Caption:
    """What is read at one time; times count from the start of its scene, and lines are parted by line breaks."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class Scene:
    """A picture, and the sound (48 kHz, 16 bits, one channel) for as long as which it is seen."""

    picture: Path
    sound: Path
    title: str = ""
    captions: tuple[Caption, ...] = ()


@dataclass(frozen=True)
class Film:
    """How a film looks, and what it says of itself."""

    width: int = 1920
    height: int = 1080
    fps: int = 5  # what stands still is shown so often; a crossfade has 25
    crossfade_ms: int = 0
    burn_captions: bool = False  # drawn into the pictures too, for places that show no others
    show_captions: bool = False  # whether players show the captions before anybody asks for them
    title: str = ""
    author: str = ""
    description: str = ""
    date: str = ""  # ISO 8601
    language: str = ""  # "de", "de-DE" or "deu"


@dataclass(frozen=True)
class Filmed:
    """What was made."""

    duration_ms: int
    frames: int
    width: int
    height: int
    encoder: str
    encoded: int  # scenes of which picture or sound was encoded for it
    reused: int  # scenes of which both were there
    segments: tuple[str, ...]  # the files that a film of the same scenes would re-use, by their names
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Podcast:
    """What was made of the sounds alone."""

    duration_ms: int
    media_type: str
    loudness_lufs: float | None  # None for silence
    true_peak_db: float | None
    gain_db: float  # by how much the sounds were turned up or down for it
    warnings: tuple[str, ...] = ()


def check_film(scenes: Sequence[Scene], film: Film) -> None:
    """Refuse what cannot become a film."""
    if not scenes:
        raise errors.ValidationError("There is nothing to film: give at least one scene.")
    if len(scenes) > MOST_SCENES:
        raise errors.ValidationError(f"A film has at most {MOST_SCENES:,} scenes, not {len(scenes):,}: make several.")
    for name, size in (("width", film.width), ("height", film.height)):
        if not SMALLEST_SIDE <= size <= LARGEST_SIDE or size % 2:
            raise errors.ValidationError(
                f"The {name} of a film is an even number from {SMALLEST_SIDE} to {LARGEST_SIDE}, not {size}."
            )
    if not 1 <= film.fps <= MOST_FPS:
        raise errors.ValidationError(f"A film has 1 to {MOST_FPS} frames a second, not {film.fps}.")
    if not 0 <= film.crossfade_ms <= MOST_CROSSFADE_MS:
        raise errors.ValidationError(f"A crossfade lasts 0 to {MOST_CROSSFADE_MS} ms, not {film.crossfade_ms}.")


def shorten(text: str, most_bytes: int = TITLE_BYTES) -> str:
    """A text on one line without signs that control devices, cut between letters where it is too long."""
    line = " ".join(drawable(text).split())
    if len(line.encode()) <= most_bytes:
        return line
    kept, size = [], len("…".encode())
    for letter in cut_letters(line):
        size += len(letter.encode())
        if size > most_bytes:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + "…"


def scenes_to_json(scenes: Iterable[Scene]) -> list[dict[str, Any]]:
    """Scenes as plain values."""
    return [{**asdict(scene), "picture": str(scene.picture), "sound": str(scene.sound)} for scene in scenes]


def scenes_from_json(data: Iterable[Mapping[str, Any]]) -> tuple[Scene, ...]:
    """Read what `scenes_to_json` wrote."""
    return tuple(
        Scene(
            picture=Path(scene["picture"]),
            sound=Path(scene["sound"]),
            title=scene["title"],
            captions=tuple(Caption(**caption) for caption in scene["captions"]),
        )
        for scene in data
    )
