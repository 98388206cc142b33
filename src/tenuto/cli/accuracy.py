"""How much of what was said was heard: the word error rate."""

from __future__ import annotations

import re


def words_of(text: str) -> list[str]:
    """The words, in lower case, without punctuation."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())


def word_error_rate(said: str, heard: str) -> float:
    """Wrong, missing and added words, as a share of the words that were said."""
    truth, guess = words_of(said), words_of(heard)
    row = list(range(len(guess) + 1))
    for count, word in enumerate(truth, start=1):
        diagonal, row[0] = row[0], count
        for place, other in enumerate(guess, start=1):
            cost = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], cost
    return row[-1] / max(len(truth), 1)
