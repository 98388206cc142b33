"""Who works, and who was last seen too long ago."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tenuto.db.models import WorkerRow

JUDGING_LOCK = 746_562  # any number, the same for every tenuto


class WorkerRepository:
    """Workers on the database's clock; a worker marked dead never comes back under the same name."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def register(self, row: WorkerRow) -> None:
        """A worker starts."""
        self.session.add(row)
        self.session.flush()

    def beat(self, executor_id: str, moment: float) -> bool:
        """Note that a worker lives; False when it was declared dead."""
        alive = update(WorkerRow).where(WorkerRow.executor_id == executor_id, ~WorkerRow.dead)
        changed = self.session.execute(alive.values(last_seen=moment).execution_options(synchronize_session=False))
        return bool(changed.rowcount)  # type: ignore[attr-defined]

    def mark_dead(self, executor_id: str) -> None:
        """Declare a worker dead, finally."""
        statement = update(WorkerRow).where(WorkerRow.executor_id == executor_id).values(dead=True)
        self.session.execute(statement.execution_options(synchronize_session=False))

    def begin_judging(self, executor_id: str, moment: float, *, seconds: float) -> bool:
        """Let one worker judge the others for some seconds at most: one that is frozen meanwhile holds nothing up."""
        if self.session.get_bind().dialect.name == "postgresql":  # SQLite writes one after another anyway.
            self.session.execute(select(func.pg_advisory_xact_lock(JUDGING_LOCK)))
        judging = select(WorkerRow.executor_id).where(~WorkerRow.dead, WorkerRow.judging_until > moment)
        if self.session.scalars(judging.where(WorkerRow.executor_id != executor_id).limit(1)).first() is not None:
            return False
        self._judge_until(executor_id, moment + seconds)
        return True

    def end_judging(self, executor_id: str) -> None:
        """Let others judge."""
        self._judge_until(executor_id, 0.0)

    def _judge_until(self, executor_id: str, moment: float) -> None:
        statement = update(WorkerRow).where(WorkerRow.executor_id == executor_id).values(judging_until=moment)
        self.session.execute(statement.execution_options(synchronize_session=False))

    def living(self) -> Sequence[WorkerRow]:
        """Workers nobody declared dead."""
        return self.session.scalars(select(WorkerRow).where(~WorkerRow.dead)).all()

    def dead_since(self, moment: float) -> Sequence[WorkerRow]:
        """Dead workers that were last seen after `moment`; older ones hold nothing any more."""
        return self.session.scalars(select(WorkerRow).where(WorkerRow.dead, WorkerRow.last_seen > moment)).all()

    def forget_dead(self, moment: float) -> int:
        """Remove dead workers that were last seen before `moment`; return how many."""
        old = delete(WorkerRow).where(WorkerRow.dead, WorkerRow.last_seen < moment)
        return int(self.session.execute(old.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
