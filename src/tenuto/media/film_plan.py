"""Which frames a scene has and when each is seen, counted in samples of its sound: plain arithmetic.

A picture that stands still is encoded for ten seconds at most and shown again and again: its packets depend on no
length, so that they are as good for a scene whose narration was made longer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from tenuto.domain.columns import drawable
from tenuto.domain.films import RATE, Caption, Film, Scene

KEY_FRAME_SECONDS = 10
FADE_FPS = 25
SAMPLES_A_MS = RATE // 1000


@dataclass(frozen=True)
class Moment:
    """A frame: when it is seen first, how far the picture before has faded (0 to 1), and what is burned in."""

    at: int
    faded: float = 1.0
    caption: str = ""


@dataclass(frozen=True)
class Plan:
    """The frames of a scene: `lead` once, then `body`, again and again if it `loops`, for as long as the scene is."""

    length: int
    lead: tuple[Moment, ...]
    body: tuple[Moment, ...]
    loops: bool
    step: int

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What is encoded: the first of `lead` and of `body` need nothing before them."""
        return self.lead + self.body

    def shown(self) -> Iterator[tuple[int, int]]:
        """When each frame is seen, and the number of its moment; the first is seen at 0."""
        for number, moment in enumerate(self.moments if not self.loops else self.lead):
            if moment.at < self.length:
                yield moment.at, number
        if self.loops:
            start = self.body[0].at
            for number, at in enumerate(range(start, self.length, self.step)):
                yield at, len(self.lead) + number % len(self.body)


def plan_scene(length: int, film: Film, captions: Sequence[Caption] = (), *, fades: bool = False) -> Plan:
    """Plan a scene of `length` samples; `captions` are those that are burned in."""
    step = RATE // film.fps
    heard = [(start, end, text) for start, end, text in _heard(captions, length)]
    lead = tuple(_fade(film.crossfade_ms, heard)) if fades else ()
    start = len(lead) * (RATE // FADE_FPS)
    needed = max(1, -(-(length - start) // step))
    if heard:
        return Plan(length, lead, tuple(_captioned(start, length, step, heard)), loops=False, step=step)
    # Few lengths are ever encoded: a scene that is a little longer than before finds what is there.
    frames = min(KEY_FRAME_SECONDS * film.fps, 1 << (needed - 1).bit_length())
    body = tuple(Moment(start + number * step) for number in range(frames))
    return Plan(length, lead, body, loops=True, step=step)


def heard_captions(scene: Scene, length: int) -> list[Caption]:
    """The captions that can be seen while the scene lasts, one at a time, in the order they start."""
    end_ms = -(-length // SAMPLES_A_MS)
    kept = [
        replace(caption, start_ms=max(0, caption.start_ms), end_ms=min(caption.end_ms, end_ms))
        for caption in sorted(scene.captions, key=lambda caption: caption.start_ms)
        if drawable(caption.text).strip()
    ]
    cut = [replace(one, end_ms=min(one.end_ms, following.start_ms)) for one, following in pairwise(kept)]
    return [caption for caption in [*cut, *kept[-1:]] if caption.start_ms < caption.end_ms]


def _heard(captions: Sequence[Caption], length: int) -> Iterator[tuple[int, int, str]]:
    """Captions in samples; one stays for the moment until the next, so that the screen does not flicker."""
    for caption, following in zip_longest(captions, captions[1:]):
        end = caption.end_ms * SAMPLES_A_MS
        if following is not None and following.start_ms * SAMPLES_A_MS - end < RATE // 5:
            end = following.start_ms * SAMPLES_A_MS
        yield caption.start_ms * SAMPLES_A_MS, min(end, length), caption.text


def _caption_at(moment: int, heard: Sequence[tuple[int, int, str]]) -> str:
    at = bisect_right(heard, moment, key=lambda one: one[0]) - 1
    return heard[at][2] if at >= 0 and moment < heard[at][1] else ""


def _fade(crossfade_ms: int, heard: Sequence[tuple[int, int, str]]) -> Iterator[Moment]:
    """The frames of a crossfade: already the first one is no longer the picture before."""
    frames = round(crossfade_ms * FADE_FPS / 1000)
    for number in range(frames):
        at = number * (RATE // FADE_FPS)
        yield Moment(at, (number + 1) / (frames + 1), _caption_at(at, heard))


def _captioned(start: int, length: int, step: int, heard: Sequence[tuple[int, int, str]]) -> Iterator[Moment]:
    """Frames at every step and, to the sample, wherever a caption comes or goes."""
    changes = {edge for first, last, _ in heard for edge in (first, last) if start < edge < length}
    for at in sorted({start, *range(start, length, step), *changes}):
        yield Moment(at, caption=_caption_at(at, heard))
