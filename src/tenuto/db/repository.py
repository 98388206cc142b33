"""What every repository can do. Nothing here commits."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tenuto import errors
from tenuto.db.models import OwnedRow

RowT = TypeVar("RowT", bound=OwnedRow)
MAX_PAGE = 1000
MAX_CURSOR, MAX_DIGITS = 64, 18  # of 64-bit numbers


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """Some rows, newest first, and the cursor that leads to the rest."""

    rows: Sequence[RowT]
    next_cursor: str | None


def encode_cursor(*place: int) -> str:
    """An opaque place in a list: a row's id, behind what else the list is ordered by."""
    return base64.urlsafe_b64encode(":".join(["v1", *map(str, place)]).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    """The row id a cursor stands for; anything not made here is refused."""
    return decode_place(cursor, 1)[0]


def decode_place(cursor: str, numbers: int) -> list[int]:
    """The place a cursor stands for, of so many numbers."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    version, *place = text.split(":")
    sound = version == "v1" and len(place) == numbers and all(map(_is_number, place))
    if len(cursor) > MAX_CURSOR or not sound:
        raise errors.ValidationError("The cursor is not one this server gave out; start again without it.")
    return [int(number) for number in place]


def _is_number(digits: str) -> bool:
    return digits.isdigit() and len(digits) <= MAX_DIGITS


def check_limit(limit: int) -> None:
    """Refuse a page of no rows, or of too many."""
    if not 1 <= limit <= MAX_PAGE:
        raise errors.ValidationError(f"limit must be between 1 and {MAX_PAGE}.")


class Repository(Generic[RowT]):
    """Rows of one table, as far as the current owner may see them."""

    model: type[RowT]
    noun: str

    def __init__(self, session: Session) -> None:
        self.session = session

    def add(self, row: RowT) -> RowT:
        """Insert the row; its id is known afterwards."""
        self.session.add(row)
        self.session.flush()
        return row

    def get(self, row_id: int) -> RowT:
        """The row with that internal id, or NotFound."""
        return self._one(self.model.id == row_id, str(row_id))

    def get_by_id(self, uid: str) -> RowT:
        """The row with that public id, or NotFound; a malformed id does not exist either."""
        column: ColumnElement[str] = self.model.uid  # type: ignore[attr-defined]
        return self._one(column == uid, uid)

    def uids(self, row_ids: Iterable[int | None]) -> dict[int, str]:
        """Internal id → public id, as far as the current owner may see them."""
        wanted = {row_id for row_id in row_ids if row_id is not None}
        column: ColumnElement[str] = self.model.uid  # type: ignore[attr-defined]
        found = self.session.execute(select(self.model.id, column).where(self.model.id.in_(wanted)))
        return {row_id: uid for row_id, uid in found}  # noqa: C416 - rows are not pairs to mypy

    def _one(self, condition: ColumnElement[bool], shown: str) -> RowT:
        row = self.session.scalars(select(self.model).where(condition)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no {self.noun} {shown[:64]!r}.")
        return row

    def get_all(self, *conditions: ColumnElement[bool], limit: int = 50, cursor: str | None = None) -> Page[RowT]:
        """One page of rows, newest first, by keyset."""
        check_limit(limit)
        statement = select(self.model).where(*conditions).order_by(self.model.id.desc()).limit(limit + 1)
        if cursor is not None:
            statement = statement.where(self.model.id < decode_cursor(cursor))
        rows = self.session.scalars(statement).all()
        more = len(rows) > limit
        return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)

    def update(self, row: RowT, **values: Any) -> RowT:
        """Set columns on a row."""
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()
        return row

    def delete(self, row: RowT) -> None:
        """Remove the row, and what the database says goes with it."""
        self.session.delete(row)
        self.session.flush()
