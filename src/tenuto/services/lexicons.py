"""LexiconService: make, change, try and delete lists of corrections."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenuto import errors
from tenuto.db.models import LexiconRow, now
from tenuto.db.repository import Page
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.lexicons import (
    MAX_REGEX_RULES,
    MAX_RULES,
    Corrected,
    Lexicon,
    Rule,
    check_rule,
    correct,
)
from tenuto.pipelines.patterns import compile_pattern, finders

MAX_NAME, MAX_DESCRIPTION = 200, 2_000
TRY_SECONDS = 5.0


@dataclass(frozen=True)
class LexiconView:
    """A lexicon and how many rules it has."""

    row: LexiconRow
    rule_count: int


class LexiconService:
    """The doors' side of lexicons."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(
        self,
        owner_id: int,
        name: str,
        *,
        description: str = "",
        language: str | None = None,
        rules: Sequence[Rule] = (),
    ) -> LexiconView:
        """Make a lexicon; its name is the owner's only one."""
        check_rules(rules)
        values = _checked({"name": name, "description": description, "language": language or None})
        with self.database.unit_of_work(owner_id) as work:
            _require_free(work, values["name"])
            row = work.lexicons.add(LexiconRow(owner_id=owner_id, **values))
            work.lexicons.put_rules(row, rules)
        return LexiconView(row, len(rules))

    def get_all(
        self, owner_id: int, *, name: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[LexiconRow]:
        """A page of lexicons, newest first; with a name, the one that has it."""
        with self.database.browsing(owner_id) as work:
            return work.lexicons.listed(name=name, limit=limit, cursor=cursor)

    def counts(self, owner_id: int, rows: Sequence[LexiconRow]) -> dict[int, int]:
        """Internal id → number of rules."""
        with self.database.reading(owner_id) as work:
            return work.lexicons.counts(rows)

    def get(self, owner_id: int, uid: str) -> LexiconView:
        """One lexicon."""
        with self.database.reading(owner_id) as work:
            row = work.lexicons.get_by_id(uid)
            return LexiconView(row, work.lexicons.counts([row]).get(row.id, 0))

    def load(self, owner_id: int, uid: str) -> Lexicon:
        """One lexicon with its rules."""
        with self.database.reading(owner_id) as work:
            return work.lexicons.load(work.lexicons.get_by_id(uid))

    def change(self, owner_id: int, uid: str, **changes: Any) -> LexiconView:
        """Give it another name, description or language."""
        values = _checked(changes)
        with self.database.unit_of_work(owner_id) as work:
            row = work.lexicons.get_by_id(uid)
            if values.get("name", row.name) != row.name:
                _require_free(work, values["name"])
            work.lexicons.update(row, **values, updated_at=now())
            return LexiconView(row, work.lexicons.counts([row]).get(row.id, 0))

    def put_rules(self, owner_id: int, uid: str, rules: Sequence[Rule]) -> LexiconView:
        """Put these rules in place of those it has."""
        check_rules(rules)
        with self.database.unit_of_work(owner_id) as work:
            row = work.lexicons.get_by_id(uid)
            work.lexicons.lock(row)
            work.lexicons.put_rules(row, rules)
        return LexiconView(row, len(rules))

    def add_rules(self, owner_id: int, uid: str, rules: Sequence[Rule]) -> LexiconView:
        """Put these rules behind those it has."""
        check_rules(rules)
        with self.database.unit_of_work(owner_id) as work:
            row = work.lexicons.get_by_id(uid)
            work.lexicons.lock(row)
            whole = [*work.lexicons.rules(row), *rules]
            _check_number(whole)
            work.lexicons.add_rules(row, rules)
        return LexiconView(row, len(whole))

    def delete(self, owner_id: int, uid: str) -> None:
        """Remove a lexicon no unfinished job needs."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.lexicons.get_by_id(uid)
            work.lexicons.lock(row)
            job = work.lexicons.waiting_job(row)
            if job is not None:
                raise errors.ConflictError(
                    f"The job {job} still needs the lexicon {row.name!r}; wait for it or cancel it first.", job_id=job
                )
            work.lexicons.delete(row)

    def attempt(self, owner_id: int, uid: str, text: str) -> Corrected:
        """What the rules make of a text; nothing is kept."""
        try:
            return correct(text, finders(self.load(owner_id, uid).rules, patience_seconds=TRY_SECONDS))
        except errors.EngineError as error:
            if isinstance(error, errors.EngineMissing):
                raise
            raise errors.ConflictError(error.message) from error


def resolve_lexicon(work: UnitOfWork, wanted: str) -> str:
    """The id of the lexicon that an id or a name means, held until the transaction ends."""
    try:
        row = work.lexicons.get_by_id(wanted)
    except errors.NotFound:
        named = work.lexicons.by_name(wanted)
        if named is None:
            raise
        row = named
    work.lexicons.keep(row)
    return row.uid


def check_rules(rules: Sequence[Rule]) -> None:
    """Refuse rules that cannot be used, naming the first of them."""
    _check_number(rules)
    for number, rule in enumerate(rules, start=1):
        try:
            check_rule(rule)
            if rule.kind == "regex":
                compile_pattern(rule)
        except errors.ValidationError as error:
            raise errors.ValidationError(
                f"Rule {number} ({rule.pattern[:40]!r}): {error.message}", rule=number - 1
            ) from None


def _check_number(rules: Sequence[Rule]) -> None:
    if len(rules) > MAX_RULES:
        raise errors.ValidationError(f"A lexicon holds at most {MAX_RULES} rules; these are {len(rules)}.")
    if sum(rule.kind == "regex" for rule in rules) > MAX_REGEX_RULES:
        raise errors.ValidationError(f"A lexicon holds at most {MAX_REGEX_RULES} rules of the kind 'regex'.")


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Names and descriptions as they are kept."""
    checked = dict(values)
    if "name" in checked:
        name = checked["name"] = unicodedata.normalize("NFC", str(checked["name"])).strip()
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise errors.ValidationError(f"name: a lexicon's name is one line of 1 to {MAX_NAME} characters.")
    if len(checked.get("description") or "") > MAX_DESCRIPTION:
        raise errors.ValidationError(f"description: it has more than {MAX_DESCRIPTION} characters.")
    return checked


def _require_free(work: UnitOfWork, name: str) -> None:
    if work.lexicons.by_name(name) is not None:
        raise errors.ConflictError(
            f"There is a lexicon called {name!r} already; choose another name or change that one."
        )
