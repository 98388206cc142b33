"""The mixing desk: the strips side by side, pushed back by the kick, held together by one compressor.

All is done in blocks, so that a piece of an hour needs no more memory than one of a minute. The compressor turns all
strips down alike: what is written of each strip adds up to the mix.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tenuto.engines.composer.oscillator import Curve, Floats
from tenuto.engines.composer.patterns import KICK
from tenuto.engines.composer.score import DRUMS, PARTS, Score
from tenuto.engines.composer.strip import Answers, Room, Sounds, Strip

BLOCK_SECONDS = 4
DUCK_SECONDS = 0.1
DUCKED_FOR = 0.6
# The compressor: from this power on, what is louder comes out a third less loud; in hops.
HOP_SECONDS = 0.01
THRESHOLD, RATIO = 0.16, 1.5
ATTACK_SECONDS, RELEASE_SECONDS = 0.02, 0.25
FADE_IN_SECONDS, FADE_OUT_SECONDS, FADE_OUT_SHARE = 0.003, 3.0, 0.12


def mix(score: Score, targets: Mapping[str, Path], *, rate: int, progress: Callable[[float], None]) -> int:
    """Write the piece to `targets[""]` and parts of it to those of their names; return how many frames it has."""
    total = round(score.brief.seconds * rate)
    sounds, room = Sounds(rate), Room(rate)
    strips = {part: Strip(score, part, rate=rate, sounds=sounds) for part in PARTS}
    # The room is asked once for all; only stems ask it for each part.
    answers = {part: Answers(room) for part in targets}
    ducking, bus = _Ducking(score, rate), _Bus(rate, total)
    size = BLOCK_SECONDS * rate
    with ExitStack() as stack:
        files = {part: stack.enter_context(path.open("wb")) for part, path in targets.items()}
        for start in range(0, total, size):
            progress(start / total)
            samples = min(size, total - start)
            heard = {part: strip.block(start, samples, ducking.gain) for part, strip in strips.items()}
            spoken = {part: strips[part].spoken(sound) for part, sound in heard.items()}
            whole = _sum(heard.values()) + answers[""].block(_sum(spoken.values()))
            gain = bus.gain(whole, start)
            for part, file in files.items():
                sound = heard[part] + answers[part].block(spoken[part]) if part else whole
                file.write(np.ascontiguousarray((sound * gain).T, "<f4").tobytes())
    progress(1.0)
    return total


def _sum(sounds: Iterable[Floats]) -> Floats:
    return np.asarray(sum(sounds), np.float32)


class _Ducking:
    """The gain that the kick leaves to the others."""

    def __init__(self, score: Score, rate: int) -> None:
        beat = 60 / score.brief.bpm
        self._rate, self._depth = rate, score.brief.style.duck
        self._kicks = [round(n.beat * beat * rate) for n in score.notes if n.part == DRUMS and n.pitch == KICK]
        length = round(DUCKED_FOR * rate)
        self._shape = (1 - self._depth * np.exp(-np.arange(length) / (DUCK_SECONDS * rate))).astype(np.float32)

    def gain(self, start: int, samples: int) -> Floats:
        """From a sample on."""
        found = np.ones(samples, np.float32)
        first = bisect_left(self._kicks, start - self._shape.size)
        for kick in self._kicks[first : bisect_left(self._kicks, start + samples)]:
            begin, end = max(0, kick - start), min(samples, kick - start + self._shape.size)
            shape = self._shape[begin + start - kick : end + start - kick]
            np.minimum(found[begin:end], shape, out=found[begin:end])
        return found


class _Bus:
    """What all strips go through: a gentle compressor, and the fades at both ends."""

    def __init__(self, rate: int, total: int) -> None:
        self._rate, self._total = rate, total
        self._hop = max(1, round(HOP_SECONDS * rate))
        self._attack = float(np.exp(-HOP_SECONDS / ATTACK_SECONDS))
        self._release = float(np.exp(-HOP_SECONDS / RELEASE_SECONDS))
        self._level, self._last = 0.0, 1.0

    def gain(self, sound: Floats, start: int) -> Floats:
        """What to multiply the next block with."""
        samples = sound.shape[1]
        hops = np.arange(0, samples, self._hop)
        sizes = np.diff(np.append(hops, samples))
        levels = np.sqrt(np.add.reduceat(np.square(sound).sum(axis=0), hops) / sizes)
        gains = np.empty(hops.size + 1)
        gains[0] = self._last
        for number, level in enumerate(levels.tolist(), 1):
            speed = self._attack if level > self._level else self._release
            self._level = level + (self._level - level) * speed
            gains[number] = min(1.0, (max(self._level, 1e-9) / THRESHOLD) ** (1 / RATIO - 1))
        self._last = float(gains[-1])
        return self._faded(np.interp(np.arange(samples), np.append(hops, samples), gains), start)

    def _faded(self, gain: Curve, start: int) -> Floats:
        at = (start + np.arange(gain.size)) / self._rate
        seconds = self._total / self._rate
        fade = min(FADE_OUT_SECONDS, FADE_OUT_SHARE * seconds)
        if at[0] < FADE_IN_SECONDS:
            gain *= np.minimum(1, at / FADE_IN_SECONDS)
        if at[-1] > seconds - fade:
            gain *= np.sin(np.clip((seconds - at) / fade, 0, 1) * np.pi / 2) ** 2
        return gain.astype(np.float32)
