"""How a database is opened, and what becomes of its errors."""

import logging
import multiprocessing
import threading

import pytest
from pysqlite3 import dbapi2
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from databases import admin, database_on, engine_on
from tenuto import errors, logs
from tenuto.db import connect
from tenuto.db.connect import READ_ONLY, DatabaseOptions, open_engine, parse_url, translate
from tenuto.db.work import EVERYONE, Database


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:////tmp/a.db", "sqlite"),
        ("sqlite+aiosqlite:///a.db", "sqlite"),
        ("postgresql://me@host/db", "postgresql+psycopg"),
        ("postgres://me@host/db", "postgresql+psycopg"),
        ("postgresql+asyncpg://me:secret@host:5433/db", "postgresql+psycopg"),
    ],
)
def test_a_url_gets_the_driver_tenuto_uses(given, driver):
    assert parse_url(given).drivername == driver


def test_a_url_keeps_what_it_says():
    url = parse_url("postgresql+asyncpg://me:s%40cret@host:5433/db?sslmode=require")
    assert (url.username, url.password, url.host, url.port, url.database) == ("me", "s@cret", "host", 5433, "db")
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "not a database URL"),
        ("nonsense", "not a database URL"),
        ("postgresql://h:port/d", "not a database URL"),
        ("mysql://h/d", "names 'mysql'"),
    ],
)
def test_another_url_is_refused_with_the_name_of_the_setting(given, told):
    with pytest.raises(errors.SettingsError, match="TENUTO_DATABASE_URL") as caught:
        parse_url(given)
    assert told in caught.value.message


def test_a_refused_url_does_not_tell_its_password():
    with pytest.raises(errors.SettingsError) as caught:
        parse_url("postgresql:/me:hunter2@host/db")
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url):
    with pytest.raises(errors.SettingsError, match="must name a file"):
        open_engine(parse_url(url), DatabaseOptions())


def test_an_old_sqlite_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(dbapi2, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(errors.SettingsError, match="can corrupt a database"):
        open_engine(parse_url(f"sqlite:///{tmp_path}/a.db"), DatabaseOptions())


def test_the_folder_of_a_sqlite_file_is_made(tmp_path):
    with engine_on(f"sqlite:///{tmp_path}/one/two/a.db") as engine, engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_new_sqlite_file_is_for_its_user_alone(tmp_path):
    path = tmp_path / "one" / "a.db"
    with engine_on(f"sqlite:///{path}") as engine, engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (b)"))
        modes = {found.name: found.stat().st_mode & 0o777 for found in (path.parent, *path.parent.iterdir())}
    assert modes == {"one": 0o700, "a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


def test_a_sqlite_file_keeps_the_rights_it_was_given(tmp_path):
    path = tmp_path / "a.db"
    path.touch(mode=0o660)
    path.chmod(0o660)
    with engine_on(f"sqlite:///{path}") as engine, engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert path.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("wanted", [True, False])
def test_every_statement_is_logged_on_standard_error_when_asked_for(database_url, monkeypatch, capsys, wanted):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger("sqlalchemy.engine"), "level", logging.NOTSET)
    logs.configure("WARNING", "text", statements=wanted)
    with database_on(database_url) as database, database.reading(EVERYONE) as work:
        work.session.execute(text("SELECT 'asked'"))
    said = capsys.readouterr()
    assert ("SELECT 'asked'" in said.err) is wanted
    assert said.out == ""


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
        ("cache_size", -8192),
    ],
)
def test_every_connection_to_sqlite_is_safe(sqlite_database, pragma, value):
    for _ in range(2):
        with sqlite_database.engine.connect() as connection:
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value
            connection.commit()
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value
            connection.detach()


@pytest.mark.postgres
def test_a_connection_to_postgres_says_whose_it_is(postgres_database):
    with postgres_database.engine.connect() as connection:
        assert connection.execute(text("SHOW application_name")).scalar_one() == "tenuto"


@pytest.mark.postgres
def test_postgres_is_asked_for_tls_when_the_settings_say_so(postgres_database):
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    with database_on(url, ssl="disable") as plain:
        assert plain.ping().startswith("postgresql")
    with database_on(url, ssl="verify-full") as secure, pytest.raises(errors.DatabaseError) as caught:
        secure.ping()
    assert "certificate" in str(caught.value.details["cause"]).lower() or "SSL" in str(caught.value.details["cause"])


