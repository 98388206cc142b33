"""Prompts: counted in one statement each, so that no use is lost and none is counted twice, whoever writes beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from tenuto import errors
from tenuto.db.base import new_uid, now
from tenuto.db.models import GenerationRow, PromptRow, PromptTermRow
from tenuto.db.repository import Page, Repository, check_limit, decode_place, encode_cursor
from tenuto.db.songs import LAST_SIGN, MAX_WORDS
from tenuto.domain.generations import PromptOrder, one_line, text_hash
from tenuto.domain.songs import MAX_TERM, terms


class PromptRepository(Repository[PromptRow]):
    """Texts that music was asked for with."""

    model = PromptRow
    noun = "prompt"

    def count_uses(self, uses: Mapping[str, int]) -> dict[str, int]:
        """Count texts that are used so often now; text → the id of its prompt.

        All texts of a transaction come together, and before its jobs: in another order two could deadlock.
        """
        numbers: Counter[str] = Counter()
        for text, number in uses.items():
            numbers[one_line(text)] += number
        moment = now()
        ids = {text: self._count(text, number, moment) for text, number in sorted(numbers.items())}
        return {text: ids[one_line(text)] for text in uses}

    def _count(self, text: str, number: int, moment: datetime) -> int:
        owner_id = self.session.info["owner_id"]
        dialect: Any = postgresql if self.session.get_bind().dialect.name == "postgresql" else sqlite
        values = {"owner_id": owner_id, "uid": new_uid(), "text": text, "text_sha256": text_hash(text)}
        new = dialect.insert(PromptRow.__table__).values(
            **values, used_count=number, first_used_at=moment, last_used_at=moment
        )
        later = new.excluded.last_used_at > PromptRow.last_used_at  # The clocks of two servers may differ.
        changes = {
            "used_count": PromptRow.used_count + number,
            "last_used_at": case((later, new.excluded.last_used_at), else_=PromptRow.last_used_at),
        }
        counted = new.on_conflict_do_update(index_elements=["owner_id", "text_sha256"], set_=changes)
        row_id, total = self.session.execute(counted.returning(PromptRow.id, PromptRow.used_count)).one()
        if total == number:  # It is new.
            self._index(int(row_id), owner_id, text)
        return int(row_id)

    def _index(self, row_id: int, owner_id: int, text: str) -> None:
        found = dict.fromkeys(term[:MAX_TERM] for term in terms(text))
        values = [{"owner_id": owner_id, "prompt_id": row_id, "term": term} for term in found]
        if values:
            self.session.execute(insert(PromptTermRow), values)

    def listed(
        self, query: str = "", *, order: PromptOrder = PromptOrder.NEWEST, limit: int = 50, cursor: str | None = None
    ) -> Page[PromptRow]:
        """One page: all prompts, or those with some words; the newest first, or those that were used most."""
        if order is PromptOrder.NEWEST:
            return self.get_all(*with_words(query), limit=limit, cursor=cursor)
        return self.most_used(*with_words(query), limit=limit, cursor=cursor)

    def most_used(
        self, *conditions: ColumnElement[bool], limit: int = 50, cursor: str | None = None
    ) -> Page[PromptRow]:
        """One page of prompts, the one that was used most first, and of two the newer one."""
        check_limit(limit)
        place = tuple_(PromptRow.used_count, PromptRow.id)
        wanted = select(PromptRow).where(*conditions)
        if cursor is not None:
            wanted = wanted.where(place < tuple_(*decode_place(cursor, 2)))
        wanted = wanted.order_by(PromptRow.used_count.desc(), PromptRow.id.desc()).limit(limit + 1)
        rows = self.session.scalars(wanted).all()
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return Page(rows[:limit], encode_cursor(last.used_count, last.id) if last else None)

    def held(self, uid: str) -> PromptRow:
        """One prompt, and nobody counts or deletes it until the transaction ends."""
        wanted = select(PromptRow).where(PromptRow.uid == uid).with_for_update()
        row = self.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no prompt {uid[:64]!r}.")
        return row

    def pieces(self, row: PromptRow) -> int:
        """How many pieces of music it has."""
        wanted = select(func.count(GenerationRow.id)).where(GenerationRow.prompt_id == row.id)
        return self.session.scalars(wanted).one()

    def total(self) -> int:
        """How many there are."""
        return self.session.scalars(select(func.count(PromptRow.id))).one()


def with_words(query: str) -> list[ColumnElement[bool]]:
    """The conditions for prompts that hold all these words; the last word may be a beginning."""
    if not query.strip():
        return []
    words = [word[:MAX_TERM] for word in terms(query)][:MAX_WORDS]
    if not words:
        return [false()]
    term, beginning = PromptTermRow.term, words.pop()
    places = [(term == word,) for word in words]
    # Not LIKE: SQLite's takes an index only where case does not count, and terms know no case any more.
    begun = (term >= beginning, term < beginning + LAST_SIGN)
    return [PromptRow.id.in_(select(PromptTermRow.prompt_id).where(*place)) for place in (*places, begun)]
