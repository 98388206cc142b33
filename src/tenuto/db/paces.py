"""How often an engine is called: each call takes the next free moment, and no two calls take the same one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tenuto.db.models import PaceRow


class PaceRepository:
    """The moments that were given away, one row per engine."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def take(self, engine: str, *, interval_seconds: float, moment: float) -> float:
        """The moment at which the caller may call, at least `interval_seconds` after everybody else's."""
        dialect: Any = postgresql if self.session.get_bind().dialect.name == "postgresql" else sqlite
        # One statement, which the database runs for one caller after the other.
        insert = dialect.insert(PaceRow).values(engine=engine, next_at=moment + interval_seconds)
        free = case((PaceRow.next_at > moment, PaceRow.next_at), else_=moment)
        taken = insert.on_conflict_do_update(index_elements=["engine"], set_={"next_at": free + interval_seconds})
        next_at: float = self.session.execute(taken.returning(PaceRow.next_at)).scalar_one()
        return next_at - interval_seconds
