"""When the last sweep was: a clock that leaps would make everything look old."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tenuto.db.models import SweepRow

THE_ROW = 1


class SweepRepository:
    """One row for the whole server, on the database's clock."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def last(self) -> SweepRow | None:
        """The last sweep, if there was one."""
        return self.session.get(SweepRow, THE_ROW)

    def note(self, moment: float, *, steady_since: float) -> None:
        """A sweep begins."""
        self.session.merge(SweepRow(id=THE_ROW, at=moment, steady_since=steady_since))
        self.session.flush()
