"""A prompt becomes music: composed by an engine, mastered to a loudness, measured, and written in a format.

What was asked for, what was composed and what was measured are kept apart. Where they disagree and nobody chose the
seed, the next one is tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.music import MusicFacts, same_tempo
from tenuto.engines import registry
from tenuto.engines.choosing import choose_composer
from tenuto.media.encoding import MASTER_FORMATS, file_ending
from tenuto.media.mastering import Mastered
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.first_words import first_words
from tenuto.pipelines.song_options import ENGINE, between, checker, flag, one_of, text, whole

TARGET = "tenuto.engines.composing:compose"
MUSIC, STEM, MIDI, DETAILS = "music", "stem", "midi", "composition"
MOST_CHARACTERS = 2_000
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 1_200.0
LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000
LARGEST_SEED = (1 << 32) - 1
MOST_TAKES = 3
# An engine that takes longer than this hangs: some time to begin, and times real time for the sound.
BEGINNING_SECONDS, SLOWEST = 300.0, 60.0
COMPOSING_SHARE = 0.7
SURE = 0.3  # how confident a measurement is that may contradict a composer


def compose(steps: Steps) -> Outcome:
    """Compose until tempo and key are heard as they were meant, and keep the last take."""
    engine = choose_composer(str(steps.options["engine"]), steps.engines).name
    chosen = steps.options["seed"] is not None
    takes = 1 if chosen else MOST_TAKES
    take = _Take(steps, engine)
    seed: int | None = steps.options["seed"]
    tried: list[int] = []
    for number in range(takes):
        take.make(seed, partial(_tell, steps, number / takes, 0.9 / takes))
        tried.append(take.composed["seed"])
        if not take.disagreements():
            break
        seed = (take.composed["seed"] + 1) % (LARGEST_SEED + 1)
    steps.progress(0.9, "writing the files")
    document = take.described() | {"seeds_tried": tried}
    artifacts = take.written(document)
    return Outcome(document, engine=engine, artifacts=artifacts, warnings=(*take.warnings(), *take.disagreements()))


def _tell(steps: Steps, before: float, span: float, share: float) -> None:
    steps.progress(before * 0.9 + span * share, "composing")


class _Take:
    """One composition with one seed, in the job's folder."""

    def __init__(self, steps: Steps, engine: str) -> None:
        self._steps, self._engine = steps, engine
        self._wishes, self._rate = steps.options, int(steps.options["sample_rate"])
        self._folder = steps.folder / "take"
        self._folder.mkdir(exist_ok=True)
        self.composed: dict[str, Any] = {}
        self._mastered: Mastered
        self._facts: MusicFacts

    def make(self, seed: int | None, tell: Callable[[float], None]) -> None:
        """Compose, master and measure."""
        wishes = self._wishes
        seconds = wishes["seconds"]
        payload = {
            "engine": self._engine,
            "config": self._steps.engines.to_json(),
            "prompt": wishes["prompt"],
            "folder": str(self._folder),
            "options": {
                "seconds": seconds,
                "seed": seed,
                "rate": self._rate,
                "stems": wishes["stems"],
                "midi": wishes["midi"],
            },
        }
        patience = BEGINNING_SECONDS + SLOWEST * (seconds or LONGEST_SECONDS)
        self.composed = self._steps.call(
            f"engine:{self._engine}",
            TARGET,
            payload,
            lambda share: tell(share * COMPOSING_SHARE),
            timeout_seconds=patience,
        )
        names = ["mix", *self.composed["stems"]]
        self._mastered = self._steps.media.master(
            [self._sound(name) for name in names],
            rate=self._rate,
            should_stop=self._steps.should_stop,
        )
        wav = self._folder / "measured.wav"
        self._encode("mix", wav, "wav", {})
        self._facts = self._steps.media.measure_music(wav, should_stop=self._steps.should_stop)

    def disagreements(self) -> tuple[str, ...]:
        """What is heard otherwise than it was composed."""
        bpm, key, facts = self.composed["bpm"], self.composed["key"], self._facts
        said = []
        if bpm and facts.tempo_bpm and facts.tempo_confidence >= SURE and not same_tempo(bpm, facts.tempo_bpm):
            said.append(f"It was composed at {bpm:g} BPM, and {facts.tempo_bpm:g} BPM are measured.")
        if key and facts.key and facts.key_confidence >= SURE and facts.key != key:
            said.append(f"It was composed in {key}, and {facts.key} is measured.")
        return tuple(said)

    def warnings(self) -> tuple[str, ...]:
        """What else is to be said."""
        ignored = self.composed["ignored"]
        told = (f"These words of the prompt changed nothing: {', '.join(ignored)}.",) if ignored else ()
        return (*self.composed["warnings"], *told)

    def described(self) -> dict[str, Any]:
        """All that is known of it."""
        return {
            **{name: self.composed[name] for name in ("model", "seed", "understood", "ignored", "stems")},
            "prompt": self._wishes["prompt"],
            "engine": self._engine,
            "seconds": self.composed["frames"] / self._rate,
            "frames": self.composed["frames"],
            "sample_rate": self._rate,
            "channels": 2,
            "composed": {"bpm": self.composed["bpm"], "key": self.composed["key"], **self.composed["details"]},
            "measured": asdict(self._facts),
            "master": {"gain_db": self._mastered.gain_db, "limited_db": self._mastered.limited_db},
        }

    def written(self, document: Mapping[str, Any]) -> tuple[Artifact, ...]:
        """The files to keep."""
        form = str(self._wishes["format"])
        kind, ending = MASTER_FORMATS[form].media_type, file_ending(form)
        tags = {"title": str(self._wishes["title"]), "comment": f"{document['model']}, seed {document['seed']}"}
        made = []
        for name in ("mix", *self.composed["stems"]):
            target = self._folder / f"{name}.{ending}"
            self._encode(name, target, form, tags)
            self._sound(name).unlink()
            role, called = (MUSIC, MUSIC) if name == "mix" else (STEM, name)
            made.append(Artifact(target, role, kind, of_file=False, name=f"{called}.{ending}"))
        if (midi := self._folder / "music.mid").exists():
            made.append(Artifact(midi, MIDI, "audio/midi", of_file=False, name=midi.name))
        details = self._folder / "composition.json"
        details.write_text(json.dumps(document))
        return (*made, Artifact(details, DETAILS, "application/json", of_file=False, name=details.name))

    def _sound(self, name: str) -> Path:
        return self._folder / f"{name}.f32"

    def _encode(self, name: str, target: Path, form: str, tags: Mapping[str, str]) -> None:
        self._steps.media.encode_floats(
            self._sound(name), target, form, rate=self._rate, tags=tags, should_stop=self._steps.should_stop
        )


