"""Jobs that compose, in a unit of work, without a worker."""

from tenuto.db.generations import Origin
from tenuto.db.models import ArtifactRow, JobRow, now
from tenuto.db.steps import WHOLE, Finished
from tenuto.domain.generations import facts_of
from tenuto.domain.jobs import JobStatus

OPTIONS = {"engine": "auto", "seed": None, "seconds": None, "format": "flac"}
DOCUMENT = {
    "engine": "fake-composer",
    "model": "fake-1",
    "seed": 7,
    "seconds": 8.0,
    "frames": 352_800,
    "sample_rate": 44_100,
    "channels": 2,
    "understood": {"tempo": "at 120 bpm", "key": "in a minor"},
    "ignored": ["purple"],
    "composed": {"bpm": 120.0, "key": "A minor", "asked": {"bpm": 120.0, "key": "A minor"}, "form": [["intro", 4]]},
    "measured": {"tempo_bpm": 120.4, "key": "A minor", "loudness_lufs": -16.0, "true_peak_db": -1.2},
}


def add_composing_job(work, prompt, *, held=False, **options):
    """A job that is to compose, without a line in the ledger of music."""
    job = JobRow(kind="compose", options={**OPTIONS, "prompt": prompt, **options})
    return work.jobs.submit(job, actor="owner", held=held)


def finish_composing(work, job, **document):
    """What a worker leaves of it."""
    job = work.jobs.claim(job, "w")
    made = {**DOCUMENT, **document}
    work.steps.record(job, "w", Finished("compose", WHOLE, now(), made))
    values = {"storage_key": f"content/{job.uid}", "sha256": "0" * 64, "size_bytes": 999, "media_type": "audio/flac"}
    work.artifacts.add(ArtifactRow(job_id=job.id, kind="music", name="music.flac", **values))
    work.jobs.move(job, JobStatus.COMPLETED, actor="w")
    return made


def generate(work, prompt, *, parent_uid=None, take=1, **options):
    """A generation that waits for a worker."""
    prompt_id = work.prompts.count_uses({prompt: 1})[prompt]
    job = add_composing_job(work, prompt, **options)
    return work.generations.create(job, Origin(prompt_id, parent_uid, take))


def composed(work, row, **document):
    """The same, composed."""
    facts = facts_of(finish_composing(work, work.jobs.get(row.job_id), **document))
    work.generations.update(
        row, **facts.columns, details=facts.details, size_bytes=999, generation_ms=12, composed_at=now()
    )
    return row
