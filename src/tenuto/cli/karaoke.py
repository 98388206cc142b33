"""`tenuto separate`, `align` and `karaoke`: a song in; stems, timed lyrics or a video out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli.backend import Backend, open_backend
from tenuto.cli.door import door_of
from tenuto.cli.failure import FAILED, REFUSALS, REFUSED, tell
from tenuto.cli.follow import follow, reporter_for
from tenuto.cli.narrate import picture_of
from tenuto.cli.options import JSON, Output
from tenuto.cli.output import STANDARD_OUTPUT, check_folder, print_bytes, write_fetched, write_whole
from tenuto.cli.show import document, note, plain
from tenuto.cli.song_files import Known, Names, find_song, put_lyrics
from tenuto.client import Client
from tenuto.client.shapes import Job

STEMS = ("vocals", "instrumental")
FORMATS = {"lrc": "lrc", "elrc": "lrc", "ultrastar": "txt", "ass": "ass", "json": "json"}  # format → ending

Song = Annotated[str, typer.Argument(metavar="SONG", help="A file, or the id of a song.", show_default=False)]
Songs = Annotated[list[str], typer.Argument(metavar="SONG...", help="Files, or ids of songs.", show_default=False)]
LyricsFile = Annotated[
    Path | None, typer.Option("--lyrics", help="Plain text, LRC, UltraStar ...; else those the song has.")
]
Engine = Annotated[str, typer.Option(help="What parts the voice from the band: embedded, demucs or auto.")]
Aligner = Annotated[str, typer.Option(help="What times the lyrics; see `tenuto engines`.")]
Language = Annotated[str, typer.Option(help="Of the lyrics, such as en.")]
Title = Annotated[str, typer.Option(help="Of a new song; else its tags or the file's name.")]
Artist = Annotated[str, typer.Option(help="Of a new song; else its tags or the file's name.")]
Again = Annotated[bool, typer.Option("--again", help="Also when it was done before.")]


def separate(
    songs: Songs,
    *,
    engine: Engine = "auto",
    model: Annotated[str, typer.Option(help="The engine's model.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write the stems to.")] = None,
    title: Title = "",
    artist: Artist = "",
    again: Again = False,
    as_json: JSON = False,
) -> None:
    """Part songs into voice and band, as two WAV files each."""
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    options = {"engine": engine, "model": model, "again": again}
    refused: list[dict[str, str]] = []
    outputs: dict[str, list[dict[str, Any]]] = {}
    with open_backend() as backend, door_of(backend) as client:
        begun: dict[str, Known] = {}
        for given in songs:
            try:
                known = find_song(backend, client, given, Names(title, artist))
                begun[client.submit_song(known.id, kind="separate", options=options).id] = known
            except REFUSALS as error:
                tell(error, about=given)
                refused.append({"song": given, "code": error.code, "message": error.message})
        jobs = _watch(backend, list(begun), as_json=as_json)
        for job in jobs:
            if job.status == "completed":
                outputs[job.id] = [_write_stem(client, begun[job.id], stem, output) for stem in STEMS]
    _end(jobs, outputs, refused, as_json=as_json)


def align(
    song: Song,
    *,
    lyrics: LyricsFile = None,
    format_name: Annotated[str, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}.")] = "",
    output: Output = None,
    engine: Aligner = "auto",
    separator: Engine = "auto",
    language: Language = "",
    title: Title = "",
    artist: Artist = "",
    again: Again = False,
    as_json: JSON = False,
) -> None:
    """Find out when each line of a song is sung, and write the timed lyrics."""
    form = format_name or _format_of(output)
    if form not in FORMATS:
        raise errors.ValidationError(f"There is no format {form[:40]!r}; choose from: {', '.join(FORMATS)}.")
    check_folder(output)
    options = {"engine": engine, "separator": separator, "language": language, "again": again}
    with open_backend() as backend, door_of(backend) as client:
        known = find_song(backend, client, song, Names(title, artist))
        put_lyrics(client, known, lyrics)
        begun = client.submit_song(known.id, kind="align", options=options)
        jobs = _watch(backend, [begun.id], as_json=as_json)
        done = jobs[0].status == "completed"
        data = client.download(f"/api/songs/{known.id}/lyrics/{form}") if done else b""
    outputs: dict[str, list[dict[str, Any]]] = {}
    if done and as_json and output is None:
        outputs[jobs[0].id] = [{"format": form, "path": None, "text": data.decode()}]
    elif done:
        outputs[jobs[0].id] = [{"format": form, "path": _put(data, output, f"{known.stem}.{FORMATS[form]}")}]
    _end(jobs, outputs, as_json=as_json)


def karaoke(
    song: Song,
    *,
    lyrics: LyricsFile = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The video; SONG.mp4 if not given.")] = None,
    guide: Annotated[
        float | None, typer.Option("--guide", help="Level of a guiding voice in dB; none if not given.")
    ] = None,
    key: Annotated[float, typer.Option("--key", help="Semitones up or down.", min=-12, max=12)] = 0.0,
    tempo: Annotated[float, typer.Option("--tempo", help="Times the song's own.", min=0.5, max=2.0)] = 1.0,
    size: Annotated[str, typer.Option("--size", help="Width and height of the picture.")] = "1920x1080",
    subtitles: Annotated[bool, typer.Option("--subtitles", help="Write the lyrics as .ass beside the video.")] = False,
    engine: Engine = "auto",
    language: Language = "",
    title: Title = "",
    artist: Artist = "",
    again: Again = False,
    as_json: JSON = False,
) -> None:
    """Make a video to sing to: the band, and lyrics that follow."""
    check_folder(output)
    options = {"engine": engine, "language": language, "again": again, "guide_db": guide, "semitones": key}
    options |= {"tempo": tempo, **picture_of(size)}
    with open_backend() as backend, door_of(backend) as client:
        known = find_song(backend, client, song, Names(title, artist))
        put_lyrics(client, known, lyrics)
        begun = client.submit_song(known.id, kind="karaoke", options=options)
        jobs = _watch(backend, [begun.id], as_json=as_json)
        outputs: dict[str, list[dict[str, Any]]] = {}
        if jobs[0].status == "completed":
            path = _put_video(client, jobs[0].id, output, f"{known.stem}.mp4")
            outputs[jobs[0].id] = [{"format": "mp4", "path": path}]
            if subtitles and path is not None:
                beside = Path(path).with_suffix(".ass")
                write_whole(beside, backend.artifact(jobs[0].id, "karaoke.ass"))
                note(f"Wrote {beside}")
                outputs[jobs[0].id].append({"format": "ass", "path": str(beside)})
    _end(jobs, outputs, as_json=as_json)


def _watch(backend: Backend, job_ids: Sequence[str], *, as_json: bool) -> list[Job]:
    """Watch jobs until they end, and tell what there is to tell of them."""
    jobs = follow(backend, job_ids, reporter_for(as_json=as_json)) if job_ids else []
    for job in jobs:
        for warning in job.warnings:
            note(f"{job.file_name}: {warning}")
        if job.error is not None:
            tell(errors.from_code(job.error.code, job.error.message), about=job.file_name)
    return jobs


def _end(
    jobs: Sequence[Job],
    outputs: Mapping[str, list[dict[str, Any]]],
    refused: Sequence[Mapping[str, str]] = (),
    *,
    as_json: bool,
) -> None:
    if as_json:
        found = [{**plain(job), "outputs": outputs.get(job.id, [])} for job in jobs]
        document({"jobs": found, "refused": list(refused)})
    if refused:
        raise typer.Exit(REFUSED)
    if any(job.status != "completed" for job in jobs):
        raise typer.Exit(FAILED)


def _write_stem(client: Client, song: Known, stem: str, folder: Path | None) -> dict[str, Any]:
    wanted = (folder or song.folder) / f"{song.stem}.{stem}.wav"
    path = write_fetched(wanted, lambda file: client.fetch(f"/api/songs/{song.id}/stems/{stem}", file), beside=True)
    note(f"Wrote {path}")
    return {"stem": stem, "path": str(path)}


def _put(data: bytes, output: Path | None, name: str) -> str | None:
    """Write text to where it belongs, or print it when nobody gave a place."""
    if output is None or output == STANDARD_OUTPUT:
        print_bytes(data)
        return None
    path = output / name if output.is_dir() else output
    write_whole(path, data)
    note(f"Wrote {path}")
    return str(path)


def _put_video(client: Client, job_id: str, output: Path | None, name: str) -> str | None:
    """Write the video to where it belongs; it may be larger than this machine's memory."""
    address = f"/api/jobs/{job_id}/artifacts/karaoke.mp4"
    if output == STANDARD_OUTPUT:
        print_bytes(client.download(address))
        return None
    wanted = output or Path(name)
    wanted = wanted / name if wanted.is_dir() else wanted
    path = write_fetched(wanted, lambda file: client.fetch(address, file), beside=output is None)
    note(f"Wrote {path}")
    return str(path)


def _format_of(output: Path | None) -> str:
    ending = output.suffix.removeprefix(".").lower() if output else ""
    return next((form for form, known in FORMATS.items() if known == ending), "lrc")
