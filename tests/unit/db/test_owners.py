"""Whoever acts for one owner neither sees nor changes what belongs to another, in any table."""

import pytest
from sqlalchemy import delete, exists, func, insert, select, union_all, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from databases import add_owner
from tenuto import errors
from tenuto.db.models import (
    ArtifactRow,
    CountRow,
    FileRow,
    GenerationRow,
    JobRow,
    OwnerRow,
    PresentationRow,
    PromptRow,
    Row,
    SongRow,
    VoiceCloneRow,
)
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from unit.db.rows import OWNED, everything, family, new_file, submit, values_for

NEEDED_BY = {
    FileRow: (SongRow, PresentationRow),
    ArtifactRow: (PresentationRow,),
    VoiceCloneRow: (PresentationRow,),
    PromptRow: (GenerationRow,),  # Nor a prompt while its music is there.
}
every_table = pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__tablename__)


@pytest.fixture
def database(shared_database):
    return shared_database


@pytest.fixture
def two(database):
    """(owner → its rows) for two owners, each with a row in every table."""
    alice, bob = add_owner(database), add_owner(database)
    return {"alice": (alice, family(database, alice)), "bob": (bob, family(database, bob))}


def snapshot(database):
    with database.reading(EVERYONE) as work:
        return everything(work.session.connection())


def _self_join(model):
    other = aliased(model)
    return select(other.id).join_from(model, other, model.id != other.id)


def queries(model, owner, row_id):
    """Query and what it must find when nobody else's rows count."""
    yield select(model.id), [row_id]
    yield select(model.id).where((model.owner_id > 0) | (model.id > 0)), [row_id]
    yield select(aliased(model).id), [row_id]
    yield _self_join(model), []
    yield select(select(model.id).subquery().c.id), [row_id]
    yield select(select(model.id).cte().c.id), [row_id]
    yield union_all(select(model.id), select(model.id)), [row_id, row_id]
    yield select(select(model.id).order_by(model.id.desc()).limit(1).scalar_subquery()), [row_id]
    yield select(func.count()).select_from(model), [1]
    yield select(func.max(model.owner_id)), [owner]
    yield select(OwnerRow.id).where(exists().where(model.owner_id == OwnerRow.id)), [owner]


@every_table
def test_a_select_never_shows_anothers_rows(database, two, model):
    for owner, rows in (*two.values(), *two.values()):
        with database.unit_of_work(owner) as work:
            assert [row.owner_id for row in work.session.scalars(select(model))] == [owner]
            for query, expected in queries(model, owner, rows[model].id):
                assert work.session.scalars(query).all() == expected, str(query)


@every_table
def test_getting_by_id_stops_at_the_owner(database, two, model):
    (_, hers), (bob, his) = two["alice"], two["bob"]
    with database.unit_of_work(bob) as work:
        assert work.session.get(model, hers[model].id) is None
        assert work.session.get(model, his[model].id) is not None


@every_table
def test_an_update_or_delete_of_all_changes_only_ones_own(database, two, model):
    (alice, _), (bob, _) = two["alice"], two["bob"]
    before = snapshot(database)
    key = model.__table__.name
    with database.unit_of_work(bob) as work:
        for user in NEEDED_BY.get(model, ()):  # A file does not go while its song is there.
            work.session.execute(delete(user))
        assert work.session.execute(update(model).values(id=model.id)).rowcount == 1
        assert work.session.execute(delete(model)).rowcount == 1
    after = snapshot(database)
    assert [row for row in after[key] if row.owner_id == alice] == [row for row in before[key] if row.owner_id == alice]
    assert not [row for row in after[key] if row.owner_id == bob]


@every_table
def test_a_row_of_another_is_neither_made_nor_changed_nor_deleted(database, two, model):
    (alice, hers), (bob, _) = two["alice"], two["bob"]
    before = snapshot(database)
    parents = {table.name: hers[kind].id for kind, table in tables() if kind in hers} | {"owners": alice}

    def add(session):
        session.add(model(**values_for(model, parents)))

    def add_many(session):
        session.execute(insert(model), [values_for(model, parents)])

    def add_as_values(session):
        session.execute(insert(model).values(values_for(model, parents)))

    def change(session):
        session.add(hers[model])
        hers[model].owner_id = bob

    def remove(session):
        session.delete(hers[model])

    for act in (add, add_many, add_as_values, change, remove):
        with pytest.raises(errors.NotFound), database.unit_of_work(bob) as work:
            act(work.session)
        assert snapshot(database) == before, act


@every_table
def test_ones_own_row_is_not_given_away(database, two, model):
    (alice, _), (bob, his) = two["alice"], two["bob"]
    before = snapshot(database)
    with pytest.raises(errors.NotFound), database.unit_of_work(bob) as work:
        work.session.get(model, his[model].id).owner_id = alice
    assert snapshot(database) == before


def tables():
    return [(mapper.class_, mapper.class_.__table__) for mapper in Row.registry.mappers if "id" in mapper.columns]


