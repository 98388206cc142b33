"""What the slides of a deck say: each is spoken as a part of its own, unless the same was said of this deck before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tenuto.domain.costs import Usage
from tenuto.domain.films import SOUND_BLOCK
from tenuto.domain.narration import Script, script_of
from tenuto.domain.presentations import PresentedSlide
from tenuto.domain.spoken_length import expected_ms
from tenuto.engines import registry
from tenuto.pipelines.base import Artifact, Kept, Outcome, Steps
from tenuto.pipelines.chunks import Chunk, Speech, VoiceWish
from tenuto.pipelines.narrate_language import common_language, spoken_language
from tenuto.pipelines.narrate_names import CHUNK, SOUND, SPEECH, plan_of
from tenuto.pipelines.narrate_voice import engine_of, sample_of, shape_of, told_of_voice
from tenuto.pipelines.narrating import (
    LITTLE_MS,
    REFERENCE,
    Spoken,
    Timing,
    chunks_of,
    from_json,
    speak_slide,
    to_json,
)
from tenuto.pipelines.paid_voice import ANSWER, expected
from tenuto.pipelines.patterns import finders
from tenuto.pipelines.turns import Turns

RECIPE = 2  # of how a slide's sound is joined; a new one joins all anew
LETTERS_EACH = 20  # what a slide takes beside its letters, in letters
MOST_WARNINGS, MOST_NAMED = 20, 12
# What follows a slide in the film is not encoded anew when this one is spoken anew.
TIMING = Timing(block=SOUND_BLOCK)


def speak(steps: Steps) -> Outcome:
    """Speak what each slide says."""
    presentation = plan_of(steps)
    slides = presentation.slides
    missing = str(steps.options["missing_notes"])
    common, shape, sample = common_language(slides), shape_of(steps), sample_of(steps)
    engine = engine_of(steps.options, steps.engines)
    lexicon = steps.lexicon()
    rules = lexicon.rules if lexicon is not None else ()
    known = {kind: steps.artifact_names(kind) for kind in (CHUNK, SPEECH, SOUND)}
    chunks = _Chunks(steps, known[CHUNK])

    def plan(slide: PresentedSlide) -> tuple[Script, VoiceWish]:
        said = slide.script(missing)
        language = spoken_language(str(steps.options["language"]), slide, common, said)
        wish = replace(_wish(steps, language, shape), sample=sample)
        return script_of(said, language=wish.language, finders=finders(rules)), wish

    plans = [plan(slide) for slide in slides]
    if registry.traits(engine).remote:
        steps.foresee(_unsaid(steps, plans, known))

    def part(index: int, on_share: Callable[[float], None]) -> Kept:
        return _Slide(steps, slides[index], known, chunks).spoken(*plans[index], on_share)

    weights = [LETTERS_EACH + len(slide.script(missing)) for slide in slides]
    at_once = 1 if registry.traits(engine).heavy else max(1, min(steps.parallel, len(slides)))
    steps.each(weights, part, at_once=at_once)
    found = steps.parts_of("speak")
    told = told_of_slides({slide.number: each["warnings"] for slide, each in zip(slides, found, strict=True)})
    counts = {name: sum(each[name] for each in found) for name in ("made", "reused")}
    counts["as_before"] = sum(each["as_before"] for each in found)
    counts["mended"] = sum(not each["as_before"] and each["mended"] > 0 for each in found)
    return Outcome(
        {**counts, "slides": len(slides)},
        engine=engine,
        served=frozenset({ANSWER}),
        warnings=(*_about_voice(steps), *told),
    )


def _wish(steps: Steps, language: str, shape: dict[str, Any] | None) -> VoiceWish:
    wishes = steps.options
    return VoiceWish(
        engine=engine_of(wishes, steps.engines),
        voice=str(wishes["voice"]),
        language=language or None,
        speed=wishes["speed"],
        shape=shape,
        model=str(wishes["model"]),
        instructions=str(wishes["instructions"]),
    )


def _unsaid(
    steps: Steps, plans: Sequence[tuple[Script, VoiceWish]], known: Mapping[str, frozenset[str]]
) -> tuple[Usage, ...]:
    """What is left to be paid for: a call for each chunk that nobody said before."""
    texts: dict[str, str] = {}
    for script, wish in plans:
        speech = Speech(steps, wish, steps.folder)
        if _name_of(script, wish, speech) in known[SPEECH]:
            continue
        groups = chunks_of(script)
        short = groups and sum(expected_ms(say.spoken) for group in groups for say in group) < 2 * LITTLE_MS
        for group in [*groups, *([(REFERENCE,)] if short else [])]:
            texts[speech.key_of(group)] = " ".join(say.spoken for say in group)
    left = [text for key, text in texts.items() if key not in known[CHUNK]]
    return (expected(speech.engine, speech.model, left, wish.instructions),) if left else ()


def _about_voice(steps: Steps) -> Iterator[str]:
    """What a voice by a sample is, and what it is not."""
    if steps.options["voice_id"]:
        yield told_of_voice(steps)


class _Chunks:
    """What the slides of a job say, which is often the same: nothing of it is spoken twice."""

    def __init__(self, steps: Steps, known: frozenset[str]) -> None:
        self._steps, self._known = steps, known
        self.turns = Turns()
        self.folder = steps.folder / "chunks"
        self.folder.mkdir(exist_ok=True)

    def cached(self, key: str) -> Path | None:
        """What an earlier job has spoken."""
        return self._steps.artifact(CHUNK, key) if key in self._known else None


class _Slide:
    """One slide on its way to a sound."""

    def __init__(
        self, steps: Steps, slide: PresentedSlide, known: Mapping[str, frozenset[str]], chunks: _Chunks
    ) -> None:
        self._steps, self._slide, self._known, self._shared = steps, slide, known, chunks
        self._folder = steps.folder / f"slide-{slide.number}"
        self._folder.mkdir(exist_ok=True)
        self._kept_chunks: list[Artifact] = []

    def spoken(self, script: Script, wish: VoiceWish, on_share: Callable[[float], None]) -> Kept:
        """Say it, or take what was said before."""
        shared = self._shared
        speech = Speech(self._steps, wish, shared.folder, cached=shared.cached, kept=self._kept, turn=shared.turns.of)
        name = _name_of(script, wish, speech)
        if name in self._known[SPEECH]:
            before = json.loads(self._steps.artifact(SPEECH, name).read_text(encoding="utf-8"))
            return Kept({"mended": 0.0, **before, "made": 0, "reused": len(before["chunks"]), "as_before": True})
        target = self._folder / "said.wav"
        found = speak_slide(
            self._steps, script, speech, target, timing=TIMING, before=self._before(), on_share=on_share
        )
        told = {**to_json(found), "number": self._slide.number, "name": name, "recipe": RECIPE}
        told["reused"] = len(found.chunks) - found.made
        document = self._folder / "said.json"
        document.write_text(json.dumps(told), encoding="utf-8")
        artifacts = (
            Artifact(target, SOUND, "audio/wav", name=name),
            Artifact(document, SPEECH, "application/json", name=name),
            *self._kept_chunks,
        )
        used = Usage(speech.engine, characters=speech.letters) if speech.letters else None
        return Kept({**told, "as_before": False}, used, artifacts)

    def _before(self) -> Spoken | None:
        """What the slide says in the last video."""
        name = self._slide.sound
        if name not in self._known[SPEECH] & self._known[SOUND]:
            return None
        told = json.loads(self._steps.artifact(SPEECH, name).read_text(encoding="utf-8"))
        return from_json(told, self._steps.artifact(SOUND, name)) if told.get("recipe") == RECIPE else None

    def _kept(self, chunk: Chunk) -> None:
        """Keep what a voice has said with the slide, but at once where every call is paid for.

        The store takes files over: it is given another name of the chunk, which other slides may be reading.
        """
        second = self._folder / chunk.path.name
        second.unlink(missing_ok=True)
        second.hardlink_to(chunk.path)
        kept = Artifact(second, CHUNK, "application/octet-stream", name=chunk.key)
        if registry.traits(engine_of(self._steps.options, self._steps.engines)).paid:
            self._steps.keep(f"said:{chunk.key}", 0, Kept({}, artifacts=(kept,)))
        else:
            self._kept_chunks.append(kept)


def _name_of(script: Script, wish: VoiceWish, speech: Speech) -> str:
    """Says all that the sound of a slide depends on."""
    told = [RECIPE, asdict(script), wish.told(), speech.engine, speech.version, asdict(TIMING)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:40]


def told_of_slides(warnings: Mapping[int, Iterable[str]]) -> list[str]:
    """Warnings of slides, each told once with the slides it is of."""
    slides: dict[str, list[int]] = {}
    for number, some in warnings.items():
        for warning in dict.fromkeys(some):
            slides.setdefault(warning, []).append(number)
    told = [f"{_named(numbers)}: {warning}" for warning, numbers in slides.items()]
    if len(told) > MOST_WARNINGS:
        told = [
            *told[:MOST_WARNINGS],
            f"There are {len(told) - MOST_WARNINGS} more warnings of slides; see each slide.",
        ]
    return told


def _named(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Slide {numbers[0]}"
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return f"Slides {', '.join(map(str, numbers[:MOST_NAMED]))}{more}"
