"""What two jobs of one recording make at the same moment is kept once, and neither fails for it."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

from databases import OWNER
from tenuto.db.models import ArtifactRow
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import RetryPolicy
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.base import Artifact, Kept
from tenuto.pipelines.registry import pipeline
from tenuto.services.content import ContentStore
from tenuto.services.made import Made, keep_artifact
from tenuto.services.run import Run
from tenuto.services.running import RunningService, Workshop
from tenuto.storage.fake import FakeStorage
from unit.db.rows import new_file, submit

PEAKS = Artifact(Path("peaks.bin"), "peaks", "application/octet-stream")


class MeetingStore(ContentStore):
    """A store where two who are about to write wait for each other, for a while."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.meeting = threading.Barrier(2, timeout=1.0)

    def claim(self, work, content):
        # Broken when the other one was made to wait until this one has written.
        with contextlib.suppress(threading.BrokenBarrierError):
            self.meeting.wait()
        super().claim(work, content)


@pytest.fixture
def service(database, tmp_path):
    content = MeetingStore(database, FakeStorage(tmp_path))
    config = EngineConfig(models_dir=tmp_path)
    policy = RetryPolicy(max_attempts=1)
    shop = Workshop("w", database, content, None, config, MappingProxyType({}), tmp_path, policy, None)
    return RunningService(shop)


def test_the_outline_of_a_recording_is_kept_once(service, database):
    with database.unit_of_work(OWNER) as work:
        file = work.files.add(new_file())
    jobs = [submit(database, OWNER, file_id=file.id) for _ in range(2)]
    content = service.shop.content.keep_bytes(b"outline")

    def keep(job):
        with database.unit_of_work(EVERYONE) as work:
            keep_artifact(work, service.shop.content, job, Made(PEAKS, content))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(keep, jobs))
    with database.reading(OWNER) as work:
        assert isinstance(work.artifacts.of_file(file.id, "peaks"), ArtifactRow)


def test_nothing_is_kept_for_a_recording_that_was_deleted(service, database):
    with database.unit_of_work(OWNER) as work:
        file = work.files.add(new_file())
    job = submit(database, OWNER, file_id=file.id)
    with database.unit_of_work(OWNER) as work:
        work.session.delete(work.files.get(file.id))
    content = service.shop.content.keep_bytes(b"outline")
    with database.unit_of_work(EVERYONE) as work:
        keep_artifact(work, service.shop.content, job, Made(PEAKS, content))
        assert work.artifacts.of_file(file.id, "peaks") is None


def test_what_a_part_made_is_kept_with_the_part(service, database, tmp_path):
    with database.unit_of_work(OWNER) as work:
        file = work.files.add(new_file())
    job = submit(database, OWNER, file_id=file.id)
    with database.unit_of_work(EVERYONE) as work:
        job = work.jobs.claim(work.jobs.get(job.id), "w")
    service.shop.content.meeting.abort()  # Nobody else writes here.
    run = Run(replace(service.shop, children={"cpu": SimpleNamespace(size=1)}), job, pipeline("transcribe").steps[0])
    for said in (b"first", b"second"):
        (tmp_path / "chunk").write_bytes(said)
        run.keep("spoken", 0, Kept({}, artifacts=(Artifact(tmp_path / "chunk", "chunk-1", "audio/wav"),)))
    with database.reading(OWNER) as work:
        row = work.artifacts.of_file(file.id, "chunk-1")
    assert b"".join(service.shop.content.storage.read_range(row.storage_key, 0, 99)) == b"first"
