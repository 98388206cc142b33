"""Voices by a sample, as jobs see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHAPE_VERSION = 1  # of what shapes mean; those of another version are made anew


@dataclass(frozen=True)
class VoiceSample:
    """A sample of a voice, and what was made of it before."""

    uid: str
    name: str
    path: Path
    shape: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MatchedVoice:
    """What an engine made of a sample, and how far that is from it, before and after."""

    uid: str
    shape: Mapping[str, Any]
    distances: Mapping[str, Any]
