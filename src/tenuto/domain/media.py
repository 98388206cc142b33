"""What a recording is, once it has really been opened, and how much of it we take."""

from __future__ import annotations

from dataclasses import dataclass

# The kinds of files people bring.
RECORDING, DECK = "recording", "deck"


@dataclass(frozen=True)
class MediaLimits:
    """Bounds on what is decoded; they hold for the sound itself, not for what a header claims."""

    max_duration_seconds: int = 12 * 3600
    max_channels: int = 8
    min_sample_rate: int = 4_000
    max_sample_rate: int = 384_000


@dataclass(frozen=True)
class MediaInfo:
    """What was found by opening the file and decoding it; a deck of slides has no sound, and zeros for it."""

    container: str  # the demuxer's short name: wav, mp3, flac, ogg, mov, matroska ...
    codec: str
    media_type: str  # what we serve it as: audio/wav, audio/mpeg ...
    duration_ms: int  # decoded, not declared
    sample_rate: int
    channels: int
    truncated: bool = False  # much less sound than the header promises, or damaged packets
    warnings: tuple[str, ...] = ()
    title: str = ""
    kind: str = RECORDING


@dataclass(frozen=True)
class Block:
    """A stretch of a recording that is worked on by itself, cut at silence; times on the recording's own clock."""

    index: int
    start_ms: int
    end_ms: int
