"""How English words are said, as phones: from a dictionary, else from parts, names of letters, or by rules of spelling.

A written word may be said in several ways.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import product

MOST_WAYS = 6
LONGEST_NUMBER = 15
SHORTEST_HALF = 3
LONGEST_ACRONYM = 5
LONGEST_WORD = 60  # what is longer is no word, and nobody says it

PART = re.compile(r"[a-z]+(?:'[a-z]+)*|\d[\d,]*(?:\.\d+)?(?:st|nd|rd|th)?(?![a-z])|\d+|[$€£%&@+]")
SIGNS = {"$": "dollars", "€": "euros", "£": "pounds", "%": "percent", "&": "and", "@": "at", "+": "plus"}
BEHIND = "$€£"  # written before the number, said after it
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
LETTERS = {"a": "EY", "w": "D AH B AH L Y UW"}  # the rest stands in the dictionary
# Longest first; what a letter says depends on few others, and forgiving acoustics do the rest.
SOUNDS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ture": "CH ER", "ough": "AO", "augh": "AO", "eigh": "EY", "tch": "CH",
    "dge": "JH", "igh": "AY", "sch": "SH", "eau": "OW", "ing": "IH NG", "qu": "K W", "th": "TH", "sh": "SH",
    "ch": "CH", "ph": "F", "ck": "K", "wh": "W", "wr": "R", "kn": "N", "gh": "G", "ng": "NG", "nk": "NG K",
    "ee": "IY", "ea": "IY", "ie": "IY", "ei": "EY", "oo": "UW", "ou": "AW", "oa": "OW", "oi": "OY", "oy": "OY",
    "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "ew": "UW", "ow": "OW", "ue": "UW", "ar": "AA R", "er": "ER",
    "ir": "ER", "or": "AO R", "ur": "ER", "ce": "S", "ci": "S IH", "cy": "S IY", "ge": "JH", "gi": "JH IH", "a": "AE",
    "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L",
    "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W",
    "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
KEEPS_E = ("ce", "ge")

Lookup = Callable[[str], str | None]
"""The phones of a word in a dictionary, or None."""


def pronunciations(word: str, lookup: Lookup) -> list[str]:
    """The ways a written word may be said, each as phones with spaces between; none when nobody could say it."""
    plain = _plain(word)
    if len(plain) > LONGEST_WORD:
        return []
    readings = [_reading(part, word, lookup) for part in _spoken_order(PART.findall(plain))]
    ways = (" ".join(choice) for choice in product(*readings)) if readings else iter(())
    return list(dict.fromkeys(way for way, _ in zip(ways, range(MOST_WAYS), strict=False)))


def _plain(word: str) -> str:
    """Lower case, without accents, with straight apostrophes."""
    bare = unicodedata.normalize("NFKD", word.replace("\u2019", "'").replace("ß", "ss"))
    return "".join(character for character in bare if not unicodedata.combining(character)).lower()


def _spoken_order(parts: list[str]) -> list[str]:
    """Signs of money go behind the number they stand before."""
    found = list(parts)
    for index in range(len(found) - 1):
        if found[index] in BEHIND and found[index + 1][0].isdigit():
            found[index], found[index + 1] = found[index + 1], found[index]
    return found


def _reading(part: str, written: str, lookup: Lookup) -> list[str]:
    if part in SIGNS:
        return [_say(SIGNS[part], lookup)]
    if part[0].isdigit():
        return [" ".join(_say(token, lookup) for token in tokens) for tokens in numbers(part)]
    known = lookup(part)
    if known:
        return [known]
    letters_only = part.replace("'", "")
    is_acronym = written.strip(".,;:!?").isupper() and len(letters_only) <= LONGEST_ACRONYM
    if is_acronym or not re.search("[aeiouy]", part):
        return [_spelt(letters_only, lookup), by_rules(letters_only)][: 2 if is_acronym else 1]
    return [_derived(part, lookup) or _compound(part, lookup) or by_rules(letters_only)]


def _say(word: str, lookup: Lookup) -> str:
    return lookup(word) or by_rules(word)


def _spelt(word: str, lookup: Lookup) -> str:
    return " ".join(LETTERS.get(letter) or lookup(letter) or by_rules(letter) for letter in word)


def _derived(word: str, lookup: Lookup) -> str:
    """A known word with an ending."""
    for ending in ("'s", "s'", "s"):
        stem = lookup(word.removesuffix(ending)) if word.endswith(ending) else None
        if stem:
            last = stem.split()[-1]
            sound = (
                "IH Z"
                if last in ("S", "Z", "SH", "ZH", "CH", "JH")
                else "S"
                if last in ("P", "T", "K", "F", "TH")
                else "Z"
            )
            return f"{stem} {sound}"
    return ""


def _compound(word: str, lookup: Lookup) -> str:
    """Two known words in one, as evenly long as there are."""
    cuts = sorted(range(SHORTEST_HALF, len(word) - SHORTEST_HALF + 1), key=lambda cut: abs(2 * cut - len(word)))
    for cut in cuts:
        first, second = lookup(word[:cut]), lookup(word[cut:])
        if first and second:
            return f"{first} {second}"
    return ""


def by_rules(word: str) -> str:
    """Phones guessed from the spelling; good enough to find the word where it is said."""
    return " ".join(_sounds(word)) or "AH"


def _sounds(word: str) -> Iterator[str]:
    at = 0
    while at < len(word):
        rest = word[at:]
        if at and word[at] == word[at - 1] and word[at] not in LONG:
            at += 1  # A doubled letter is said once.
        elif rest == "e" and at > 1 and word[at - 1] not in LONG:
            return  # A final e is silent ...
        elif re.fullmatch("[aeiou][bdfklmnpstvz]e", rest):
            yield LONG[word[at]]  # ... and makes the vowel before it long.
            at += 1
        else:
            letters, sound = next(
                ((key, value) for key, value in SOUNDS.items() if rest.startswith(key)), (word[at], "")
            )
            if sound:
                yield sound
            at += len(letters)
            if letters in KEEPS_E and at < len(word):
                at -= 1


def numbers(text: str) -> list[list[str]]:
    """The ways to say a number written in digits, as words."""
    body = re.sub("(st|nd|rd|th)$", "", text)
    whole, _, behind = body.replace(",", "").partition(".")
    if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole[0] == "0"):
        said = [ONES[int(digit)] for digit in whole]
        return [said, ["oh" if name == "zero" else name for name in said]]
    ways = [_cardinal(int(whole)), *_as_year(whole, text)]
    if behind:
        ways = [[*way, "point", *(ONES[int(digit)] for digit in behind[:LONGEST_NUMBER])] for way in ways]
    if body != text:
        ways = [[*way[:-1], _ordinal(way[-1])] for way in ways]
    return ways


def _as_year(whole: str, text: str) -> list[list[str]]:
    """1984 as nineteen eighty-four."""
    if len(whole) != 4 or "," in text or whole[1] == "0" == whole[2]:  # noqa: PLR2004 - digits of a year
        return []
    first, last = divmod(int(whole), 100)
    tail = ["hundred"] if not last else ["oh", ONES[last]] if last < 10 else _cardinal(last)  # noqa: PLR2004 - two digits
    return [[*_cardinal(first), *tail]]


def _cardinal(number: int) -> list[str]:
    if number < len(ONES):
        return [ONES[number]]
    if number < 100:  # noqa: PLR2004 - a hundred
        return [TENS[number // 10], *([ONES[number % 10]] if number % 10 else [])]
    size, name = next((size, name) for size, name in SCALES if number >= size)
    rest = number % size
    return [*_cardinal(number // size), name, *(_cardinal(rest) if rest else [])]


def _ordinal(word: str) -> str:
    return ORDINALS.get(word) or (f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th")
