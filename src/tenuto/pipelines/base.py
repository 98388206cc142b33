"""What a pipeline is: named steps that turn a file and options into results. It knows neither queue nor database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tenuto.domain.costs import Usage
from tenuto.domain.known_songs import ImportedSong, Song, SongFacts, SongLyrics
from tenuto.domain.lexicons import Lexicon
from tenuto.domain.lyrics import Lyrics
from tenuto.domain.media import RECORDING
from tenuto.domain.presentations import Findings, Presentation
from tenuto.domain.transcripts import Transcript
from tenuto.domain.voice_samples import VoiceSample
from tenuto.domain.voices import KnownVoice, Voice
from tenuto.engines.config import EngineConfig
from tenuto.media.tools import MediaTools


@dataclass(frozen=True)
class Artifact:
    """A file a step made and tenuto is to keep."""

    path: Path
    kind: str  # playback, peaks ...
    media_type: str
    of_file: bool = True  # belongs to the recording and outlives the job; otherwise it belongs to the job
    name: str = ""
    replaces: bool = False  # takes the place of what the recording has of that kind; otherwise the first one stays


@dataclass(frozen=True)
class TimedLyrics:
    """Lyrics with times that a step found, for the revision of the song's lyrics that it worked on."""

    lyrics: Lyrics
    seen_revision: int


@dataclass(frozen=True)
class Outcome:
    """What a step hands over. All of it is written in the transaction that marks the step as finished."""

    data: dict[str, Any] = field(default_factory=dict)
    engine: str = ""  # the engine that does the work, once that is settled
    transcript: Transcript | None = None  # the first one is stored, later ones take its place
    edit: str = ""  # the kind of change, when replacing the transcript is to be undoable
    processed_text: str | None = None
    usage: Usage | None = None  # of the step as a whole, where its parts do not bring theirs
    artifacts: tuple[Artifact, ...] = ()
    voices: tuple[Voice, ...] = ()  # what speakers of the transcript sound like
    details: dict[str, Any] = field(default_factory=dict)  # how the transcript was made, added to what is known
    lyrics: TimedLyrics | None = None  # dropped with a warning when somebody changed the song's lyrics meanwhile
    song_facts: SongFacts | None = None
    song_uid: str = ""  # the song of the library that the job brought: from now on the job is about it
    presentation: Findings | None = None
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)  # kind → names of artifacts; others of it go
    served: frozenset[str] = frozenset()  # kinds of the job's own artifacts that nobody needs any more
    warnings: tuple[str, ...] = ()


