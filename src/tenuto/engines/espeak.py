"""espeak-ng: a hundred languages, exact times of words, a robot's voice; the extra `speech`."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import importlib.util
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.transcripts import Word
from tenuto.domain.wording import PIECE
from tenuto.engines.base import EngineReport, NarrateOptions, Narration, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.espeak_data import add_variant, own_data
from tenuto.engines.speaking import OPENAI_VOICES, Said, has_words, language_by_script, pieces, write_speech
from tenuto.engines.voice_shape import VoiceShape

INSTALL = "pip install 'tenuto[speech]'"
# OpenAI's names → espeak's variants of any language's voice; the first keeps the plain one.
VARIANTS = dict(
    zip(
        OPENAI_VOICES,
        ("", "+m1", "+m2", "+f3", "+m3", "+m4", "+f4", "+m7", "+f1", "+f5", "+m5", "+f2", "+m6"),
        strict=True,
    )
)
VOICE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}(\+[A-Za-z0-9_-]{1,20})?")
LANGUAGES = {"en": "en-us", "zh": "cmn", "no": "nb", "nn": "nb", "jw": "en-us"}
BRITISH = dict.fromkeys(("en-gb", "en-au", "en-nz", "en-ie", "en-za"), "en")
AMERICAN_SPANISH = dict.fromkeys(
    (f"es-{place}" for place in ("mx", "ar", "co", "cl", "pe", "ve", "us", "419")), "es-419"
)
OWN = {code: code for code in ("en-us", "pt-br", "fr-be", "fr-ch", "yue")}
REGIONS = {**BRITISH, **AMERICAN_SPANISH, **OWN, "zh-hk": "yue"}  # that are spoken otherwise than the language alone
DEFAULT_LANGUAGE = "en-us"
MOST_CHARACTERS = 500
USUAL_PACE, SLOWEST, FASTEST = 175, 80, 450  # words a minute
SYNCHRONOUS, DO_NOT_EXIT = 2, 0x8000
RATE_PARAMETER = 1
UTF8, BY_CHARACTER = 1, 1
ENDED, WORD = 0, 1
END_OF_SOUND = 1 << 40


class Id(ctypes.Union):
    """What an event is about."""

    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    """What espeak tells while it speaks: `espeak_EVENT` of its header."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Id),
    )


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


@dataclass(frozen=True)
class Opened:
    """The library, ready to speak."""

    library: Any
    rate: int
    data: Path
    package: Path  # the data it came with


# The library keeps one state for the whole process: it is opened once, and a process speaks one text at a time.
_opened: list[Opened] = []


