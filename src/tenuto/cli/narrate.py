"""`tenuto narrate`: a deck of slides in, a narrated video out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from tenuto import errors
from tenuto.cli.backend import Backend, open_backend
from tenuto.cli.door import door_of
from tenuto.cli.failure import FAILED, tell
from tenuto.cli.follow import follow, patiently, reporter_for
from tenuto.cli.options import JSON
from tenuto.cli.output import (
    STANDARD_OUTPUT,
    check_folder,
    is_folder,
    place_of,
    print_bytes,
    write_fetched,
    write_whole,
)
from tenuto.cli.show import document, note, plain
from tenuto.cli.voice_samples import add_voice, find_voice
from tenuto.client import Client

ADDRESS = "/api/presentations"
SOUNDS = {".wav", ".mp3", ".flac", ".m4a", ".ogg", ".opus"}

Voice = Annotated[
    str, typer.Option(help="One of the engine's, the name of a voice of `tenuto voices`, or a sample: a sound file.")
]
Consent = Annotated[str, typer.Option(help="With a sample: what whoever speaks has agreed to, and how you know.")]
Engine = Annotated[
    str, typer.Option(help="espeak, flite, pocket-tts, openai-speech (paid) or auto; see `tenuto engines`.")
]
Model = Annotated[str, typer.Option(help="Of an engine that has several, such as tts-1-hd.")]
Instructions = Annotated[str, typer.Option(help="How to say it, for a voice that is told in words.")]
Language = Annotated[str, typer.Option(help="Code such as de; else what the deck says of its slides.")]
Captions = Annotated[str, typer.Option(help="soft (to switch on), burned (into the pictures too) or none.")]
Crossfade = Annotated[int, typer.Option(help="Milliseconds of fading from slide to slide.", min=0, max=2000)]
Size = Annotated[str, typer.Option("--size", help="Width and height of the picture.")]
VideoFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="PATH", parser=place_of, help="The video, or a folder/; DECK.mp4 if not given."
    ),
]
Subtitles = Annotated[bool, typer.Option("--subtitles", help="Write captions.srt and .vtt beside the video.")]


def narrate(
    deck: Annotated[Path, typer.Argument(metavar="DECK.pptx", help="The slides, with notes.", show_default=False)],
    *,
    output: VideoFile = None,
    voice: Voice = "",
    consent: Consent = "",
    engine: Engine = "auto",
    model: Model = "",
    instructions: Instructions = "",
    language: Language = "",
    speed: Annotated[float, typer.Option(help="Times the usual pace.", min=0.25, max=4.0)] = 1.0,
    lexicon: Annotated[str, typer.Option(help="Name or id of a lexicon of pronunciations.")] = "",
    missing: Annotated[str, typer.Option("--missing-notes", help="text or silence where there are no notes.")] = "text",
    hidden: Annotated[str, typer.Option(help="skip or include slides that the deck hides.")] = "skip",
    captions: Captions = "soft",
    crossfade: Crossfade = 0,
    size: Size = "1920x1080",
    title: Annotated[str, typer.Option(help="Of the video; else the deck's own.")] = "",
    subtitles: Subtitles = False,
    as_json: JSON = False,
) -> None:
    """Make a narrated video of a deck of slides: what the notes say is spoken, each slide is a chapter."""
    check_folder(output)
    options: dict[str, Any] = {"engine": engine, "language": language, "speed": speed, "lexicon_id": lexicon}
    options |= {"model": model, "instructions": instructions}
    options |= {"missing_notes": missing, "hidden": hidden, "captions": captions, "crossfade_ms": crossfade}
    options |= {"title": title, **picture_of(size)}
    with open_backend() as backend, door_of(backend) as client:
        options |= _voice(client, voice, consent)
        file = backend.add_file(deck)
        try:
            begun = client.ask("POST", ADDRESS, json={"file_id": file.id, "options": options})
        except errors.TenutoError:
            backend.delete_file(file.id)
            raise
        note(f"{deck}: presentation {begun['id']}")
        finish(backend, client, begun, Wanted(output, f"{deck.stem}.mp4", subtitles=subtitles), as_json=as_json)


class Wanted:
    """Where a video belongs, and what beside it."""

    def __init__(self, output: Path | None, name: str, *, subtitles: bool = False) -> None:
        self.output, self.name, self.subtitles = output, name, subtitles


def finish(backend: Backend, client: Client, begun: dict[str, Any], wanted: Wanted, *, as_json: bool) -> None:
    """Watch the job of a presentation to its end, and fetch the video."""
    (job,) = follow(backend, [begun["job"]["id"]], reporter_for(as_json=as_json))
    for warning in job.warnings:
        note(warning)
    outputs = fetch_video(backend, client, begun["id"], job.id, wanted) if job.status == "completed" else []
    if as_json:
        document({**plain(job), "presentation_id": begun["id"], "outputs": outputs})
    if job.error is not None:
        tell(errors.from_code(job.error.code, job.error.message), about=job.file_name)
    if job.status != "completed":
        raise typer.Exit(FAILED)


def fetch_video(backend: Backend, client: Client, uid: str, job_id: str, wanted: Wanted) -> list[dict[str, Any]]:
    """Write a video that a job made to where it belongs; it may be larger than this machine's memory."""
    address = f"{ADDRESS}/{uid}/video"
    if wanted.output == STANDARD_OUTPUT:
        print_bytes(patiently(backend, lambda: client.download(address)))
        return [{"format": "mp4", "path": None}]
    path = wanted.output or Path(wanted.name)
    path = path / wanted.name if is_folder(path) else path

    def fetch(file: BinaryIO) -> None:
        if file.seekable():  # What came before the server went away comes again.
            file.seek(0)
            file.truncate()
        client.fetch(address, file)

    path = write_fetched(path, lambda file: patiently(backend, lambda: fetch(file)), beside=wanted.output is None)
    note(f"Wrote {path}")
    outputs = [{"format": path.suffix.removeprefix("."), "path": str(path)}]
    for form in ("srt", "vtt") if wanted.subtitles else ():
        beside = path.with_suffix(f".{form}")
        write_whole(beside, patiently(backend, partial(client.artifact, job_id, f"captions.{form}")))
        note(f"Wrote {beside}")
        outputs.append({"format": form, "path": str(beside)})
    return outputs


