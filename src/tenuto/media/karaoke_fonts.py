"""The fonts that show lyrics: for each line one of this machine that has all its letters, else the best there is."""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.media.karaoke_planes import Picture

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
)
PREFERRED = (
    *("dejavusans-bold", "notosans-bold", "liberationsans-bold", "dejavusans", "notosans", "notosanscjk-bold"),
    *("notosanscjk-regular", "wqy-zenhei", "droidsansfallbackfull", "arial unicode", "unifont"),
)
MOST_FONTS = 200
SAMPLE_SIZE = 32
NOBODYS_LETTER = "\U0010fffd"  # what a font shows for it is what it shows for all it has not
BUILT_IN = "built-in"
SHOWN_LETTERS = 20
MISSING = "Letters in pictures need the package pillow: pip install 'tenuto[video]'."


@dataclass(frozen=True)
class Typeface:
    """A font, and the letters it has not."""

    name: str
    path: str  # empty for the one inside of Pillow
    missing: str

    def at(self, size: int) -> Any:
        """The font in a size."""
        _, _, fonts = library()
        return fonts.truetype(self.path, size) if self.path else fonts.load_default(size)


def require() -> None:
    """Refuse to draw where the extra is not installed; nothing of it is loaded."""
    if not _installed():
        raise errors.EngineMissing(MISSING)


def library() -> tuple[Any, Any, Any]:
    """What draws, which comes with an extra: Pillow's images, its drawing and its fonts."""
    try:
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415
    except ImportError as error:
        raise errors.EngineMissing(MISSING) from error
    return Image, ImageDraw, ImageFont


def canvas(picture: Picture) -> tuple[Any, Any]:
    """An image that is the same as a picture, and what draws on it."""
    images, drawing, _ = library()
    image = images.fromarray(picture)
    return image, drawing.Draw(image)


def _installed() -> bool:
    return importlib.util.find_spec("PIL") is not None


class Typefaces:
    """Finds each text a font, and remembers what is in which."""

    def __init__(self) -> None:
        self._fonts: dict[str, Any] = {}  # by path, in the size of samples; None for a file that is broken
        self._letters: dict[tuple[str, str], bool] = {}
        self._found: dict[str, Typeface] = {}
        self._candidates = list(_candidates())

    def find(self, text: str) -> Typeface:
        """The font with the most letters of the text; of equal ones, the first of those people like."""
        if text not in self._found:
            self._found[text] = self._best(sorted({letter for letter in text if not letter.isspace()}))
        return self._found[text]

    @property
    def names(self) -> str:
        """All that were found so far."""
        return ", ".join(dict.fromkeys(found.name for found in self._found.values()))

    @property
    def missing(self) -> str:
        """The letters that were in no font."""
        return "".join(dict.fromkeys(letter for found in self._found.values() for letter in found.missing))

    def _best(self, letters: Sequence[str]) -> Typeface:
        best: Typeface | None = None
        for name, path in self._candidates:
            font = self._sample(path)
            if font is None:
                continue
            found = Typeface(name, path, "".join(letter for letter in letters if not self._has(font, path, letter)))
            if best is None or len(found.missing) < len(best.missing):
                best = found
            if not best.missing:
                break
        assert best is not None  # noqa: S101 - the built-in one is always there
        return best

    def _sample(self, path: str) -> Any:
        if path not in self._fonts:
            try:
                self._fonts[path] = Typeface("", path, "").at(SAMPLE_SIZE)
            except OSError:
                self._fonts[path] = None  # A broken font file is no reason to have no video.
        return self._fonts[path]

    def _has(self, font: Any, path: str, letter: str) -> bool:
        if (path, letter) not in self._letters:
            self._letters[path, letter] = bytes(font.getmask(letter)) != bytes(font.getmask(NOBODYS_LETTER))
        return self._letters[path, letter]


def warnings(typefaces: Typefaces, text: str) -> Iterator[str]:
    """What is not as it should be where a text was drawn."""
    if typefaces.missing:
        yield (
            f"No font of this machine has {typefaces.missing[:SHOWN_LETTERS]!r}, so boxes stand for them: install one"
            " for the script, such as Noto, and make the video again."
        )
    if not turns_letters() and any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
        yield (
            "Letters that are read from the right stand in the wrong order, as the library FriBidi is missing here:"
            " install it (libfribidi0 in Debian) and make the video again."
        )


def turns_letters() -> bool:
    """Whether scripts that are read from the right, or join their letters, can be drawn as they are written."""
    from PIL import features  # noqa: PLC0415

    return bool(features.check("raqm") and features.check("fribidi"))


def _candidates() -> Iterator[tuple[str, str]]:
    found = [path for folder in FOLDERS for path in folder.rglob("*") if path.suffix in (".ttf", ".otf", ".ttc")]

    def liked(path: Path) -> tuple[int, str]:
        stem = path.stem.lower()
        return (PREFERRED.index(stem) if stem in PREFERRED else len(PREFERRED), stem)

    for path in sorted(found, key=liked)[:MOST_FONTS]:
        yield path.stem, str(path)
    yield BUILT_IN, ""
