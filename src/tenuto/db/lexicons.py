"""Lexicons and their rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, insert, select

from tenuto import errors
from tenuto.db.models import JobRow, LexiconRow, LexiconRuleRow, now
from tenuto.db.repository import Page, Repository
from tenuto.domain.jobs import JobStatus
from tenuto.domain.lexicons import Lexicon, Rule


class LexiconRepository(Repository[LexiconRow]):
    """Named lists of corrections."""

    model = LexiconRow
    noun = "lexicon"

    def by_name(self, name: str) -> LexiconRow | None:
        """The lexicon of that name, if there is one."""
        return self.session.scalars(select(LexiconRow).where(LexiconRow.name == name)).one_or_none()

    def listed(self, *, name: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[LexiconRow]:
        """One page, newest first; with a name, the one that has it."""
        conditions = () if name is None else (LexiconRow.name == name,)
        return self.get_all(*conditions, limit=limit, cursor=cursor)

    def lock(self, row: LexiconRow) -> None:
        """Hold off whoever changes or deletes it until the transaction ends."""
        self._lock(row, read=False)

    def keep(self, row: LexiconRow) -> None:
        """Hold off whoever deletes it until the transaction ends."""
        self._lock(row, read=True)

    def _lock(self, row: LexiconRow, *, read: bool) -> None:
        held = self.session.execute(select(LexiconRow.id).where(LexiconRow.id == row.id).with_for_update(read=read))
        if held.first() is None:
            raise errors.NotFound(f"There is no lexicon {row.name!r} any more.")

    def rules(self, row: LexiconRow) -> list[Rule]:
        """Its rules in their order."""
        wanted = select(LexiconRuleRow).where(LexiconRuleRow.lexicon_id == row.id).order_by(LexiconRuleRow.position)
        return [
            Rule(rule.pattern, rule.replacement, rule.kind, match_case=rule.match_case, is_active=rule.is_active)
            for rule in self.session.scalars(wanted)
        ]

    def load(self, row: LexiconRow) -> Lexicon:
        """The lexicon as the domain knows it."""
        return Lexicon(row.name, tuple(self.rules(row)), row.uid)

    def of_owner(self, owner_id: int, uid: str) -> Lexicon:
        """The owner's lexicon; for workers, who see everybody's."""
        row = self.get_by_id(uid)
        if row.owner_id != owner_id:
            raise errors.NotFound(f"There is no lexicon {uid!r}.")
        return self.load(row)

    def counts(self, rows: Iterable[LexiconRow]) -> dict[int, int]:
        """Internal id → number of rules, where there are any."""
        column = LexiconRuleRow.lexicon_id
        wanted = select(column, func.count()).where(column.in_([row.id for row in rows])).group_by(column)
        return {lexicon_id: count for lexicon_id, count in self.session.execute(wanted)}  # noqa: C416 - rows are no pairs

    def put_rules(self, row: LexiconRow, rules: Sequence[Rule]) -> None:
        """Put these rules in place of those it has."""
        self.session.execute(delete(LexiconRuleRow).where(LexiconRuleRow.lexicon_id == row.id))
        self._insert(row, rules, 0)

    def add_rules(self, row: LexiconRow, rules: Sequence[Rule]) -> None:
        """Put these rules behind those it has."""
        last = self.session.scalar(select(func.max(LexiconRuleRow.position)).where(LexiconRuleRow.lexicon_id == row.id))
        self._insert(row, rules, 0 if last is None else last + 1)

    def _insert(self, row: LexiconRow, rules: Sequence[Rule], first: int) -> None:
        values = [
            {
                "owner_id": row.owner_id,
                "lexicon_id": row.id,
                "position": position,
                "kind": rule.kind,
                "pattern": rule.pattern,
                "replacement": rule.replacement,
                "match_case": rule.match_case,
                "is_active": rule.is_active,
            }
            for position, rule in enumerate(rules, start=first)
        ]
        if values:
            self.session.execute(insert(LexiconRuleRow), values)
        self.update(row, updated_at=now())

    def waiting_job(self, row: LexiconRow) -> str | None:
        """A job that still needs the lexicon, if there is one."""
        unfinished = [status for status in JobStatus if not status.is_finished]
        needs = JobRow.options["lexicon_id"].as_string() == row.uid
        wanted = select(JobRow.uid).where(JobRow.status.in_(unfinished), needs).order_by(JobRow.id).limit(1)
        return self.session.scalar(wanted)
