"""A prompt as text: which of its words somebody has made sense of, and which are nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from tenuto.engines.composer import vocabulary as words

Meaning = TypeVar("Meaning")
MISSPELT_FROM = 5  # letters; shorter words are too near to each other


class Text:
    """A prompt, and which of its letters are understood."""

    def __init__(self, prompt: str) -> None:
        self.text = " ".join(prompt.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
        self._taken = [False] * len(self.text)
        self._denied = [False] * len(self.text)
        self.understood: dict[str, str] = {}
        for match in re.finditer(words.NOT, self.text):
            self._denied[match.start() : match.end()] = [True] * (match.end() - match.start())

    def search(self, pattern: str) -> re.Match[str] | None:
        """Where the pattern stands in words that are nobody's yet."""
        return next(self.each(pattern), None)

    def each(self, pattern: str) -> Iterator[re.Match[str]]:
        """All places where the pattern stands in words that are nobody's yet."""
        for match in re.finditer(rf"(?<![\w#])(?:{pattern})(?![\w#])", self.text):
            place = slice(match.start(), match.end())
            if not any(self._taken[place]) and not any(self._denied[place]):
                yield match

    def take(self, what: str, match: re.Match[str]) -> None:
        """These words are understood."""
        self.understand(what, match.start(), match.end())

    def understand(self, what: str, begin: int, end: int) -> None:
        """The words from `begin` to `end` are understood; there may be none."""
        self._taken[begin:end] = [True] * (end - begin)
        if said := self.text[begin:end].strip(" ,"):
            self.understood[what] = f"{self.understood[what]}, {said}" if what in self.understood else said

    def deny(self, begin: int, end: int) -> None:
        """The words from `begin` to `end` change nothing, whoever could make sense of them."""
        self._denied[begin:end] = [True] * (end - begin)

    def find(self, what: str, pattern: str) -> bool:
        """Whether it is said, every time it is said."""
        found = False
        while (match := self.search(pattern)) is not None:
            self.take(what, match)
            found = True
        return found

    def first(self, what: str, meanings: Iterable[tuple[str, Meaning]]) -> Meaning | None:
        """The first of the meanings that is said; all words that say it are understood."""
        for pattern, meaning in meanings:
            if self.find(what, pattern):
                return meaning
        return None

    def left_over(self) -> Iterator[str]:
        """Words that nobody understood, as they came."""
        for match in re.finditer(r"[^\s,.;:!?()\"]+", self.text):
            if not any(self._taken[match.start() : match.end()]) and not re.fullmatch(words.FILLERS, match.group()):
                yield match.group()


def respelled(left_over: Iterable[str]) -> Mapping[str, str]:
    """Misspelt word → the word that was meant."""
    return {
        word: known
        for word in left_over
        if len(word) >= MISSPELT_FROM
        for known in words.SPELLED
        if word[0] == known[0] and _one_slip(word, known)
    }


def _one_slip(word: str, known: str) -> bool:
    """Whether one letter is missing, is too much, or has changed places with the next."""
    while word and known and word[0] == known[0]:
        word, known = word[1:], known[1:]
    while word and known and word[-1] == known[-1]:
        word, known = word[:-1], known[:-1]
    return len(word) + len(known) == 1 or (len(word) == len("ab") and word == known[::-1])
