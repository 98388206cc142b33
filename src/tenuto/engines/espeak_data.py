"""A data folder of espeak-ng's of our own: all that its package has, and variants that samples of voices shaped."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from pathlib import Path

from tenuto import errors
from tenuto.engines.voice_shape import VoiceShape

VOICES, VARIANTS = "voices", "!v"


def own_data(package: Path, models: Path) -> Path:
    """A folder under `models` that shows what `package` has; processes may make it at the same time."""
    known = hashlib.sha256(str(package).encode()).hexdigest()[:8]
    folder = models / f"espeak-{known}"
    try:
        _show(package, folder, but=VOICES)
        _show(package / VOICES, folder / VOICES, but=VARIANTS)
        _show(package / VOICES / VARIANTS, folder / VOICES / VARIANTS)
    except OSError as error:
        raise errors.EngineError(
            f"Voices that follow a sample need a folder of their own, and {folder} cannot be written ({error}): "
            "see that tenuto may write to its folder of models."
        ) from error
    return folder


def add_variant(data: Path, shape: VoiceShape) -> str:
    """See that the variant of a shape is there, and return its name."""
    path = data / VOICES / VARIANTS / shape.name
    if not path.exists():
        partial = path.with_name(f".{shape.name}.{secrets.token_hex(8)}")
        partial.write_text(shape.variant())
        partial.rename(path)
    return shape.name


def _show(package: Path, folder: Path, *, but: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in package.iterdir():
        if each.name != but:
            with contextlib.suppress(FileExistsError):
                (folder / each.name).symlink_to(each)
