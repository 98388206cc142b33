"""`tenuto demo`: the main job on the embedded defaults, from a recording to subtitles, with nothing to set up."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.accuracy import word_error_rate
from tenuto.cli.failure import FAILED, tell
from tenuto.cli.follow import QuietReporter, follow, reporter_for
from tenuto.cli.options import JSON
from tenuto.cli.output import write_whole
from tenuto.cli.speakers import HEADERS, cells_of

if TYPE_CHECKING:
    from tenuto.cli.local import LocalBackend
    from tenuto.client.shapes import Job

DATA = ".tenuto-demo"
ENGINE = "pocketsphinx"


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the result goes.")] = Path("demo-output"),
    as_json: JSON = False,
) -> None:
    """Transcribe a recording that comes with tenuto."""
    shutil.rmtree(folder / DATA, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    backend = _backend(folder / DATA)
    try:
        job = _transcribe(backend, as_json=as_json)
        text = backend.export(job.id, "txt").data.decode()
        rate = word_error_rate(_spoken(), backend.export(job.id, "txt-paragraphs").data.decode())
        speakers = _speakers(backend, job.id)
        subtitles = folder / "conversation.srt"
        write_whole(subtitles, backend.export(job.id, "srt").data)
    finally:
        backend.close()
        shutil.rmtree(folder / DATA, ignore_errors=True)
    if as_json:
        result = {"job": job, "text": text, "speakers": speakers, "word_error_rate": round(rate, 3)}
        show.document({**result, "subtitles": subtitles})
        return
    print(f"\nThe same with speakers, told apart by their voices:\n\n{text}")
    show.table(HEADERS, cells_of(speakers))
    print(f"\nSubtitles: {subtitles}")
    print(f"Word error rate: {rate:.0%} of the words are wrong, missing or added, compared with what was really said.")
    print("These are clear machine voices. On real recordings the small embedded engine, which needs no download, gets")
    print("nearly three words in ten wrong; Whisper hears far better: install tenuto[whisper], then")
    print("`tenuto engines fetch whisper`.")
    program = shutil.which("tenuto") or f"{sys.executable} -m tenuto"
    print("\nYour own recording, and the server at http://127.0.0.1:8000:")
    print(f"  {program} transcribe FILE\n  {program} serve")


def _backend(data_dir: Path) -> LocalBackend:
    """A house of its own, whatever the settings say."""
    from tenuto import logs, settings
    from tenuto.cli.local import LocalBackend
    from tenuto.cli.prepare import open_house

    data_dir = data_dir.resolve()
    found = settings.load().model_copy(
        update={
            "data_dir": data_dir,
            "work_dir": None,
            "database_url": f"sqlite:///{data_dir / 'tenuto.db'}",
            "database_read_url": "",
            "storage_url": "",
            "engines": [ENGINE],
            "default_engine": ENGINE,
            "cleanup_interval_minutes": 0,
        }
    )
    logs.configure("CRITICAL", found.log_format)
    return LocalBackend(open_house(found))


def _spoken() -> str:
    return files("tenuto.demo").joinpath("conversation.txt").read_text()


def _speakers(backend: LocalBackend, job_id: str) -> list[dict[str, Any]]:
    from tenuto.api.schemas import SpeakerList
    from tenuto.cli.local import OWNER

    transcripts = backend.house.transcripts
    found = transcripts.speakers(OWNER, transcripts.of_job(OWNER, job_id).uid)
    return [item.model_dump() for item in SpeakerList.of(found).items]


def _transcribe(backend: LocalBackend, *, as_json: bool) -> Job:
    with as_file(files("tenuto.demo").joinpath("conversation.flac")) as recording:
        file = backend.add_file(recording)
    show.note(f"Listening to {file.name}, {show.length(file.duration_ms)} of speech, with the engine {ENGINE}.")
    job_id = backend.submit(file.id, {"engine": ENGINE}).id
    reporter = QuietReporter() if as_json else reporter_for(as_json=False)
    told = 0

    def tell_blocks() -> None:
        nonlocal told
        for block in backend.heard(job_id, after=told):
            told += 1
            reporter.pause()
            for segment in () if as_json else block.segments:
                print(f"{show.length(segment.start_ms):>6}  {show.clean(segment.text)}", flush=True)

    job = follow(backend, [job_id], reporter, on_look=tell_blocks)[0]
    if job.error is not None or job.status != "completed":
        tell(errors.JobError(job.error.message if job.error else f"The job was {job.status}."))
        raise typer.Exit(FAILED)
    return job
