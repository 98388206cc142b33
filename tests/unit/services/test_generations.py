"""The promises about music that is asked for in numbers: all of it or nothing, counted exactly, whoever asks beside."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from databases import OWNER, add_owner
from ledgers import database_url
from tenuto import bootstrap, errors, settings
from tenuto.db.work import EVERYONE
from tenuto.services.generations import MOST_AT_ONCE, MusicWish
from tenuto.services.processing import Submission


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def open_house(request, tmp_path):
    """Open houses on one ledger."""
    houses = []
    with database_url(request.param, tmp_path) as url:
        given = {"data_dir": tmp_path / "data", "database_url": url, "engines": ["fake"], "disk_soft_floor_mb": 0}
        made = settings.load(_env_file=None, **given)

        def build():
            houses.append(bootstrap.build(made))
            return houses[-1]

        yield build
        for house in houses:
            house.close()


@pytest.fixture
def house(open_house):
    return open_house()


def used(house, owner=OWNER):
    return {row.text: row.used_count for row in house.generations.prompts(owner).rows}


def ids(rows):
    return [row.uid for row in rows]


def at_once(number, act):
    """Do it in so many threads that begin together."""
    meet = threading.Barrier(number)

    def begin(mine):
        meet.wait()
        return act(mine)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


class BreakingQueue:
    """A queue that refuses the third job."""

    def __init__(self, queue, error):
        self.queue, self.error, self.calls = queue, error, 0

    def enqueue(self, work, job):
        self.calls += 1
        if self.calls == 3:
            raise self.error
        self.queue.enqueue(work, job)


@pytest.mark.parametrize("error", [errors.DatabaseError(), errors.ConflictError()], ids=lambda error: error.code)
def test_of_what_breaks_in_the_middle_nothing_is_accepted(house, error):
    whole, house.processing.queue = house.processing.queue, BreakingQueue(house.processing.queue, error)
    with pytest.raises(type(error)):
        house.generations.create(OWNER, MusicWish(["jazz", "pop"], takes=2))
    house.processing.queue = whole
    assert house.generations.listed(OWNER).rows == []
    assert house.processing.listed(OWNER).rows == []
    assert used(house) == {}
    assert len(house.generations.create(OWNER, MusicWish(["jazz", "pop"], takes=2))) == 4
    assert used(house) == {"jazz": 2, "pop": 2}


def test_the_most_that_is_taken_is_taken_in_one_go(house):
    rows = house.generations.create(OWNER, MusicWish([f"jazz {number}" for number in range(MOST_AT_ONCE // 4)], 4))
    assert len(set(ids(rows))) == MOST_AT_ONCE
    assert house.generations.counts(OWNER) == {"queued": MOST_AT_ONCE}
    assert set(used(house).values()) == {4}


def test_a_request_that_is_sent_several_times_at_once_is_accepted_once(open_house):
    houses = [open_house() for _ in range(4)]
    wish = MusicWish(["jazz", "pop"], takes=2, idempotency_key="k")
    answers = at_once(4, lambda mine: ids(houses[mine].generations.create(OWNER, wish)))
    assert answers == [answers[0]] * 4
    assert used(houses[0]) == {"jazz": 2, "pop": 2}
    assert houses[0].generations.counts(OWNER) == {"queued": 4}


def test_eight_who_ask_at_once_through_both_doors_are_counted_exactly(open_house):
    houses = [open_house() for _ in range(8)]

    def ask(mine):
        doors = houses[mine]
        for turn in range(3):
            texts = ["common", f"rare {(mine + turn) % 3}"]
            if mine % 2:
                doors.generations.create(OWNER, MusicWish(texts, takes=2))
            else:
                for text in reversed(texts):
                    doors.processing.submit(OWNER, Submission(kind="compose", options={"prompt": text}))

    at_once(8, ask)
    found = used(houses[0])
    assert found["common"] == 4 * 3 * 2 + 4 * 3
    assert sum(found[f"rare {number}"] for number in range(3)) == found["common"]
    assert houses[0].generations.counts(OWNER) == {"queued": 2 * found["common"]}
    with houses[0].database.reading(EVERYONE) as work:
        assert len(work.generations.listed(limit=1000).rows) == 2 * found["common"]


@pytest.mark.parametrize("prompts", [["jazz"], ["jazz", "pop", "rock"]], ids=["its own prompt", "others"])
def test_variations_that_are_asked_for_at_once_have_seeds_that_differ(open_house, prompts):
    houses = [open_house() for _ in range(6)]
    (first,) = houses[0].generations.create(OWNER, MusicWish(["jazz"], options={"seed": 7}))

    def vary(mine):
        wish = MusicWish([prompts[mine % len(prompts)]], takes=3, hold=True)
        return [row.seed for row in houses[mine].generations.again(OWNER, first.uid, wish)]

    seeds = [seed for found in at_once(6, vary) for seed in found]
    assert len({*seeds, 7}) == 19


def test_variations_by_another_prompt_have_seeds_that_nothing_of_that_prompt_had(house):
    (first,) = house.generations.create(OWNER, MusicWish(["jazz"], options={"seed": 7}))
    (other,) = house.generations.create(OWNER, MusicWish(["blues"], options={"seed": 7}))
    asked = [house.generations.again(OWNER, row.uid, MusicWish(["pop"], takes=2)) for row in (first, other)]
    assert len({row.seed for rows in asked for row in rows}) == 4


def test_a_prompt_that_is_deleted_while_it_is_asked_for_again_keeps_its_music(open_house):
    houses = [open_house() for _ in range(4)]
    (first,) = houses[0].generations.create(OWNER, MusicWish(["jazz"], hold=True))
    houses[0].processing.cancel(OWNER, first.job.uid)
    houses[0].generations.delete(OWNER, first.uid)

    def act(mine):
        if mine % 2:
            return houses[mine].generations.create(OWNER, MusicWish(["jazz"]))[0].uid
        try:
            houses[mine].generations.delete_prompt(OWNER, first.prompt.uid)
        except (errors.ConflictError, errors.NotFound):
            return None

    made = [uid for uid in at_once(4, act) if uid]
    assert sorted(ids(houses[0].generations.listed(OWNER).rows)) == sorted(made)
    assert len(made) == 2
    assert used(houses[0])["jazz"] in (2, 3)


def test_music_of_another_is_neither_seen_nor_varied_nor_deleted(house):
    (mine,) = house.generations.create(OWNER, MusicWish(["jazz"]))
    house.processing.cancel(OWNER, mine.job.uid)
    other = add_owner(house.database)
    acts = [
        lambda: house.generations.get(other, mine.uid),
        lambda: house.generations.again(other, mine.uid, MusicWish()),
        lambda: house.generations.delete(other, mine.uid),
    ]
    for act in acts:
        with pytest.raises(errors.NotFound):
            act()
    assert used(house, other) == {}
    assert house.generations.get(OWNER, mine.uid).is_finished


def test_music_that_is_held_waits_until_it_is_started(house):
    (row,) = house.generations.create(OWNER, MusicWish(["jazz"], hold=True, priority=7))
    assert (row.status, row.is_pending, row.job.priority) == ("uploaded", True, 7)
    house.processing.start(OWNER, row.job.uid)
    assert house.generations.get(OWNER, row.uid).status == "queued"


def test_no_prompt_is_refused(house):
    with pytest.raises(errors.ValidationError, match="no prompt"):
        house.generations.create(OWNER, MusicWish())
    with pytest.raises(errors.ValidationError, match="1 or more"):
        house.generations.create(OWNER, MusicWish(["jazz"], takes=0))
