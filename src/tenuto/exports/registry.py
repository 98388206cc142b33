"""Every export format by name: a module of this package that holds a `FORMAT` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

import tenuto.exports
from tenuto import errors
from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format


def _find_formats() -> Mapping[str, Format]:
    names = sorted(found.name for found in pkgutil.iter_modules(tenuto.exports.__path__, "tenuto.exports."))
    # This module is being imported right now and holds no format of its own.
    modules = [importlib.import_module(name) for name in names if name != __name__]
    formats = [module.FORMAT for module in modules if isinstance(getattr(module, "FORMAT", None), Format)]
    return MappingProxyType({found.name: found for found in sorted(formats, key=lambda found: found.name)})


FORMATS: Mapping[str, Format] = _find_formats()


def find_format(name: str) -> Format:
    """Return the format called `name`."""
    found = FORMATS.get(name)
    if found is None:
        known = ", ".join(sorted(FORMATS))
        raise errors.ValidationError(f"There is no export format {name!r}. Choose one of: {known}.", known=known)
    return found


def render(transcript: Transcript, format_name: str) -> bytes:
    """Write `transcript` down in the format called `format_name`."""
    return find_format(format_name).render(transcript)
