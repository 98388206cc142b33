"""The last step of a narrated deck: pictures and speech become a video with captions and a transcript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import copyfile
from typing import Any

from tenuto.domain.films import Caption, Film, Filmed, Scene
from tenuto.domain.presentations import FilmedDeck, FilmedSlide, Findings, Presentation, PresentedSlide
from tenuto.domain.transcripts import Transcript
from tenuto.exports.cues import make_cues
from tenuto.exports.registry import render
from tenuto.media.encoding import PODCAST_FORMATS
from tenuto.media.speech_pieces import RATE
from tenuto.pipelines.base import Artifact, Outcome, Steps
from tenuto.pipelines.narrate_language import common_language, spoken_language
from tenuto.pipelines.narrate_names import (
    CHUNK,
    PICTURE,
    POSTER,
    SEGMENT,
    SOUND,
    SPEECH,
    THUMBNAIL,
    VIDEO,
    picture_name,
    pictures_of_size,
    plan_of,
)
from tenuto.pipelines.narrate_options import BURNED, NONE
from tenuto.pipelines.narrating import Spoken, from_json

PODCAST = "m4a"
CAPTIONS = {"vtt": "text/vtt", "srt": "application/x-subrip"}


def film(steps: Steps) -> Outcome:
    """Film what was drawn and spoken."""
    presentation, said = plan_of(steps), steps.parts_of("speak")
    spoken = [from_json(each, steps.artifact(SOUND, each["name"])) for each in said]
    starts = list(_starts(spoken))
    segments = _known_segments(steps)
    scenes = [_scene(steps, slide, each) for slide, each in zip(presentation.slides, spoken, strict=True)]
    look = _look(steps, presentation)
    made = steps.media.film(
        scenes,
        steps.folder / "made.mp4",
        look,
        segments,
        on_progress=lambda share: steps.progress(share, "filming"),
        should_stop=steps.should_stop,
    )
    transcript = _transcript(steps, presentation, spoken, starts)
    slides = [
        FilmedSlide(slide.number, start, each.duration_ms, told["name"], _told(told))
        for slide, start, each, told in zip(presentation.slides, starts, spoken, said, strict=True)
    ]
    engine = str(spoken[0].details.get("engine", ""))
    facts = FilmedDeck(presentation.revision, made.duration_ms, engine, transcript.language or "", tuple(slides))
    return Outcome(
        _data(presentation, slides, made),
        transcript=transcript,
        artifacts=(
            *_artifacts(steps, presentation, spoken, transcript, made),
            *_podcast(steps, scenes, look),
        ),
        presentation=Findings(film=facts),
        only={
            **dict.fromkeys((PICTURE, THUMBNAIL), pictures_of_size(steps.options, steps.artifact_names(PICTURE))),
            CHUNK: frozenset(key for each in said for key in each["chunks"]),
            SOUND: frozenset(each["name"] for each in said),
            SPEECH: frozenset(each["name"] for each in said),
            SEGMENT: frozenset(made.segments),
        },
        warnings=made.warnings,
    )


def _starts(spoken: Sequence[Spoken]) -> Iterator[int]:
    """When each slide begins in the video, in ms."""
    frames = 0
    for each in spoken:
        yield frames * 1000 // RATE
        frames += each.frames


def _known_segments(steps: Steps) -> Path:
    """A folder with what earlier videos of this deck have encoded."""
    folder = steps.folder / "segments"
    folder.mkdir(exist_ok=True)
    for name in steps.artifact_names(SEGMENT):
        path = folder / name
        if not path.exists():
            path.symlink_to(steps.artifact(SEGMENT, name))
    return folder


def _scene(steps: Steps, slide: PresentedSlide, spoken: Spoken) -> Scene:
    picture = steps.artifact(PICTURE, picture_name(steps.options, slide.number))
    cues = [] if steps.options["captions"] == NONE else make_cues(Transcript(spoken.segments()), labelled=False)
    end = spoken.duration_ms
    captions = [Caption(cue.start_ms, min(cue.end_ms, end), "\n".join(cue.texts)) for cue in cues if cue.start_ms < end]
    return Scene(picture, spoken.path, slide.title or f"Slide {slide.number}", tuple(captions))


def _look(steps: Steps, presentation: Presentation) -> Film:
    wishes = steps.options
    return Film(
        width=int(wishes["width"]),
        height=int(wishes["height"]),
        fps=int(wishes["fps"]),
        crossfade_ms=int(wishes["crossfade_ms"]),
        burn_captions=wishes["captions"] == BURNED,
        title=presentation.title,
        author=presentation.author,
        language=_language(steps, presentation),
    )


def _language(steps: Steps, presentation: Presentation) -> str:
    """The language that most of the video is spoken in."""
    slides, missing = presentation.slides, str(steps.options["missing_notes"])
    wanted, common = str(steps.options["language"]), common_language(slides)
    letters: Counter[str] = Counter()
    for slide in slides:
        said = slide.script(missing)
        letters[spoken_language(wanted, slide, common, said)] += len(said)
    return letters.most_common(1)[0][0]


def _transcript(
    steps: Steps, presentation: Presentation, spoken: Sequence[Spoken], starts: Sequence[int]
) -> Transcript:
    """What the video says, on its own clock."""
    segments = tuple(segment for each, start in zip(spoken, starts, strict=True) for segment in each.segments(start))
    details = spoken[0].details
    return Transcript(
        segments,
        language=_language(steps, presentation).partition("-")[0].lower() or None,
        duration_ms=sum(each.frames for each in spoken) * 1000 // RATE,
        engine=str(details.get("engine", "")),
        model=str(details.get("version", "")),
        title=presentation.title,
    )


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    """How a slide was spoken, in short."""
    return {**said["details"], **{name: said[name] for name in ("made", "reused", "warnings")}}


def _data(presentation: Presentation, slides: Sequence[FilmedSlide], made: Filmed) -> dict[str, Any]:
    drawn = {slide.number: slide for slide in presentation.slides}
    return {
        "duration_ms": made.duration_ms,
        "frames": made.frames,
        "encoder": made.encoder,
        "scenes_encoded": made.encoded,
        "scenes_reused": made.reused,
        "slides": [
            {
                "number": slide.number,
                "start_ms": slide.start_ms,
                "duration_ms": slide.duration_ms,
                "renderer": drawn[slide.number].renderer,
                "flaws": list(drawn[slide.number].flaws),
                "chunks_made": slide.spoken["made"],
                "chunks_reused": slide.spoken["reused"],
            }
            for slide in slides
        ],
    }


def _artifacts(
    steps: Steps, presentation: Presentation, spoken: Sequence[Spoken], transcript: Transcript, made: Filmed
) -> Iterator[Artifact]:
    """What is kept: for the job, beside the deck, and for the next video."""
    folder = steps.folder
    yield from _twice(folder / "made.mp4", VIDEO, "video/mp4", "video.mp4")
    poster = folder / "poster.jpg"
    steps.media.poster(steps.artifact(PICTURE, picture_name(steps.options, presentation.slides[0].number)), poster)
    yield from _twice(poster, POSTER, "image/jpeg", poster.name)
    for form, media_type in CAPTIONS.items():
        path = folder / f"captions.{form}"
        path.write_bytes(render(transcript, form))
        yield Artifact(path, "captions", media_type, of_file=False, name=path.name)
    for place, each in enumerate(spoken if steps.options["slide_sounds"] else (), 1):
        path = folder / f"slide-{place:03}.wav"
        copyfile(each.path, path)
        yield Artifact(path, SOUND, "audio/wav", of_file=False, name=path.name)
    for name in made.segments:
        path = folder / "segments" / name
        if not path.is_symlink():
            yield Artifact(path, SEGMENT, "application/octet-stream", name=name)


def _podcast(steps: Steps, scenes: Sequence[Scene], look: Film) -> Iterator[Artifact]:
    """The sound alone, with the same chapters."""
    if steps.options["podcast"]:
        path = steps.folder / f"podcast.{PODCAST}"
        steps.media.podcast(scenes, path, look, PODCAST, should_stop=steps.should_stop)
        yield Artifact(path, "podcast", PODCAST_FORMATS[PODCAST].media_type, of_file=False, name=path.name)


def _twice(path: Path, kind: str, media_type: str, name: str) -> Iterator[Artifact]:
    """Once for the job that made it, once for the presentation, which outlives the job."""
    second = path.with_name(f"kept-{path.name}")
    second.unlink(missing_ok=True)
    second.hardlink_to(path)
    yield Artifact(path, kind, media_type, of_file=False, name=name)
    yield Artifact(second, kind, media_type, replaces=True)
