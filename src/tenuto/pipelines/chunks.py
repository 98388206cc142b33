"""Chunks of speech: a sentence or a few as a voice said them, in a file named by what was said and how."""

from __future__ import annotations

import hashlib
import json
import tempfile
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tenuto.domain.narration import Say
from tenuto.domain.transcripts import Word
from tenuto.engines import registry
from tenuto.engines.base import NarrateOptions
from tenuto.media.speech_pieces import Sound
from tenuto.pipelines.base import Steps
from tenuto.pipelines.chunk_check import Checked, Listening, check
from tenuto.pipelines.paid_voice import Saying, say
from tenuto.pipelines.voicing import voice

RECIPE = 1  # of how chunks are made and checked; a new one speaks everything anew
KEY_LETTERS = 32
SLOWEST, FASTEST = 0.25, 4.0  # of what engines take
SUFFIX = ".chunk"
AGAIN_SPEED = 0.95  # of a second try: many voices say the same text in the same way
MOST_QUOTED = 80
ADDED = ("model", "instructions")


@dataclass(frozen=True)
class VoiceWish:
    """Whose voice, and how it is to speak."""

    engine: str = registry.AUTO
    voice: str = ""
    language: str | None = None
    speed: float = 1.0
    shape: dict[str, Any] | None = None  # whose voice it follows
    sample: str = ""  # where the sample of that voice lies now; the shape says which it is
    model: str = ""  # of engines that have several
    instructions: str = ""  # how it is to be said, for voices that are told in words

    def told(self) -> dict[str, Any]:
        """All that the sound depends on: not where a file lies. What came later is only named where it is used."""
        known = asdict(self)
        return {name: value for name, value in known.items() if name != "sample" and (value or name not in ADDED)}


@dataclass(frozen=True)
class Chunk:
    """Speech in a file: a line of JSON, then 16-bit mono samples as the engine made them."""

    key: str
    path: Path
    rate: int
    frames: int
    offset: int  # in bytes, where the samples begin
    voice: str
    words: tuple[Word, ...]  # as they were said, on the chunk's own clock
    check: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    weights_licence: str = ""  # of the weights that spoke it
    is_new: bool = False  # it was spoken now, and not taken from what was kept

    @property
    def spoken_ms(self) -> int:
        """How long its words last."""
        return self.words[-1].end_ms - self.words[0].start_ms if self.words else 0

    @property
    def sound(self) -> Sound:
        """Its samples, for who joins them."""
        return Sound(str(self.path), self.offset, self.rate)


def nothing_cached(_key: str) -> Path | None:
    """Nothing was spoken before."""
    return None


