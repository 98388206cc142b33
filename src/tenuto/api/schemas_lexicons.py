"""Shapes of lexicons, their rules, and what the rules do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from tenuto.api.schemas import Given, Shown
from tenuto.domain.lexicons import MAX_PATTERN, MAX_REPLACEMENT, MAX_RULES, Change, Corrected, Rule


class RuleIn(Given):
    """A correction."""

    pattern: str = Field(min_length=1, max_length=MAX_PATTERN)
    replacement: str = Field(max_length=MAX_REPLACEMENT)
    kind: Literal["word", "part", "regex"] = "word"
    match_case: bool = False
    is_active: bool = True


class RulesIn(Given):
    """Rules in the order they apply."""

    rules: list[RuleIn] = Field(max_length=MAX_RULES)

    def rules_of(self) -> list[Rule]:
        """As the domain knows them."""
        return [Rule(**rule.model_dump()) for rule in self.rules]


class LexiconIn(RulesIn):
    """A new lexicon."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=2000)
    language: str | None = Field(None, max_length=20)
    rules: list[RuleIn] = Field([], max_length=MAX_RULES)


class LexiconChange(Given):
    """What to change; what is not named stays."""

    name: str = Field("", min_length=1, max_length=200)
    description: str = Field("", max_length=2000)
    language: str | None = Field(None, max_length=20)


class LexiconOut(Shown):
    """A lexicon without its rules."""

    id: str
    name: str
    description: str
    language: str | None
    rule_count: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any, rule_count: int) -> LexiconOut:
        """Read a row."""
        same = {name: getattr(row, name) for name in cls.model_fields if name not in ("id", "rule_count")}
        return cls(id=row.uid, rule_count=rule_count, **same)


class LexiconList(Shown):
    """A page of lexicons."""

    items: list[LexiconOut]
    next_cursor: str | None


class RuleOut(Shown):
    """A correction, and its place in the list."""

    position: int
    pattern: str
    replacement: str
    kind: str
    match_case: bool
    is_active: bool


class RuleList(Shown):
    """All rules of a lexicon."""

    items: list[RuleOut]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> RuleList:
        """Number them."""
        return cls(items=[RuleOut(position=at, **asdict(rule)) for at, rule in enumerate(rules)])


class TryIn(Given):
    """A text to try the rules on."""

    text: str = Field(max_length=10_000)


class ChangeOut(Shown):
    """A correction that was made; `start` counts characters of the text as it was."""

    start: int
    old: str
    new: str
    rule: int

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        """Read a change."""
        return cls(**asdict(change))


class TryOut(Shown):
    """What the rules made of it."""

    text: str
    changes: list[ChangeOut]

    @classmethod
    def of(cls, corrected: Corrected) -> TryOut:
        """Read a corrected text."""
        return cls(text=corrected.text, changes=[ChangeOut.of(change) for change in corrected.changes])


class CorrectionOut(ChangeOut):
    """A correction in a transcript: `position` and `start_ms` are its segment's, `start` counts in its old text."""

    position: int
    start_ms: int


class UsedLexicon(Shown):
    """The lexicon a job used, as it was called then."""

    id: str
    name: str


class CorrectionList(Shown):
    """What a lexicon changed in a transcript; `total` counts also what is not shown, `undone` tells of an undo."""

    lexicon: UsedLexicon | None
    total: int
    undone: bool
    items: list[CorrectionOut]

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> CorrectionList:
        """Read what the step that polishes left."""
        used = result.get("lexicon")
        return cls(
            lexicon=UsedLexicon(**used) if used else None,
            total=result.get("changes", 0),
            undone=bool(result.get("changes")) and result["undone"],
            items=[CorrectionOut(**item) for item in result.get("shown", ())],
        )
