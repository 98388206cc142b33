"""Listens for lines in a voice into which a band leaks, as most separators leave it.

Loudness does not tell where somebody sings there; the harmonics of the pitch that stands out do. How well a line fits
says little by itself: what counts is how well it fits beside the others, how well all of them fit, and whether it is
sung at their pace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median

import numpy as np
import numpy.typing as npt

from tenuto.engines.base import Progress
from tenuto.engines.lyrics_aligner_chain import Place, find_words
from tenuto.engines.lyrics_aligner_phones import STEP_MS, load_model, mel_powers, phone_scores, tune_levels
from tenuto.engines.lyrics_aligner_places import syllables
from tenuto.engines.lyrics_aligner_search import Heard, HeardLine, sphinx, ways_to_say
from tenuto.engines.lyrics_aligner_voice import FRAME_MS, Voice
from tenuto.engines.sound import SAMPLE_RATE

SMOOTHED_STEPS = 5
QUIETEST_DB = 40.0  # below the loud parts; what is less is silence
STEEPNESS, SUREST, LEANS = 8.0, 4.0, 0.5  # most of a line is missed sooner than a break is taken for singing
DB_PER_STEP = 3.0
SUREST_LINE = 0.9
FITS, OTHERS_FIT, OFF_PACE, ENOUGH = 6.0, 7.0, -5.0, 17.05
GOOD_FIT = 1.5  # lines that fit better speak no louder for the others
LEAST_SUNG = 0.2  # of a line, that must be voice

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class BandHearing:
    """What was heard: where somebody sings, the words of each line, and how sure each line is."""

    voice: Voice
    lines: list[HeardLine]
    sure: dict[int, float]
    sayable: list[bool]


def hear_beside_band(pcm: bytes, lines: Sequence[str], progress: Progress) -> BandHearing:
    """Find lines in 16-bit mono sound of 16 kHz."""
    decoder = sphinx().Decoder(samprate=SAMPLE_RATE, lm=None, loglevel="FATAL")
    ways = [ways_to_say(line, decoder) for line in lines]
    samples, model = np.frombuffer(pcm, "<i2"), load_model()
    sung = sung_curve(tune_levels(samples))
    progress(0.3)
    scores = phone_scores(mel_powers(samples), sung, model)
    steps = min(len(scores), len(sung))
    progress(0.6)
    found = find_words(ways, scores[:steps], sung[:steps], model.names, lambda share: progress(0.6 + 0.4 * share))
    numbers = {name: number for number, name in enumerate(model.names)}
    fits = {
        at: np.mean([_fit(scores, place, ways[at][word], numbers) for word, place in words.items()], axis=0)
        for at, words in enumerate(found)
        if words
    }
    sure = _sure({at: float(total / count) for at, (total, count) in fits.items()}, found, lines, sung=sung)
    heard = [{word: Heard(first * STEP_MS, last * STEP_MS) for word, (first, last) in words.items()} for words in found]
    return BandHearing(_voice(sung), heard, sure, [bool(words) for words in ways])


def sung_curve(levels: Floats) -> Floats:
    """From below 0, nobody sings, to above, every 20 ms; `levels` are those of a tune in dB."""
    if not levels.size:
        return levels
    smooth = np.convolve(levels, np.ones(SMOOTHED_STEPS, np.float32) / SMOOTHED_STEPS, "same")
    low, high = np.percentile(levels, (10, 90))
    low = max(low, high - QUIETEST_DB)
    share = (smooth - low) / max(1.0, high - low) - 0.5
    return np.asarray(np.clip(STEEPNESS * share, -SUREST, SUREST) + LEANS, np.float32)


def _voice(sung: Floats) -> Voice:
    every = np.repeat(sung, STEP_MS // FRAME_MS)
    return Voice(every * np.float32(DB_PER_STEP), every > 0)


def _fit(scores: Floats, place: Place, ways: Sequence[str], numbers: Mapping[str, int]) -> tuple[float, int]:
    """The sum of the scores of a word's best phone in each step, and the number of steps."""
    phones = sorted({numbers[phone] for way in ways for phone in way.split()})
    best = scores[slice(*place)][:, phones].max(axis=1)
    return float(best.sum()), len(best)


def _sure(
    fits: Mapping[int, float], found: Sequence[Mapping[int, Place]], lines: Sequence[str], *, sung: Floats
) -> dict[int, float]:
    """How sure each line is, from 0 to 1."""
    if not fits:
        return {}
    spans = {
        at: (min(first for first, _ in found[at].values()), max(last for _, last in found[at].values())) for at in fits
    }
    paces = {at: (last - first) / syllables(lines[at]) for at, (first, last) in spans.items()}
    usual_fit, usual_pace = median(fits.values()), median(paces.values())
    sure = {}
    for at, fit in fits.items():
        speaks = (
            FITS * fit + OTHERS_FIT * min(usual_fit, GOOD_FIT) + OFF_PACE * abs(log(paces[at] / usual_pace)) - ENOUGH
        )
        present = min(1.0, float((sung[slice(*spans[at])] > 0).mean()) / LEAST_SUNG)
        sure[at] = SUREST_LINE * present / (1 + exp(-max(-50.0, min(50.0, speaks))))
    return sure
