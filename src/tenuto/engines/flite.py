"""flite: small English voices of a program that the system brings; no words' times."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import unicodedata
import wave
from functools import cache, partial
from pathlib import Path

from tenuto import errors
from tenuto.engines.base import EngineReport, NarrateOptions, Narration, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.speaking import OPENAI_VOICES, Said, has_words, language_by_script, pieces, write_speech

PROGRAM = "flite"
INSTALL = "install the system's package flite"
RATE = 16_000
# All at 16 kHz; `kal`, the fifth, speaks at 8 kHz and is left out.
VOICES = ("slt", "rms", "awb", "kal16")
BY_OPENAI_NAME = dict(
    zip(
        OPENAI_VOICES,
        ("slt", "rms", "awb", "slt", "rms", "awb", "slt", "kal16", "slt", "slt", "rms", "slt", "awb"),
        strict=True,
    )
)
MOST_CHARACTERS = 2000
SECONDS_PER_PIECE = 120.0
VERSION = re.compile(rb"version:\s*(\S+)")


class FliteNarrator:
    """The voices of flite."""

    name = "flite"

    def __init__(self, config: EngineConfig) -> None:
        del config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the program is here."""
        del config
        found = shutil.which(PROGRAM)
        detail = f"flite at {found}, English voices {', '.join(VOICES)}." if found else f"flite is missing; {INSTALL}."
        model, version = (VOICES[0], _version(found)) if found else ("", "")
        return EngineReport("flite", found is not None, detail, model, licence="MIT-CMU", version=version)

    def narrate(self, text: str, target: Path, options: NarrateOptions, progress: Progress) -> Narration:
        """Speak `text` into `target`."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise errors.EngineMissing(f"The engine flite needs the program of that name; {INSTALL}.")
        if options.shape is not None:
            raise errors.ValidationError("flite cannot take the shape of another voice; the engine espeak can.")
        _require_english(options.language, text)
        voice = BY_OPENAI_NAME.get(options.voice, options.voice or VOICES[0])
        if voice not in VOICES:
            known = ", ".join([*VOICES, *OPENAI_VOICES])
            raise errors.ValidationError(f"flite has no voice {options.voice[:60]!r}; choose from: {known}.")
        parts = list(pieces(_plain(text), MOST_CHARACTERS)) if has_words(text) else []
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="flite-") as folder:
            say = partial(_say, program, voice, options.speed, Path(folder))
            length, _ = write_speech(target, RATE, parts, say, progress)
        return Narration(length, voice)


@cache
def _version(program: str) -> str:
    """What the program says of itself."""
    try:
        told = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=10.0, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = VERSION.search(told.stdout + told.stderr)
    return found[1].decode() if found else ""


def _require_english(language: str | None, text: str) -> None:
    spoken = language or language_by_script(text) or "en"
    if spoken.lower().partition("-")[0] != "en":
        raise errors.ValidationError(
            f"flite speaks English only, not {spoken[:20]!r}; the engine espeak speaks others."
        )


def _plain(text: str) -> str:
    """What flite can read: plain letters; it would stumble over typographic signs."""
    typed = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: " - "})
    return unicodedata.normalize("NFKD", typed).encode("ascii", "ignore").decode()


def _say(program: str, voice: str, speed: float, folder: Path, text: str) -> Said:
    """The text goes by a file: on the command line everybody on the machine could read it."""
    source, made = folder / "piece.txt", folder / "piece.wav"
    source.write_text(f"{text}\n")
    command = [
        program,
        "-voice",
        voice,
        "--setf",
        f"duration_stretch={1 / speed:.4f}",
        "-f",
        str(source),
        "-o",
        str(made),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_PER_PIECE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise errors.EngineTimeout(f"flite took longer than {SECONDS_PER_PIECE:.0f} s for a piece of text.") from error
    if done.returncode != 0 or not made.exists():
        raise errors.EngineCrashed(f"flite ended with the code {done.returncode}.")
    with wave.open(str(made), "rb") as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
            raise errors.EngineError(
                f"flite's voice {voice} made {sound.getframerate()} Hz, not the {RATE} Hz it should."
            )
        return Said(sound.readframes(sound.getnframes()))
