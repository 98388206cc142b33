"""A replica that is behind answers lists and sums; what somebody was just told of comes from the database itself."""

import contextlib

import psycopg
import pytest
from starlette.testclient import TestClient

from databases import POSTGRES, admin
from ledgers import OWNER, ledger, make_recording
from tenuto import bootstrap
from tenuto.api.app import create_app
from tenuto.db.models import WorkerRow
from tenuto.db.work import EVERYONE

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def lagging(tmp_path):
    """(a door whose replica is frozen after one file came, the replica's URL, that file)."""
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(ledger("postgresql", tmp_path))
        old = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "old.wav", 2))
        here.house.database.dispose()
        name = here.settings.database_url.rpartition("/")[2]
        copy = f"{name}_copy"
        admin(f"CREATE DATABASE {copy} TEMPLATE {name}")
        stack.callback(admin, f"DROP DATABASE {copy} WITH (FORCE)")
        replica = f"{POSTGRES.rpartition('/')[0]}/{copy}"
        house = bootstrap.build(here.settings.model_copy(update={"database_read_url": replica}))
        stack.callback(house.close)
        door = TestClient(create_app(house), base_url="http://127.0.0.1:8000")
        yield stack.enter_context(door), replica, old


def names(door):
    return [item["name"] for item in door.get("/api/files").json()["items"]]


def test_lists_and_sums_come_from_the_replica(lagging, tmp_path):
    door, replica, _ = lagging
    assert names(door) == ["old.wav"]
    with psycopg.connect(replica, autocommit=True) as connection:
        connection.execute("UPDATE files SET name = 'only in the replica.wav'")
    assert names(door) == ["only in the replica.wav"]
    new = make_recording(tmp_path / "new.wav", 3).read_bytes()
    assert door.post("/api/files", files={"file": ("new.wav", new)}).status_code == 201
    assert names(door) == ["only in the replica.wav"]
    assert door.get("/storage/stats").json()["files"] == 1


def test_what_was_just_made_is_found_by_its_id(lagging, tmp_path):
    door, _, _ = lagging
    file = door.post(
        "/api/files", files={"file": ("new.wav", make_recording(tmp_path / "new.wav", 3).read_bytes())}
    ).json()
    assert door.get(f"/api/files/{file['id']}").json() == file
    wish = {"kind": "transcribe", "file_id": file["id"], "options": {"engine": "fake"}}
    made = door.post("/api/jobs", json=wish)
    assert made.status_code == 202
    job = made.json()
    assert job["file_id"] == file["id"]
    assert door.get(f"/api/jobs/{job['id']}").json() == job
    assert door.get(f"/api/jobs/{job['id']}/log").json()["events"][0]["new_status"] == "queued"
    assert door.post(f"/api/jobs/{job['id']}/cancel").json()["status"] == "cancelled"
    assert door.get(f"/api/jobs/{job['id']}").json()["status"] == "cancelled"
    upload = door.post("/api/uploads", headers={"Upload-Length": "100", "Tus-Resumable": "1.0.0"}).headers["Location"]
    assert door.head(upload, headers={"Tus-Resumable": "1.0.0"}).status_code == 200
    assert door.delete(f"/api/files/{file['id']}").status_code == 204
    assert door.get(f"/api/files/{file['id']}").status_code == 404


def test_nothing_is_ever_written_to_the_replica(lagging, tmp_path):
    door, replica, _ = lagging
    before = contents(replica)
    file = door.post(
        "/api/files", files={"file": ("new.wav", make_recording(tmp_path / "new.wav", 3).read_bytes())}
    ).json()
    wish = {"kind": "transcribe", "file_id": file["id"], "options": {"engine": "fake"}}
    assert door.post("/api/jobs", json=wish).status_code == 202
    assert door.post("/admin/cleanup").status_code == 200
    assert contents(replica) == before


def contents(url):
    """How many rows each table has."""
    with psycopg.connect(url) as connection:
        wanted = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
        tables = [f"{schema}.{name}" for schema, name in connection.execute(wanted)]
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables}


def test_a_sweep_goes_by_the_database_itself(lagging):
    door, replica, old = lagging
    with psycopg.connect(replica, autocommit=True) as connection:
        connection.execute("UPDATE files SET expires_at = now() - interval '1 hour'")
    assert door.post("/admin/cleanup").json()["deleted"] == 0
    assert door.get(f"/api/files/{old.uid}").status_code == 200


def test_a_worker_that_just_came_is_counted(lagging):
    door, _, _ = lagging
    house = door.app.app.app.state.house
    with house.database.unit_of_work(EVERYONE) as work:
        known = {"host": "far", "pid": 1, "pid_started": 0.0, "version": "1"}
        work.workers.register(WorkerRow(executor_id="new", last_seen=work.now_epoch(), **known))
    assert house.health.workers_alive() == 1
