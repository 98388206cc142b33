"""Up, down, up again, with rows in every table; and what a database of another version is told."""

import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from databases import engine_on
from migration.structure import rows_of, tables_of
from tenuto import errors
from tenuto.db import migrate
from tenuto.db.models import BUILT_IN_OWNER, OwnerRow, Row
from tenuto.db.work import EVERYONE, Database
from tenuto.queue import client
from unit.db.music import add_composing_job, finish_composing
from unit.db.rows import everything, family, new_file

OURS = set(Row.metadata.tables)
UPGRADE = """
import sys
from tenuto.db import migrate
from tenuto.db.connect import DatabaseOptions, open_engine, parse_url
engine = open_engine(parse_url(sys.argv[1]), DatabaseOptions())
print("ready", flush=True)
sys.stdin.readline()
print(migrate.upgrade(engine).is_current, flush=True)
engine.dispose()
"""


def revisions():
    return [script.revision for script in ScriptDirectory.from_config(migrate._config()).walk_revisions()]


def test_an_empty_database_comes_up(empty_engine):
    assert not migrate.state(empty_engine).is_current
    assert migrate.upgrade(empty_engine).is_current
    assert tables_of(empty_engine) == OURS | {"alembic_version"}


def test_each_revision_goes_down_and_up_with_rows_in_every_table(database):
    engine = database.engine
    family(database)
    for revision in [*revisions()[1:], "base"]:
        migrate.downgrade(engine, revision)
    assert tables_of(engine) == {"alembic_version"}
    assert migrate.state(engine).found is None
    assert migrate.upgrade(engine).is_current
    family(database)


def test_songs_that_were_there_are_counted(database):
    family(database)
    migrate.downgrade(database.engine, "0006")
    for _ in range(2):
        migrate.upgrade(database.engine)
        with database.reading(EVERYONE) as work:
            (song,) = work.songs.get_all().rows
            assert work.songs.counts() == {song.source.value: 1}
        migrate.downgrade(database.engine, "0006")
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM counts WHERE noun = 'song'")).scalar_one() == 0


def test_music_that_was_composed_before_is_in_the_ledger(database):
    with database.unit_of_work(1) as work:
        jobs = [add_composing_job(work, prompt) for prompt in ("a slow  waltz", "a slow waltz ", "Jazz")]
        finish_composing(work, jobs[0])
    migrate.downgrade(database.engine, "0007")
    migrate.upgrade(database.engine)
    with database.reading(1) as work:
        found = [work.generations.of_job(job.id) for job in jobs]
        assert [row.seconds for row in found] == [8.0, None, None]
        assert (found[0].model, found[0].seed, found[0].measured_key) == ("fake-1", 7, "A minor")
        assert (found[0].size_bytes, found[0].composed_at is None) == (999, False)
        assert [(row.format, row.seed) for row in found[1:]] == [("flac", None)] * 2
        prompts = {row.text: row for row in work.prompts.get_all().rows}
        assert {text: row.used_count for text, row in prompts.items()} == {"a slow waltz": 2, "Jazz": 1}
        assert prompts["a slow waltz"].last_used_at == jobs[1].created_at
        assert found[0].prompt_id == found[1].prompt_id == prompts["a slow waltz"].id
    with database.unit_of_work(1) as work:  # The prompt is known by the same hash.
        assert work.prompts.count_uses({"a slow waltz": 1}) == {"a slow waltz": prompts["a slow waltz"].id}


def test_decks_survive_the_way_back_and_forth(database):
    family(database)
    silent = {"container": "pptx", "kind": "deck", "duration_ms": 0, "sample_rate": 0, "channels": 0}
    with database.unit_of_work(1) as work:
        deck = work.files.add(new_file(**silent))
        recording = work.files.add(new_file())
    before = rows_of(database.engine)
    migrate.downgrade(database.engine, "0009")
    with database.engine.connect() as connection:
        found = connection.execute(text(f"SELECT channels, sample_rate FROM files WHERE id = {deck.id}")).one()
        assert tuple(found) == (1, 8000)  # What an older version takes for granted.
    migrate.upgrade(database.engine)
    assert rows_of(database.engine) == before
    with database.reading(1) as work:
        assert {row.id: row.kind for row in work.files.get_all().rows}.items() >= {
            (deck.id, "deck"),
            (recording.id, "recording"),
        }


