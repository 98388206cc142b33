"""The film: scenes that change on the very sample of their sound, with chapters and captions, in an MP4.

All of it is put together from segments: the packets of each scene's picture and of its sound, encoded by themselves. A
film of which one scene has changed encodes that one and takes the others as they are.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from tenuto.domain.films import RATE, SOUND_BLOCK, Film, Filmed, Scene, check_film
from tenuto.media.film_boxes import switch_off
from tenuto.media.film_captions import Captions
from tenuto.media.film_languages import three_letters
from tenuto.media.film_pictures import PictureEncoder, Pictures
from tenuto.media.film_plan import Plan, heard_captions, plan_scene
from tenuto.media.film_segments import Coded, Segment, segment
from tenuto.media.film_sound import CODEC, SoundEncoder, Sounds
from tenuto.media.film_text import add_captions, caption_packets, chapters, tags

CLOCK = Fraction(1, RATE)
Due = tuple[int, Any]  # a packet, and when it is due, in samples


def write_film(
    scenes: Sequence[Scene], target: Path, film: Film, segments: Path, tell: Callable[[float], None]
) -> Filmed:
    """Write the film of `scenes` to `target`; what is encoded for it is left in the folder `segments`."""
    check_film(scenes, film)
    studio = Studio(scenes, film, segments)
    # The clock of the whole file is that of its sound too: an edit list counts by it.
    muxing = {"movflags": "+faststart", "movie_timescale": str(RATE)}
    with av.open(f"file:{target}", "w", format="mp4", container_options=muxing) as out:
        studio.open(out)
        for at, packet in studio.packets():
            out.mux(packet)
            tell(at / studio.sounds.total)
    if not film.show_captions:
        switch_off(target, b"sbtl")
    return studio.made()


class Studio:
    """A film in the making."""

    def __init__(self, scenes: Sequence[Scene], film: Film, folder: Path) -> None:
        self._scenes, self._film, self._folder = scenes, film, folder
        self.sounds = Sounds([scene.sound for scene in scenes])
        self._captions = Captions()
        self._pictures = Pictures(film, self._captions)
        self._picture_encoder, self._sound_encoder = PictureEncoder(film), SoundEncoder(self.sounds)
        self._streams: dict[str, Any] = {}
        self._used: dict[str, None] = {}
        self._encoded: set[int] = set()
        self._frames = 0

    def open(self, out: Any) -> None:
        """Say what the file holds."""
        film = self._film
        picture = out.add_stream(self._picture_encoder.name, rate=film.fps)
        self._picture_encoder.set_up(picture.codec_context)
        sound = out.add_stream(CODEC, rate=RATE)
        self._sound_encoder.set_up(sound.codec_context)
        self._streams = {"picture": picture, "sound": sound}
        if any(scene.captions for scene in self._scenes):
            self._streams["captions"] = add_captions(out)
        for stream in self._streams.values():
            stream.time_base = CLOCK
            stream.metadata["language"] = three_letters(film.language)
        out.metadata.update(tags(film))
        out.set_chapters(chapters(self._scenes, self.sounds.starts))
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = film.width, film.height, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        out.start_encoding()
        packet = av.Packet(self._pictures.cover(self._scenes[0].picture))
        packet.stream, packet.is_keyframe = cover, True
        out.mux(packet)

    def packets(self) -> Iterator[Due]:
        """Everything in the order of time."""
        return heapq.merge(
            self._picture_packets(), self._sound_packets(), self._caption_packets(), key=lambda due: due[0]
        )

    def made(self) -> Filmed:
        """What became of it."""
        burned = (
            [caption.text for scene in self._scenes for caption in scene.captions] if self._film.burn_captions else []
        )
        return Filmed(
            duration_ms=round(Fraction(self.sounds.total * 1000, RATE)),
            frames=self._frames,
            width=self._film.width,
            height=self._film.height,
            encoder=self._picture_encoder.name,
            encoded=len(self._encoded),
            reused=len(self._scenes) - len(self._encoded),
            segments=tuple(self._used),
            warnings=tuple(self._captions.warnings(burned)) if burned else (),
        )

    def _picture_packets(self) -> Iterator[Due]:
        for number, start in enumerate(self.sounds.starts[:-1]):
            plan = self._plan(number)
            stored = self._picture_segment(number, plan)
            shown = [*plan.shown(), (plan.length, 0)]
            coded = stored.read()
            if plan.loops:
                kept = list(coded)
                coded = (kept[which] for _, which in shown[:-1])
            for ((at, _), (over, _)), packet in zip(pairwise(shown), coded, strict=False):
                self._frames += 1
                yield self._due("picture", packet, start + at, lasts=over - at)

    def _plan(self, number: int) -> Plan:
        start, end = self.sounds.starts[number : number + 2]
        burned = heard_captions(self._scenes[number], end - start) if self._film.burn_captions else ()
        return plan_scene(end - start, self._film, burned, fades=number > 0)

    def _picture_segment(self, number: int, plan: Plan) -> Segment:
        picture = self._scenes[number].picture
        before = self._scenes[number - 1].picture if plan.lead else None
        header = self._streams["picture"].codec_context.extradata
        names = [self._pictures.name_of(path) for path in (picture, before) if path is not None]
        moments = [[moment.at, moment.faded, moment.caption] for moment in plan.moments]
        stored = segment(self._folder, "picture", [self._picture_encoder.told(header), names, len(plan.lead), moments])
        frames = self._pictures.frames(plan, picture, before)
        key_frames = {0, len(plan.lead)}
        self._keep(number, stored, self._picture_encoder.encode(frames, key_frames=key_frames, header=header))
        return stored

    def _sound_packets(self) -> Iterator[Due]:
        header = self._streams["sound"].codec_context.extradata
        for number in range(len(self._scenes)):
            times = self._sound_encoder.times(number)
            if not times:  # The scene lies within a packet of the one before.
                continue
            stored = segment(self._folder, "sound", self._sound_encoder.told(number, header))
            self._keep(number, stored, self._sound_encoder.encode(number, header))
            for at, packet in zip(times, stored.read(), strict=True):
                yield self._due("sound", packet, at, lasts=min(SOUND_BLOCK, self.sounds.total - at))

    def _keep(self, number: int, stored: Segment, packets: Iterator[Coded]) -> None:
        """Encode a segment of a scene unless it is there."""
        self._used[stored.path.name] = None
        if not stored.is_whole:
            self._encoded.add(number)
            stored.write(packets)

    def _caption_packets(self) -> Iterator[Due]:
        if "captions" in self._streams:
            for at, lasts, data in caption_packets(self._scenes, self.sounds.starts):
                yield self._due("captions", Coded(data, is_key=True), at, lasts=lasts)

    def _due(self, kind: str, coded: Coded, at: int, *, lasts: int) -> Due:
        packet = av.Packet(coded.data)
        packet.stream, packet.time_base = self._streams[kind], CLOCK
        packet.pts = packet.dts = at
        packet.duration, packet.is_keyframe = lasts, coded.is_key
        return at, packet
