"""One unit of work is one transaction; an outage is ridden out by those who must."""

import logging
import threading

import pytest
from sqlalchemy import text

from databases import OWNER, admin, database_on
from tenuto import errors
from tenuto.db import work as work_module
from tenuto.db.models import FileRow
from tenuto.db.work import EVERYONE, Database
from unit.db.rows import everything, new_file, new_job, submit


def snapshot(database):
    with database.reading(EVERYONE) as work:
        return everything(work.session.connection())


def add_things(work):
    file = work.files.add(new_file())
    work.jobs.submit(new_job(file_id=file.id), actor="owner")


def test_the_database_says_its_version(database):
    assert database.ping().startswith(database.engine.dialect.name)


def test_a_unit_of_work_that_ends_well_is_kept(database):
    with database.unit_of_work(OWNER) as work:
        add_things(work)
    after = snapshot(database)
    assert [len(after[name]) for name in ("files", "jobs", "job_events", "counts")] == [1, 1, 1, 2]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, errors.NotFound])
def test_any_error_rolls_all_of_it_back(database, error):
    before = snapshot(database)
    with pytest.raises(error), database.unit_of_work(OWNER) as work:  # noqa: PT012 - one transaction
        add_things(work)
        raise error
    assert snapshot(database) == before


def test_a_refusal_by_the_database_rolls_all_of_it_back(database):
    before = snapshot(database)
    with pytest.raises(errors.ConflictError, match="break a rule"), database.unit_of_work(OWNER) as work:  # noqa: PT012 - one transaction
        add_things(work)
        work.files.add(new_file(size_bytes=0))
    assert snapshot(database) == before


def test_nobody_sees_a_unit_of_work_before_it_ends(database):
    with database.unit_of_work(OWNER) as work:
        add_things(work)
        assert snapshot(database)["jobs"] == []
    assert len(snapshot(database)["jobs"]) == 1


def test_a_value_the_database_cannot_hold_is_refused(postgres_database):
    with pytest.raises(errors.ValidationError, match="refused a value"), postgres_database.unit_of_work(OWNER) as work:
        work.files.add(new_file(name="a\x00b"))


def test_a_reader_sees_one_state_and_changes_nothing(database):
    submit(database, OWNER)
    with database.reading(OWNER) as reader:
        first = reader.jobs.counts()
        submit(database, OWNER)
        assert reader.jobs.counts() == first
    with pytest.raises(errors.DatabaseError), database.reading(OWNER) as reader:
        reader.session.execute(text("DELETE FROM jobs"))
    assert len(snapshot(database)["jobs"]) == 2
    submit(database, OWNER)


def test_a_replica_answers_those_who_browse_and_nobody_else(sqlite_database, sqlite_ledgers, tmp_path):
    with sqlite_ledgers.fresh(tmp_path) as url, database_on(url) as replica:
        submit(replica, OWNER)
        both = Database(sqlite_database.engine, replica.engine)
        with both.browsing(OWNER) as work:
            assert work.jobs.counts() == {"transcribe": {"queued": 1}}
        for fresh in (both.reading, both.unit_of_work):
            with fresh(OWNER) as work:
                assert work.jobs.counts() == {}


def test_the_pool_is_counted(database):
    database.ping()
    with database.unit_of_work(EVERYONE) as work:
        work.now_epoch()
        assert database.pool_numbers()["in_use"] == 1
    assert database.pool_numbers()["in_use"] == 0
    assert database.pool_numbers()["size"] == 2


@pytest.mark.postgres
def test_a_lost_connection_is_an_error_of_the_database_and_the_next_one_works(postgres_database):
    database = postgres_database
    with pytest.raises(errors.DatabaseError) as caught, database.unit_of_work(OWNER) as work:  # noqa: PT012 - one transaction
        add_things(work)
        _throw_out(database)
        work.now_epoch()
    assert caught.value.retryable
    assert snapshot(database)["jobs"] == []


def _throw_out(database):
    name = database.engine.url.database
    admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


class Outage:
    """A PostgreSQL database that takes nobody in until it is over."""

    def __init__(self, database):
        self.database, self.name = database, database.engine.url.database

    def __enter__(self):
        admin(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        _throw_out(self.database)
        return self

    def end(self):
        admin(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")

    def __exit__(self, *_):
        self.end()


@pytest.mark.postgres
def test_patience_rides_out_a_database_that_is_away(postgres_database, caplog):
    database, tries = postgres_database, []

    def act(work):
        tries.append(work)
        return work.jobs.submit(new_job(owner_id=OWNER), actor="w").id

    with Outage(database) as outage, caplog.at_level(logging.WARNING, "tenuto.db.work"):
        waiter = threading.Thread(target=lambda: tries.append(database.patiently(act)))
        waiter.start()
        while not caplog.records and waiter.is_alive():
            waiter.join(0.01)
        outage.end()
        waiter.join(60)
    assert isinstance(tries[-1], int)
    assert {record.action for record in caplog.records} == {"database_away"}
    assert len(snapshot(database)["jobs"]) == 1


@pytest.mark.postgres
def test_patience_begins_anew_after_a_connection_was_cut_in_the_middle(postgres_database):
    database, tries = postgres_database, []

    def act(work):
        tries.append(work)
        job = work.jobs.submit(new_job(owner_id=OWNER), actor="w")
        if len(tries) == 1:
            _throw_out(database)
        return work.jobs.get(job.id).id

    database.patiently(act)
    assert len(tries) == 2
    assert len(snapshot(database)["jobs"]) == 1


@pytest.mark.postgres
def test_patience_has_an_end(postgres_database):
    with Outage(postgres_database), pytest.raises(errors.DatabaseError):
        postgres_database.patiently(lambda work: work.now_epoch(), give_up_seconds=0.5)


def test_patience_waits_longer_each_time_up_to_a_bound(sqlite_database, monkeypatch):
    waits, clock = [], [0.0]

    def sleep(seconds):
        waits.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(work_module.time, "sleep", sleep)
    monkeypatch.setattr(work_module.time, "monotonic", lambda: clock[0])

    def away(_work):
        raise errors.DatabaseError("away")

    with pytest.raises(errors.DatabaseError):
        sqlite_database.patiently(away, give_up_seconds=60)
    assert waits[:6] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0])
    assert max(waits) == 5.0
    assert 54 < sum(waits) <= 60


@pytest.mark.parametrize("error", [errors.ConflictError, errors.Fenced, ValueError])
def test_patience_is_for_a_database_that_is_away_and_for_nothing_else(sqlite_database, error):
    tries = []

    def act(_work):
        tries.append(1)
        raise error("no")

    with pytest.raises(error):
        sqlite_database.patiently(act)
    assert len(tries) == 1


def test_secure_deletion_leaves_no_trace_in_the_file(sqlite_database):
    marker = "marker-5c1d6e-planted-to-be-looked-for"
    with sqlite_database.unit_of_work(OWNER) as work:
        row = work.files.add(new_file(name=marker * 5))
    with sqlite_database.unit_of_work(OWNER) as work:
        work.files.delete(work.session.get(FileRow, row.id))
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        connection.rollback()
    path = sqlite_database.engine.url.database
    sqlite_database.dispose()  # The last connection folds the write-ahead log into the file.
    with open(path, "rb") as file:  # noqa: PTH123 - a URL's text
        assert marker.encode() not in file.read()