class Steps(Protocol):
    """What a step may use while it runs."""

    uid: str  # the job's public id
    folder: Path
    receipts: Path  # a folder that outlives the worker, for answers that were paid for; made when it is needed
    options: Mapping[str, Any]
    media: MediaTools
    engines: EngineConfig
    parallel: int  # how many children may work for this job at once

    def source(self) -> Path:
        """The recording the job is about, as a local file that is not to be changed."""
        ...

    def result_of(self, step: str) -> dict[str, Any]:
        """What an earlier step of this job left."""
        ...

    def parts_of(self, step: str) -> Sequence[dict[str, Any]]:
        """What the parts of a step left, in order."""
        ...

    def transcript(self) -> Transcript:
        """What the job has heard so far, as earlier steps left it."""
        ...

    def lexicon(self) -> Lexicon | None:
        """The corrections the job asked for, as they are now; NotFound when they were deleted."""
        ...

    def known_voices(self) -> Sequence[KnownVoice]:
        """The voices that the job's owner has given names to."""
        ...

    def song(self) -> Song:
        """The song the job is about; NotFound when it was deleted."""
        ...

    def import_song(self, url: str, names: Mapping[str, str], on_share: Callable[[float], None]) -> ImportedSong:
        """Fetch a song and put it into the library; `names` may hold what it is called."""
        ...

    def lyrics(self) -> SongLyrics | None:
        """The lyrics of that song as they are now."""
        ...

    def presentation(self) -> Presentation:
        """The presentation the job is about, as it is edited now; NotFound when it was deleted."""
        ...

    def voice_sample(self) -> VoiceSample:
        """The sample of a voice that the job is to speak with; NotFound when it was deleted."""
        ...

    def has_artifact(self, kind: str, name: str = "") -> bool:
        """Whether the recording has such an artifact from an earlier step or job."""
        ...

    def artifact(self, kind: str, name: str = "") -> Path:
        """The recording's artifact of that kind as a local file that is not to be changed; NotFound without one."""
        ...

    def artifact_names(self, kind: str) -> frozenset[str]:
        """The names of the recording's artifacts of that kind."""
        ...

    def own_artifact(self, kind: str, name: str) -> Path:
        """What this job made and keeps for itself, as a local file that is not to be changed; NotFound without it."""
        ...

    def progress(self, share: float, message: str = "") -> None:
        """Say how much of this step is done, from 0 to 1. Raises when the work is no longer wanted."""
        ...

    def should_stop(self) -> bool:
        """Whether somebody cancelled the job."""
        ...

    def call(
        self,
        key: str,
        target: str,
        payload: dict[str, Any],
        on_share: Callable[[float], None],
        *,
        timeout_seconds: float,
        to_the_end: bool = False,
    ) -> dict[str, Any]:
        """Run `target` in a warm child process kept for `key`; `to_the_end` also when another part fails meanwhile."""
        ...

    def take_turn(self, engine: str) -> None:
        """Wait until the engine may be called, where the settings limit how often that is."""
        ...

    def noted(self, name: str, part: int) -> dict[str, Any] | None:
        """What was kept or noted under that name for a part, in this life or an earlier one."""
        ...

    def note(self, name: str, part: int, known: dict[str, Any]) -> None:
        """Write down what is known of a part so far; the next note takes its place."""
        ...

    def keep(self, name: str, part: int, kept: Kept) -> None:
        """Keep a piece of a part by itself, with what it used, before the part is done."""
        ...

    def warn(self, message: str) -> None:
        """Put a warning on the job at once."""
        ...

    def unbroken(self) -> AbstractContextManager[None]:
        """Around a call that is paid, until its answer is kept: a stop of the worker waits for it."""
        ...

    def may_spend(self, usage: Usage) -> None:
        """Ask before a call that costs; raises BudgetExceeded when a budget does not allow it."""
        ...

    def foresee(self, usages: Sequence[Usage]) -> None:
        """Set aside what the rest of the job will use, now that it is known; raises BudgetExceeded as `may_spend`."""
        ...

    def each(self, weights: Sequence[float], part: Part, *, at_once: int) -> None:
        """Run numbered parts, several at a time; a part that finished in an earlier life is skipped."""
        ...


@dataclass(frozen=True)
class Kept:
    """What is kept of a part, in one transaction with what it used: a call that was paid is never paid again."""

    result: dict[str, Any]
    usage: Usage | None = None
    artifacts: tuple[Artifact, ...] = ()  # they outlive the worker, and a part that is run again finds them


Part = Callable[[int, Callable[[float], None]], Kept]
"""Takes the part's number and a way to tell its progress; returns what is kept of it."""


@dataclass(frozen=True)
class Step:
    """One step. Names and order are a contract: jobs in flight survive an upgrade only while they stay."""

    name: str
    stage: str  # what people read while it runs
    weight: float  # share of the whole job's progress
    run: Callable[[Steps], Outcome]
    optional: bool = False  # its failure is a warning, the job goes on


def expects_nothing(_options: Mapping[str, Any], _duration_ms: int, _engines: EngineConfig) -> tuple[Usage, ...]:
    """A kind of job that calls no engine anybody pays for."""
    return ()


def any_song(_options: Mapping[str, Any], _song: Song, _lyrics: SongLyrics | None) -> None:
    """A kind of job that any song will do for."""


@dataclass(frozen=True)
class Pipeline:
    """A kind of job."""

    name: str
    steps: tuple[Step, ...]
    needs_file: bool = field(default=True, kw_only=True)
    file_kind: str = field(default=RECORDING, kw_only=True)  # what the file must be
    needs_song: bool = field(default=False, kw_only=True)  # the file is that of a song of the library
    check_song: Callable[[Mapping[str, Any], Song, SongLyrics | None], None] = field(default=any_song, kw_only=True)
    """Refuses a song that the job could only fail with, when it is submitted."""
    engine_kind: str = field(default="transcriber", kw_only=True)  # what the option "engine" names; empty for nothing
    expects: Callable[[Mapping[str, Any], int, EngineConfig], tuple[Usage, ...]] = field(
        default=expects_nothing, kw_only=True
    )
    """What the job will use, from its options and its recording's length; costs are estimated from it."""
    check_options: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Returns the options in full, or raises ValidationError naming the wrong one."""

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    def span_of(self, name: str) -> tuple[float, float]:
        """Where a step's progress begins and ends, in percent of the job."""
        total = sum(step.weight for step in self.steps)
        before = 0.0
        for step in self.steps:
            if step.name == name:
                return before * 100 / total, (before + step.weight) * 100 / total
            before += step.weight
        raise KeyError(name)
