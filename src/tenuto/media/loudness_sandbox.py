"""The child's side of loudness: an untrusted recording is measured, and written anew at another one.

It is decoded again for each look at it, and nothing of it is held but the height of its peaks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.domain.music import Heard, Loudness, Normalised, Outlook
from tenuto.media.edges import Edges, Shaped, shape
from tenuto.media.encoding import MASTER_FORMATS, SoundFormat, encode_frames, music_format, rate_in
from tenuto.media.floats import Sound, audio_frames
from tenuto.media.limiter import peaks
from tenuto.media.loudness import measure_loudness
from tenuto.media.mastering import MOST_ENCODINGS, Levelled, level, loudness
from tenuto.media.music_sandbox import shares
from tenuto.media.opening import Opened, open_recording
from tenuto.media.recording import Recording, float_pieces, layout_of
from tenuto.media.sandbox import Emit, Payload, translated
from tenuto.media.sound import Tally, describe, frames
from tenuto.media.tags import kept_tags

# How often a recording is read through, as a rule: what is told of the progress goes by it.
USUAL_PASSES, ALMOST = 6, 0.97
NEAR_LU, SPARE_DB = 0.2, 0.05
SAMPLE_BITS = {"u8": 8, "s16": 16, "s32": 24, "flt": 32, "dbl": 32}


@dataclass
class Passes:
    """Turns how far each pass is into how far all of them are."""

    tell: Callable[[float], None]
    done: int = 0
    last: float = 0.0

    def along(self, share: float) -> None:
        """One pass is that far; a smaller share than before is that of the next one."""
        self.done += share < self.last
        self.last = share
        self.tell(min((self.done + share) / USUAL_PASSES, ALMOST))


def measure(payload: Payload, emit: Emit) -> Payload:
    """Measure a recording, and find out what it takes to bring it to a loudness."""
    limits, passes = MediaLimits(**payload["limits"]), Passes(shares(emit))
    source = Path(payload["source"])
    with translated(), open_recording(source, limits) as opened:
        tally = Tally()
        sound = frames(opened, tally, limits)
        first = next(sound, None)
        if first is None:
            raise errors.BrokenMedia
        rate, layout = first.sample_rate, layout_of(first)
        pieces = float_pieces(_told(chain([first], sound), opened, passes), rate=rate)
        found = measure_loudness(audio_frames(pieces, rate=rate, layout=layout))
        info = describe(opened, tally, tally.seconds)
        heard = Heard(
            found,
            Outlook(None, 0.0, None),
            info,
            layout,
            sample_bits=_bits(opened),
            tags=kept_tags(opened),
            has_cover=bool(opened.container.streams.video),
        )
    with translated():
        recording = Recording(source, rate, layout, limits, passes.along)
        outlook = _outlook(recording, found, payload["target_lufs"], payload["ceiling_db"])
    return asdict(heard) | {"outlook": asdict(outlook)}


def _told(sound: Any, opened: Opened, passes: Passes) -> Any:
    share, size = 0.0, max(opened.source.size, 1)
    for frame in sound:
        share = max(share, min(opened.source.tell() / size, 1.0))
        passes.along(share)
        yield frame


def _bits(opened: Opened) -> int:
    coding = opened.stream.codec_context
    exact = coding.name.startswith("pcm_") or coding.name in ("flac", "alac")
    return SAMPLE_BITS.get(coding.format.name.removesuffix("p"), 0) if exact and coding.format else 0


def _outlook(sound: Sound, found: Loudness, target_lufs: float, ceiling_db: float) -> Outlook:
    if found.integrated_lufs is None or found.true_peak_db is None:
        return Outlook(None, 0.0, None)
    gain_db = round(target_lufs - found.integrated_lufs, 2)
    if found.true_peak_db + gain_db <= ceiling_db:
        return Outlook(gain_db, 0.0, target_lufs)
    heights = peaks(sound.pieces(), sound.rate)
    there = level(sound, heights, found.integrated_lufs, target_lufs=target_lufs, ceiling_db=ceiling_db)
    return Outlook(there.gain_db, there.limited_db, there.lufs)


def normalise(payload: Payload, emit: Emit) -> Payload:
    """Write a recording at another loudness; what was written is measured, and written again where it is off.

    The payload holds `rate`, `layout`, `lufs` and `tags` as they were found, and `format`, `target_lufs`, `ceiling_db`
    and `edges` as they are wished.
    """
    limits, passes = MediaLimits(**payload["limits"]), Passes(shares(emit))
    form, edges = music_format(payload["format"], MASTER_FORMATS), Edges(**payload["edges"])
    recording = Recording(Path(payload["source"]), payload["rate"], payload["layout"], limits, passes.along)
    with translated():
        sound: Recording | Shaped = shape(recording, edges) if edges.wanted else recording
        before = loudness(sound) if edges.wanted else payload["lufs"]
        wish = _Wish(Path(payload["target"]), form, payload["target_lufs"], payload["ceiling_db"], payload["tags"])
        there, after, seconds, encodings = _written(sound, before, wish, lambda: _heard(wish.target, limits, passes))
    cut = (sound.first, sound.total - sound.last) if isinstance(sound, Shaped) else (0, 0)
    return asdict(
        Normalised(
            after,
            there.gain_db,
            there.limited_db,
            encodings=encodings,
            seconds=seconds,
            sample_rate=rate_in(form, sound.rate),
            trimmed_start_ms=round(cut[0] * 1000 / sound.rate),
            trimmed_end_ms=round(cut[1] * 1000 / sound.rate),
        )
    )


@dataclass(frozen=True)
class _Wish:
    """What is to be written."""

    target: Path
    form: SoundFormat
    lufs: float
    ceiling_db: float
    tags: dict[str, str]


def _written(
    sound: Sound, before: float | None, wish: _Wish, heard: Callable[[], tuple[Loudness, float]]
) -> tuple[Levelled, Loudness, float, int]:
    """Write the sound until the file is as wished, or as often as is reasonable; `heard` measures the file."""
    heights = peaks(sound.pieces(), sound.rate)
    aim_lufs, aim_db, encodings = wish.lufs, wish.ceiling_db, 0
    while True:
        encodings += 1
        there = level(sound, heights, before, target_lufs=aim_lufs, ceiling_db=aim_db)
        louder = audio_frames(there.limiter.limited(sound.pieces()), rate=sound.rate, layout=sound.layout)
        encode_frames(louder, wish.target, wish.form, rate=sound.rate, layout=sound.layout, tags=wish.tags)
        after, seconds = heard()
        over = -math.inf if after.true_peak_db is None else after.true_peak_db - wish.ceiling_db
        off = 0.0
        # Where the limiter could not bring it there, aiming elsewhere brings nothing.
        if after.integrated_lufs is not None and there.lufs is not None and abs(there.lufs - aim_lufs) <= NEAR_LU:
            off = after.integrated_lufs - wish.lufs
        if encodings == MOST_ENCODINGS or (over <= 0 and abs(off) <= NEAR_LU):
            return there, after, seconds, encodings
        aim_db -= max(0.0, over + SPARE_DB)
        aim_lufs -= off


def _heard(path: Path, limits: MediaLimits, passes: Passes) -> tuple[Loudness, float]:
    """How loud and how long a file is that was written."""
    with open_recording(path, limits) as opened:
        tally = Tally()
        found = measure_loudness(_told(frames(opened, tally, limits), opened, passes))
    return found, round(tally.seconds, 6)
