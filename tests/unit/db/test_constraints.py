"""What must hold is a constraint: each illegal row is refused by the database itself, whoever writes it."""

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from databases import add_owner
from tenuto import errors
from tenuto.db.models import (
    ArtifactRow,
    CountRow,
    FileRow,
    GenerationRow,
    JobEventRow,
    JobRow,
    JobStepRow,
    OwnerRow,
    PresentationRow,
    PromptRow,
    PromptTermRow,
    Row,
    SegmentRow,
    SlideRow,
    SongRow,
    SpeakerRow,
    TranscriptRow,
    VoiceCloneRow,
    WorkerRow,
    now,
)
from tenuto.db.work import EVERYONE
from unit.db.rows import everything, family, new_job, submit

LATER, LONG_AGO = "2030-01-01 00:00:00", "1999-01-01 00:00:00"
ILLEGAL = {
    "songs": ["title = ''", "artist = ''", "source = 'radio'", "source = 'youtube'"],
    "prompts": ["text = ''", "used_count = 0", f"last_used_at = '{LONG_AGO}'", "owner_id = 999999"],
    "generations": [
        "take = 0",
        "seed = -1",
        "seconds = 0",
        "sample_rate = 0",
        "channels = 0",
        "size_bytes = 0",
        "generation_ms = -1",
        "requested_bpm = 0",
        "composed_bpm = -1",
        "measured_bpm = 0",
        "seconds = 8, size_bytes = 9",
        f"composed_at = '{LATER}'",
        f"composed_at = '{LATER}', seconds = 8",
        "job_id = 999999",
        "prompt_id = 999999",
    ],
    "files": [
        "size_bytes = 0",
        "size_bytes = -1",
        "duration_ms = -1",
        "channels = 0",
        "sample_rate = 0",
        "kind = 'film'",
    ],
    "jobs": [
        "progress = -0.1",
        "progress = 100.1",
        "progress = 101",
        "priority = -1",
        "priority = 10",
        "attempts = -1",
        "takeovers = -1",
        "status = 'resting'",
        "status = 'completed'",
        "status = 'completed', progress = 100",
        f"status = 'completed', completed_at = '{LATER}'",
        f"completed_at = '{LATER}'",
        f"status = 'completed', progress = 100, completed_at = '{LONG_AGO}'",
        "status = 'failed'",
        f"status = 'failed', completed_at = '{LATER}'",
        "status = 'failed', error_code = 'error'",
        "error_code = 'error'",
        f"status = 'cancelled', error_code = 'error', completed_at = '{LATER}'",
        "status = 'cancelled'",
        "status = 'processing'",
        "worker_id = 'w'",
        f"status = 'completed', progress = 100, completed_at = '{LATER}', worker_id = 'w'",
        "owner_id = 999999",
        "file_id = 999999",
    ],
    "transcripts": ["duration_ms = -1", "job_id = 999999", "file_id = 999999"],
    "segments": ["end_ms = start_ms - 1", "start_ms = -1, end_ms = 0", "speaker_id = 999999", "transcript_id = 999999"],
    "artifacts": ["file_id = NULL", "job_id = 1"],
    "counts": ["count = -1", "bytes = -1", "owner_id = 999999"],
    "job_steps": ["job_id = 999999"],
    "job_events": ["job_id = 999999"],
    "speakers": ["transcript_id = 999999"],
    "voice_clones": [
        "name = ''",
        "consent = ''",
        "size_bytes = 0",
        "duration_ms = 0",
        "duration_ms = 300001",
        "sample_rate = 0",
        "channels = 0",
        "media_type = 'audio/mpeg'",
        "owner_id = 999999",
    ],
    "presentations": [
        "title = ''",
        "slides_count = -1",
        "revision = -1",
        "video_ms = 0",
        "video_bytes = 0",
        "video_ms = -1, video_bytes = 5",
        "processing_seconds = -0.1",
        f"completed_at = '{LATER}', started_at = '{LONG_AGO}', video_id = NULL, video_ms = 1, video_bytes = 1",
        f"completed_at = '{LATER}', started_at = '{LONG_AGO}', video_ms = NULL, video_bytes = 1",
        f"completed_at = '{LATER}', started_at = '{LONG_AGO}', video_ms = 1, video_bytes = NULL",
        f"completed_at = '{LATER}', started_at = NULL, video_ms = 1, video_bytes = 1",
        f"completed_at = '{LONG_AGO}', started_at = '{LATER}', video_ms = 1, video_bytes = 1",
        "file_id = 999999",
        "voice_id = 999999",
        "video_id = 999999",
    ],
    "presentation_slides": ["number = 0", "position = 0", "start_ms = -1", "duration_ms = -1"],
}
SAME = [
    FileRow,
    JobRow,
    JobStepRow,
    TranscriptRow,
    SpeakerRow,
    SegmentRow,
    ArtifactRow,
    CountRow,
    WorkerRow,
    OwnerRow,
    PromptRow,
    PromptTermRow,
    GenerationRow,
    *(VoiceCloneRow, PresentationRow, SlideRow),
]


@pytest.fixture
def database(shared_database):
    return shared_database


@pytest.fixture
def rows(database):
    return family(database)


@pytest.mark.parametrize(("table", "change"), [(table, change) for table, some in ILLEGAL.items() for change in some])
def test_an_illegal_change_is_refused(database, rows, table, change):
    model = next(model for model in rows if model.__tablename__ == table)
    place = "owner_id = :owner" if table == "counts" else "id = :id"
    values = {"owner": rows[OwnerRow].id} if table == "counts" else {"id": rows[model].id}
    statement = text(f"UPDATE {table} SET {change} WHERE {place}")
    with pytest.raises(errors.ConflictError, match="database refused"), database.unit_of_work(EVERYONE) as work:
        work.session.execute(statement, values)


