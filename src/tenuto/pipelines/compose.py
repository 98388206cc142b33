"""A prompt becomes music: composed by an engine, mastered to a loudness, measured, and written in a format.

What was asked for, what was composed and what was measured are kept apart. Where they disagree and nobody chose the
seed, the next one is tried.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.music import SURE, Loudness, MusicFacts, key_tag, same_tempo
from tenuto.engines import registry
from tenuto.engines.choosing import choose_composer
from tenuto.media.edges import Edges
from tenuto.media.encoding import MASTER_FORMATS, file_ending, rate_in
from tenuto.media.mastering import CEILING_DB, MOST_ENCODINGS, Mastered
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.first_words import first_words
from tenuto.pipelines.song_options import EDGES, ENGINE, MAX_TEXT, between, checker, flag, line, one_of, whole

TARGET = "tenuto.engines.composing:compose"
MUSIC, STEM, MIDI, DETAILS = "music", "stem", "midi", "composition"
ARTIST = "tenuto"
MOST_CHARACTERS = 2_000
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 1_200.0
LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000
LARGEST_SEED = (1 << 32) - 1
MOST_TAKES = 3
# An engine that takes longer than this hangs: some time to begin, and times real time for the sound.
BEGINNING_SECONDS, SLOWEST = 300.0, 60.0
COMPOSING_SHARE = 0.7
USUAL_RATE = 44_100
MEASURED_RATE = 48_000  # above it WAVs have a header of another kind
SPARE_DB = 0.02


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
    music = take.write_music()
    document = take.described() | {"seeds_tried": tried}
    artifacts = (music, *take.written(document))
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
        self._midi = self._folder / "music.mid"
        self.composed: dict[str, Any] = {}
        self._mastered: Mastered
        self._facts: MusicFacts
        self._file_loudness: Loudness
        self._gain_db = 0.0  # besides that of the master
        self._about_file: tuple[str, ...] = ()

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
            edges=Edges(**{name: wishes[name] for name in EDGES}),
            should_stop=self._steps.should_stop,
        )
        wav = self._folder / "measured.wav"
        self._encode("mix", wav, "wav", most_rate=MEASURED_RATE)
        self._facts = self._steps.media.measure_music(wav, should_stop=self._steps.should_stop)

    def agreement(self) -> dict[str, bool | None]:
        """Whether tempo and key are heard as they were composed; None where the engine or the meter does not know."""
        bpm, key = self.composed["bpm"], self.composed["key"]
        metre = str(self.composed["details"].get("metre", ""))
        tempo_heard, key_heard = self._heard()
        return {
            "tempo": same_tempo(bpm, tempo_heard, metre) if bpm and tempo_heard else None,
            "key": key == key_heard if key and key_heard else None,
        }

    def _heard(self) -> tuple[float | None, str | None]:
        """Tempo and key as far as the meter is sure of them."""
        facts = self._facts
        return (
            facts.tempo_bpm if facts.tempo_confidence >= SURE else None,
            facts.key if facts.key_confidence >= SURE else None,
        )

    def disagreements(self) -> tuple[str, ...]:
        """What is heard otherwise than it was composed."""
        composed, facts, agrees = self.composed, self._facts, self.agreement()
        said = []
        if agrees["tempo"] is False:
            said.append(f"It was composed at {composed['bpm']:g} BPM, and {facts.tempo_bpm:g} BPM are measured.")
        if agrees["key"] is False:
            said.append(f"It was composed in {composed['key']}, and {facts.key} is measured.")
        return tuple(said)

    def warnings(self) -> tuple[str, ...]:
        """What else is to be said."""
        ignored = self.composed["ignored"]
        told = (f"These words of the prompt changed nothing: {', '.join(ignored)}.",) if ignored else ()
        if self._wishes["midi"] and not self._midi.exists():
            told = (*told, f"The engine {self._engine} writes no score: there is no MIDI file.")
        if self._midi.exists() and self._mastered.trimmed_start:
            late = self._mastered.trimmed_start / self._rate
            told = (*told, f"The score is not trimmed: it begins {late:.2f} s before the music does.")
        if self._facts.loudness_lufs is None:
            told = (*told, "Nothing is to be heard in it, or too little to measure: ask for an instrument.")
        return (*self.composed["warnings"], *told, *self._about_file)

    def write_music(self) -> Artifact:
        """Write the music; where encoding raises its peaks over the ceiling, again and quieter."""
        form = str(self._wishes["format"])
        target = self._folder / f"mix.{file_ending(form)}"
        for _ in range(MOST_ENCODINGS):
            self._encode("mix", target, form, tags=self._tags(), gain_db=self._gain_db)
            self._file_loudness = self._steps.media.loudness.hear(target, should_stop=self._steps.should_stop).loudness
            peak = self._file_loudness.true_peak_db
            if peak is None or peak <= CEILING_DB:
                break
            self._gain_db -= peak - CEILING_DB + SPARE_DB
        self._sound("mix").unlink()
        rate = rate_in(MASTER_FORMATS[form], self._rate)
        if self._rate not in (rate, USUAL_RATE):
            self._about_file = (f"{form} holds no {self._rate:,} Hz: the file has {rate:,} Hz.",)
        return Artifact(
            target, MUSIC, MASTER_FORMATS[form].media_type, of_file=False, name=f"{MUSIC}.{target.suffix[1:]}"
        )

    def described(self) -> dict[str, Any]:
        """All that is known of it."""
        frames = self.composed["frames"] - self._mastered.trimmed_start - self._mastered.trimmed_end
        return {
            **{
                name: self.composed[name]
                for name in ("model", "weights_licence", "seed", "understood", "ignored", "stems")
            },
            "midi": self._midi.exists(),
            "prompt": self._wishes["prompt"],
            "engine": self._engine,
            "seconds": frames / self._rate,
            "frames": frames,
            "sample_rate": self._rate,
            "file": {
                "sample_rate": rate_in(MASTER_FORMATS[str(self._wishes["format"])], self._rate),
                **asdict(self._file_loudness),
            },
            "channels": 2,
            "composed": {"bpm": self.composed["bpm"], "key": self.composed["key"], **self.composed["details"]},
            "measured": asdict(self._facts),
            "agreement": self.agreement(),
            "master": {
                "gain_db": round(self._mastered.gain_db + self._gain_db, 2),
                "limited_db": self._mastered.limited_db,
                "trimmed_start_ms": round(self._mastered.trimmed_start * 1000 / self._rate),
                "trimmed_end_ms": round(self._mastered.trimmed_end * 1000 / self._rate),
            },
        }

    def written(self, document: Mapping[str, Any]) -> tuple[Artifact, ...]:
        """The files to keep beside the music."""
        form = str(self._wishes["format"])
        kind, ending = MASTER_FORMATS[form].media_type, file_ending(form)
        tags = self._tags()
        made = []
        for name in self.composed["stems"]:
            target = self._folder / f"{name}.{ending}"
            self._encode(name, target, form, tags=tags | {"title": f"{tags['title']} ({name})"}, gain_db=self._gain_db)
            self._sound(name).unlink()
            made.append(Artifact(target, STEM, kind, of_file=False, name=f"{name}.{ending}"))
        if self._midi.exists():
            made.append(Artifact(self._midi, MIDI, "audio/midi", of_file=False, name=self._midi.name))
        details = self._folder / "composition.json"
        details.write_text(json.dumps(document))
        return (*made, Artifact(details, DETAILS, "application/json", of_file=False, name=details.name))

    def _tags(self) -> dict[str, str]:
        """What the files say of themselves, as far as their containers have a place for it."""
        made = self.composed
        tempo, key = self._heard()
        bpm, key = made["bpm"] or tempo, made["key"] or key
        return {
            "title": str(self._wishes["title"]),
            "artist": ARTIST,
            "comment": f"{made['model']}, seed {made['seed']}",
            "genre": str(made["details"].get("style", "")),
            "bpm": str(round(bpm)) if bpm else "",
            "key": key_tag(key),
        }

    def _sound(self, name: str) -> Path:
        return self._folder / f"{name}.f32"

    def _encode(self, name: str, target: Path, form: str, **how: Any) -> None:
        self._steps.media.encode_floats(
            self._sound(name), target, form, rate=self._rate, should_stop=self._steps.should_stop, **how
        )


def _prompt(name: str, given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise errors.ValidationError("There is no prompt to compose from.", field=name)
    if len(given) > MOST_CHARACTERS:
        raise errors.ValidationError(f"A prompt has at most {MOST_CHARACTERS:,} characters.", field=name)
    if any(unicodedata.category(sign) in ("Cc", "Cs") and not sign.isspace() for sign in given):
        raise errors.ValidationError("The prompt holds signs that are no text; leave them out.", field=name)
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
        "sample_rate": (USUAL_RATE, whole(LOWEST_RATE, HIGHEST_RATE)),
        "format": ("wav", one_of(*MASTER_FORMATS)),
        "stems": (False, flag),
        "midi": (False, flag),
        **EDGES,
        "title": ("", line(MAX_TEXT)),
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
