"""With a million jobs every question people ask is answered by an index; the plan says so, not a clock."""

from datetime import date

import pytest
from sqlalchemy import event, text

from databases import OWNER, add_owner, database_on
from tenuto.db.models import now
from tenuto.db.repository import encode_cursor
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from unit.db.rows import family

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("a-million-jobs")]
ROWS = 1_000_000
JOBS = f"""
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})
INSERT INTO jobs (uid, kind, status, stage, progress, message, attempts, takeovers, priority, lane, engine, options,
  file_name, request_id, fingerprint, run_started_progress, warnings, created_at, updated_at, owner_id)
SELECT 'uid-' || n, CASE n % 3 WHEN 0 THEN 'other' ELSE 'transcribe' END, 'queued', '', 0, '', 0, 0, 5, 'cpu', '', '{{}}',
  '', '', '', 0, '[]', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1 + n % 2
FROM numbers
"""


@pytest.fixture(scope="module")
def large(sqlite_ledgers, tmp_path_factory):
    with sqlite_ledgers.fresh(tmp_path_factory.mktemp("large")) as url, database_on(url) as database:
        add_owner(database)
        with database.unit_of_work(EVERYONE) as work:
            work.session.execute(text("PRAGMA cache_size=-262144"))
            work.session.execute(text(JOBS))
        family(database, OWNER)
        yield database


QUESTIONS = {
    "first page": lambda work: work.jobs.listed(limit=50),
    "page in the middle": lambda work: work.jobs.listed(limit=50, cursor=encode_cursor(ROWS // 2)),
    "page of a status": lambda work: work.jobs.listed(status=JobStatus.QUEUED, cursor=encode_cursor(ROWS // 2)),
    "page of a kind": lambda work: work.jobs.listed(kind="transcribe", cursor=encode_cursor(ROWS // 2)),
    "a job": lambda work: work.jobs.get_by_id("uid-500000"),
    "key": lambda work: work.jobs.by_idempotency_key("never"),
    "numbers": lambda work: work.jobs.counts(),
    "totals": lambda work: work.files.totals(),
    "page of files": lambda work: work.files.get_all(cursor=encode_cursor(10)),
    "unfinished": lambda work: work.jobs.of_file_unfinished(1),
    "history": lambda work: work.jobs.events(work.jobs.get_by_id("uid-500000")),
    "steps": lambda work: work.steps.of_job(1),
    "step": lambda work: work.steps.find(1, "decode"),
    "transcript": lambda work: work.transcripts.of_job(1),
    "artifact of a file": lambda work: work.artifacts.of_file(1, "peaks"),
    "artifact of a job": lambda work: work.artifacts.of_job(1, "export", "srt"),
    "usage by day": lambda work: work.usage.by_day(date(2000, 1, 1), date(2100, 1, 1)),
    "page of usage by job": lambda work: work.usage.by_job(date(2000, 1, 1), date(2100, 1, 1), limit=50),
    "use of content": lambda work: work.files.content_in_use("content/a"),
}
FOR_THE_SERVER = {
    "status": lambda work: work.jobs.with_status(JobStatus.PROCESSING),
    "status further on": lambda work: work.jobs.with_status(JobStatus.QUEUED, after_id=ROWS // 2),
    "expired": lambda work: work.files.expired(now(), after_id=5),
    "walk": lambda work: work.files.all_after(5),
}


def plans(database, owner, question):
    """SQLite's plan of every statement a question sends."""
    sent = []

    def note(_connection, _cursor, statement, values, _context, _many):
        if statement.startswith("SELECT"):
            sent.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        with database.unit_of_work(owner) as work:
            question(work)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert sent
    with database.engine.connect() as connection:
        return [
            row.detail for one in sent for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one[0]}", one[1])
        ]


def check(plan, *, may_sort=False):
    for line in plan:
        sorting = may_sort and line == "USE TEMP B-TREE FOR ORDER BY"
        assert line.startswith("SEARCH") or "SUBQUERY" in line or sorting, line


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_people_ask_is_answered_by_an_index(large, name):
    check(plans(large, OWNER, QUESTIONS[name]), may_sort=name == "steps")  # A job has few steps.


@pytest.mark.parametrize("name", FOR_THE_SERVER)
def test_what_the_server_asks_is_answered_by_an_index(large, name):
    check(plans(large, EVERYONE, FOR_THE_SERVER[name]))


def test_a_page_has_what_it_should(large):
    with large.reading(OWNER) as work:
        page = work.jobs.listed(limit=3, cursor=encode_cursor(500_001))
    assert [row.uid for row in page.rows] == ["uid-500000", "uid-499998", "uid-499996"]


def test_the_plan_of_a_bad_question_is_seen_to_be_bad(large):
    bad = plans(
        large, EVERYONE, lambda work: work.session.execute(text("SELECT id FROM jobs ORDER BY message LIMIT 1"))
    )
    assert any("SCAN" in line for line in bad)
    assert any("TEMP B-TREE" in line for line in bad)
