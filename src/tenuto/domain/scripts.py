"""The scripts that text is written in, and those a regular expression speaks of."""

from __future__ import annotations

import re
import sys
import unicodedata

LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})
WIDE = ("FULLWIDTH", "HALFWIDTH")
EAST = "CJK"  # Japanese mixes three, so they count as one.
AS_ONE = dict.fromkeys(("HAN", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "BOPOMOFO"), EAST)

_CLASS = re.compile(r"\\(?P<negated>[pP])(?:\{(?P<name>[^}]*)\}|(?P<short>.))", re.DOTALL)
_CODE = re.compile(r"\\x(?:\{(?P<long>[0-9a-fA-F]{1,6})\}|(?P<short>[0-9a-fA-F]{2}))")
# Other escapes, names of groups, flags, classes such as [:alpha:]: letters, and none of the text.
_SYNTAX = re.compile(r"\\.|\(\?P?<\w+>|\(\?[a-zA-Z-]*[:)]|\[:\^?\w+:\]", re.DOTALL)
_CATEGORIES = re.compile("Any|[LMNPSZC][a-z&]?")


def scripts_of(text: str) -> set[str]:
    """The scripts of its letters, by the names Unicode gives them."""
    return {_script_of(character) for character in set(text) if unicodedata.category(character) in LETTERS}


def _script_of(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    words = [word for word in unicodedata.name(letter, "").split() if word not in WIDE]
    name = words[0] if words else ""
    return AS_ONE.get(name, name)


def scripts_of_pattern(pattern: str, replacement: str) -> set[str] | None:
    """The scripts a rule names; None when it names none, or asks for letters of any."""
    named: set[str] = set()
    for found in _CLASS.finditer(pattern):
        name = found["name"] or found["short"] or ""
        if found["negated"] == "P" or name.startswith("^") or _CATEGORIES.fullmatch(name):
            return None
        named.add(AS_ONE.get(name.upper(), name.upper()))
    plain = _CODE.sub(lambda code: _character(code["long"] or code["short"]), _CLASS.sub("", pattern))
    named |= scripts_of(_SYNTAX.sub("", plain)) | scripts_of(_SYNTAX.sub("", replacement))
    return named or None


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number <= sys.maxunicode and chr(number) != "\\" else ""
