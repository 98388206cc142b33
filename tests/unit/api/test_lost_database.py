"""A database that is deleted or replaced under a server: nothing is accepted that nobody could find again."""

import shutil

SAY = {"kind": "speak", "options": {"text": "Good morning."}}


def files_of(house):
    return sorted(house.settings.data_dir.glob("tenuto.db*"))


def test_a_deleted_database_takes_nothing_in_and_is_not_made_anew(client, house):
    assert client.post("/api/jobs", json=SAY).status_code == 202
    for path in files_of(house):
        path.unlink()
    house.database.engine.dispose()  # As when the pool opens a connection more.
    answer = client.post("/api/jobs", json=SAY)
    assert answer.status_code == 503
    assert "was deleted or moved while it was in use" in answer.json()["detail"]
    assert files_of(house) == []


def test_an_open_connection_to_a_deleted_database_takes_nothing_in(client, house):
    assert client.post("/api/jobs", json=SAY).status_code == 202
    for path in files_of(house):
        path.unlink()
    assert client.post("/api/jobs", json=SAY).status_code == 503
    said = client.get("/health").json()
    database = next(part for part in said["components"] if part["name"] == "database")
    assert (database["status"], said["status"]) == ("failing", "failing")
    assert "deleted" in database["detail"]


def test_a_database_that_is_put_back_goes_on(client, house):
    first = client.post("/api/jobs", json=SAY).json()
    found = house.settings.data_dir / "tenuto.db"
    aside = found.rename(found.with_name("aside"))
    assert client.get(f"/api/jobs/{first['id']}").status_code == 503
    aside.rename(found)
    assert client.get(f"/api/jobs/{first['id']}").status_code == 200


def test_another_file_in_its_place_is_noticed(client, house):
    assert client.post("/api/jobs", json=SAY).status_code == 202
    found = house.settings.data_dir / "tenuto.db"
    aside = found.rename(found.with_name("aside"))
    shutil.copyfile(aside, found)
    answer = client.post("/api/jobs", json=SAY)
    assert answer.status_code == 503
    assert "replaced by another one" in answer.json()["detail"]


def test_health_looks_at_the_schema(client, house):
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    database = next(part for part in client.get("/health").json()["components"] if part["name"] == "database")
    assert (database["status"], "db migrate" in database["detail"]) == ("failing", True)
