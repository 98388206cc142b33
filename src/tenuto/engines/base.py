"""What an engine must do, one small protocol each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tenuto.domain.alignment import Stretch, Timed
from tenuto.domain.lyrics import LyricLine
from tenuto.domain.speakers import Turn
from tenuto.domain.transcripts import Transcript, Word

Progress = Callable[[float], None]
"""Takes the share that is done, from 0 to 1. Raises `errors.Cancelled` when the work must stop."""


@dataclass(frozen=True)
class TranscribeOptions:
    """What a person may ask of a transcriber."""

    language: str | None = None  # ISO 639-1, None to detect
    model: str = ""  # size, hub id or local folder; empty for the engine's default
    hot_words: tuple[str, ...] = ()
    translate: bool = False  # say it in English
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineReport:
    """Whether an engine can work here, and what to do when it cannot."""

    name: str
    ready: bool
    detail: str  # one sentence: version and model when ready, what to install when not
    model: str = ""
    fetchable: bool = False  # `tenuto engines fetch NAME` would make it ready
    licence: str = ""
    version: str = ""  # of what does the work: another one may say the same text otherwise


class Transcriber(Protocol):
    """Turns sound into timed words.

    `audio` is a 16-bit mono WAV at 16 kHz. `transcribe` is called once per block, in a child process, from one thread;
    an instance keeps its loaded model between calls. Times are milliseconds from the start of `audio`, never negative,
    never beyond its end, starts in order. Silence gives no segments, not an error. It raises `errors.EngineMissing`
    when a package or model is absent and `errors.EngineError` when it cannot do the work.
    """

    name: str

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: Progress) -> Transcript:
        """Return what was said in `audio`."""
        ...


class RemoteTranscriber(Transcriber, Protocol):
    """A transcriber that is paid and far away: the call that costs is apart from reading what it brought.

    `submit` makes the one call that costs, never more, and returns its receipt: plain JSON from which `collect` makes
    the transcript as often as needed without paying again, in any process and on any machine. `key` is the same for
    the same work and goes along, so that a service that knows such keys does not charge twice. Errors carry
    `unpaid=True` when the service certainly did not do the work, and `void=True` when a receipt is worth nothing and
    the work must be asked for anew. `transcribe` is both verbs in a row, for who keeps no ledger.
    """

    def submit(self, audio: Path, options: TranscribeOptions, *, key: str) -> dict[str, Any]:
        """Have `audio` heard and return the receipt; silence is not sent."""
        ...

    def collect(self, receipt: dict[str, Any], progress: Progress) -> Transcript:
        """Return what was said, waiting for it where the service works in the background."""
        ...

    def forget(self, receipt: dict[str, Any]) -> None:
        """Have the service delete what it keeps of the work; best effort."""
        ...


@dataclass(frozen=True)
class DiarizeOptions:
    """What is known about how many speak; nothing known is honest, but worse."""

    number: int | None = None
    at_least: int = 1
    at_most: int = 20


@dataclass(frozen=True)
class Diarization:
    """Who speaks when."""

    turns: tuple[Turn, ...]
    method: str
    voices: tuple[tuple[float, ...], ...] = ()  # what each voice is like, by its number; empty when too little is heard
    voice_model: str = ""  # what made them: only vectors of the same model can be compared
    detector: str = ""  # what found the speech
    separation: float | None = None  # the mean silhouette: 1 voices far apart, 0 they touch; None for one voice
    warnings: tuple[str, ...] = ()


class Diarizer(Protocol):
    """Tells voices apart.

    `audio` is a 16-bit mono WAV at 16 kHz, of any length: it is read in pieces. It is called in a child process, from
    one thread. Turns are in order of their starts; silence gives none. It raises as a `Transcriber` does.
    """

    name: str

    def diarize(self, audio: Path, options: DiarizeOptions, progress: Progress) -> Diarization:
        """Return who speaks when in `audio`."""
        ...


@dataclass(frozen=True)
class NarrateOptions:
    """How a text is to be spoken."""

    voice: str = ""  # one of the engine's own, or of OpenAI's names; empty for the engine's default
    language: str | None = None  # ISO 639-1, None to go by the script of the text
    speed: float = 1.0  # times the usual pace, from 0.25 to 4
    shape: dict[str, Any] | None = None  # whose voice, as what made it of a sample says: it tells samples apart
    sample: str = ""  # the sample itself, a WAV on this machine, where the voice is cloned from it
    model: str = ""  # of engines that have several; empty for the default
    instructions: str = ""  # how it is to be said, in words, for engines that are `instructed`


@dataclass(frozen=True)
class Narration:
    """What was spoken."""

    duration_ms: int
    voice: str  # the one that spoke
    words: tuple[Word, ...] = ()  # with their times, where the engine knows them
    warnings: tuple[str, ...] = ()
    weights_licence: str = ""  # of the weights that spoke; empty where there are none
    model: str = ""  # of engines that have several


class Narrator(Protocol):
    """Speaks a text.

    `narrate` writes a 16-bit mono WAV at a rate of the engine's own choice to `target`. It runs in a child process,
    from one thread. Text is spoken, never obeyed: no markup, no names of files. Times of words are in order and inside
    the sound. A text with nothing to say gives a short silence. It raises `errors.EngineMissing` when a package or
    program is absent and `errors.ValidationError` for a voice nobody has.
    """

    name: str

    def narrate(self, text: str, target: Path, options: NarrateOptions, progress: Progress) -> Narration:
        """Speak `text` into `target`."""
        ...


@dataclass(frozen=True)
class SpokenAnswer:
    """What a paid service answered: a receipt of plain JSON, and the sound as it came."""

    receipt: dict[str, Any]  # `model`, `requests`, `characters` and `duration_ms` say what is paid for
    sound: bytes


class RemoteNarrator(Narrator, Protocol):
    """A narrator that is paid and far away, with verbs as a `RemoteTranscriber` has them.

    `submit` makes the one call that costs, never more; `collect` makes the speech of what it brought, as often as
    needed, in any process. `longest` is how many characters one call takes. `narrate` cuts a text and does both, for
    who keeps no ledger.
    """

    longest: int

    def submit(self, text: str, options: NarrateOptions, *, key: str) -> SpokenAnswer:
        """Have `text` spoken; one without words is not sent."""
        ...

    def collect(self, receipt: dict[str, Any], sound: bytes, target: Path) -> Narration:
        """Write what was spoken to `target`."""
        ...


class Aligner(Protocol):
    """Finds out when known words are said.

    `audio` is a 16-bit mono WAV at 16 kHz, of any length; only the stretches of it are read. It is called in a child
    process, from one thread. Times are in milliseconds of `audio`, in order, inside of their stretch. Words that the
    sound does not say get times too, a low score with them, or none when nobody listened.
    """

    name: str

    def align(
        self, audio: Path, stretches: Sequence[Stretch], language: str | None, progress: Progress
    ) -> list[list[list[Timed]]]:
        """Return the time of each word: by stretch, by segment, by word."""
        ...


@dataclass(frozen=True)
class Separation:
    """What became of a mix."""

    method: str  # what it may be called: "source separation", or "vocal reduction" when it is no more than that
    model: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Separator(Protocol):
    """Parts a mix into the voice and all else.

    `mix` is a 16-bit stereo WAV at 44.1 kHz, of any length: it is read in blocks. `vocals` and `instrumental` are
    written as WAVs of the same kind and length, and their sum is the mix again, but for rounding. It runs in a child
    process, from one thread, and raises as a `Transcriber` does.
    """

    name: str

    def separate(self, mix: Path, vocals: Path, instrumental: Path, model: str, progress: Progress) -> Separation:
        """Write `vocals` and `instrumental`."""
        ...


class LyricsAligner(Protocol):
    """Finds out when known lines are sung.

    `vocals` is a 16-bit mono WAV at 16 kHz, of any length, with the voice alone as far as it could be parted.
    Each line comes back in its place, in the same order, with times that never go backwards, and with a confidence
    between 0 and 1: near 0 for a line that is not sung there. Lines without words come back untimed. It runs in a
    child process, from one thread.
    """

    name: str

    def align_lyrics(
        self, vocals: Path, lines: Sequence[str], language: str | None, progress: Progress
    ) -> tuple[LyricLine, ...]:
        """Return the lines with the times of lines and words."""
        ...


@dataclass(frozen=True)
class ComposeOptions:
    """What is asked of a composer besides its prompt."""

    seconds: float | None = None  # None for what the prompt says, or the engine's own choice
    seed: int | None = None  # None for one that follows from the prompt
    rate: int = 44_100
    stems: bool = False
    midi: bool = False


@dataclass(frozen=True)
class Composition:
    """What was composed."""

    model: str  # with its version: the same model, prompt, options and seed give the same sound
    seed: int
    frames: int
    bpm: float | None = None  # as it was composed; None where an engine does not know
    key: str | None = None  # "F# minor"
    details: dict[str, Any] = field(default_factory=dict)  # style, form, chords, what was `asked` ...
    understood: dict[str, str] = field(default_factory=dict)  # what → in which words of the prompt
    ignored: tuple[str, ...] = ()  # words of the prompt that changed nothing
    stems: tuple[str, ...] = ()  # the names of those that were written
    warnings: tuple[str, ...] = ()
    weights_licence: str = ""  # of the weights that made it; empty where there are none


class Composer(Protocol):
    """Makes music from a description.

    `compose` writes `mix.f32` to `folder`: 32-bit little-endian floats, left and right in turn, at `options.rate`,
    without a header. It is as loud as it likes: loudness and peaks are the master's business. Where stems are asked
    for and the engine has any, each is written to `{name}.f32` beside it, as long as the mix, and they add up to it;
    a score goes to `music.mid`. It runs in a child process, from one thread, and raises as a `Transcriber` does.
    """

    name: str

    def compose(self, prompt: str, folder: Path, options: ComposeOptions, progress: Progress) -> Composition:
        """Compose what `prompt` asks for, into `folder`."""
        ...
