"""A house on SQLite in a folder of the test's own, and its HTTP door without a network."""

import shutil
import wave
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from tenuto import bootstrap, settings
from tenuto.api.app import create_app
from tenuto.db.models import WorkerRow, now
from tenuto.db.steps import Finished
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Segment, Transcript, Word

LOCAL = "http://127.0.0.1:8000"


def settings_for(folder, **changed):
    given = {"data_dir": folder, "engines": ["pocketsphinx", "fake"], "max_upload_mb": 2, "disk_soft_floor_mb": 0}
    return settings.load(_env_file=None, **(given | changed))


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory):
    """A data folder whose database is migrated; copied, never used."""
    folder = tmp_path_factory.mktemp("prepared")
    bootstrap.prepare_database(settings_for(folder))
    return folder


@pytest.fixture
def make_house(prepared_folder, tmp_path):
    """Build houses that close with the test."""
    houses = []

    def make(**changed):
        folder = tmp_path / f"data{len(houses)}"
        shutil.copytree(prepared_folder, folder)
        houses.append(bootstrap.build(settings_for(folder, **changed)))
        return houses[-1]

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def house(make_house):
    return make_house()


@pytest.fixture
def client_of():
    """Open doors; errors nobody foresaw are answered, not raised into the test."""
    clients = []

    def client(house, **given):
        door = TestClient(create_app(house, **given), base_url=LOCAL, raise_server_exceptions=False)
        clients.append(door)
        return door

    yield client
    for door in clients:
        door.close()


@pytest.fixture
def client(house, client_of):
    return client_of(house)


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """Two seconds of a loud saw, as a WAV."""
    path = tmp_path_factory.mktemp("sound") / "saw.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(
            b"".join(((n * 97) % 20_000 - 10_000).to_bytes(2, "little", signed=True) for n in range(32_000))
        )
    return path.read_bytes()


@pytest.fixture
def uploaded(client, recording):
    """A recording that was taken in."""
    return client.post("/api/files", files={"file": ("saw.wav", recording)}).json()


@pytest.fixture
def submitted(client, recording):
    """A job that waits; no worker runs."""
    return client.post("/api/jobs", files={"file": ("talk.wav", recording)}, data={"engine": "fake"}).json()


@pytest.fixture
def worker(house):
    """The ledger's side of a worker: what one writes down, without one."""

    def job_of(work, uid):
        return work.jobs.get_by_id(uid)

    def live(name="worker-1", **more):
        with house.database.unit_of_work(None) as work:
            known = {"host": "elsewhere", "pid": 1, "pid_started": 1.0, "last_seen": work.now_epoch()}
            work.workers.register(WorkerRow(executor_id=name, **(known | more)))

    def claim(uid):
        with house.database.unit_of_work(None) as work:
            work.jobs.claim(job_of(work, uid), "worker-1")

    def report(uid, progress, stage="transcribing"):
        with house.database.unit_of_work(None) as work:
            work.jobs.report(job_of(work, uid).id, "worker-1", progress=progress, stage=stage, message="")

    def hear(uid):
        with house.database.unit_of_work(None) as work:
            work.transcripts.store(job_of(work, uid), HEARD)

    def step(uid, name, part):
        with house.database.unit_of_work(None) as work:
            work.steps.record(job_of(work, uid), "worker-1", Finished(name, part, now(), {}))

    def end(uid, status=JobStatus.COMPLETED, **values):
        with house.database.unit_of_work(None) as work:
            work.jobs.move(job_of(work, uid), status, actor="worker-1", **values)

    def finish(uid):
        claim(uid)
        hear(uid)
        end(uid)

    return SimpleNamespace(live=live, claim=claim, report=report, hear=hear, step=step, end=end, finish=finish)


HEARD = Transcript(
    segments=(
        Segment(0, 900, "Good morning.", 0.9, "S1", (Word(0, 400, "Good", 0.8), Word(450, 900, "morning.", None))),
        Segment(1000, 1500, "Hello <b>you</b>.", None, "S2"),
        Segment(1500, 2000, "=1+1", 0.5, "S1"),
    ),
    language="en",
    duration_ms=2000,
    engine="fake",
    model="fake-1",
    title="Talk",
    warnings=("made up",),
    speakers={"S1": "Ada"},
)
