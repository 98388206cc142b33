"""What is written in one way and read out in another: addresses, amounts, units, ranges, abbreviations and signs.

Each form finds its places as a rule of a lexicon does; what an earlier one has found, later ones leave alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from tenuto.domain.languages.base import Language
from tenuto.domain.languages.known import LANGUAGES, OTHER
from tenuto.domain.lexicons import Match
from tenuto.domain.sight import Sight

NUMBER = r"\d++(?:[.,]\d++)*+"
START = r"(?<![\w.,])"
FROM = rf"(?:({NUMBER})\s?[–—-]\s?)?"
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
PAGE = re.compile(r"(?:https?://|www\.)[^\s<>\"]+")
SITE = re.compile(
    r"(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|io|dev|app|ai|co|uk|eu|de|fr|es|ru|ch|at|edu|gov|info)"
    r"(?![\w-]|\.\w)(?:/[^\s<>\"]*)?"
)
AFTER_ADDRESS = ".,;:!?)]}'\"…"
LONGEST_PATH = 40
IDENTIFIER = re.compile(r"(?<![\w-])([A-Z]{2,4})-(\d{1,8})(?![\w-])")
BETWEEN_WORDS = re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_])")
CENTS = re.compile(r"(\d++(?:,\d++)*+)\.(\d\d)")
COINS = 2  # their names come after those of notes
SCREENS = {"2K", "4K", "8K"}  # are no thousands
Read = Callable[[re.Match[str]], str | None]


class Form:
    """A pattern of the written text and what is read out for it."""

    number = -1

    def __init__(self, pattern: re.Pattern[str] | str, read: Read) -> None:
        self._pattern, self._read = re.compile(pattern), read

    def places(self, _sight: Sight) -> None:
        """Anywhere."""
        return

    def matches(self, sight: Sight) -> Iterator[Match]:
        """Where it is written, and what is read out there."""
        for found in self._pattern.finditer(sight.text):
            said = self._read(found)
            if said is not None:
                yield Match(found.start(), found.end(), said)


@cache
def forms_of(code: str) -> tuple[Form, ...]:
    """The forms of a language, the more telling ones first."""
    language = LANGUAGES.get(code, OTHER)
    return (
        *_addresses(language),
        *(Form(pattern, read) for pattern, read in language.special),
        *_short_forms(language),
        *_amounts(language),
        *_numbers(language),
        Form(IDENTIFIER, lambda found: f"{' '.join(found[1])} {found[2]}"),
        *_signs(language),
    )


def _any_of(keys: Iterable[str]) -> str:
    return "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))


def _addresses(language: Language) -> Iterator[Form]:
    words = language.address
    if words:
        yield Form(MAIL, lambda found: _spelt(found[0].rstrip("."), words) + "." * found[0].endswith("."))
        yield Form(PAGE, lambda found: _page(found[0], words))
        yield Form(SITE, lambda found: _page(found[0], words))


def _page(address: str, words: Mapping[str, str]) -> str:
    bare = address.rstrip(AFTER_ADDRESS)
    plain = re.split(r"[?#]", re.sub(r"^(?:https?://)?(?:www\.)?", "", bare))[0].rstrip("/")
    host, _, path = plain.partition("/")
    said = plain if len(path) <= LONGEST_PATH else host
    return _spelt(said, words) + address[len(bare) :]


def _spelt(address: str, words: Mapping[str, str]) -> str:
    return " ".join("".join(f" {words[sign]} " if sign in words else sign for sign in address).split())


def _short_forms(language: Language) -> Iterator[Form]:
    known = dict(language.short)
    known |= {key[0].upper() + key[1:]: words for key, words in known.items()}
    if known:
        yield Form(rf"(?<![\w./])(?:{_any_of(known)})(?![\w/])", lambda found: known[found[0]])
    before = language.short_before_number
    if before:
        yield Form(rf"(?<![\w.])(?:{_any_of(before)})(?=\s?\d)", lambda found: f"{before[found[0]]} ")


def _amounts(language: Language) -> Iterator[Form]:
    scales, money, units = language.scales, language.money, language.units
    if money:
        of_money = {**scales, **language.scales_of_money}
        large = rf"(?:\s?({_any_of(of_money)})(?!\w))?" if of_money else "()"
        if language.to:
            yield Form(rf"(?<=[\dkKmMbBn])[–—-](?=(?:{_any_of(money)})\d)", lambda _found: f" {language.to} ")
        yield Form(
            rf"({_any_of(money)})\s?(?:({NUMBER})\s?[–—-]\s?)?({NUMBER}){large}",
            lambda found: _money(found, language),
        )
    if units:
        yield Form(
            rf"{START}{FROM}({NUMBER})[\s-]?({_any_of(units)})(?!\w)",
            lambda found: f"{_range(found[1], found[2], language)} {units[found[3]][language.plural(found[2])]}",
        )
    if scales:
        yield Form(
            rf"{START}{FROM}({NUMBER})({_any_of(scales)})(?!\w)",
            lambda found: None if found[0] in SCREENS else f"{_range(found[1], found[2], language)} {scales[found[3]]}",
        )


def _range(first: str | None, last: str, language: Language) -> str:
    return f"{first} {language.to or '-'} {last}" if first else last


def _money(found: re.Match[str], language: Language) -> str:
    """$1.2M as 1.2 million dollars, $3.50 as 3 dollars and 50 cents."""
    names = language.money[found[1]]
    scale = {**language.scales, **language.scales_of_money}.get(found[4] or "", "")
    cents = CENTS.fullmatch(found[3])
    if cents and not scale and not found[2] and len(names) > COINS:
        coins = f"{int(cents[2])} {names[COINS + language.plural(str(int(cents[2])))]}"
        return f"{cents[1]} {names[language.plural(cents[1])]}" + (f" {coins}" if int(cents[2]) else "")
    many = language.plural("1000000" if scale else found[3])
    return " ".join(part for part in (_range(found[2], found[3], language), scale, names[many]) if part)


def _numbers(language: Language) -> Iterator[Form]:
    if language.by:
        yield Form(rf"{START}(\d{{1,6}})\s?[x×]\s?(\d{{1,6}})(?!\w)", lambda at: f"{at[1]} {language.by} {at[2]}")
    if language.times:
        yield Form(rf"{START}({NUMBER})\s?[x×](?!\w)", lambda found: f"{found[1]} {language.times}")
    if language.version:
        yield Form(
            rf"(?<!\w)[vV]\.?({NUMBER})(?!\w)", lambda found: f"{language.version} {_dotted(found[1], language)}"
        )
    if language.number:
        yield Form(r"(?<![\w&])#(?=\d)", lambda _found: f"{language.number} ")
    if language.to:
        yield Form(
            rf"(?<![\w.,/–—-])({NUMBER})\s?[–—]\s?({NUMBER})(?![\w/–—-])",
            lambda found: f"{found[1]} {language.to} {found[2]}",
        )
        yield Form(
            r"(?<![\w.,/–—:-])(\d{1,3})-(\d{1,3})(?![\w/–—-]|[.,:]\d)", lambda found: _ascending(found, language)
        )
    if language.minus:
        yield Form(r"(?<![^\s(])[−–-](?=\d)", lambda _found: f"{language.minus} ")


def _dotted(number: str, language: Language) -> str:
    return number.replace(".", f" {language.address['.']} ") if number.count(".") > 1 else number


def _ascending(found: re.Match[str], language: Language) -> str | None:
    return f"{found[1]} {language.to} {found[2]}" if int(found[1]) < int(found[2]) else None


def _signs(language: Language) -> Iterator[Form]:
    powers = language.powers
    if powers:
        yield Form(rf"(?<=\w)[{''.join(powers)}]", lambda found: f" {powers[found[0]]} ")
    compared = {sign: word for sign, word in language.signs.items() if sign in "<>"}
    if compared:
        yield Form(r"(?<!\S)[<>](?=\s?[\d$€£.])", lambda found: f" {compared[found[0]]} ")
    others = {sign: word for sign, word in language.signs.items() if sign not in "<>"}
    if others:
        yield Form(_any_of(others), lambda found: f" {others[found[0]]} ")
        yield Form(BETWEEN_WORDS, lambda _found: " ")
