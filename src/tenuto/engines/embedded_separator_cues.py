"""What in a mix hints at a voice, for each point of its spectrum: place, repetition, steadiness, pitch, loudness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenuto.engines.embedded_separator_pitch import follow_pitch, near_harmonics
from tenuto.engines.embedded_separator_stft import Floats, Spectra, fit_frames, mean_over, to_spectra

SAMPLE_RATE = 44_100
FRAME = 4096  # 93 ms
HOP = FRAME // 4
BINS = 1024  # up to 11 kHz; the little voice above stays with the band
HERTZ = np.arange(BINS, dtype=np.float32) * (SAMPLE_RATE / FRAME)
BAND_CENTRES = (60, 120, 200, 350, 600, 1000, 1800, 3200, 5500, 9000)
CUES = ("centre", "wide centre", "panning", "repeats", "centre repeats", "wavers", "lasts", "steady", "harmonic",
        "pitched", "other harmonic", "other pitched", "level", "mono", "silent side")  # fmt: skip
LONG_FRAME, SHORT_FRAME = 4 * FRAME, FRAME // 4
REPEAT_GAP_SECONDS = 2.0  # what is closer than this is the same moment
REPEATS = 40
FAINT = 1e-9


@dataclass(frozen=True)
class Cues:
    """The cues of a block, (cues, frames · bins), and the spectra of its middle and its side, (frames, bins)."""

    values: Floats
    middle: Spectra
    side: Spectra


def read_cues(samples: Floats) -> Cues:
    """What is found in a block of stereo samples, (2, samples) from -1 to 1."""
    left, right = (to_spectra(channel, FRAME)[:, :BINS] for channel in samples)
    middle, side = (left + right) / 2, (left - right) / 2
    sizes = (np.abs(left), np.abs(right))
    size = np.asarray((sizes[0] + sizes[1]) / 2, np.float32)
    cross = np.real(left * np.conj(right)).astype(np.float32)
    centre, wide = (_centre(cross, sizes, width) for width in (3, 7))
    in_centre = np.asarray(np.abs(middle) * centre, np.float32)
    found = {
        "centre": centre,
        "wide centre": wide,
        "panning": np.exp(-8 * np.square((sizes[0] - sizes[1]) / (sizes[0] + sizes[1] + FAINT))),
        "repeats": _repeats(size),
        "centre repeats": _repeats(in_centre),
        "steady": _steady(size, 17, 23),
    }
    found["wavers"], found["lasts"] = _at_other_lengths(samples.mean(axis=0), len(size))
    # A voice that repeats itself is lost in the first of these, one above a loud band in the second.
    likely = np.abs(middle) * centre * found["steady"] * _VOCAL_BAND
    for name, loud in (("", likely * found["repeats"]), ("other ", likely)):
        track = follow_pitch(loud, float(HERTZ[1]))
        found[f"{name}harmonic"] = near_harmonics(track, HERTZ)
        found[f"{name}pitched"] = np.broadcast_to(track.certainty[:, None], size.shape)
    usual = np.median(size) + FAINT
    mono = np.float32((centre * size).sum() / (size.sum() + FAINT))
    found |= {
        "level": np.log1p(size / usual * 0.5) * 0.2,
        "mono": np.broadcast_to(mono, size.shape),
        "silent side": np.abs(side) / (np.abs(middle) + np.abs(side) + FAINT),
    }
    values = np.stack([np.asarray(found[name], np.float32).ravel() for name in CUES])
    return Cues(values, middle, side)


def bands() -> Floats:
    """How much each bin belongs to each of ten bands, (bins, bands)."""
    octaves = np.log2(np.maximum(HERTZ, 30))[:, None] - np.log2(np.array(BAND_CENTRES))
    return np.asarray(np.exp(-0.5 * np.square(octaves / 0.45)), np.float32)


def _centre(cross: Floats, sizes: tuple[Floats, Floats], width: int) -> Floats:
    """How sure it is that a sound comes from the middle: as loud on both sides, and in step."""

    def near(values: Floats) -> Floats:
        return mean_over(mean_over(values, width, 0), width, 1)

    left, right = near(np.square(sizes[0])), near(np.square(sizes[1]))
    both = np.sqrt(left * right)
    balance = 2 * both / (left + right + FAINT)
    return np.asarray(np.clip(balance**4 * np.maximum(near(cross), 0) / (both + FAINT), 0, 1))


def _repeats(size: Floats) -> Floats:
    """How far a sound stands out of what the moments most like it have in common, as REPET-SIM asks."""
    count = len(size)
    gap = round(REPEAT_GAP_SECONDS * SAMPLE_RATE / HOP)
    coarse = np.log1p(np.square(size) @ _COARSE)
    coarse -= coarse.mean(axis=1, keepdims=True)
    coarse /= np.linalg.norm(coarse, axis=1, keepdims=True) + FAINT
    like = coarse @ coarse.T
    away = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    like[away <= gap] = -9
    number = min(REPEATS, max(4, count // 20))
    if count <= number:
        return np.full_like(size, 0.5)
    nearest = np.argpartition(-like, number, axis=1)[:, :number]
    chosen = np.zeros_like(like)
    np.put_along_axis(chosen, nearest, np.float32(1 / number), axis=1)
    # The geometric mean is nearly the median and is one product of matrices.
    common = np.exp(chosen @ np.log(size + FAINT))
    common = np.minimum(size, common)
    stands_out = np.square(size - common)
    return np.asarray(stands_out / (stands_out + np.square(common) + FAINT**2))


def _steady(size: Floats, frames: int, bins: int) -> Floats:
    """1 for what lasts in time, 0 for what is spread over the spectrum."""
    root = np.sqrt(size)
    lasting, spread = np.square(mean_over(root, frames, 0)), np.square(mean_over(root, bins, 1))
    return np.asarray(lasting / (lasting + spread + FAINT))


def _at_other_lengths(mono: Floats, count: int) -> tuple[Floats, Floats]:
    """The same with windows four times as long, where a voice wavers, and as short, where drums stand out."""
    wavers = 1 - _steady(np.abs(to_spectra(mono, LONG_FRAME)[:, : 4 * BINS]), 17, 17)
    wavers = wavers.reshape(len(wavers), BINS, 4).mean(axis=2)
    lasts = _steady(np.abs(to_spectra(mono, SHORT_FRAME)[:, : BINS // 4]), 17, 17)
    lasts = fit_frames(lasts, 4 * count).reshape(count, 4, BINS // 4).mean(axis=1)
    # Frame 4n has its middle where long frame n has it.
    return fit_frames(np.repeat(wavers, 4, axis=0)[2:], count), np.repeat(lasts, 4, axis=1)


def _coarse_bands(number: int = 48) -> Floats:
    """Triangles that sum the spectrum into so many bands, narrow ones below."""
    edges = np.geomspace(60, HERTZ[-1], number + 2)
    up = (HERTZ[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - HERTZ[:, None]) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0, np.minimum(up, down)), np.float32)


_COARSE = _coarse_bands()
_VOCAL_BAND = (1 / (1 + np.exp(-(HERTZ - 90) / 12)) / (1 + np.exp((HERTZ - 9500) / 400))).astype(np.float32)
