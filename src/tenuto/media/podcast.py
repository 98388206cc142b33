"""The sounds of scenes without their pictures: one recording at the loudness of podcasts, a chapter for each scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tenuto.domain.films import RATE, Film, Podcast, Scene, check_film
from tenuto.domain.music import Loudness
from tenuto.media.encoding import encode_frames, podcast_format
from tenuto.media.film_sound import Sounds
from tenuto.media.film_text import chapters, tags
from tenuto.media.loudness import measure_loudness
from tenuto.media.mastering import CEILING_DB, TARGET_LUFS

NEAR_LU, FAR_LU = 0.1, 0.5
MEASURING_SHARE = 0.5


def write_podcast(
    scenes: Sequence[Scene], target: Path, format_name: str, film: Film, tell: Callable[[float], None]
) -> Podcast:
    """Write the sounds of `scenes` to `target`."""
    check_film(scenes, film)
    form, sounds = podcast_format(format_name), Sounds([scene.sound for scene in scenes])
    before = measure_loudness(_frames(sounds, 1.0, lambda share: tell(share * MEASURING_SHARE)))
    gain_db = _gain(before)
    factor = 10 ** (gain_db / 20) / form.scale
    frames = _frames(sounds, factor, lambda share: tell(MEASURING_SHARE + share * (1 - MEASURING_SHARE)))
    parts, told = chapters(scenes, sounds.starts), tags(film)
    if form.container == "ogg":
        told, parts = told | _chapter_tags(parts), []
    encode_frames(frames, target, form, rate=RATE, tags=told, chapters=parts)
    loudness = None if before.integrated_lufs is None else round(before.integrated_lufs + gain_db, 2)
    warnings = []
    if loudness is not None and abs(loudness - TARGET_LUFS) > FAR_LU:
        warnings.append(
            f"It has {loudness:.1f} LUFS instead of {TARGET_LUFS:.0f}, as its peaks leave no room to make it louder."
        )
    return Podcast(
        duration_ms=round(Fraction(sounds.total * 1000, RATE)),
        media_type=form.media_type,
        loudness_lufs=loudness,
        true_peak_db=None if before.true_peak_db is None else round(before.true_peak_db + gain_db, 2),
        gain_db=gain_db,
        warnings=tuple(warnings),
    )


def _chapter_tags(parts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Chapters as Ogg has them; FFmpeg would round their seconds up and add the milliseconds."""
    told = {}
    for number, part in enumerate(parts):
        seconds, ms = divmod(part["start"] * 1000 // RATE, 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        told[f"CHAPTER{number:03}"] = f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"
        told[f"CHAPTER{number:03}NAME"] = part["metadata"]["title"]
    return told


def _gain(before: Loudness) -> float:
    """What brings it to the loudness of podcasts without peaks above the ceiling; what is near stays as it is."""
    if before.integrated_lufs is None or before.true_peak_db is None:
        return 0.0
    missing = TARGET_LUFS - before.integrated_lufs
    room = CEILING_DB - before.true_peak_db
    return 0.0 if abs(missing) <= NEAR_LU and room >= 0 else round(min(missing, room), 2)


def _frames(sounds: Sounds, factor: float, tell: Callable[[float], None]) -> Iterator[Any]:
    done = 0
    for piece in sounds.read(0, sounds.total):
        sound = piece.astype(np.float32) * np.float32(factor / (1 << 15))
        frame = av.AudioFrame.from_ndarray(sound[None], format="flt", layout="mono")
        frame.sample_rate = RATE
        yield frame
        done += piece.size
        tell(done / sounds.total)
