"""The ledger of generated music in both databases: each piece with its job's status, each prompt counted once a use."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databases import OWNER, add_owner, database_on
from tenuto import errors
from tenuto.db.models import PromptRow
from tenuto.domain.generations import PromptOrder, Wanted
from tenuto.domain.jobs import JobStatus
from unit.db.music import DOCUMENT, add_composing_job, composed, generate

MEASURED = DOCUMENT["measured"]


def used(database, owner=OWNER):
    with database.reading(owner) as work:
        return {row.text: row.used_count for row in work.prompts.get_all().rows}


def test_a_prompt_is_one_row_for_each_owner_however_it_is_spaced(database):
    other = add_owner(database)
    with database.unit_of_work(OWNER) as work:
        ids = work.prompts.count_uses({"slow  waltz": 2, " slow waltz\n": 1, "jazz": 1})
        assert ids["slow  waltz"] == ids[" slow waltz\n"] != ids["jazz"]
    with database.unit_of_work(OWNER) as work:
        assert work.prompts.count_uses({"jazz": 1}) == {"jazz": ids["jazz"]}
    with database.unit_of_work(other) as work:
        assert work.prompts.count_uses({"jazz": 5})["jazz"] not in ids.values()
    assert used(database) == {"slow waltz": 3, "jazz": 2}
    assert used(database, other) == {"jazz": 5}


def test_the_last_use_is_never_before_the_one_before_it(database):
    with database.unit_of_work(OWNER) as work:
        prompt_id = work.prompts.count_uses({"jazz": 1})["jazz"]
        ahead = work.prompts.get(prompt_id).last_used_at.replace(year=2050)  # by the clock of another server
        work.prompts.update(work.prompts.get(prompt_id), last_used_at=ahead)
    with database.unit_of_work(OWNER) as work:
        work.prompts.count_uses({"jazz": 1})
    with database.reading(OWNER) as work:
        row = work.prompts.get(prompt_id)
        assert (row.used_count, row.last_used_at) == (2, ahead)
        assert row.first_used_at < ahead


def test_prompts_as_long_as_they_come_are_told_apart(database):
    same = "".join(chr(0x1F300 + 7 * number % 700) for number in range(1999))
    with database.unit_of_work(OWNER) as work:
        first, second = (work.prompts.count_uses({same + end: 1})[same + end] for end in "ab")
        assert work.prompts.count_uses({same + "a": 1})[same + "a"] == first != second


def test_no_prompt_goes_while_its_music_is_there(database):
    with database.unit_of_work(OWNER) as work:
        row = generate(work, "jazz")
    with pytest.raises(errors.ConflictError), database.unit_of_work(OWNER) as work:
        work.prompts.delete(work.session.get(PromptRow, row.prompt_id))


def test_what_was_composed_is_kept_beside_what_was_asked_for(database):
    with database.unit_of_work(OWNER) as work:
        row = generate(work, "at 120 bpm in A minor, purple", seed=7)
        assert (row.seed, row.format, row.seconds, row.measured_bpm) == (7, "flac", None, None)
        composed(work, row)
    with database.reading(OWNER) as work:
        found = work.generations.of_job(row.job_id)
        assert (found.engine, found.model, found.seconds, found.channels) == ("fake-composer", "fake-1", 8.0, 2)
        assert (found.requested_bpm, found.composed_bpm, found.measured_bpm) == (120, 120, 120.4)
        assert (found.requested_key, found.composed_key, found.measured_key) == ("A minor",) * 3
        assert found.details["ignored"] == ["purple"]


@pytest.fixture
def library(database):
    """Six pieces by three prompts: two composed, one held, one failed, two waiting."""
    with database.unit_of_work(OWNER) as work:
        slow = generate(work, "slow waltz in A minor")
        fast = generate(work, "fast techno")
        again = generate(work, "slow  waltz in A minor", parent_uid=slow.uid, seed=8)
        other = generate(work, "slow waltz in A minor", parent_uid=slow.uid, take=2, seed=9)
        held = generate(work, "café noir", held=True)
        lost = generate(work, "fast techno")
        composed(work, slow)
        composed(work, fast, engine="composer", measured=MEASURED | {"tempo_bpm": 140.2, "key": "F# minor"})
        values = {"error_code": "engine_failed", "error_message": "no"}
        work.jobs.move(work.jobs.get(lost.job_id), JobStatus.FAILED, actor="w", **values)
    return {"slow": slow, "fast": fast, "again": again, "other": other, "held": held, "lost": lost}


def names(library, page):
    known = {row.uid: name for name, row in library.items()}
    return [known[row.uid] for row in page.rows]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ["lost", "held", "other", "again", "fast", "slow"]),
        ({"statuses": [JobStatus.COMPLETED]}, ["fast", "slow"]),
        ({"statuses": [JobStatus.FAILED, JobStatus.UPLOADED]}, ["lost", "held"]),
        ({"query": "waltz slo"}, ["other", "again", "slow"]),
        ({"query": "WALTZ techno"}, []),
        ({"query": "cafe"}, ["held"]),
        ({"query": "!"}, []),
        ({"engine": "composer"}, ["fast"]),
        ({"bpm": (130, None)}, ["fast"]),
        ({"bpm": (None, 130)}, ["slow"]),
        ({"bpm": (120, 141)}, ["fast", "slow"]),
        ({"key": "F# minor"}, ["fast"]),
        ({"since": datetime(2100, 1, 1, tzinfo=UTC)}, []),
        ({"since": datetime(2000, 1, 1, tzinfo=UTC), "query": "techno"}, ["lost", "fast"]),
    ],
)
def test_music_is_found_by_what_is_known_of_it(database, library, given, found):
    with database.reading(OWNER) as work:
        assert names(library, work.generations.listed(Wanted(**given))) == found


def test_music_is_found_by_its_prompt_and_by_what_it_is_like(database, library):
    with database.reading(OWNER) as work:
        slow = work.generations.view(library["slow"].uid)
        assert names(library, work.generations.listed(Wanted(prompt_uid=slow.prompt.uid))) == ["other", "again", "slow"]
        assert names(library, work.generations.listed(Wanted(parent_uid=slow.uid))) == ["other", "again"]
        assert work.generations.seeds_like(slow) == {7, 8, 9}
        assert set(work.generations.of_jobs([slow.job_id, 999])) == {slow.job_id}


@pytest.mark.parametrize("given", [{}, {"statuses": list(JobStatus)}, {"query": "slow waltz"}])
def test_pages_show_each_piece_once(database, library, given):
    with database.reading(OWNER) as work:
        whole = names(library, work.generations.listed(Wanted(**given)))
        seen, cursor = [], None
        while cursor or not seen:
            page = work.generations.listed(Wanted(**given), limit=2, cursor=cursor)
            seen += names(library, page)
            cursor = page.next_cursor
    assert seen == whole


def test_the_status_of_a_piece_is_that_of_its_job(database, library):
    with database.reading(OWNER) as work:
        shown = {name: work.generations.view(row.uid) for name, row in library.items()}
        assert names(library, work.generations.get_pending_generations()) == ["held", "other", "again"]
        totals = work.generations.totals()
    assert {name for name, row in shown.items() if row.is_pending} == {"held", "other", "again"}
    assert {name for name, row in shown.items() if row.is_completed} == {"fast", "slow"}
    assert {name for name, row in shown.items() if row.is_failed} == {"lost"}
    assert {name for name, row in shown.items() if row.is_finished} == {"fast", "slow", "lost"}
    assert (totals.seconds, totals.size_bytes) == (16.0, 2 * 999)
    with database.unit_of_work(OWNER) as work:
        work.jobs.claim(work.jobs.get(library["again"].job_id), "w")
    with database.reading(OWNER) as work:
        assert work.generations.view(library["again"].uid).is_processing


def test_everything_of_it_is_its_owners(database, library):
    other = add_owner(database)
    slow = library["slow"]
    with database.reading(other) as work:
        assert work.generations.listed().rows == work.generations.listed(Wanted(query="waltz")).rows == []
        assert work.prompts.listed().rows == work.prompts.listed("waltz", order=PromptOrder.USED).rows == []
        assert work.generations.of_job(slow.job_id) is None
        assert work.generations.seeds_like(slow) == set()
        assert (work.prompts.total(), work.generations.totals().seconds) == (0, 0)
        with pytest.raises(errors.NotFound):
            work.generations.view(slow.uid)


@given(counts=st.lists(st.integers(1, 4), min_size=1, max_size=12), limit=st.integers(1, 5))
@settings(max_examples=20)
def test_pages_of_the_most_used_prompts_show_each_once(shared_database, counts, limit):
    owner = add_owner(shared_database)
    with shared_database.unit_of_work(owner) as work:
        ids = {work.prompts.count_uses({f"{n}": times})[f"{n}"]: times for n, times in enumerate(counts)}
    seen, cursor = [], None
    with shared_database.reading(owner) as work:
        while cursor or not seen:
            page = work.prompts.listed(order=PromptOrder.USED, limit=limit, cursor=cursor)
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
        assert [row.id for row in work.prompts.listed(limit=50).rows] == sorted(ids, reverse=True)
    assert seen == sorted(ids, key=lambda row_id: (-ids[row_id], -row_id))


def test_a_cursor_of_another_order_is_refused(database):
    with database.unit_of_work(OWNER) as work:
        work.prompts.count_uses({"a": 1, "b": 1})
    with database.reading(OWNER) as work:
        cursors = {order: work.prompts.listed(order=order, limit=1).next_cursor for order in PromptOrder}
        for order, cursor in zip(PromptOrder, reversed(cursors.values()), strict=True):
            with pytest.raises(errors.ValidationError, match="cursor"):
                work.prompts.listed(order=order, cursor=cursor)


def count_once(url, number, meet):
    """One of several writers: four transactions, each with a prompt that all use and one that few use."""
    with database_on(url) as database:
        database.ping()
        meet.wait()
        for turn in range(4):
            with database.unit_of_work(OWNER) as work:
                uses = {f"rare {(number + turn) % 3}": 1, "common": 2}
                # In what order somebody names them must not matter.
                work.prompts.count_uses(uses if number % 2 else dict(reversed(uses.items())))
                add_composing_job(work, "common")


def test_no_use_is_lost_among_eight_writers(ledgers, tmp_path):
    with ledgers.fresh(tmp_path) as url:
        meet = threading.Barrier(8)
        with ThreadPoolExecutor(8) as pool:
            for written in [pool.submit(count_once, url, number, meet) for number in range(8)]:
                written.result()
        with database_on(url) as database:
            found = used(database)
    assert found["common"] == 8 * 4 * 2
    assert sum(found[f"rare {number}"] for number in range(3)) == 8 * 4
