"""How large the database is, and whether it is damaged."""

from pathlib import Path

import pytest
from sqlalchemy import text

from databases import engine_on
from tenuto import errors
from tenuto.db.inspection import count_transcripts, find_damage, size_bytes
from tenuto.db.work import EVERYONE
from unit.db.rows import family


def test_size_and_number_of_transcripts_are_told(database):
    with database.reading(EVERYONE) as work:
        before = size_bytes(work.session)
        assert before > 50_000
        assert count_transcripts(work.session) == 0
    family(database)
    with database.reading(EVERYONE) as work:
        assert size_bytes(work.session) >= before
        assert count_transcripts(work.session) == 1


def test_a_sound_database_shows_no_damage(database):
    family(database)
    assert find_damage(database.engine) == []


def test_a_reference_to_nothing_is_found(sqlite_database):
    family(sqlite_database)
    raw = sqlite_database.engine.raw_connection()
    raw.driver_connection.execute("PRAGMA foreign_keys=OFF")
    raw.driver_connection.execute("UPDATE jobs SET file_id = 4711")
    raw.driver_connection.execute("PRAGMA foreign_keys=ON")
    raw.close()
    assert find_damage(sqlite_database.engine) == ["A row of jobs points at a row of files that is gone."]


def test_damaged_pages_are_found_or_refused(sqlite_ledgers, tmp_path):
    with sqlite_ledgers.fresh(tmp_path) as url:
        path = Path(url.removeprefix("sqlite:///"))
        data = bytearray(path.read_bytes())
        data[40 * 4096 : 44 * 4096] = b"\x5a" * (4 * 4096)
        path.write_bytes(data)
        with engine_on(url) as engine:
            try:
                assert any("damage" in line for line in find_damage(engine))
            except errors.DatabaseError as error:
                assert "malformed" in str(error.details["cause"])  # noqa: PT017 - either is right


def test_a_database_that_is_away_is_no_sound_one(tmp_path):
    (tmp_path / "a.db").write_bytes(b"no database" * 500)
    with engine_on(f"sqlite:///{tmp_path}/a.db") as engine, pytest.raises(errors.DatabaseError):
        find_damage(engine)


def test_whoever_works_after_the_check_may_write(database):
    find_damage(database.engine)
    with database.unit_of_work(EVERYONE) as work:
        work.session.execute(text("DELETE FROM counts"))
