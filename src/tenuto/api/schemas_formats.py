"""Shapes of /api/formats."""

from __future__ import annotations

from tenuto.api.schemas import Shown


class FormatOut(Shown):
    """A format a transcript can be exported in."""

    name: str
    extension: str
    media_type: str
    about: str


class FormatList(Shown):
    """All of them."""

    items: list[FormatOut]
