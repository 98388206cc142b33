"""What a prompt does not want to hear: "no drums", "without piano or saxophone", "strings instead of guitars"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tenuto.engines.composer import vocabulary as words
from tenuto.engines.composer.text import Text

PARTS = ("drums", "bass", "chords", "lead")


def denied(text: Text, absent: Collection[str], needed: Collection[str]) -> set[str]:
    """Parts and instruments that must not play, where `absent` do not play anyway and `needed` play all there is.

    Somebody always plays: a denial that would leave nobody changes nothing.
    """
    found: set[str] = set()
    for match in list(text.each(words.DENIALS)):
        begin = end = match.start()
        for name, last in _each(match):
            if name in needed or {*absent, *found, name} >= set(PARTS):
                text.understand("without", begin, end)
                text.deny(end, last)
                begin = last
            else:
                found.add(name)
            end = last
        text.understand("without", begin, end)
    return found


def _each(match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """What is denied in a denial, and where its words end."""
    begin = match.start()
    for joint in re.finditer(rf"(?:{words.JOINT})|$", match.group()):
        end = match.start() + joint.start()
        thing = re.sub(words.BEFORE_THING, "", match.string[begin:end])
        yield next(name for pattern, name in words.DENIED if re.fullmatch(pattern, thing)), end
        begin = match.start() + joint.end()