def _prompt(name: str, given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise errors.ValidationError("There is no prompt to compose from.", field=name)
    if len(given) > MOST_CHARACTERS:
        raise errors.ValidationError(f"A prompt has at most {MOST_CHARACTERS:,} characters.", field=name)
    return given


def _or_none(check: Any) -> Any:
    """The same for what may be left out, or left empty in a form."""
    return lambda name, given: None if given in (None, "") else check(name, given)


_CHECK = checker(
    "composing",
    {
        "prompt": ("", _prompt),
        "engine": ENGINE,
        "seconds": (None, _or_none(between(SHORTEST_SECONDS, LONGEST_SECONDS))),
        "seed": (None, _or_none(whole(0, LARGEST_SEED))),
        "sample_rate": (44_100, whole(LOWEST_RATE, HIGHEST_RATE)),
        "format": ("wav", one_of(*MASTER_FORMATS)),
        "stems": (False, flag),
        "midi": (False, flag),
        "title": ("", text),
    },
)


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in full, or name the one that is wrong."""
    found = _CHECK(given)
    return found | {"title": found["title"] or first_words(found["prompt"])}


PIPELINE = Pipeline(
    name="compose",
    steps=(Step("compose", "composing", 1, compose),),
    check_options=check,
    needs_file=False,
    engine_kind=registry.COMPOSER,
)
