"""The font that shows the lyrics: one of this machine that has all their letters, else the best there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto import errors

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
)
PREFERRED = ("dejavusans-bold", "notosans-bold", "liberationsans-bold", "dejavusans", "notosans")
MOST_FONTS = 200
SAMPLE_SIZE = 32
NOBODYS_LETTER = "\U0010fffd"  # what a font shows for it is what it shows for all it has not
BUILT_IN = "built-in"


@dataclass(frozen=True)
class Typeface:
    """A font, and the letters it has not."""

    name: str
    path: str  # empty for the one inside of Pillow
    missing: str

    def at(self, size: int) -> Any:
        """The font in a size."""
        _, fonts = library()
        return fonts.truetype(self.path, size) if self.path else fonts.load_default(size)


def library() -> tuple[Any, Any]:
    """What draws, which comes with an extra: Pillow's images and its fonts."""
    try:
        from PIL import Image, ImageFont  # noqa: PLC0415
    except ImportError as error:
        raise errors.EngineMissing("A karaoke video needs the package pillow: install tenuto[video].") from error
    return Image, ImageFont


def find_typeface(text: str) -> Typeface:
    """The font with the most letters of the text; of equal ones, the first of those people like."""
    letters = sorted({letter for letter in text if not letter.isspace()})
    best: Typeface | None = None
    for name, path in _candidates():
        try:
            font = Typeface(name, path, "").at(SAMPLE_SIZE)
        except OSError:
            continue  # A broken font file is no reason to have no video.
        found = Typeface(name, path, "".join(letter for letter in letters if not _has(font, letter)))
        if best is None or len(found.missing) < len(best.missing):
            best = found
        if not best.missing:
            break
    assert best is not None  # noqa: S101 - the built-in one is always there
    return best


def _candidates() -> Iterator[tuple[str, str]]:
    found = [path for folder in FOLDERS for path in folder.rglob("*") if path.suffix in (".ttf", ".otf", ".ttc")]

    def liked(path: Path) -> tuple[int, str]:
        stem = path.stem.lower()
        return (PREFERRED.index(stem) if stem in PREFERRED else len(PREFERRED), stem)

    for path in sorted(found, key=liked)[:MOST_FONTS]:
        yield path.stem, str(path)
    yield BUILT_IN, ""


def _has(font: Any, letter: str) -> bool:
    return bytes(font.getmask(letter)) != bytes(font.getmask(NOBODYS_LETTER))
