"""Text and its timed words: where each word stands in the text, and which words live on when the text is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

from tenuto.domain.transcripts import Segment, Word

# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana and Han. There each letter is a piece.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Marks that sit on the letter before them, and so are no pieces of their own.
MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u17b4-\u17d3\u3099\u309a\ufe00-\ufe0f"
)
PIECE = re.compile(f"[{UNSPACED}][{MARKS}]*|[^\\s{UNSPACED}]+")


MOST_COMPARED = 1_000_000  # pairs of words; beyond it a text is another text between its equal ends


def pieces(text: str) -> list[str]:
    """What can be timed by itself: what stands between spaces, and each letter of a script without spaces."""
    return PIECE.findall(text)


def letters(text: str) -> int:
    """How long a word takes to say, in letters; never nothing."""
    return max(1, sum(character.isalnum() for character in text))


def shared_out(texts: Sequence[str], start_ms: int, end_ms: int) -> list[Word]:
    """Words for a stretch of time, each as long as it has letters."""
    edges = list(accumulate((letters(text) for text in texts), initial=0))
    length = max(0, end_ms - start_ms)
    times = [start_ms + length * edge // max(1, edges[-1]) for edge in edges]
    return [Word(first, last, text, guessed=True) for text, (first, last) in zip(texts, pairwise(times), strict=True)]


def spans(segment: Segment) -> list[tuple[int, int]]:
    """Where each word of a segment stands in its text; one that is not found is as wide as nothing."""
    places = [index for index, character in enumerate(segment.text) if not character.isspace()]
    dense = "".join(segment.text[index] for index in places)
    found, cursor = [], 0
    for word in segment.words:
        wanted = "".join(word.text.split())
        at = dense.find(wanted, cursor) if wanted else -1
        if at < 0:
            edge = places[cursor - 1] + 1 if cursor else 0
            found.append((edge, edge))
        else:
            cursor = at + len(wanted)
            found.append((places[at], places[cursor - 1] + 1))
    return found


@dataclass(frozen=True)
class Reworded:
    """The words of a changed text, and whether the time of any of them was only guessed."""

    words: tuple[Word, ...]
    guessed: bool


def reword(segment: Segment, text: str) -> Reworded:
    """The words of `text`: those that were there keep their times, new ones share the time between them."""
    if not segment.words:
        return Reworded((), guessed=False)
    old = [(piece, index) for index, word in enumerate(segment.words) for piece in pieces(word.text)]
    new = pieces(text)
    sizes = [len(pieces(word.text)) for word in segment.words]
    made: list[Word] = []
    guessed = False
    for kept, texts in _runs(_partners([_key(piece) for piece, _ in old], [_key(piece) for piece in new]), old, new):
        whole = kept is not None and len(texts) == sizes[kept]
        if kept is not None and whole:
            made.append(_as_written(segment.words[kept], texts))
        else:
            guessed = True
            made += [Word(-1, -1, part) for part in texts]
    return Reworded(tuple(_timed(made, segment)), guessed)


def _key(piece: str) -> str:
    """A word is the same word with other capitals or another comma."""
    return re.sub(r"\W", "", piece).casefold() or piece


def _partners(old: list[str], new: list[str]) -> dict[int, int]:
    """Number of a new piece → number of the old one that it is."""
    most = min(len(old), len(new))
    head = next((index for index in range(most) if old[index] != new[index]), most)
    tail = next((index for index in range(most - head) if old[-1 - index] != new[-1 - index]), most - head)
    same = {index: index for index in range(head)}
    same |= {len(new) - 1 - index: len(old) - 1 - index for index in range(tail)}
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(left) * len(right) > MOST_COMPARED:
        return same
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return same | {head + block.b + step: head + block.a + step for block in blocks for step in range(block.size)}


def _runs(
    partners: dict[int, int], old: list[tuple[str, int]], new: list[str]
) -> Iterator[tuple[int | None, list[str]]]:
    """New pieces in order, those of one old word together, with that word's number."""
    run: list[str] = []
    current: int | None = None
    for number, piece in enumerate(new):
        word = old[partners[number]][1] if number in partners else None
        if run and (word is None or word != current):
            yield current, run
            run = []
        run, current = [*run, piece], word
    if run:
        yield current, run


def _as_written(word: Word, texts: list[str]) -> Word:
    if "".join(word.text.split()) == "".join(texts):
        return word
    joint = "" if re.match(f"[{UNSPACED}]", texts[0]) else " "
    return replace(word, text=joint.join(texts))


def _timed(made: list[Word], segment: Segment) -> list[Word]:
    """Give the new words the time between their neighbours; where there is none they last no time."""
    found: list[Word] = []
    waiting: list[str] = []
    edge = min(segment.start_ms, segment.words[0].start_ms)
    last = max(segment.end_ms, segment.words[-1].end_ms)
    for word in [*made, Word(last, last, "")]:
        if word.start_ms < 0:
            waiting.append(word.text)
            continue
        found += shared_out(waiting, edge, max(edge, word.start_ms))
        waiting = []
        found.append(word)
        edge = max(edge, word.end_ms)
    return found[:-1]