def _voice(client: Client, given: str, consent: str) -> dict[str, str]:
    """What the options say of a voice: a kept one, one that a sample makes now, or one of the engine's."""
    path = Path(given)
    if path.suffix.lower() in SOUNDS and not path.is_file():
        raise errors.NotFound(f"{given[:200]} is not there; --voice takes a sound file or the name of a voice.")
    if given and path.is_file():
        if not consent:
            raise errors.ValidationError(
                "A sample of a voice comes with consent: say with --consent what whoever speaks has agreed to, and how"
                " you know. It is kept with the sample."
            )
        kept = add_voice(client, path, name="", consent=consent)
        note(f"{path}: kept as the voice {kept['name']} ({kept['id']})")
        return {"voice_id": str(kept["id"])}
    if consent:
        raise errors.ValidationError("--consent belongs to a sample: name the sound file with --voice.")
    return voice_of(client, given)


def voice_of(client: Client, given: str) -> dict[str, str]:
    """What the options say of a voice by its name: a kept one, or one of the engine's."""
    try:
        return {"voice_id": str(find_voice(client, given)["id"])} if given else {}
    except errors.NotFound:
        return {"voice": given}


def picture_of(size: str) -> dict[str, int]:
    """Width and height as they are typed."""
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise errors.ValidationError(f"--size is WIDTHxHEIGHT, such as 1280x720, not {size[:40]!r}.")
    return {"width": int(width), "height": int(height)}
