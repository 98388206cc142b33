"""Looking at the database itself: how large it is, and whether it is damaged."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tenuto.db.connect import READ_ONLY, translate
from tenuto.db.models import TranscriptRow


def size_bytes(session: Session) -> int:
    """How much the database takes on its disk."""
    question = "SELECT pg_database_size(current_database())"
    if session.get_bind().dialect.name == "sqlite":
        question = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return int(session.execute(text(question)).scalar_one())


def count_transcripts(session: Session) -> int:
    """How many transcripts there are."""
    return int(session.execute(select(func.count()).select_from(TranscriptRow.__table__)).scalar_one())


def find_damage(engine: Engine) -> list[str]:
    """What SQLite finds wrong with its file; PostgreSQL looks after its own."""
    try:
        with engine.execution_options(**READ_ONLY).connect() as connection:
            if engine.dialect.name != "sqlite":
                connection.execute(text("SELECT 1"))
                return []
            pages = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(20)"))]
            orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
    except SQLAlchemyError as error:
        raise translate(error) from error
    found = [f"SQLite found damage: {line}." for line in pages if line != "ok"]
    return [*found, *(f"A row of {row[0]} points at a row of {row[2]} that is gone." for row in orphans[:20])]
