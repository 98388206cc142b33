"""What is measured of music, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass

from tenuto import errors
from tenuto.domain.media import MediaInfo

NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor")
SAME_TEMPO = 0.02
SURE = 0.3  # how confident a measurement is that is taken at its word
COMPOUND_METRES = ("6/8", "9/8", "12/8")
MOST_SEMITONES = 12
SLOWEST, FASTEST = 0.5, 2.0
QUIETEST_GUIDE_DB, LOUDEST_GUIDE_DB = -60.0, 12.0


@dataclass(frozen=True)
class Music:
    """A song, decoded for music: what the file was, and whether both channels say the same."""

    info: MediaInfo
    mono: bool


@dataclass(frozen=True)
class Loudness:
    """Loudness by EBU R128; None where there is too little sound to say."""

    integrated_lufs: float | None  # of 0.4 s or more, above -70 LUFS
    true_peak_db: float | None  # dBTP; None for digital silence
    range_lu: float | None  # of 3 s or more


@dataclass(frozen=True)
class Outlook:
    """What it takes to bring a recording to a loudness under a ceiling; None where it has no loudness."""

    gain_db: float | None
    limited_db: float  # by how much its highest peak must be turned down besides
    reached_lufs: float | None  # the target, or as near to it as the ceiling lets it come


@dataclass(frozen=True)
class Heard:
    """How loud a recording is, and what must be known of it to write it anew."""

    loudness: Loudness
    outlook: Outlook
    info: MediaInfo
    layout: str  # its channels, as FFmpeg calls them
    sample_bits: int  # that a sample has at most; 0 where the coding has none of its own
    tags: dict[str, str]
    has_cover: bool


@dataclass(frozen=True)
class Normalised:
    """A recording at another loudness, measured in the file that was written."""

    loudness: Loudness
    gain_db: float
    limited_db: float
    encodings: int  # how often it was written until its peaks were under the ceiling
    seconds: float
    sample_rate: int
    trimmed_start_ms: int = 0
    trimmed_end_ms: int = 0


@dataclass(frozen=True)
class Tempo:
    """How fast music goes; the confidence is low where half or twice as fast could be meant as well."""

    bpm: float
    confidence: float  # 0 to 1


@dataclass(frozen=True)
class Key:
    """What key music is in: "C major", "F# minor"."""

    name: str
    confidence: float  # 0 to 1; low beside a key of nearly the same notes


@dataclass(frozen=True)
class MusicFacts:
    """What was measured of a song; None where there is nothing to measure, such as the tempo of silence."""

    tempo_bpm: float | None
    tempo_confidence: float
    key: str | None
    key_confidence: float
    loudness_lufs: float | None
    true_peak_db: float | None
    loudness_range: float | None


def key_tag(key: str | None) -> str:
    """A key as tags of files have it: "F#m"; empty for what they have no sign for."""
    tonic, _, mode = (key or "").partition(" ")
    return tonic + {"major": "", "minor": "m"}[mode] if mode in MODES else ""


def same_tempo(wanted: float, found: float, metre: str = "") -> bool:
    """Whether two tempi are one: within 2 %, half and double counted as the same.

    In 6/8, 9/8 and 12/8 the beat is three eighths: who counts eighths (3:1), or quarters (3:2), counts the same music.
    """
    folds = (0.5, 1.0, 2.0) + ((1 / 3, 2 / 3, 4 / 3) if metre in COMPOUND_METRES else ())
    return any(abs(found * fold / wanted - 1) <= SAME_TEMPO for fold in folds)


def check_retune(semitones: float, tempo: float) -> None:
    """Refuse a change of key or tempo that cannot be made; what is not a number is refused too."""
    if not -MOST_SEMITONES <= semitones <= MOST_SEMITONES:
        raise errors.ValidationError(f"The key can be moved by -12 to 12 semitones, not by {semitones:g}.")
    if not SLOWEST <= tempo <= FASTEST:
        raise errors.ValidationError(f"The tempo can be 0.5 to 2 times that of the song, not {tempo:g} times.")


def check_guide(guide_db: float | None) -> None:
    """Refuse a level of the guiding voice that nobody means; None is no voice."""
    if guide_db is not None and not QUIETEST_GUIDE_DB <= guide_db <= LOUDEST_GUIDE_DB:
        raise errors.ValidationError(
            f"The guiding voice can be at -60 to 12 dB, not at {guide_db:g} dB; leave it out for none."
        )
