"""What an export format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenuto.domain.transcripts import Transcript


@dataclass(frozen=True)
class Format:
    """One way to write a transcript down."""

    name: str
    extension: str  # without the dot; several formats of one kind differ in what stands before the last dot
    media_type: str
    about: str  # a few words for people who choose
    render: Callable[[Transcript], bytes]