@every_table
def test_everyone_sees_and_changes_all(database, two, model):
    with database.unit_of_work(EVERYONE) as work:
        found = {row.owner_id for row in work.session.scalars(select(model))}
        assert found >= {two["alice"][0], two["bob"][0]}
        assert work.session.execute(update(model).values(id=model.id)).rowcount >= 2


@every_table
def test_new_rows_take_the_owner_of_their_session(database, two, model):
    bob, his = two["bob"]
    parents = {table.name: his[kind].id for kind, table in tables() if kind in his}
    values = values_for(model, parents, **_distinct(model))
    del values["owner_id"]
    with database.unit_of_work(bob) as work:
        if model.__tablename__ in ("transcripts", "song_jobs", "generations", "presentation_jobs"):
            values["job_id"] = work.jobs.submit(JobRow(kind="transcribe"), actor="owner").id
        if model.__tablename__ in ("songs", "presentations"):
            values["file_id"] = work.files.add(new_file()).id
        if model.__tablename__ == "song_lyrics":
            work.session.delete(his[model])
            work.session.flush()
        row = model(**values)
        work.session.add(row)
        work.session.flush()
        assert row.owner_id == bob


def _distinct(model):
    """What keeps a second row of the same parents from being refused as the same."""
    return {
        "job_steps": {"part": 7},
        "artifacts": {"name": "another"},
        "segments": {"position": 9},
        "presentation_slides": {"number": 9, "position": 9},
        "budgets": {"engine": "another"},
        "lexicon_rules": {"position": 9},
        "transcript_edits": {"number": 9},
    }.get(model.__tablename__, {})


@pytest.mark.parametrize("load", [selectinload, joinedload], ids=lambda load: load.__name__)
def test_a_relationship_does_not_lead_to_anothers_row(database, load):
    alice, bob = add_owner(database), add_owner(database)
    with database.unit_of_work(alice) as work:
        file = work.files.add(new_file())
    with database.unit_of_work(EVERYONE) as work:
        job = work.jobs.submit(JobRow(kind="transcribe", owner_id=bob, file_id=file.id), actor="owner")
    with database.unit_of_work(bob) as work:
        wanted = select(JobRow).where(JobRow.id == job.id).options(load(JobRow.file))
        assert work.session.scalars(wanted).one().file is None
    with database.unit_of_work(EVERYONE) as work:
        wanted = select(JobRow).where(JobRow.id == job.id).options(load(JobRow.file))
        assert work.session.scalars(wanted).one().file.id == file.id


def test_repositories_say_the_same_of_anothers_row_as_of_none(database, two):
    hers, bob = two["alice"][1], two["bob"][0]
    with database.reading(bob) as work:
        for repository, model in ((work.files, FileRow), (work.jobs, JobRow)):
            missing = hers[model].uid.replace(hers[model].uid[0], "z")
            told = []
            for uid in (hers[model].uid, missing):
                with pytest.raises(errors.NotFound) as caught:
                    repository.get_by_id(uid)
                told.append(caught.value.message.replace(uid, ""))
            assert told[0] == told[1]


def test_a_job_of_another_is_not_moved(database, two):
    (_, hers), (bob, _) = two["alice"], two["bob"]
    before = snapshot(database)
    acts = [
        lambda work, job: work.jobs.move(job, JobStatus.CANCELLED, actor="bob"),
        lambda work, job: work.jobs.claim(job, "bob's worker"),
        lambda work, job: work.jobs.request_cancel(job),
        lambda work, job: work.jobs.report(job.id, "w", progress=1, stage="", message=""),
    ]
    for act in acts:
        with pytest.raises(errors.ConflictError), database.unit_of_work(bob) as work:  # noqa: PT012 - one session
            work.session.add(hers[JobRow])
            act(work, hers[JobRow])
    assert snapshot(database) == before


def queued_jobs(database, owner):
    with database.reading(owner) as work:
        return work.jobs.counts().get("transcribe", {}).get("queued", 0)


def test_numbers_are_told_per_owner(database):
    before = queued_jobs(database, EVERYONE)
    owners = {add_owner(database): 3, add_owner(database): 1, add_owner(database): 0}
    for owner, number in owners.items():
        for size in range(1, number + 1):
            submit(database, owner)
            with database.unit_of_work(owner) as work:
                work.files.add(new_file(size_bytes=size))
    for owner, number in owners.items():
        with database.reading(owner) as work:
            assert work.jobs.counts() == ({"transcribe": {"queued": number}} if number else {})
            assert [(count, size) for _, _, count, size in work.files.totals()] == (
                [(number, sum(range(number + 1)))] if number else []
            )
    assert queued_jobs(database, EVERYONE) == before + 4


def test_only_what_nobody_owns_has_no_owner():
    free = {table.name for table in Row.metadata.tables.values() if "owner_id" not in table.c}
    assert free == {"owners", "paces", "sweeps", "workers"}
    assert {model.__tablename__ for model in OWNED} == set(Row.metadata.tables) - free - {CountRow.__tablename__}
