"""Pieces of music on their way: asked for, watched, and written where somebody wants them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tenuto import errors
from tenuto.cli.backend import Backend
from tenuto.cli.door import door_of
from tenuto.cli.failure import tell
from tenuto.cli.follow import Reporter, follow
from tenuto.cli.made import check_dated, check_holds_several, dated, write_made
from tenuto.cli.output import STANDARD_OUTPUT, check_folder, make_folder
from tenuto.cli.show import note, plain, understood
from tenuto.client.shapes import Job
from tenuto.domain.naming import file_name
from tenuto.domain.text_files import decode_text

MUSIC, MIDI, DETAILS = "music", "music.mid", "composition.json"
COMMENT = "#"


@dataclass(frozen=True)
class Place:
    """Where music goes: a file, a folder, folders of days, or standard output."""

    output: Path | None
    in_dated: bool
    several: bool  # pieces, so that no file can be named

    def check(self) -> None:
        """Refuse a place that cannot be written to, before any work is done for it."""
        if self.in_dated:
            check_dated(self.output)
        elif not self.several:
            check_folder(self.output)
        elif self.output is not None:
            check_holds_several(self.output, "Several pieces need a folder")
            make_folder(self.output)

    def of(self, job: Job) -> Path | None:
        """The place of one piece that is done."""
        return dated(self.output, job) if self.in_dated else self.output


class Pieces:
    """What becomes of each piece; what goes wrong with one does not keep the others out."""

    def __init__(self, backend: Backend, reporter: Reporter, place: Place) -> None:
        self.backend, self.reporter, self.place = backend, reporter, place
        self.uids: dict[str, str] = {}  # job → generation
        self.done: dict[str, dict[str, Any]] = {}
        self.refused: list[dict[str, Any]] = []

    def ask(self, body: Mapping[str, Any], *, like: str = "") -> None:
        """Ask for a piece, for several takes of it, or for more like another one."""
        with door_of(self.backend) as client:
            self._accepted(client.generate(body, like=like, idempotency_key=str(uuid4())))

    def ask_each(self, prompts: Mapping[int, str], body: Mapping[str, Any]) -> None:
        """The same for each line of a file."""
        with door_of(self.backend) as client:
            for line, prompt in prompts.items():
                try:
                    self._accepted(client.generate({**body, "prompt": prompt}, idempotency_key=str(uuid4())))
                except errors.TenutoError as error:
                    self.refused.append({"line": line, "prompt": prompt, "code": error.code, "message": error.message})
                    tell(error, about=f"Line {line}")

    def _accepted(self, items: Sequence[Mapping[str, Any]]) -> None:
        self.uids |= {item["job"]["id"]: item["id"] for item in items}

    def watch(self) -> list[dict[str, Any]]:
        """Wait for all of them, and write each as soon as it is there."""
        jobs = follow(self.backend, list(self.uids), self.reporter, on_end=self._finish) if self.uids else []
        return [self.done[job.id] for job in jobs]

    def _finish(self, job: Job) -> None:
        self.reporter.pause()
        done = job.status == "completed"
        made = json.loads(self.backend.artifact(job.id, DETAILS)) if done else {}
        written = _write(self.backend, job, made, self.place.of(job)) if done else []
        about = f"{job.file_name}: " if self.place.several else ""
        for warning in job.warnings:
            note(f"{about}{warning}")
        if made:
            note(f"{about}understood: {understood(made) or 'nothing'}.")
            note(f"{about}{_summary(made)}")
        if job.error is not None:
            tell(errors.from_code(job.error.code, job.error.message), about=job.file_name if self.place.several else "")
        elif not done:
            note(f"{about}the job was {job.status}.")
        self.done[job.id] = {**plain(job), "generation_id": self.uids[job.id], "outputs": written, "composition": made}

    @property
    def all_are_there(self) -> bool:
        """Whether nothing was refused and nothing failed."""
        return not self.refused and all(piece["outputs"] for piece in self.done.values())


def prompts_in(source: Path) -> dict[int, str]:
    """Line → prompt; empty lines and those that begin with # are left out."""
    try:
        data = sys.stdin.buffer.read() if source == STANDARD_OUTPUT else source.read_bytes()
        lines = decode_text(data).splitlines()
    except UnicodeDecodeError:
        raise errors.ValidationError(f"{source} is no text in UTF-8; save it as that.") from None
    except OSError as error:
        raise errors.NotFound(f"{source} cannot be read: {error.strerror}.") from error
    found = {number: line.strip() for number, line in enumerate(lines, 1)}
    prompts = {number: line for number, line in found.items() if line and not line.startswith(COMMENT)}
    if not prompts:
        raise errors.ValidationError(f"{source} holds no prompts; write one a line.")
    return prompts


def _write(backend: Backend, job: Job, made: dict[str, Any], output: Path | None) -> list[dict[str, Any]]:
    """The music where it is wanted, and all else beside it; nothing is written over but the file that was named."""
    ending = str(job.options["format"]).removesuffix("24").removesuffix("32f")
    parts = {f"{MUSIC}.{ending}": "", **{f"{stem}.{ending}": stem for stem in made["stems"]}}
    if made["midi"]:
        parts[MIDI] = ""
    if output == STANDARD_OUTPUT and len(parts) > 1:
        note("Standard output takes the music alone, without its stems and its score.")
        parts = {f"{MUSIC}.{ending}": ""}
    is_folder = output is None or output.is_dir()
    written = []
    for name, part in parts.items():
        called = file_name(job.file_name or "", Path(name).suffix, seed=made["seed"], part=part)
        place = output if output is None or is_folder else _beside(output, name, part)
        written.append(write_made(backend, job, name, place, called=called, beside=is_folder or place != output))
    return written


def _beside(output: Path, name: str, part: str) -> Path:
    if name == MIDI:
        return output.with_suffix(".mid")
    return output.with_name(f"{output.stem}-{name}") if part else output


def _summary(made: dict[str, Any]) -> str:
    composed, measured = made["composed"], made["measured"]
    known = [composed.get("style"), composed["bpm"] and f"{composed['bpm']:g} BPM", composed["key"]]
    loud = measured["loudness_lufs"]
    told = [*known, f"{made['seconds']:g} s", loud is not None and f"{loud:.1f} LUFS", f"seed {made['seed']}"]
    return f"{', '.join(str(part) for part in told if part)}; {made['model']}."