def test_a_slow_query_is_logged_without_its_values(database_url, caplog):
    caplog.set_level(logging.WARNING, "tenuto.db.connect")
    with database_on(database_url, slow_query_ms=0) as database, database.reading(EVERYONE) as work:
        work.session.execute(text("SELECT :word"), {"word": "hunter2"})
    records = [record for record in caplog.records if record.action == "slow_query"]
    assert any("SELECT" in record.statement and record.milliseconds >= 0 for record in records)
    assert "hunter2" not in caplog.text


def test_a_fast_query_is_not_logged(database_url, caplog):
    with database_on(database_url, slow_query_ms=10**9) as database, caplog.at_level(logging.WARNING):
        database.ping()
    assert not [record for record in caplog.records if record.name == "tenuto.db.connect"]


def test_a_locked_database_is_given_up_after_a_while(sqlite_database, monkeypatch):
    monkeypatch.setattr(connect, "LOCK_WAIT_SECONDS", 0.05)
    with sqlite_database.unit_of_work(EVERYONE) as holder:
        holder.now_epoch()
        with (
            pytest.raises(errors.DatabaseError, match="locked by another process"),
            sqlite_database.unit_of_work(EVERYONE) as work,
        ):
            work.now_epoch()
    with sqlite_database.unit_of_work(EVERYONE) as work:
        assert work.now_epoch()


def test_a_writer_waits_for_its_turn(sqlite_database):
    order, holding = [], threading.Event()

    def second():
        holding.wait(60)
        with sqlite_database.unit_of_work(EVERYONE) as work:
            work.now_epoch()
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with sqlite_database.unit_of_work(EVERYONE) as work:
        work.now_epoch()
        holding.set()
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


def open_new_files(folder, at_once):
    for number in range(30):
        with engine_on(f"sqlite:///{folder}/{number}.db") as engine:
            at_once.wait(60)
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS opened (id INTEGER)"))


def test_several_processes_may_open_a_new_file_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    at_once = context.Barrier(4)
    opening = [context.Process(target=open_new_files, args=(tmp_path, at_once)) for _ in range(4)]
    for process in opening:
        process.start()
    for process in opening:
        process.join(60)
    assert [process.exitcode for process in opening] == [0] * 4


def test_a_reader_does_not_wait_for_a_writer(sqlite_database):
    with sqlite_database.unit_of_work(EVERYONE) as work:
        work.now_epoch()
        with sqlite_database.reading(EVERYONE) as reader:
            assert reader.now_epoch()


def test_a_file_that_is_no_database_is_an_error_of_the_database(tmp_path):
    (tmp_path / "a.db").write_bytes(b"no database" * 500)
    with engine_on(f"sqlite:///{tmp_path}/a.db") as engine, pytest.raises(errors.DatabaseError):
        Database(engine).ping()


def test_another_refusal_to_begin_is_not_waited_for(sqlite_database):
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        with pytest.raises(dbapi2.OperationalError, match="within a transaction"):
            connect._begin_immediate(connection)


@pytest.mark.parametrize(
    ("met", "told"),
    [
        (IntegrityError("", {}, Exception("a\nb")), errors.ConflictError),
        (DataError("", {}, Exception("a\nb")), errors.ValidationError),
        (OperationalError("", {}, Exception("a\nb")), errors.DatabaseError),
    ],
)
def test_foreign_errors_become_ours_with_the_first_line_of_their_cause(met, told):
    error = translate(met)
    assert type(error) is told
    assert error.details == {"cause": "a"}


@pytest.mark.postgres
def test_a_read_of_postgres_that_is_refused_is_an_error_of_the_database(postgres_database):
    name = postgres_database.engine.url.database
    admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    with pytest.raises(errors.DatabaseError, match="did not answer"):
        postgres_database.ping()
    admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert postgres_database.ping()


def test_a_connection_that_broke_is_replaced(sqlite_database):
    with sqlite_database.engine.connect() as connection:
        connection.invalidate()
    with sqlite_database.unit_of_work(EVERYONE) as work:
        assert work.now_epoch()


def test_readers_are_marked_as_such(database):
    assert database._readers.get_execution_options() == READ_ONLY
    assert not database.engine.get_execution_options()


@pytest.mark.postgres
def test_locks_of_a_client_that_fell_silent_in_a_transaction_are_given_back(postgres_ledgers, tmp_path):
    lock = text("SELECT pg_advisory_xact_lock(1)")
    with postgres_ledgers.fresh(tmp_path) as url, engine_on(url, abandoned_seconds=1) as engine:
        frozen = engine.connect()
        frozen.execute(lock)
        with engine.begin() as other:
            other.execute(lock)
        frozen.invalidate()
        frozen.close()
