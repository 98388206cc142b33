"""Moving all rows to another database, and back."""

import contextlib

import pytest
from sqlalchemy import select

from databases import OWNER, add_owner, database_on
from tenuto import errors
from tenuto.db.copy import BATCH, copy_rows
from tenuto.db.models import ArtifactRow, FileRow, JobEventRow, JobRow, Row, UploadRow, WorkerRow, now
from tenuto.db.steps import WHOLE, Finished
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Segment, Transcript, Word
from unit.db.rows import MODELS, values_for

WORDS = (Word(0, 400, "Zoë", 0.5), Word(400, 900, "🎵", None))
TRANSCRIPT = Transcript(
    (Segment(0, 900, "Zoë 🎵", 0.5, "A", WORDS), Segment(900, 900, "", None, None)), "en", 900, "fake"
)


def fill(database):
    """At least one row in every table."""
    add_owner(database)
    with database.unit_of_work(EVERYONE) as work:
        work.workers.register(WorkerRow(executor_id="w", host="h", pid=1, pid_started=1.5, last_seen=work.now_epoch()))
    with database.unit_of_work(OWNER) as work:
        file = work.files.add(
            FileRow(
                name="Zoë.flac", storage_key="content/ab/ab", sha256="ab", size_bytes=1 << 40, media_type="audio/flac",
                container="flac", codec="flac", duration_ms=900, sample_rate=16_000, channels=1, warnings=["w"],
            )
        )  # fmt: skip
        job = work.jobs.submit(JobRow(kind="transcribe", file_id=file.id, options={"a": None}), actor="owner")
        work.jobs.claim(job, "w")
        work.steps.record(job, "w", Finished("prepare", WHOLE, now(), {"blocks": []}))
        work.transcripts.store(job, TRANSCRIPT)
        work.artifacts.add(
            ArtifactRow(
                job_id=job.id, kind="export", storage_key="k", sha256="k", size_bytes=1, media_type="text/plain"
            )
        )
        work.session.add(UploadRow(name="b.wav", length_bytes=9, expires_at=now()))
        work.jobs.submit(JobRow(kind="transcribe", file_id=file.id), actor="owner")
        _fill_the_rest(work, {"owners": OWNER, "files": file.id, "jobs": job.id})
        for number in range(BATCH + 1):
            work.session.add(JobEventRow(job_id=job.id, kind="note", actor="a", message=str(number)))


def _fill_the_rest(work, parents):
    """A row made from its model in every table that has none yet."""
    for table in Row.metadata.sorted_tables:
        first = work.session.execute(select(table).limit(1)).first()
        if first is None:
            row = MODELS[table](**values_for(MODELS[table], parents))
            work.session.add(row)
            work.session.flush()
            if "id" in table.c:
                parents[table.name] = row.id
        elif "id" in table.c:
            parents.setdefault(table.name, first.id)


def rows_of(database):
    with database.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in Row.metadata.sorted_tables
        }


@contextlib.contextmanager
def both(first, second, folder):
    with first.fresh(folder) as one, second.fresh(folder) as two, database_on(one) as old, database_on(two) as new:
        yield old, new


@pytest.fixture(params=["there", pytest.param("and back", marks=pytest.mark.postgres), "sqlite only"])
def homes(request, tmp_path):
    """Two migrated databases, the first one with rows."""
    lite = request.getfixturevalue("sqlite_ledgers")
    other = lite if request.param == "sqlite only" else request.getfixturevalue("postgres_ledgers")
    pair = (other, lite) if request.param == "and back" else (lite, other)
    with both(*pair, tmp_path) as (old, new):
        fill(old)
        yield old, new


def test_every_row_arrives_as_it_was(homes):
    old, new = homes
    told = []
    copied = copy_rows(old.engine, new.engine, lambda name, count: told.append((name, count)))
    before, after = rows_of(old), rows_of(new)
    assert all(before.values())
    assert {name: len(rows) for name, rows in before.items()} == copied
    assert [row[:5] for row in after.pop("workers")] == [row[:5] for row in before.pop("workers")]
    assert after == before
    assert ("job_events", BATCH) in told


def test_the_new_house_goes_on_with_fresh_ids(homes):
    old, new = homes
    copy_rows(old.engine, new.engine)
    with new.unit_of_work(OWNER) as work:
        job = work.jobs.submit(JobRow(kind="transcribe"), actor="owner")
        assert job.id == 3
        assert len(work.jobs.get_all().rows) == 3
    assert add_owner(new) == 3


def test_no_worker_of_the_old_house_lives_in_the_new_one(homes):
    old, new = homes
    copy_rows(old.engine, new.engine)
    with new.reading(EVERYONE) as work:
        assert work.workers.living() == []
        assert len(work.jobs.with_status(JobStatus.PROCESSING)) == 1


def test_a_database_with_rows_is_no_target(homes):
    old, new = homes
    copy_rows(old.engine, new.engine)
    before = rows_of(new)
    with pytest.raises(errors.ConflictError, match="not empty"):
        copy_rows(old.engine, new.engine)
    assert rows_of(new) == before


def test_a_database_is_not_copied_onto_itself(sqlite_database):
    with pytest.raises(errors.ValidationError, match="itself"):
        copy_rows(sqlite_database.engine, sqlite_database.engine)


def test_a_database_without_tables_is_no_target(sqlite_ledgers, sqlite_database, tmp_path):
    with (
        sqlite_ledgers.fresh(tmp_path, migrated=False) as url,
        database_on(url) as empty,
        pytest.raises(errors.SchemaMismatch),
    ):
        copy_rows(sqlite_database.engine, empty.engine)


def test_a_copy_that_fails_leaves_nothing(homes):
    old, new = homes

    def stop(name, _count):
        if name == "job_events":
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        copy_rows(old.engine, new.engine, stop)
    left = rows_of(new)
    assert len(left.pop("owners")) == 1
    assert not any(left.values())
