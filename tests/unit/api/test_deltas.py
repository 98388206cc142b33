"""The text of a stream comes block by block, and each block is read once however often the job says something."""

import pytest

from tenuto.api.v1.deltas import Deltas
from tenuto.db.models import now
from tenuto.db.steps import Finished
from tenuto.domain.transcripts import Segment, Transcript
from tenuto.engines import codec
from tenuto.services import heard

BLOCKS = 6


@pytest.fixture
def keep(house, submitted, worker):
    """Write down a step or a part of the submitted job."""
    uid = submitted["id"]
    worker.claim(uid)

    def write(step, part, result):
        with house.database.unit_of_work(None) as work:
            work.steps.record(work.jobs.get_by_id(uid), "worker-1", Finished(step, part, now(), result))

    write("prepare", -1, {"blocks": [{"start_ms": number * 1000} for number in range(BLOCKS)]})
    return write


def part(number):
    return codec.to_json(Transcript((Segment(0, 900, f"block {number}"),), duration_ms=1000))


def test_each_block_is_told_once_and_in_order(house, submitted, keep):
    deltas, told = Deltas(), []
    for number in (1, 0, 2, 4, 5, 3):  # several are heard at once and end as they like
        keep("transcribe", number, part(number))
        told.append("".join(deltas.fresh(house.processing.heard(1, submitted["id"], after=deltas.told))))
    assert told == ["", "block 0 block 1", " block 2", "", "", " block 3 block 4 block 5"]


def test_a_block_is_read_once_however_often_the_job_says_something(house, submitted, keep, monkeypatch):
    read = []
    whole = codec.from_json
    monkeypatch.setattr(heard.codec, "from_json", lambda given: read.append(1) or whole(given))
    deltas = Deltas()
    for number in range(BLOCKS):
        keep("transcribe", number, part(number))
        for _ in range(5):
            list(deltas.fresh(house.processing.heard(1, submitted["id"], after=deltas.told)))
    assert len(read) == BLOCKS


def test_blocks_are_on_the_clock_of_the_recording(house, submitted, keep):
    keep("transcribe", 0, part(0))
    keep("transcribe", 1, part(1))
    (block,) = house.processing.heard(1, submitted["id"], after=1)
    assert (block.index, block.of, block.segments[0].start_ms) == (1, BLOCKS, 1000)
