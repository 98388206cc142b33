"""Pages by keyset: every row once, newest first, whatever is written meanwhile; cursors nobody can bend."""

import base64
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import add_owner
from tenuto import errors
from tenuto.db.repository import MAX_PAGE, decode_cursor, encode_cursor
from tenuto.domain.jobs import JobStatus
from unit.db.rows import new_job, submit


@pytest.fixture
def database(shared_database):
    return shared_database


def pages(database, owner, limit, between=lambda: None, **filters):
    """Every page from the first to the last."""
    cursor = None
    while True:
        with database.reading(owner) as work:
            page = work.jobs.listed(limit=limit, cursor=cursor, **filters)
        yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            return
        between()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(total=st.integers(0, 12), limit=st.integers(1, 13), more=st.integers(0, 2))
def test_every_row_comes_once_and_in_order_while_others_are_added(database, total, limit, more):
    owner, stranger = add_owner(database), add_owner(database)
    with database.unit_of_work(owner) as work:
        ids = [work.jobs.submit(new_job(), actor="owner").id for _ in range(total)]

    def write():
        for _ in range(more):
            submit(database, owner)
            submit(database, stranger)

    found = list(pages(database, owner, limit, write))
    assert [row.id for rows in found for row in rows] == ids[::-1]
    assert all(len(rows) == limit for rows in found[:-1])
    assert len(found) == max(1, -(-total // limit))


def test_a_row_deleted_between_pages_hides_no_other(database):
    owner = add_owner(database)
    jobs = [submit(database, owner) for _ in range(4)]

    def remove():
        with database.unit_of_work(owner) as work:
            job = work.jobs.get(jobs[2].id)
            if job.status is JobStatus.QUEUED:
                work.jobs.move(job, JobStatus.CANCELLED, actor="owner")

    found = [row.id for rows in pages(database, owner, 2, remove) for row in rows]
    assert found == [job.id for job in jobs][::-1]


def test_filters_hold_over_all_pages(database):
    owner = add_owner(database)
    wanted = [submit(database, owner, kind="a").id for _ in range(3)]
    submit(database, owner, kind="b")
    with database.unit_of_work(owner) as work:
        work.jobs.move(work.jobs.get(wanted[0]), JobStatus.CANCELLED, actor="owner")
    found = [row.id for rows in pages(database, owner, 1, kind="a", status=JobStatus.QUEUED) for row in rows]
    assert found == [wanted[2], wanted[1]]


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1, 10**8])
def test_a_limit_out_of_range_is_refused(database, limit):
    with pytest.raises(errors.ValidationError, match="between 1 and 1000"), database.reading(1) as work:
        work.jobs.listed(limit=limit)


def forged(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "0",
        "AAAA",
        "=",
        "===",
        "é",
        "\x00",
        "😀" * 10,
        "' OR 1=1 --",
        "A" * 100_000,
        forged("v1:"),
        forged("v1:-1"),
        forged("v1:1.5"),
        forged("v1: 1"),
        forged("v1:1e3"),
        forged("v1:\u0661\u0662"),
        forged("v1:0x10"),
        forged("v2:1"),
        forged("1"),
        forged("v1:" + "9" * 19),
        forged("v1:" + "0" * 100),
        forged("v1:1; DROP TABLE jobs"),
    ],
)
def test_a_cursor_not_made_here_is_refused(database, cursor):
    with pytest.raises(errors.ValidationError, match="cursor is not one"), database.reading(1) as work:
        work.jobs.listed(cursor=cursor)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_is_a_place_or_a_refusal(text):
    with contextlib.suppress(errors.ValidationError):
        assert 0 <= decode_cursor(text) < 10**18


@given(st.integers(0, 10**18 - 1))
def test_a_cursor_leads_back_to_its_row(row_id):
    assert decode_cursor(encode_cursor(row_id)) == row_id


@pytest.mark.parametrize("place", [0, 10**18 - 1])
def test_a_cursor_beyond_all_rows_leads_to_no_others(database, place):
    alice, bob = add_owner(database), add_owner(database)
    submit(database, alice)
    mine = submit(database, bob)
    with database.reading(bob) as work:
        assert {row.id for row in work.jobs.listed(cursor=encode_cursor(place)).rows} <= {mine.id}


def test_a_cursor_of_another_owner_shows_only_ones_own(database):
    alice, bob = add_owner(database), add_owner(database)
    mine = submit(database, bob)
    for _ in range(3):
        submit(database, alice)
    with database.reading(alice) as work:
        cursor = work.jobs.listed(limit=1).next_cursor
    with database.reading(bob) as work:
        assert [row.id for row in work.jobs.listed(cursor=cursor).rows] == [mine.id]
