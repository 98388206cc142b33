"""Each repository's own questions, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import add_owner
from tenuto import errors
from tenuto.db.models import ArtifactRow, WorkerRow, now
from tenuto.db.steps import WHOLE, Finished
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Segment, Transcript, Word
from unit.db.rows import new_file, new_job, submit

STEP = Finished("transcribe", WHOLE, now(), {"said": "so"})


@pytest.fixture
def database(shared_database):
    return shared_database


@pytest.fixture
def owner(database):
    return add_owner(database)


def add_file(database, owner, **given):
    with database.unit_of_work(owner) as work:
        return work.files.add(new_file(**given))


def new_artifact(**given):
    values = {
        "kind": "playback",
        "storage_key": "content/a",
        "sha256": "a" * 64,
        "size_bytes": 1,
        "media_type": "audio/mp4",
    }
    return ArtifactRow(**{**values, **given})


def held(database, owner, worker="w"):
    """A job that a worker holds."""
    job = submit(database, owner)
    with database.unit_of_work(EVERYONE) as work:
        return work.jobs.claim(work.jobs.get(job.id), worker)


def end(database, job, target=JobStatus.CANCELLED):
    with database.unit_of_work(EVERYONE) as work:
        return work.jobs.move(work.jobs.get(job.id), target, actor="owner")


def test_rows_are_found_by_either_id_and_missed_politely(database, owner):
    job = submit(database, owner)
    with database.reading(owner) as work:
        assert work.jobs.get(job.id) is work.jobs.get_by_id(job.uid)
        assert work.jobs.uids([job.id, None, 10**9]) == {job.id: job.uid}
        for lookup in (lambda: work.jobs.get(10**9), lambda: work.jobs.get_by_id("x" * 5000)):
            with pytest.raises(errors.NotFound, match="There is no job") as caught:
                lookup()
            assert len(caught.value.message) < 100


def test_an_update_sets_what_it_names(database, owner):
    file = add_file(database, owner)
    with database.unit_of_work(owner) as work:
        work.files.update(work.files.get(file.id), title="New", warnings=["odd"])
    with database.reading(owner) as work:
        assert (work.files.get(file.id).title, work.files.get(file.id).warnings) == ("New", ["odd"])


def test_bytes_are_in_use_while_any_row_of_anybody_points_at_them(database, owner):
    key = "content/shared"
    mine, theirs = add_file(database, owner, storage_key=key), add_file(database, add_owner(database), storage_key=key)
    for gone, still in ((mine, True), (theirs, False)):
        with database.unit_of_work(EVERYONE) as work:
            work.files.lock_content(key)
            assert work.files.content_in_use(key)
            work.files.delete(work.files.get(gone.id))
            assert work.files.content_in_use(key) is still
    with database.unit_of_work(owner) as work:
        file = work.files.add(new_file())
        made = work.artifacts.add(new_artifact(file_id=file.id, storage_key=key))
        assert work.files.content_in_use(key)
        work.artifacts.delete(made)
        assert not work.files.content_in_use(key)


def test_only_files_past_their_time_that_no_job_needs_expire(database, owner):
    moment = datetime.now(UTC)
    early, late = moment - timedelta(hours=1), moment + timedelta(hours=1)
    old, needed, done = (add_file(database, owner, expires_at=early) for _ in range(3))
    add_file(database, owner, expires_at=late)
    add_file(database, owner)
    submit(database, owner, file_id=needed.id)
    end(database, submit(database, owner, file_id=done.id))
    with database.reading(owner) as work:
        assert [row.id for row in work.files.expired(moment)] == [old.id, done.id]
        assert [row.id for row in work.files.expired(moment, after_id=old.id)] == [done.id]
        assert [row.id for row in work.files.expired(moment, limit=1)] == [old.id]
        assert work.jobs.of_file_unfinished(needed.id)
        assert not work.jobs.of_file_unfinished(done.id)


def test_files_and_artifacts_are_walked_in_order(database, owner):
    files = [add_file(database, owner) for _ in range(3)]
    with database.unit_of_work(owner) as work:
        made = [work.artifacts.add(new_artifact(file_id=file.id)) for file in files]
        assert [row.id for row in work.files.all_after(files[0].id, limit=1)] == [files[1].id]
        assert [row.id for row in work.artifacts.all_after(made[0].id)] == [made[1].id, made[2].id]


def test_what_was_made_is_found_by_its_parent(database, owner):
    file, job = add_file(database, owner), submit(database, owner)
    with database.unit_of_work(owner) as work:
        playback = work.artifacts.add(new_artifact(file_id=file.id, storage_key="content/p"))
        export = work.artifacts.add(new_artifact(job_id=job.id, kind="export", name="srt", storage_key="content/e"))
        assert work.artifacts.of_file(file.id, "playback") is playback
        assert work.artifacts.of_file(file.id, "peaks") is None
        assert work.artifacts.of_job(job.id, "export", "srt") is export
        assert work.artifacts.of_job(job.id, "export", "vtt") is None
        assert work.artifacts.keys_of_file(file.id) == ["content/p"]
        assert work.artifacts.keys_of_job(job.id) == ["content/e"]


def test_totals_follow_files_that_come_and_go(database, owner):
    today = datetime.now(UTC)
    files = [add_file(database, owner, size_bytes=size, created_at=today) for size in (10, 20, 30)]
    add_file(database, owner, container="mp3", size_bytes=5, created_at=today - timedelta(days=3))
    with database.unit_of_work(owner) as work:
        work.files.delete(work.files.get(files[0].id))
    with database.reading(owner) as work:
        days = (today - timedelta(days=3)).date(), today.date()
        assert work.files.totals() == [("mp3", days[0], 1, 5), ("wav", days[1], 2, 50)]


def test_other_bytes_of_a_file_are_counted_instead(database, owner):
    file = add_file(database, owner, size_bytes=100, container="flac")
    with database.unit_of_work(owner) as work:
        fresh = work.files.get(file.id)
        work.files.lock(fresh)
        work.files.replace_content(fresh, size_bytes=7, container="mov", storage_key="content/small")
    with database.reading(owner) as work:
        assert work.files.get(file.id).storage_key == "content/small"
        assert [(kind, count, size) for kind, _, count, size in work.files.totals()] == [("mov", 1, 7)]


def test_only_finished_jobs_past_their_time_expire(database, owner):
    moment = datetime.now(UTC)
    early, late = moment - timedelta(hours=1), moment + timedelta(hours=1)
    over = [end(database, submit(database, owner, expires_at=early)) for _ in range(2)]
    end(database, submit(database, owner, expires_at=late))
    end(database, submit(database, owner))
    submit(database, owner, expires_at=early)
    with database.reading(owner) as work:
        assert [job.id for job in work.jobs.expired(moment)] == [job.id for job in over]
        assert [job.id for job in work.jobs.expired(moment, after_id=over[0].id)] == [over[1].id]
        assert [job.id for job in work.jobs.expired(moment, limit=1)] == [over[0].id]


def test_a_job_is_found_by_its_key_and_status(database, owner):
    waiting, running = submit(database, owner, idempotency_key="once"), held(database, owner)
    with database.reading(owner) as work:
        assert work.jobs.by_idempotency_key("once").id == waiting.id
        assert work.jobs.by_idempotency_key("twice") is None
        assert [job.id for job in work.jobs.with_status(JobStatus.QUEUED, limit=1)] == [waiting.id]
        assert [job.id for job in work.jobs.with_status(JobStatus.PROCESSING, after_id=waiting.id)] == [running.id]


def test_a_warning_is_kept_once_and_told_in_the_history(database, owner):
    job = submit(database, owner)
    with database.unit_of_work(owner) as work:
        row = work.jobs.get(job.id)
        for text in ("odd", "odd", "strange"):
            work.jobs.add_warning(row, text)
    with database.reading(owner) as work:
        row = work.jobs.get(job.id)
        events = work.jobs.events(row)
        assert row.warnings == ["odd", "strange"]
        assert [event.message for event in events] == ["submitted", "odd", "strange"]
        assert [event.kind for event in work.jobs.events(row, after=events[0].id, limit=1)] == ["warning"]


def test_a_retry_counts_attempts_and_keeps_the_first_start(database, owner):
    job = held(database, owner)
    started = job.started_at
    end(database, job)
    end(database, job, JobStatus.QUEUED)
    with database.unit_of_work(EVERYONE) as work:
        again = work.jobs.claim(work.jobs.get(job.id), "w")
    assert (again.attempts, again.started_at) == (2, started)
    assert again.run_started_at > started
    assert again.completed_at is None


def test_an_unfinished_job_is_not_deleted(database, owner):
    job = submit(database, owner)
    with pytest.raises(errors.ConflictError, match="is queued; cancel it first"), database.unit_of_work(owner) as work:
        work.jobs.delete(work.jobs.get(job.id))


def test_a_step_is_recorded_once_by_the_worker_that_holds_the_job(database, owner):
    job = held(database, owner)
    with database.unit_of_work(EVERYONE) as work:
        work.steps.record(job, "w", STEP)
        for part in (1, 0):
            work.steps.record(job, "w", Finished("transcribe", part, now(), {"part": part}))
    with pytest.raises(errors.ConflictError, match="break a rule"), database.unit_of_work(EVERYONE) as work:
        work.steps.record(job, "w", STEP)
    with database.reading(owner) as work:
        assert work.steps.find(job.id, "transcribe").result == {"said": "so"}
        assert work.steps.find(job.id, "decode") is None
        assert work.steps.finished_parts(job.id, "transcribe") == {0, 1}
        assert [row.part for row in work.steps.of_job(job.id)] == [WHOLE, 1, 0]


@pytest.mark.parametrize("lost", ["to another worker", "ended"])
def test_a_worker_that_lost_its_job_records_and_reports_nothing(database, owner, lost):
    job = held(database, owner)
    if lost == "ended":
        end(database, job)
    worker = "w" if lost == "ended" else "another"
    with pytest.raises(errors.Fenced, match="no longer held"), database.unit_of_work(EVERYONE) as work:
        work.steps.record(job, worker, STEP)
    with pytest.raises(errors.Fenced, match="no longer held"), database.unit_of_work(EVERYONE) as work:
        work.jobs.report(job.id, worker, progress=50, stage="", message="")
    with database.reading(owner) as work:
        assert work.steps.of_job(job.id) == []
        assert work.jobs.get(job.id).progress == 0


def test_a_later_note_of_a_part_takes_the_place_of_an_earlier_one(database, owner):
    with database.unit_of_work(owner) as work:
        job = work.jobs.claim(work.jobs.submit(new_job(), actor="owner"), "w1")
        for known in ({"open": True}, {"open": False}):
            work.steps.note(job, "w1", Finished("asked", 3, now(), known))
        assert work.steps.find(job.id, "asked", 3).result == {"open": False}
        with pytest.raises(errors.Fenced):
            work.steps.note(job, "w2", Finished("asked", 3, now(), {"open": True}))


def test_a_job_may_go_on_until_it_is_completed_or_gone(database, owner):
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(new_job(), actor="owner")
        assert work.jobs.may_go_on(job.uid)
        job = work.jobs.move(work.jobs.claim(job, "w1"), JobStatus.COMPLETED, actor="w1")
        assert not work.jobs.may_go_on(job.uid)
        assert not work.jobs.may_go_on("nobody")


def test_workers_beat_until_they_are_declared_dead(database):
    names = ["alpha", "beta"]
    with database.unit_of_work(EVERYONE) as work:
        for name in names:
            work.workers.register(WorkerRow(executor_id=name, host="h", pid=1, pid_started=1.0, last_seen=10.0))
    with database.unit_of_work(EVERYONE) as work:
        assert work.workers.beat("alpha", 20.0)
        work.workers.mark_dead("beta")
        assert not work.workers.beat("beta", 20.0)
        assert not work.workers.beat("nobody", 20.0)
        assert [(row.executor_id, row.last_seen) for row in work.workers.living()] == [("alpha", 20.0)]
        assert [row.executor_id for row in work.workers.dead_since(9.0)] == ["beta"]
        assert work.workers.dead_since(10.0) == []
    with pytest.raises(errors.ConflictError), database.unit_of_work(EVERYONE) as work:
        work.workers.register(WorkerRow(executor_id="beta", host="h", pid=1, pid_started=1.0, last_seen=10.0))


times = st.integers(0, 10**9)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
shares = st.none() | st.floats(0, 1)
words = st.builds(Word, times, times, texts, shares)
segments = st.builds(
    lambda start, length, *rest: Segment(start, start + length, *rest),
    times,
    times,
    texts,
    shares,
    st.sampled_from([None, "S1", "S2"]),
    st.lists(words, max_size=3).map(tuple),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Transcript,
        st.lists(segments, max_size=5).map(tuple),
        language=st.none() | st.just("de"),
        duration_ms=times,
        engine=st.just("fake"),
        model=st.just("m"),
        title=texts,
        warnings=st.lists(texts, max_size=2).map(tuple),
    )
)
def test_a_transcript_comes_back_as_it_was_stored(database, transcript):
    owner = add_owner(database)
    job = held(database, owner)
    with database.unit_of_work(EVERYONE) as work:
        work.transcripts.store(job, transcript)
    with database.reading(owner) as work:
        row = work.transcripts.of_job(job.id)
        assert work.transcripts.load(row) == transcript
        assert row.original_text == transcript.text
        assert [segment.position for segment in work.transcripts.segments(row, after=0, limit=2)] == list(
            range(1, len(transcript.segments))
        )[:2]


def test_speakers_are_told_with_what_they_said_and_their_names(database, owner):
    said = (
        Segment(0, 10, "one two", speaker="S1"),
        Segment(10, 30, "three", speaker="S2"),
        Segment(30, 35, "four", speaker="S1"),
    )
    job = held(database, owner)
    with database.unit_of_work(EVERYONE) as work:
        row = work.transcripts.store(job, Transcript(said, engine="fake", speakers={"S1": "Ada"}))
        told = [(s.label, s.display_name, s.speech_ms, s.words, s.turns) for s in work.transcripts.speakers(row)]
        assert told == [("S1", "Ada", 15, 3, 2), ("S2", "", 20, 1, 1)]
        assert work.transcripts.load(row).speakers == {"S1": "Ada"}
        assert row.word_count == 4
    with database.reading(owner) as work:
        assert work.transcripts.of_job(job.id + 10**6) is None


def test_jobs_of_any_status_can_be_new(database, owner):
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(new_job(status=JobStatus.UPLOADED), actor="owner")
        assert job.status is JobStatus.QUEUED
