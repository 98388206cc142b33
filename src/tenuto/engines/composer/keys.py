"""Keys as people write them: "in F# minor", "Bbm", "key of D", "E dorian", "fis-Moll", "la mineur"."""

from __future__ import annotations

from collections.abc import Mapping

from tenuto.engines.composer.text import Text
from tenuto.engines.composer.theory import DORIAN, LYDIAN, MAJOR, MINOR, MIXOLYDIAN, PHRYGIAN

LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
# B is B flat in German, and H is B.
GERMAN = {name: LETTERS[name] for name in "cdefga"} | {"h": 11, "b": 10, "es": 3, "as": 8}
GERMAN |= {"cis": 1, "des": 1, "dis": 3, "fis": 6, "ges": 6, "gis": 8, "ais": 10}
SUNG = {"do": 0, "ut": 0, "re": 2, "ré": 2, "mi": 4, "fa": 5, "sol": 7, "la": 9, "si": 11}
MODES = (
    ("mixolydian", MIXOLYDIAN),
    ("dorian", DORIAN),
    ("phrygian", PHRYGIAN),
    ("lydian", LYDIAN),
    ("maj|ionian|dur|may|magg", MAJOR),
    ("m|aeolian", MINOR),
)
RAISED = ("#", "♯", "sharp", "di", "sost")

IN = r"(?:in\s+)?(?:the\s+)?(?:key\s+of\s+)?"
SIGN = r"(?P<sign>#|♯|♭|[\s-]?sharp|[\s-]?flat|b)"
MODE = r"(?P<mode>major|minor|maj|min|ionian|aeolian|dorian|phrygian|mixolydian|lydian)(?:\s+(?:key|scale|mode))?"
ABROAD = (
    r"(?P<sign>#|♯|♭|[\s-]di[eè]se|[\s-]diesis|[\s-]sostenido|[\s-]b[eé]mol(?:le)?)?[\s-]+"
    r"(?P<mode>majeur|mineur|maggiore|minore|mayor|menor)"
)
# Patterns, and what their notes are called. "In a minor key" names no note: it is read before A is.
NAMED: tuple[tuple[str, Mapping[str, int]], ...] = (
    (rf"{IN}(?P<note>[b-g]){SIGN}?[\s-]*{MODE}", LETTERS),
    (rf"{IN}(?P<note>a){SIGN}[\s-]*{MODE}", LETTERS),
    (r"(?:in\s+an?\s+)?(?P<mode>major|minor)[\s-](?:key|mode|scale|chords)", {}),
    (rf"{IN}(?P<note>a)[\s-]*{MODE}", LETTERS),
    (r"in\s+(?P<mode>major|minor)", {}),
    (r"(?:in\s+)?(?P<note>[a-h]|[cdfga]is|es|as|des|ges)[\s-]*(?P<mode>moll|dur)", GERMAN),
    (rf"(?:in\s+|en\s+)?(?P<note>do|ut|r[eé]|mi|fa|sol|la|si){ABROAD}", SUNG),
    (rf"{IN}key(?:\s+of)?\s*:?\s*(?P<note>[a-g])\s?{SIGN}?(?P<mode>m)?", LETTERS),
    # Neither FM synthesis, nor "I am", nor 7 AM.
    (r"(?:in\s+)?(?<!i )(?<!ho )(?<!how )(?<!\d )(?P<note>[a-g])(?P<sign>#|♯|♭|b)?(?P<mode>m)(?!\s+synth)", LETTERS),
    (r"in\s+(?P<note>[a-g])[\s-]?(?P<sign>sharp|flat)", LETTERS),
    (r"(?:in\s+)?(?P<note>[b-g])[\s-](?P<sign>sharp|flat)", LETTERS),
    (r"(?:in\s+)?(?<!\d )(?P<note>[a-g])(?P<sign>#|♯|♭|b)", LETTERS),
    (r"in\s+(?P<note>[b-g])(?!')", LETTERS),
    (r"in\s+(?P<note>a)(?=\s*(?:$|[,.;\d]|(?:at|with|and|for)\s))", LETTERS),
)


def key(text: Text) -> tuple[int | None, str]:
    """Tonic and mode; what was not said is None, or empty."""
    for pattern, notes in NAMED:
        match = text.search(pattern)
        if match is None:
            continue
        text.take("key", match)
        said = {"note": "", "sign": "", "mode": ""} | {name: part or "" for name, part in match.groupdict().items()}
        tonic = (notes[said["note"]] + _raised(said["sign"])) % 12 if said["note"] else None
        return tonic, _mode(said["mode"])
    return None, ""


def _raised(sign: str) -> int:
    sign = sign.strip(" -")
    return 0 if not sign else 1 if sign.startswith(RAISED) else -1


def _mode(said: str) -> str:
    return next((mode for beginnings, mode in MODES if said and said.startswith(tuple(beginnings.split("|")))), "")
