"""The video: a frame for each moment, and the sound, exact to the sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tenuto import errors
from tenuto.domain.lyrics import Lyrics
from tenuto.domain.pages import Page, pages
from tenuto.media.encoding import wave_frames
from tenuto.media.karaoke_fonts import find_typeface
from tenuto.media.karaoke_look import KaraokeVideo, Look
from tenuto.media.karaoke_pages import Drawn, Picture, Screen
from tenuto.media.sound import Converter, convert_all
from tenuto.media.waves import read_wave

COLUMNS = 40
KEY_FRAME_SECONDS = 5
SOUND_BITS = 192_000
FRAME_SAMPLES = 1024
SHOWN_LETTERS = 20
# Best first, with what each is told; a PyAV built without the first has the last at least.
ENCODERS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "20", "tune": "animation"},
    "libopenh264": {"b": "4M"},
    "mpeg4": {"b": "8M"},
}
SECOND_MS = 1000


def render(lyrics: Lyrics, sound: Path, target: Path, look: Look, tell: Callable[[float], None]) -> KaraokeVideo:
    """Write the video of `lyrics` to the stereo WAV `sound`."""
    shown = pages(lyrics, columns=COLUMNS)
    if not shown:
        raise errors.ValidationError("The lyrics have no times: align them, or tap their times, before making a video.")
    typeface = find_typeface(lyrics.text + look.title + look.artist)
    film = Film(shown, Screen(look, typeface))
    with (
        read_wave(sound, channels=2) as reader,
        av.open(f"file:{target}", "w", format="mp4", container_options={"movflags": "+faststart"}) as out,
    ):
        if not reader.getnframes():
            raise errors.EngineError("There is no sound to make a video to.")
        seconds = Fraction(reader.getnframes(), reader.getframerate())
        total = math.ceil(seconds * look.fps)
        out.metadata.update({"title": look.title, "artist": look.artist})
        picture, voice = _streams(out, look, reader.getframerate())
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
    return KaraokeVideo(
        look.width, look.height, round(seconds * SECOND_MS), total, typeface.name, _warnings(lyrics, typeface.missing)
    )


class Film:
    """The frames, one after the other; a frame that looks like the one before is that one."""

    def __init__(self, shown: list[Page], screen: Screen) -> None:
        self._pages, self._screen = shown, screen
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
            self._state, picture = state, self._picture(moment)
            self._frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
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

    def _picture(self, moment: float) -> Picture:
        page = self._page(moment)
        if page is not None:
            return page.at(moment)
        return self._screen.title() if self._at == 0 else self._screen.empty


def _streams(out: Any, look: Look, rate: int) -> tuple[Any, Any]:
    encoder = next(name for name in ENCODERS if name in av.codecs_available)
    picture = out.add_stream(encoder, rate=look.fps, options=dict(ENCODERS[encoder]))
    picture.width, picture.height, picture.pix_fmt = look.width, look.height, "yuv420p"
    picture.gop_size = KEY_FRAME_SECONDS * look.fps
    picture.codec_context.thread_count = 2
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


def _warnings(lyrics: Lyrics, missing: str) -> tuple[str, ...]:
    untimed = sum(bool(line.text) and not line.is_timed for line in lyrics.lines)
    found = [f"{untimed} lines have no times and are not in the video: tap them or align them."] if untimed else []
    if missing:
        found.append(
            f"No font of this machine has {missing[:SHOWN_LETTERS]!r}: install one for the script, such as Noto."
        )
    return tuple(found)
