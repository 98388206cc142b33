"""Lexicons in the ledger, on both databases: names, rules, owners, and jobs that need them."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from databases import add_owner
from tenuto import errors
from tenuto.db.models import JobRow
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from tenuto.domain.lexicons import MAX_REGEX_RULES, MAX_RULES, Rule
from tenuto.services.lexicons import LexiconService, resolve_lexicon

RULES = [Rule("teh", "the"), Rule(r"(\d+) euro", r"\1 €", "regex"), Rule("um", "", match_case=True, is_active=False)]


@pytest.fixture
def database(shared_database):
    return shared_database


@pytest.fixture
def service(database):
    return LexiconService(database)


@pytest.fixture
def owner(database):
    return add_owner(database)


@pytest.fixture
def names(service, owner):
    return service.create(owner, "Names", rules=RULES).row


def test_rules_keep_their_order(service, owner, names):
    service.add_rules(owner, names.uid, [Rule("a", "b")])
    assert service.load(owner, names.uid).rules == (*RULES, Rule("a", "b"))
    assert service.put_rules(owner, names.uid, RULES[::-1]).rule_count == 3
    assert list(service.load(owner, names.uid).rules) == RULES[::-1]


def test_the_first_rule_of_an_empty_lexicon_is_number_one(service, owner):
    row = service.create(owner, "Empty").row
    service.add_rules(owner, row.uid, [Rule("a", "b")])
    assert service.attempt(owner, row.uid, "a a").changes[1].rule == 0


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\nb", "\u202eabc"])
def test_a_name_is_one_line(service, owner, name):
    with pytest.raises(errors.ValidationError, match="name"):
        service.create(owner, name)


def test_a_name_is_used_once_per_owner(database, service, owner, names):
    with pytest.raises(errors.ConflictError, match="Names"):
        service.create(owner, " Names ")
    other = service.create(owner, "Others").row
    with pytest.raises(errors.ConflictError, match="Names"):
        service.change(owner, other.uid, name="Names")
    assert service.create(add_owner(database), "Names")


def test_changes_leave_the_rest(service, owner, names):
    assert service.change(owner, names.uid, description="people").row.name == "Names"
    changed = service.change(owner, names.uid, name="Names", language="de")
    assert (changed.row.description, changed.row.language, changed.rule_count) == ("people", "de", 3)


def test_a_page_tells_how_many_rules(service, owner, names):
    service.create(owner, "Empty")
    page = service.get_all(owner, limit=1)
    assert [row.name for row in page.rows] == ["Empty"]
    rows = service.get_all(owner, limit=1, cursor=page.next_cursor).rows
    assert service.counts(owner, rows) == {names.id: 3}
    assert [row.id for row in service.get_all(owner, name="Names").rows] == [names.id]


def test_nobody_else_sees_or_changes_it(database, service, names):
    other = add_owner(database)
    acts = (
        lambda: service.get(other, names.uid),
        lambda: service.load(other, names.uid),
        lambda: service.change(other, names.uid, name="Mine"),
        lambda: service.put_rules(other, names.uid, []),
        lambda: service.add_rules(other, names.uid, []),
        lambda: service.delete(other, names.uid),
        lambda: service.attempt(other, names.uid, "a"),
    )
    for act in acts:
        with pytest.raises(errors.NotFound):
            act()
    with pytest.raises(errors.NotFound), database.unit_of_work(EVERYONE) as work:
        work.lexicons.of_owner(other, names.uid)
    for wanted in (names.uid, names.name):
        with pytest.raises(errors.NotFound), database.unit_of_work(other) as work:
            resolve_lexicon(work, wanted)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([Rule("a", "b"), Rule("(", "b", "regex")], r"^Rule 2 \('\('\): pattern: RE2"),
        ([Rule("", "b")], "^Rule 1 .*pattern"),
        ([Rule("a", "b")] * (MAX_RULES + 1), "at most"),
        ([Rule("a", "b", "regex")] * (MAX_REGEX_RULES + 1), "regex"),
    ],
)
def test_bad_rules_are_refused_and_change_nothing(service, owner, names, rules, reason):
    for act in (service.put_rules, service.add_rules):
        with pytest.raises(errors.ValidationError, match=reason):
            act(owner, names.uid, rules)
    assert list(service.load(owner, names.uid).rules) == RULES


def test_a_lexicon_does_not_grow_beyond_its_limit(service, owner):
    row = service.create(owner, "Big", rules=[Rule("a", "b")] * MAX_RULES).row
    with pytest.raises(errors.ValidationError, match="at most"):
        service.add_rules(owner, row.uid, [Rule("a", "b")])


def test_a_description_is_short(service, owner):
    with pytest.raises(errors.ValidationError, match="description"):
        service.create(owner, "Long", description="x" * 2001)


def submit(database, owner, wanted):
    with database.unit_of_work(owner) as work:
        options = {"lexicon_id": resolve_lexicon(work, wanted)}
        return work.jobs.submit(JobRow(kind="transcribe", options=options), actor="owner")


def test_a_lexicon_is_not_deleted_under_a_job(database, service, owner, names):
    job = submit(database, owner, "Names")
    assert job.options["lexicon_id"] == names.uid
    with pytest.raises(errors.ConflictError, match=job.uid):
        service.delete(owner, names.uid)
    with database.unit_of_work(owner) as work:
        work.jobs.move(work.jobs.get(job.id), JobStatus.CANCELLED, actor="owner")
    service.delete(owner, names.uid)
    with pytest.raises(errors.NotFound):
        service.get(owner, names.uid)


def outcome_of(act):
    try:
        return act()
    except (errors.NotFound, errors.ConflictError) as error:
        return error


def test_a_job_and_a_deletion_at_once_cannot_both_succeed(database, service, owner):
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            uid = service.create(owner, "Wanted").row.uid
            acts = (partial(submit, database, owner, uid), partial(service.delete, owner, uid))
            jobs = [found for found in pool.map(outcome_of, acts) if isinstance(found, JobRow)]
            assert bool(service.get_all(owner, name="Wanted").rows) == bool(jobs)
            for job in jobs:
                with database.unit_of_work(owner) as work:
                    work.jobs.move(work.jobs.get(job.id), JobStatus.CANCELLED, actor="owner")
                service.delete(owner, uid)


def test_an_attempt_keeps_nothing(service, owner, names):
    found = service.attempt(owner, names.uid, "um, teh 12 euro")
    assert (found.text, len(found.changes)) == ("um, the 12 €", 2)


def test_an_attempt_that_takes_too_long_is_refused(service, owner, monkeypatch):
    monkeypatch.setattr("tenuto.services.lexicons.TRY_SECONDS", 0.2)
    row = service.create(owner, "Slow", rules=[Rule("a", "b", "part")] * 3000).row
    with pytest.raises(errors.ConflictError, match="too long"):
        service.attempt(owner, row.uid, "a" * 10_000)


def test_an_attempt_without_the_package_says_what_is_missing(service, owner, names, monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(errors.EngineMissing):
        service.attempt(owner, names.uid, "a")
