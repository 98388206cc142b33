"""A deck becomes a video: its slides are drawn, their notes spoken, and both filmed together.

Pictures, speech and encoded pieces are kept beside the deck under names that say what went into them: a video that is
made anew after an edit draws, speaks and encodes only what has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.domain.decks import SlidePicture
from tenuto.domain.media import DECK
from tenuto.domain.presentations import DrawnSlide, Findings, Presentation, PresentedSlide, to_json
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.narrate_film import film
from tenuto.pipelines.narrate_names import PICTURE, THUMBNAIL, picture_name
from tenuto.pipelines.narrate_options import check
from tenuto.pipelines.narrate_speech import speak, told_of_slides
from tenuto.pipelines.narrate_voice import engine_of, match
from tenuto.pipelines.paid_voice import expected, model_of

LETTERS_A_SLIDE = 600  # as far as nobody has read the deck


def read(steps: Steps) -> Outcome:
    """Read the deck, unless that was done when it was filmed before."""
    known = steps.presentation()
    if known.slides:
        return Outcome({"slides": len(known.slides), "known": True})
    deck = steps.media.read_deck(steps.source())
    if not deck.slides:
        raise errors.ValidationError("The deck has no slides; there is nothing to narrate.")
    return Outcome({"slides": len(deck.slides)}, presentation=Findings(deck=deck), warnings=deck.warnings)


def draw(steps: Steps) -> Outcome:
    """Settle what is filmed, as it is edited now, and draw the slides that nobody drew before in this size."""
    presentation = steps.presentation()
    hidden = str(steps.options["hidden"])
    shown = {slide.number for slide in presentation.slides if slide.is_shown(hidden)}
    if not shown:
        raise errors.ValidationError(
            "No slide is left to film: all are hidden or skipped. Include the hidden ones, or no longer skip one."
        )
    fresh = _draw_all(steps) if _is_to_be_drawn(steps, presentation, shown) else ()
    drawn = {
        picture.slide: DrawnSlide(
            picture.slide, picture_name(steps.options, picture.slide), picture.renderer, picture.flaws
        )
        for picture in fresh
    }
    slides = tuple(_told(slide, drawn.get(slide.number)) for slide in presentation.slides if slide.number in shown)
    return Outcome(
        {"plan": to_json(replace(presentation, slides=slides)), "drawn": len(fresh)},
        artifacts=tuple(_artifacts(steps.options, fresh)),
        presentation=Findings(drawn=tuple(drawn.values())),
        warnings=tuple(told_of_slides({slide.number: slide.flaws for slide in slides})),
    )


def _is_to_be_drawn(steps: Steps, presentation: Presentation, shown: Collection[int]) -> bool:
    """Whether a slide that is shown has no picture in the size that is wanted now."""
    names = {slide.number: picture_name(steps.options, slide.number) for slide in presentation.slides}
    others = any(slide.number in shown and slide.picture != names[slide.number] for slide in presentation.slides)
    known = steps.artifact_names(PICTURE)
    return bool(steps.options["redraw"]) or others or any(names[number] not in known for number in shown)


def _draw_all(steps: Steps) -> tuple[SlidePicture, ...]:
    source = steps.source()
    return steps.media.slide_pictures(
        source,
        steps.media.read_deck(source),
        steps.folder / "pictures",
        width=int(steps.options["width"]),
        height=int(steps.options["height"]),
        on_progress=lambda share: steps.progress(share, "drawing the slides"),
        should_stop=steps.should_stop,
    )


def _told(slide: PresentedSlide, drawn: DrawnSlide | None) -> PresentedSlide:
    return slide if drawn is None else replace(slide, renderer=drawn.renderer, flaws=drawn.flaws)


def _artifacts(options: Mapping[str, Any], pictures: Iterable[SlidePicture]) -> Iterator[Artifact]:
    for picture in pictures:
        name = picture_name(options, picture.slide)
        yield Artifact(picture.path, PICTURE, "image/png", name=name, replaces=True)
        if picture.thumbnail is not None:
            yield Artifact(picture.thumbnail, THUMBNAIL, "image/jpeg", name=name, replaces=True)


def expects(given: Mapping[str, Any], _duration_ms: int, config: EngineConfig) -> tuple[Usage, ...]:
    """The letters of one slide: how many slides there are is known when the deck was read."""
    engine = engine_of(given, config)
    if registry.traits(engine).remote:
        model = model_of(engine, str(given["model"]), config)
        return (expected(engine, model, ["a" * LETTERS_A_SLIDE], str(given["instructions"])),)
    return (Usage(engine, characters=LETTERS_A_SLIDE),)


PIPELINE = Pipeline(
    name="narrate",
    steps=(
        Step("read", "processing_slides", 2, read),
        Step("draw", "processing_slides", 20, draw),
        Step("match", "synthesizing_audio", 4, match),
        Step("speak", "synthesizing_audio", 34, speak),
        Step("film", "assembling_video", 40, film),
    ),
    check_options=check,
    file_kind=DECK,
    engine_kind=registry.NARRATOR,
    expects=expects,
)
