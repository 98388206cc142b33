"""One unit of work is one transaction; here, and nowhere else, queries are limited to their owner."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import get_history

from tenuto import errors
from tenuto.db.artifacts import ArtifactRepository
from tenuto.db.budgets import BudgetRepository, Spending
from tenuto.db.connect import READ_ONLY, translate
from tenuto.db.edits import EditRepository
from tenuto.db.files import FileRepository
from tenuto.db.generations import GenerationRepository
from tenuto.db.jobs import JobRepository
from tenuto.db.lexicons import LexiconRepository
from tenuto.db.lyrics import LyricsRepository
from tenuto.db.models import NOW_EPOCH, OwnedRow
from tenuto.db.paces import PaceRepository
from tenuto.db.presentations import PresentationRepository
from tenuto.db.prompts import PromptRepository
from tenuto.db.song_jobs import SongJobRepository
from tenuto.db.songs import SongRepository
from tenuto.db.steps import StepRepository
from tenuto.db.sweeps import SweepRepository
from tenuto.db.transcripts import TranscriptRepository
from tenuto.db.uploads import UploadRepository
from tenuto.db.usage import UsageRepository
from tenuto.db.voice_clones import VoiceCloneRepository
from tenuto.db.voices import KnownVoiceRepository
from tenuto.db.webhooks import DeliveryRepository, WebhookRepository
from tenuto.db.workers import WorkerRepository

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
OwnedRowT = TypeVar("OwnedRowT", bound=OwnedRow)

EVERYONE: None = None
"""The scope of workers and sweeps, which act for the server and not for one owner."""


class OwnedSession(Session):
    """A session that acts for one owner, or for the server when `info["owner_id"]` is None."""


class UnitOfWork:
    """The repositories of one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.files = FileRepository(session)
        self.artifacts = ArtifactRepository(session)
        self.jobs = JobRepository(session)
        self.steps = StepRepository(session)
        self.song_jobs = SongJobRepository(session)
        self.paces = PaceRepository(session)
        self.transcripts = TranscriptRepository(session)
        self.edits = EditRepository(session)
        self.lexicons = LexiconRepository(session)
        self.known_voices = KnownVoiceRepository(session)
        self.voice_clones = VoiceCloneRepository(session)
        self.songs = SongRepository(session)
        self.lyrics = LyricsRepository(session)
        self.presentations = PresentationRepository(session)
        self.prompts = PromptRepository(session)
        self.generations = GenerationRepository(session)
        self.uploads = UploadRepository(session)
        self.usage = UsageRepository(session)
        self.budgets = BudgetRepository(session)
        self.spending = Spending(session)
        self.workers = WorkerRepository(session)
        self.sweeps = SweepRepository(session)
        self.webhooks = WebhookRepository(session)
        self.deliveries = DeliveryRepository(session)

    def now_epoch(self) -> float:
        """Seconds since 1970 on the database's own clock, which all machines share."""
        return float(self.session.execute(NOW_EPOCH[self.session.get_bind().dialect.name]).scalar_one())


class Database:
    """Where units of work come from."""

    def __init__(self, engine: Engine, replica: Engine | None = None) -> None:
        self.engine = engine
        self._readers = engine.execution_options(**READ_ONLY)
        self._browsers = (replica or engine).execution_options(**READ_ONLY)

    @contextmanager
    def unit_of_work(self, owner_id: int | None) -> Iterator[UnitOfWork]:
        """Commit at the end, roll back on any error."""
        with self._session(self.engine, owner_id) as session:
            yield UnitOfWork(session)

    @contextmanager
    def reading(self, owner_id: int | None) -> Iterator[UnitOfWork]:
        """See one consistent state, change nothing."""
        with self._session(self._readers, owner_id) as session:
            yield UnitOfWork(session)

    @contextmanager
    def browsing(self, owner_id: int | None) -> Iterator[UnitOfWork]:
        """The same for lists and sums, which may be a moment behind: a replica may answer.

        What somebody was just told of by its id is never browsed for; the replica may not know it yet.
        """
        with self._session(self._browsers, owner_id) as session:
            yield UnitOfWork(session)

    def each(self, find: Callable[[UnitOfWork, int], Sequence[OwnedRowT]]) -> Iterator[OwnedRowT]:
        """Rows of everybody in the order of their ids, however many: `find` is given the last id and returns some more.

        No transaction is open while a row is in the caller's hands.
        """
        after = 0
        while True:
            with self.reading(EVERYONE) as work:
                rows = find(work, after)
            yield from rows
            if not rows:
                return
            after = rows[-1].id

    @contextmanager
    def _session(self, engine: Engine, owner_id: int | None) -> Iterator[Session]:
        try:
            with OwnedSession(engine, expire_on_commit=False, info={"owner_id": owner_id}) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            raise translate(error) from error

    def patiently(self, action: Callable[[UnitOfWork], ResultT], *, give_up_seconds: float = 900.0) -> ResultT:
        """Run `action` for the server in a unit of work and ride out a database that is away.

        A worker's note of a finished step must not fail the job because the database restarts just then.
        """
        deadline, delay = time.monotonic() + give_up_seconds, 0.2
        while True:
            try:
                with self.unit_of_work(EVERYONE) as work:
                    return action(work)
            except errors.DatabaseError as error:
                if time.monotonic() + delay > deadline:
                    raise
                fields = {"action": "database_away", "cause": error.details.get("cause")}
                logger.warning("The database is away; trying again.", extra=fields)
                time.sleep(delay)
                delay = min(delay * 2, 5.0)

    def ping(self) -> str:
        """Ask the database for its version."""
        query = "SELECT sqlite_version()" if self.engine.dialect.name == "sqlite" else "SHOW server_version"
        with self._session(self._readers, EVERYONE) as session:
            return f"{self.engine.dialect.name} {session.execute(text(query)).scalar_one()}"

    def pool_numbers(self) -> dict[str, int]:
        """How many connections are open and in use."""
        pool: Any = self.engine.pool
        return {"size": pool.size(), "in_use": pool.checkedout(), "idle": pool.checkedin(), "overflow": pool.overflow()}

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._browsers.dispose()


@event.listens_for(OwnedSession, "do_orm_execute")
def _only_the_owners_rows(state: ORMExecuteState) -> None:
    """Add `owner_id = ...` to every SELECT, UPDATE and DELETE of a session that acts for somebody."""
    owner_id = state.session.info["owner_id"]
    if state.is_insert:
        _inserted_rows_have_the_owner(state, owner_id)
    elif owner_id is not None and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(
            with_loader_criteria(OwnedRow, lambda row: row.owner_id == owner_id, include_aliases=True),
        )


def _inserted_rows_have_the_owner(state: ORMExecuteState, owner_id: int | None) -> None:
    """Refuse an INSERT of many rows at once, which no flush sees, unless each says that it is the owner's."""
    if owner_id is None or state.bind_mapper is None or not issubclass(state.bind_mapper.class_, OwnedRow):
        return
    rows = state.parameters or []
    rows = [rows] if isinstance(rows, Mapping) else rows
    if not rows or any(row.get("owner_id") != owner_id for row in rows):
        raise errors.NotFound


@event.listens_for(OwnedSession, "before_flush")
def _new_rows_get_the_owner(session: Session, _context: Any, _instances: Any) -> None:
    """Give new rows their owner; a row of somebody else can be neither made nor changed."""
    owner_id = session.info["owner_id"]
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, OwnedRow) and owner_id is not None:
            if row.owner_id is None and row in session.new:
                row.owner_id = owner_id
            elif row.owner_id != owner_id or get_history(row, "owner_id").deleted:
                raise errors.NotFound
