"""Exports are rendered once and remembered, on both databases, until the transcript changes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from databases import add_owner
from tenuto import errors
from tenuto.db.models import now
from tenuto.domain.transcripts import Segment, Transcript
from tenuto.exports.registry import FORMATS
from tenuto.services.content import ContentStore
from tenuto.services.exports import ExportService
from tenuto.services.formats import named_in_a_sentence
from tenuto.storage.fake import FakeStorage
from unit.db.rows import submit

TALK = Transcript((Segment(0, 900, "Good morning."),), title="Talk")


@pytest.fixture
def owner(database):
    return add_owner(database)


@pytest.fixture
def job(database, owner):
    made = submit(database, owner, file_name="talk.wav")
    with database.unit_of_work(owner) as work:
        work.transcripts.store(work.jobs.get(made.id), TALK)
    return made


@pytest.fixture
def service(database, tmp_path):
    return ExportService(database, ContentStore(database, FakeStorage(tmp_path)))


def kept(database, owner, job):
    with database.reading(owner) as work:
        return list(work.artifacts.keys_of_job(job.id))


def test_an_export_is_rendered_once(database, service, owner, job, monkeypatch):
    first = service.render(owner, job.uid, "srt")
    monkeypatch.setattr("tenuto.db.transcripts.TranscriptRepository.load", pytest.fail)
    assert service.render(owner, job.uid, "srt") == first
    assert first.filename == "talk.srt"
    assert len(kept(database, owner, job)) == 1


def test_a_changed_transcript_is_exported_anew(database, service, owner, job):
    service.render(owner, job.uid, "md")
    old = kept(database, owner, job)
    with database.unit_of_work(owner) as work:
        work.transcripts.update(work.transcripts.of_job(job.id), title="Monday", updated_at=now())
    assert service.render(owner, job.uid, "md").data.startswith(b"# Monday")
    assert len(kept(database, owner, job)) == 1
    assert not service.content.storage.exists(old[0])


def test_an_export_whose_bytes_are_gone_is_rendered_again(database, service, owner, job):
    first = service.render(owner, job.uid, "txt")
    service.content.storage.delete(kept(database, owner, job)[0])
    assert service.render(owner, job.uid, "txt") == first
    assert service.content.storage.exists(kept(database, owner, job)[0])


def test_many_who_ask_at_once_get_the_same(database, service, owner, job):
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: service.render(owner, job.uid, "vtt"), range(12)))
    assert len({export.data for export in made}) == 1
    assert len(kept(database, owner, job)) == 1


def test_a_job_without_a_transcript_has_no_exports(database, service, owner):
    waiting = submit(database, owner)
    with pytest.raises(errors.ConflictError):
        service.render(owner, waiting.uid, "txt")
    with pytest.raises(errors.ValidationError):
        service.render(owner, waiting.uid, "pdf")


def test_the_formats_are_named_in_a_sentence():
    *others, last = FORMATS
    assert named_in_a_sentence().endswith(f"{others[-1]} or {last}")
