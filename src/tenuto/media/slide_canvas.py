"""Pictures of slides in the size that was asked for, each with a small one beside it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tenuto import errors

THUMBNAIL = 480
THUMBNAIL_QUALITY = 82
NEAR = 2  # pixels by which rounding may miss the size
INSTALL = "install tenuto[slides] (pip install 'tenuto[slides]')"
MISSING = f"Pictures of slides need the package pillow: {INSTALL}."


def pillow() -> ModuleType:
    """The library for pictures."""
    try:
        from PIL import Image  # noqa: PLC0415 - of the extra `slides`
    except ImportError as error:
        raise errors.EngineMissing(MISSING) from error
    return Image


def require() -> None:
    """Refuse to draw where the extra is not installed; nothing of it is loaded."""
    if not _installed():
        raise errors.EngineMissing(MISSING)


def _installed() -> bool:
    return importlib.util.find_spec("PIL") is not None


@dataclass(frozen=True)
class Canvas:
    """Where pictures go, and how large they are."""

    folder: Path
    width: int
    height: int

    def picture(self, number: int) -> Path:
        """The picture of a slide."""
        return self.folder / f"slide-{number:04}.png"

    def thumbnail(self, number: int) -> Path:
        """The small one."""
        return self.folder / f"slide-{number:04}.jpg"

    def scale(self, width: float, height: float) -> float:
        """By how much something of that size is to be enlarged to fit."""
        return min(self.width / width, self.height / height)

    def keep(self, number: int, drawn: Any) -> None:
        """Write a drawing that fits, in the middle of black, and its thumbnail."""
        image = pillow()
        drawn = drawn.convert("RGB")
        width = self.width if abs(drawn.width - self.width) <= NEAR else min(drawn.width, self.width)
        height = self.height if abs(drawn.height - self.height) <= NEAR else min(drawn.height, self.height)
        if (width, height) != drawn.size:
            drawn = drawn.resize((width, height))
        page = image.new("RGB", (self.width, self.height))
        page.paste(drawn, ((self.width - width) // 2, (self.height - height) // 2))
        page.save(self.picture(number), "PNG", compress_level=1)
        page.thumbnail((THUMBNAIL, THUMBNAIL))
        page.save(self.thumbnail(number), "JPEG", quality=THUMBNAIL_QUALITY)