class Speech:
    """Speaks chunks, each once: what lies in `folder` or is `cached` is read."""

    def __init__(
        self,
        steps: Steps,
        wish: VoiceWish,
        folder: Path,
        *,
        cached: Callable[[str], Path | None] = nothing_cached,
        kept: Callable[[Chunk], None] = lambda _chunk: None,
        turn: Callable[[str], AbstractContextManager[object]] = lambda _key: nullcontext(),
    ) -> None:
        """While somebody speaks a chunk, others who come for the same wait for their `turn`."""
        self._steps, self._wish, self._folder = steps, wish, folder
        self._cached, self._kept, self._turn = cached, kept, turn
        self.letters = 0  # that the engine was given
        self.engine = registry.choose_narrator(wish.engine, steps.engines)
        traits = registry.traits(self.engine)
        report = registry.report(self.engine, steps.engines)
        self.model = wish.model or (report.model if traits.has_models else "")
        self.version = self.model or report.version or report.model
        self._tries_again, self._is_remote = not traits.paid, traits.remote
        # A model that is long in loading must not make way for what listens to it: they share a process.
        self._listens_in = f"engine:{self.engine}" if traits.heavy else ""

    def chunk(self, says: Sequence[Say]) -> Chunk:
        """What was said for these sentences, which have one speed; spoken now unless it is known."""
        key, text, speed = self._asked(says)
        with self._turn(key):
            path = self._folder / f"{key}{SUFFIX}"
            known = path if path.exists() else self._cached(key)
            if known is not None:
                return read_chunk(key, known)
            # Each try is in a folder of its own: what lies under the chunk's name is whole.
            with tempfile.TemporaryDirectory(dir=self._folder, prefix="speaking-") as scratch:
                self._speak(Path(scratch), key, text, speed).replace(path)
            chunk = replace(read_chunk(key, path), is_new=True)
            self._kept(chunk)
            return chunk

    def key_of(self, says: Sequence[Say]) -> str:
        """What the chunk of these sentences is called."""
        return self._asked(says)[0]

    def _asked(self, says: Sequence[Say]) -> tuple[str, str, float]:
        """The key of a chunk, its text and its speed."""
        wish, text = self._wish, " ".join(say.spoken for say in says)
        speed = min(FASTEST, max(SLOWEST, wish.speed * says[0].speed))
        said = [RECIPE, text, wish.language, wish.voice, wish.shape, round(speed, 4), self.engine, self.version]
        said += [wish.instructions] if wish.instructions else []
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:KEY_LETTERS], text, speed

    def _speak(self, scratch: Path, key: str, text: str, speed: float) -> Path:
        """Say it, and say it again when it went wrong; what is paid for is not paid twice."""
        best, first = self._try(scratch / "said.wav", key, text, speed=speed), ""
        if best.checked.problem and self._tries_again:
            first = best.checked.problem
            again = self._try(scratch / "again.wav", key, text, speed=max(SLOWEST, speed * AGAIN_SPEED))
            best = again if again.checked.is_better_than(best.checked) else best
        header = {
            "voice": best.voice,
            "words": [word.as_list() for word in best.checked.words],
            "weights_licence": best.weights_licence,
            "check": {**best.checked.as_json(), "again": bool(first)},
            "warnings": [*best.warnings, *_doubts(text, first, best.checked.problem)],
        }
        return _written(best.sound, header)

    def _try(self, sound: Path, key: str, text: str, *, speed: float) -> _Try:
        wish = self._wish
        options = NarrateOptions(
            wish.voice, wish.language, speed, wish.shape, wish.sample, wish.model, wish.instructions
        )
        if self._is_remote:  # Counted call by call, where it is paid for.
            told = say(self._steps, Saying(self.engine, key, text, options, f"the text {_short(text)}"), sound)
        else:
            self.letters += len(text)
            told = voice(self._steps, self.engine, text, sound, options=options, on_share=lambda _share: None)
        words = [Word(*word) for word in told["words"]]
        heard_by = Listening(wish.language, speed, self._listens_in)
        checked = check(self._steps, sound, text, words, by=heard_by)
        return _Try(sound, told["voice"], tuple(told["warnings"]), checked, told["weights_licence"])


@dataclass(frozen=True)
class _Try:
    """What a voice made of a text."""

    sound: Path
    voice: str
    warnings: tuple[str, ...]
    checked: Checked
    weights_licence: str


def _doubts(text: str, first: str, problem: str) -> Iterator[str]:
    """What people should listen to."""
    if problem:
        again = ", also when it was spoken again" if first else ""
        yield f"A sentence may sound wrong{again}: {problem}: {_short(text)}"
    elif first:
        yield f"A sentence was spoken again, a little slower, as {first}: {_short(text)}"


def _short(text: str) -> str:
    return f'"{text}"' if len(text) <= MOST_QUOTED else f'"{text[:MOST_QUOTED].rstrip()}…"'


def _written(sound: Path, header: dict[str, Any]) -> Path:
    """A chunk of that sound, in a file beside it."""
    target = sound.with_suffix(SUFFIX)
    with wave.open(str(sound), "rb") as reader, target.open("wb") as out:
        known = {**header, "rate": reader.getframerate(), "frames": reader.getnframes()}
        out.write(json.dumps(known).encode() + b"\n")
        out.write(reader.readframes(reader.getnframes()))
    return target


def read_chunk(key: str, path: Path) -> Chunk:
    """Read what is known of a chunk; its samples stay where they are."""
    with path.open("rb") as file:
        line = file.readline()
    known = json.loads(line)
    return Chunk(
        key,
        path,
        known["rate"],
        known["frames"],
        len(line),
        known["voice"],
        tuple(Word(*word) for word in known["words"]),
        known["check"],
        tuple(known["warnings"]),
        known.get("weights_licence", ""),
    )
