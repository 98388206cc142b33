"""Tempo and length as people write them: "around 120-130 bpm", "allegro", "1:30", "a minute and a half", "16 bars"."""

from __future__ import annotations

import re

from tenuto.engines.composer import vocabulary as words
from tenuto.engines.composer.text import Text

SLOWEST_BPM, FASTEST_BPM = 40.0, 220.0
SLOWEST_BARE_BPM = 60.0
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 1200.0
SLOWER, FASTER = 0.82, 1.18
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}  # of a unit, by its first letter


def tempo(text: Text) -> float | None:
    """The tempo that a number names; between two numbers the middle."""
    for pattern in words.TEMPO:
        for match in text.each(pattern):
            numbers = [float(number) for number in match.groups() if number]
            if all(SLOWEST_BPM <= number <= FASTEST_BPM for number in numbers):
                text.take("tempo", match)
                return sum(numbers) / len(numbers)
    return None


def bare_tempo(text: Text) -> float | None:
    """The tempo that a number without a unit names, where no other sense was found for it."""
    for pattern in words.BARE_TEMPO:
        for match in text.each(pattern):
            if SLOWEST_BARE_BPM <= float(match[1]) <= FASTEST_BPM:
                text.take("tempo", match)
                return float(match[1])
    return None


def pace(text: Text, usual_bpm: float) -> float:
    """The tempo that words name, or the usual one, slower or faster where it is said."""
    bpm = text.first("tempo", words.TEMPO_WORDS) or usual_bpm
    if text.find("tempo", words.SLOW):
        return bpm * SLOWER
    return bpm * FASTER if text.find("tempo", words.FAST) else bpm


def length(text: Text) -> float | None:
    """Seconds."""
    for pattern in (words.CLOCK, words.LENGTH):
        for match in text.each(pattern):
            seconds = _seconds(match)
            if seconds and SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
                text.take("length", match)
                return seconds
    return None


def bars(text: Text, bar_seconds: float) -> float | None:
    """The seconds of so many bars."""
    for match in text.each(words.BARS):
        seconds = _number(match["count"]) * bar_seconds
        if SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            text.take("length", match)
            return seconds
    return None


def _seconds(match: re.Match[str]) -> float | None:
    said = match.groupdict()
    if "clock" in said:
        minutes, seconds = said["clock"].split(":")
        return 60 * float(minutes) + float(seconds)
    if len(said["unit"]) == 1 and not said["count"][-1].isdigit():
        return None  # "a s" is no second
    halves = sum(0.5 for name in ("half", "and_half") if said[name])
    found = (_number(said["count"]) + halves) * SECONDS[said["unit"][0]]
    return found + (_number(said["more"]) * SECONDS[said["lesser"][0]] if said["more"] else 0.0)


def _number(said: str) -> float:
    return words.NUMBERS[said] if said in words.NUMBERS else float(said)