class EspeakNarrator:
    """The voices of espeak-ng."""

    name = "espeak"

    def __init__(self, config: EngineConfig) -> None:
        self._models = config.models_dir

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the library is here."""
        del config
        ready = importlib.util.find_spec("espeakng_loader") is not None
        detail, version = f"espeak-ng is not installed; install it: {INSTALL}.", ""
        if ready:
            version = importlib.metadata.version("espeakng-loader")
            detail = f"espeak-ng by espeakng-loader {version}, a hundred languages."
        model = "espeak-ng" if ready else ""
        return EngineReport("espeak", ready, detail, model, licence="GPL-3.0-or-later", version=version)

    def narrate(self, text: str, target: Path, options: NarrateOptions, progress: Progress) -> Narration:
        """Speak `text` into `target`."""
        opened = _open()
        shape = None if options.shape is None else VoiceShape.from_json(options.shape)
        voice = voice_for(options.voice, options.language, text)
        if shape is not None:
            opened = _open(own_data(opened.package, self._models))
            voice = f"{voice.partition('+')[0]}+{add_variant(opened.data, shape)}"
        library = opened.library
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise errors.ValidationError(
                f"espeak has no voice {voice!r}; name a language such as 'de', a variant of it such as 'de+f2',"
                f" or one of {', '.join(OPENAI_VOICES)}."
            )
        pace = round((USUAL_PACE if shape is None else shape.pace) * options.speed)
        held = min(FASTEST, max(SLOWEST, pace))
        library.espeak_SetParameter(RATE_PARAMETER, held, 0)
        parts = list(pieces(text, MOST_CHARACTERS)) if has_words(text) else []

        def say(part: str) -> Said:
            said = _say(library, part)
            return said if shape is None else replace(said, pcm=shape.filtered(said.pcm, opened.rate))

        length, words = write_speech(target, opened.rate, parts, say, progress)
        slower = (
            f"espeak speaks at {SLOWEST} to {FASTEST} words a minute; the speed was taken as {held / USUAL_PACE:.2f}."
        )
        return Narration(length, voice, words, () if held == pace else (slower,))


def voice_for(voice: str, language: str | None, text: str) -> str:
    """The library's name for a voice: its own, or one of OpenAI's in the language that was said or is written."""
    if voice and voice not in VARIANTS:
        if not VOICE.fullmatch(voice):
            raise errors.ValidationError(f"{voice[:60]!r} is no name of a voice of espeak; 'en-us' or 'de+f2' are.")
        name, plus, variant = voice.partition("+")
        return f"{REGIONS.get(name, name)}{plus}{variant}"
    spoken = (language or language_by_script(text) or DEFAULT_LANGUAGE).lower()
    if not VOICE.fullmatch(spoken):
        raise errors.ValidationError(f"language must be a code such as 'en' or 'de', not {spoken[:60]!r}.")
    plain = spoken.partition("-")[0]
    return (REGIONS.get(spoken) or LANGUAGES.get(plain, plain)) + VARIANTS.get(voice, "")


def _open(data: Path | None = None) -> Opened:
    """Open the library with the data it came with, or with another folder of them."""
    if _opened and data in (None, _opened[0].data):
        return _opened[0]
    try:
        loader: Any = importlib.import_module("espeakng_loader")
        library = ctypes.CDLL(str(loader.get_library_path()))
    except (ImportError, OSError) as error:
        raise errors.EngineMissing(f"espeak-ng cannot be loaded ({error}); install it: {INSTALL}.") from error
    if _opened:
        library.espeak_Terminate()
        _opened.clear()
    package = Path(loader.get_data_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, str(data or package).encode(), DO_NOT_EXIT)
    if rate <= 0:
        raise errors.EngineError("espeak-ng does not start with the data it came with; install it anew.")
    _opened.append(Opened(library, int(rate), data or package, package))
    return _opened[0]


def _say(library: Any, text: str) -> Said:
    sound: list[bytes] = []
    marks: list[tuple[int, int]] = []  # where in the text, when in the sound

    def take(samples: Any, count: int, events: Any) -> int:
        if count > 0:
            sound.append(ctypes.string_at(samples, count * 2))
        index = 0
        while events[index].type != ENDED:
            event = events[index]
            if event.type == WORD:
                marks.append((event.text_position - 1, event.audio_position))
            index += 1
        return 0

    callback = Callback(take)  # Named, so that it lives as long as the library may call it.
    library.espeak_SetSynthCallback(callback)
    raw = text.encode()
    if library.espeak_Synth(raw, len(raw) + 1, 0, BY_CHARACTER, 0, UTF8, None, None) != 0:
        raise errors.EngineError("espeak-ng could not speak the text.")
    library.espeak_Synchronize()
    return Said(b"".join(sound), words_of(text, marks))


def words_of(text: str, marks: list[tuple[int, int]]) -> tuple[Word, ...]:
    """The words between spaces, or the letters of a script without any.

    Each lasts until the next one begins, the last until the sound ends, which cuts it.

    espeak marks an abbreviation or a number several times, and may pass over a word in quotation marks.
    """
    tokens = [found for found in PIECE.finditer(text) if has_words(found.group())]
    starts: dict[int, int] = {}
    for place, time in marks:
        index = bisect_right(tokens, place, key=lambda token: token.start()) - 1
        starts.setdefault(max(index, 0), time)
    known = sorted((index, starts[index]) for index in starts if index < len(tokens))
    ends = [*(time for _, time in known[1:]), END_OF_SOUND][: len(known)]  # Of some texts it tells nothing.
    return tuple(
        Word(time, max(time, end), tokens[index].group()) for (index, time), end in zip(known, ends, strict=True)
    )
