"""A finished job with a transcript, made without an engine, to be edited."""

from databases import OWNER
from tenuto.db.models import JobRow
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Segment, Transcript, Word


def heard(database, transcript, *, owner=OWNER, ended=True):
    """The transcript of a job that was heard; its row."""
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(JobRow(kind="transcribe"), actor="owner")
        work.jobs.claim(job, "worker-1")
        row = work.transcripts.store(job, transcript)
        work.transcripts.update(row, processed_text="As it was.")
        if ended:
            work.jobs.move(job, JobStatus.COMPLETED, actor="worker-1")
        return row


def load(database, uid, owner=OWNER):
    """What the ledger holds: (transcript, row)."""
    with database.reading(owner) as work:
        row = work.transcripts.get_by_id(uid)
        return work.transcripts.load(row), row


def long_talk(segments, words=8):
    """A long conversation of two."""
    return Transcript(
        tuple(
            Segment(
                at * 4000,
                at * 4000 + 3500,
                " ".join(f"word{number}" for number in range(words)),
                0.9,
                f"S{1 + at // 2 % 2}",
                tuple(Word(at * 4000 + 400 * n, at * 4000 + 400 * n + 350, f"word{n}", 0.9) for n in range(words)),
            )
            for at in range(segments)
        ),
        language="en",
        duration_ms=segments * 4000,
        engine="fake",
        speakers={"S1": "Ada"},
    )