def test_every_table_had_a_row(database):
    family(database)
    with database.reading(EVERYONE) as work:
        assert all(everything(work.session.connection()).values())


def test_the_second_upgrade_changes_nothing(database):
    family(database)
    before = rows_of(database.engine)
    assert migrate.upgrade(database.engine).is_current
    assert rows_of(database.engine) == before


def test_the_built_in_owner_is_there_and_the_next_gets_another_id(database):
    with database.unit_of_work(EVERYONE) as work:
        assert work.session.scalars(select(OwnerRow.id)).all() == [BUILT_IN_OWNER]
        work.session.add(OwnerRow(name="second"))
        work.session.flush()
        assert work.session.scalars(select(OwnerRow.id).order_by(OwnerRow.id)).all() == [BUILT_IN_OWNER, 2]


def test_processes_that_upgrade_at_once_do_it_once(ledgers, tmp_path):
    with ledgers.fresh(tmp_path, migrated=False) as url:
        command = [sys.executable, "-c", UPGRADE, url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        results = [process.communicate(timeout=60) for process in processes]
        assert [out for out, _ in results] == ["True\n"] * 3, results
        with engine_on(url) as engine, engine.connect() as connection:
            assert connection.execute(select(OwnerRow.name)).scalars().all() == ["local"]


def test_a_current_database_is_taken(database):
    migrate.require_current(database.engine)


def test_an_empty_database_is_refused_with_the_command_that_helps(empty_engine):
    with pytest.raises(errors.SchemaMismatch, match="empty; run `tenuto db init`"):
        migrate.require_current(empty_engine)


def _pretend(engine, revision):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_a_newer_database_is_refused(database):
    _pretend(database.engine, "9999")
    with pytest.raises(errors.SchemaMismatch, match="schema 9999, which a newer tenuto made"):
        migrate.require_current(database.engine)


@pytest.mark.parametrize("move", [migrate.upgrade, lambda engine: migrate.downgrade(engine, "-1")])
def test_a_newer_database_is_neither_brought_up_nor_down(database, move):
    _pretend(database.engine, "9999")
    with pytest.raises(errors.SchemaMismatch, match="schema 9999, which a newer tenuto made"):
        move(database.engine)


def test_a_schema_nobody_knows_is_no_place_to_go_back_to(database):
    with pytest.raises(errors.ValidationError, match=r"taken back to '9999'.*there are 0001, 0002"):
        migrate.downgrade(database.engine, "9999")


def test_an_older_database_is_refused_with_the_command_that_helps(database, monkeypatch):
    older, needed = revisions()[0], "head of tomorrow"
    monkeypatch.setattr(migrate, "_revisions", lambda: (needed, older))
    with pytest.raises(errors.SchemaMismatch, match=f"has schema {older}, this version needs {needed}; run `tenuto db"):
        migrate.require_current(database.engine)


def test_a_database_that_is_away_has_no_state(tmp_path):
    (tmp_path / "no.db").write_bytes(b"this is no database at all" * 100)
    with engine_on(f"sqlite:///{tmp_path / 'no.db'}") as engine, pytest.raises(errors.DatabaseError):
        migrate.state(engine)


def test_reset_empties_everything(database):
    client.migrate(database.engine)
    family(database)
    migrate.reset(database.engine)
    assert tables_of(database.engine) == set()
    assert not client.is_migrated(database.engine)
    migrate.upgrade(database.engine)
    client.migrate(database.engine)
    family(database)


def test_the_durable_engines_tables_are_left_alone(database):
    client.migrate(database.engine)
    schema = "dbos" if database.engine.dialect.name == "postgresql" else None
    before = set(inspect(database.engine).get_table_names(schema=schema)) - OURS
    migrate.downgrade(database.engine, "base")
    migrate.upgrade(database.engine)
    assert set(inspect(database.engine).get_table_names(schema=schema)) - OURS == before
    assert client.is_migrated(database.engine)
    family(Database(database.engine))


def test_a_failed_migration_leaves_the_database_as_it_was(database, monkeypatch):
    family(database)
    before = rows_of(database.engine)
    whole = migrate.command.downgrade

    def break_at_the_end(config, revision):
        whole(config, revision)
        raise RuntimeError("the machine lost power")

    monkeypatch.setattr(migrate.command, "downgrade", break_at_the_end)
    with pytest.raises(RuntimeError, match="lost power"):
        migrate.downgrade(database.engine, "base")
    assert rows_of(database.engine) == before
