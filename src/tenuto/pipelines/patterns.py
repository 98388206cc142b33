"""Rules of a lexicon made ready to find their matches; regular expressions run in RE2, whose time grows with the text.

Python's own `re` never sees a pattern that a person wrote: a few letters of one can keep it busy for years.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from tenuto import errors
from tenuto.domain.lexicons import Finder, LiteralFinder, Match, Rule
from tenuto.domain.scripts import scripts_of, scripts_of_pattern
from tenuto.domain.sight import Sight

ItemT = TypeVar("ItemT")
MAX_MEMORY = 1 << 18
MAX_REFERENCES = 20
# A good rule is done with two hours of speech in a fraction of this.
PATIENCE_SECONDS = 120.0
_REFERENCE = re.compile(r"\\(.?)", re.DOTALL)


def finders(rules: Sequence[Rule], *, patience_seconds: float = PATIENCE_SECONDS) -> list[Finder]:
    """The active rules, in their order; all of them together have so much time."""
    deadline = time.monotonic() + patience_seconds
    return [TimedFinder(number, rule, deadline) for number, rule in enumerate(rules) if rule.is_active]


class TimedFinder:
    """Finds what a rule matches until the deadline: plain words too, when thousands of rules match everywhere."""

    def __init__(self, number: int, rule: Rule, deadline: float) -> None:
        self.number, self._rule, self._deadline = number, rule, deadline
        self._finder = RegexFinder(number, rule) if rule.kind == "regex" else LiteralFinder(number, rule)

    def places(self, sight: Sight) -> Iterable[int] | None:
        """Where it is worth asking."""
        found = self._finder.places(sight)
        return None if found is None else self._timed(found)

    def matches(self, sight: Sight) -> Iterator[Match]:
        """Where the rule applies."""
        return self._timed(self._finder.matches(sight))

    def _timed(self, found: Iterable[ItemT]) -> Iterator[ItemT]:
        self._check_clock()
        for item in found:
            yield item
            self._check_clock()

    def _check_clock(self) -> None:
        if time.monotonic() > self._deadline:
            raise errors.EngineError(
                "The lexicon took too long; use fewer or simpler rules. The time was over at rule"
                f" {self.number + 1}, {self._rule.pattern[:60]!r}."
            )


class RegexFinder:
    """Finds what a regular expression matches."""

    def __init__(self, number: int, rule: Rule) -> None:
        self.number, self._rule = number, rule
        self._pattern = compile_pattern(rule)
        self._scripts = scripts_of_pattern(rule.pattern, rule.replacement)

    def places(self, _sight: Sight) -> None:
        """Anywhere: `^` and `$` mean each text by itself."""
        return

    def matches(self, sight: Sight) -> Iterator[Match]:
        """Where it applies; a match of nothing is none, and letters of scripts that the rule does not name stay."""
        seen = sight.exact
        for found in self._pattern.finditer(seen.text):
            span = seen.span(*found.span())
            if span is not None and span[0] < span[1] and self._may_touch(sight.text[slice(*span)]):
                yield Match(*span, _filled(self._rule.replacement, found))

    def _may_touch(self, text: str) -> bool:
        return self._scripts is None or scripts_of(text) <= self._scripts


def compile_pattern(rule: Rule) -> Any:
    """The rule's pattern, or why it cannot be used."""
    try:
        import re2  # noqa: PLC0415 - an extra brings it
    except ImportError:
        raise errors.EngineMissing(
            "Rules of the kind 'regex' need the package google-re2: pip install 'tenuto[regex]'."
        ) from None
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.case_sensitive = rule.match_case
    try:
        pattern = re2.compile(rule.pattern, options)
    except re2.error as error:
        raise errors.ValidationError(f"pattern: RE2 refuses it ({_reason(error)}).") from None
    _check_replacement(rule.replacement, pattern.groups)
    return pattern


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return text[:200]


def _check_replacement(replacement: str, groups: int) -> None:
    references = _REFERENCE.findall(replacement)
    if len(references) > MAX_REFERENCES:
        raise errors.ValidationError(
            f"replacement: it refers to groups {len(references)} times, and {MAX_REFERENCES} are the most."
        )
    for name in references:
        if name != "\\" and not (name.isascii() and name.isdigit() and int(name) <= groups):
            raise errors.ValidationError(
                f"replacement: \\{name} means nothing here; the pattern has {groups} group(s), \\0 is the whole match,"
                " and a backslash is written \\\\."
            )


def _filled(replacement: str, found: Any) -> str:
    def value(reference: re.Match[str]) -> str:
        return "\\" if reference[1] == "\\" else found.group(int(reference[1])) or ""

    return _REFERENCE.sub(value, replacement)