@pytest.mark.parametrize("model", SAME, ids=lambda model: model.__tablename__)
def test_what_is_unique_does_not_come_twice(database, rows, model):
    same = {column.key: getattr(rows[model], column.key) for column in model.__table__.columns}
    keys = {key for constraint in uniques(model) for key in constraint}
    fresh = {key: value for key, value in same.items() if key != "id"}
    for constraint in uniques(model):
        values = {**fresh, **{key: f"another {key}" for key in keys - constraint if isinstance(fresh.get(key), str)}}
        if any(values.get(key) is None for key in constraint):
            continue
        with pytest.raises(errors.ConflictError), database.unit_of_work(EVERYONE) as work:
            work.session.execute(insert(model.__table__), values)


def uniques(model):
    table = model.__table__
    found = [frozenset(c.key for c in constraint.columns) for constraint in table.constraints if is_unique(constraint)]
    primary = frozenset(column.key for column in table.primary_key)
    return found if primary == {"id"} else [*found, primary]


def is_unique(constraint):
    return type(constraint).__name__ == "UniqueConstraint"


def test_an_idempotency_key_is_taken_once_per_owner(database):
    alice, bob = add_owner(database), add_owner(database)
    submit(database, alice, idempotency_key="k")
    submit(database, bob, idempotency_key="k")
    with pytest.raises(errors.ConflictError):
        submit(database, alice, idempotency_key="k")
    submit(database, alice)
    submit(database, alice)


@pytest.mark.parametrize("table", list(Row.metadata.sorted_tables), ids=lambda table: table.name)
def test_what_is_needed_cannot_be_taken_away(database, rows, table):
    for column in table.columns:
        if column.nullable or column.primary_key:
            continue
        with pytest.raises(errors.ConflictError), database.unit_of_work(EVERYONE) as work:
            work.session.execute(text(f'UPDATE {table.name} SET "{column.name}" = NULL'))


def count(database, model, **conditions):
    with database.reading(EVERYONE) as work:
        wanted = select(func.count()).select_from(model).filter_by(**conditions)
        return work.session.execute(wanted).scalar_one()


def test_an_owner_takes_everything_along(database, rows):
    owner = rows[OwnerRow].id
    with database.unit_of_work(EVERYONE) as work:
        work.session.execute(delete(OwnerRow).where(OwnerRow.id == owner))
    with database.reading(EVERYONE) as work:
        left = everything(work.session.connection())
    assert not [
        row
        for name, some in left.items()
        if name not in ("owners", "paces", "sweeps", "workers")
        for row in some
        if row.owner_id == owner
    ]


def test_a_job_takes_its_history_steps_transcript_exports_and_music_along(database, rows):
    job, owner = rows[JobRow].id, rows[OwnerRow].id
    with database.unit_of_work(EVERYONE) as work:
        work.session.execute(delete(PresentationRow).where(PresentationRow.owner_id == owner))
        work.session.execute(update(ArtifactRow).where(ArtifactRow.owner_id == owner).values(file_id=None, job_id=job))
        work.session.execute(delete(JobRow).where(JobRow.id == job))
    for model in (JobEventRow, JobStepRow, TranscriptRow, SpeakerRow, SegmentRow, ArtifactRow, GenerationRow):
        assert count(database, model, owner_id=owner) == 0, model
    assert count(database, PromptRow, owner_id=owner) == 1
    assert count(database, FileRow, owner_id=owner) == 1


def test_a_file_goes_after_what_it_is_of_and_leaves_its_jobs_and_transcripts_behind(database, rows):
    file, owner = rows[FileRow].id, rows[OwnerRow].id
    for user in (SongRow, PresentationRow):
        with pytest.raises(errors.ConflictError), database.unit_of_work(EVERYONE) as work:
            work.session.execute(delete(FileRow).where(FileRow.id == file))
        with database.unit_of_work(EVERYONE) as work:
            work.session.execute(delete(user).where(user.file_id == file))
    assert count(database, SlideRow, owner_id=owner) == 0
    with database.unit_of_work(EVERYONE) as work:
        work.session.execute(delete(FileRow).where(FileRow.id == file))
    assert count(database, ArtifactRow, owner_id=owner) == 0
    for model in (JobRow, TranscriptRow):
        assert count(database, model, owner_id=owner, file_id=None) == 1


def test_a_voice_goes_after_the_presentations_it_speaks(database, rows):
    voice, owner = rows[VoiceCloneRow].id, rows[OwnerRow].id
    with pytest.raises(errors.ConflictError), database.unit_of_work(EVERYONE) as work:
        work.session.execute(delete(VoiceCloneRow).where(VoiceCloneRow.id == voice))
    with database.unit_of_work(EVERYONE) as work:
        work.session.execute(delete(PresentationRow).where(PresentationRow.owner_id == owner))
        work.session.execute(delete(VoiceCloneRow).where(VoiceCloneRow.id == voice))
    assert count(database, VoiceCloneRow, owner_id=owner) == 0


def test_a_speaker_leaves_its_segments_behind(database, rows):
    with database.unit_of_work(EVERYONE) as work:
        work.session.execute(delete(SpeakerRow).where(SpeakerRow.id == rows[SpeakerRow].id))
    assert count(database, SegmentRow, owner_id=rows[OwnerRow].id, speaker_id=None) == 1


def test_moments_come_back_in_utc_to_the_microsecond(database):
    moment = now()
    with database.unit_of_work(add_owner(database)) as work:
        job = work.jobs.submit(new_job(expires_at=moment), actor="owner")
    with database.reading(EVERYONE) as work:
        assert work.jobs.get(job.id).expires_at == moment
        assert work.jobs.get(job.id).expires_at.utcoffset().total_seconds() == 0
