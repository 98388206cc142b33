"""The video: a frame for each moment, and the sound, exact to the sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av

from tenuto import errors
from tenuto.domain.lyrics import Lyrics
from tenuto.domain.pages import Page, pages
from tenuto.media.encoding import wave_frames
from tenuto.media.karaoke_fonts import Typefaces, warnings
from tenuto.media.karaoke_look import KaraokeVideo, Look
from tenuto.media.karaoke_pages import Drawn, Screen
from tenuto.media.karaoke_planes import Planes
from tenuto.media.sound import Converter, convert_all
from tenuto.media.video_encoders import best_encoder, set_up
from tenuto.media.waves import read_wave

KEY_FRAME_SECONDS = 5
SOUND_BITS = 192_000
FRAME_SAMPLES = 1024
SHOWN_LINES = 20
CARD_MS = 1_000  # a card that is to be seen for less only flickers
SECOND_MS = 1000


class Frames(Protocol):
    """What gives a video its pictures."""

    def frame(self, number: int) -> Any:
        """The frame of that number; asked for in order."""
        ...


def render(lyrics: Lyrics, sound: Path, target: Path, look: Look, tell: Callable[[float], None]) -> KaraokeVideo:
    """Write the video of `lyrics` to the stereo WAV `sound`."""
    shown = pages(lyrics, look.lines, columns=look.columns)
    if not shown:
        raise errors.ValidationError("The lyrics have no times: align them, or tap their times, before making a video.")
    typefaces = Typefaces()
    with read_wave(sound, channels=2) as reader:
        if not reader.getnframes():
            raise errors.EngineError("There is no sound to make a video to.")
        seconds = Fraction(reader.getnframes(), reader.getframerate())
        film = Film(shown, Screen(look, typefaces), float(seconds * SECOND_MS))
        total = encode(film, reader, target, look, tell)
    duration_ms = round(seconds * SECOND_MS)
    said = tuple(_warnings(lyrics, duration_ms, typefaces))
    return KaraokeVideo(look.width, look.height, duration_ms, total, typefaces.names, said)


def encode(film: Frames, reader: Any, target: Path, look: Look, tell: Callable[[float], None]) -> int:
    """Write as many frames as the sound is long, and the sound; return how many."""
    rate = reader.getframerate()
    total = math.ceil(Fraction(reader.getnframes(), rate) * look.fps)
    with av.open(f"file:{target}", "w", format="mp4", container_options={"movflags": "+faststart"}) as out:
        out.metadata.update({"title": look.title, "artist": look.artist})
        picture, voice = _streams(out, look, rate)
        sounds = _encoded(voice, reader)
        heard = Fraction(0)
        for number in range(total):
            frame = film.frame(number)
            frame.pts, frame.time_base = number, Fraction(1, look.fps)
            out.mux(picture.encode(frame))
            while heard * look.fps <= number + 1 and (found := next(sounds, None)) is not None:
                heard, packets = found
                out.mux(packets)
            tell((number + 1) / total)
        for _, packets in sounds:
            out.mux(packets)
        out.mux(picture.encode(None))
    return total


class Film:
    """The frames, one after the other; a frame that looks like the one before is that one."""

    def __init__(self, shown: list[Page], screen: Screen, ends_ms: float) -> None:
        self._pages, self._screen, self._ends_ms = shown, screen, ends_ms
        self._at = 0
        self._drawn: Drawn | None = None
        self._state: object = None
        self._frame: Any = None

    def frame(self, number: int) -> Any:
        """The frame of that number; asked for in order."""
        moment = number * SECOND_MS / self._screen.look.fps
        while self._at < len(self._pages) and self._pages[self._at].end_ms <= moment:
            self._at, self._drawn = self._at + 1, None
        state = self._state_at(moment)
        if state != self._state:
            self._state, self._frame = state, self._picture(moment).frame()
        return self._frame

    def _page(self, moment: float) -> Drawn | None:
        if self._at == len(self._pages) or self._pages[self._at].start_ms > moment:
            return None
        if self._drawn is None:
            self._drawn = self._screen.draw(self._pages[self._at])
        return self._drawn

    def _state_at(self, moment: float) -> tuple[object, ...]:
        page = self._page(moment)
        return (self._at, page is None, *(page.state(moment) if page else ()))

    def _picture(self, moment: float) -> Planes:
        page = self._page(moment)
        if page is not None:
            return page.at(moment)
        return self._screen.card if self._has_card() else self._screen.empty

    def _has_card(self) -> bool:
        """Whether the song's names are on the screen while no words are: before the first and behind the last."""
        if self._at == 0:
            return self._pages[0].start_ms >= CARD_MS
        return self._at == len(self._pages) and self._ends_ms - self._pages[-1].end_ms >= CARD_MS


def _streams(out: Any, look: Look, rate: int) -> tuple[Any, Any]:
    encoder = best_encoder()
    picture = out.add_stream(encoder, rate=look.fps)
    size = (look.width, look.height)
    set_up(picture.codec_context, encoder, "animation", size=size, key_frame_every=KEY_FRAME_SECONDS * look.fps)
    voice = out.add_stream("aac", rate=rate, layout="stereo")
    voice.bit_rate = SOUND_BITS
    return picture, voice


def _encoded(voice: Any, reader: Any) -> Iterator[tuple[Fraction, Any]]:
    """The sound in packets, each with the time that is heard by then."""
    rate, fifo, clock = reader.getframerate(), av.AudioFifo(), 0

    def encode(sound: Any) -> tuple[Fraction, Any]:
        nonlocal clock
        sound.pts, sound.time_base = clock, Fraction(1, rate)
        clock += sound.samples
        return Fraction(clock, rate), voice.encode(sound)

    converter = Converter(layout="stereo", rate=rate, sample_format="fltp")
    for sound in convert_all(wave_frames(reader, lambda _share: None), converter):
        sound.pts = None
        fifo.write(sound)
        for whole in fifo.read_many(FRAME_SAMPLES):
            yield encode(whole)
    rest = fifo.read(0, partial=True)
    if rest is not None:
        yield encode(rest)
    yield Fraction(clock, rate), voice.encode(None)


def _warnings(lyrics: Lyrics, duration_ms: int, typefaces: Typefaces) -> Iterator[str]:
    sung = [(number, line) for number, line in enumerate(lyrics.lines, start=1) if line.text]
    untimed = [number for number, line in sung if not line.is_timed]
    if untimed:
        yield f"{_lines(untimed)} no times and cannot be in the video: tap them or align them."
    late = [number for number, line in sung if (line.start_ms or 0) >= duration_ms]
    if late:
        yield f"{_lines(late)} times behind the end of the song and cannot be in the video: look at their times."
    yield from warnings(typefaces, lyrics.text)


def _lines(numbers: Sequence[int]) -> str:
    """Lines by their numbers, counted from 1, as the beginning of a sentence."""
    if len(numbers) == 1:
        return f"Line {numbers[0]} has"
    named = ", ".join(map(str, numbers[:SHOWN_LINES]))
    return f"{len(numbers)} lines ({named}{', …' * (len(numbers) > SHOWN_LINES)}) have"
