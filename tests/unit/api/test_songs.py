"""The song library by HTTP."""

import json

import pytest

from tagged_songs import cover_picture, tagged_flac

NAMES = {"title": "Blue", "artist": "The Bells"}


@pytest.fixture
def song(client, recording):
    return client.post("/api/songs", files={"file": ("blue.wav", recording)}, data=NAMES).json()


@pytest.fixture
def address(song):
    return f"/api/songs/{song['id']}"


def test_a_song_is_added_shown_changed_and_deleted(client, song, address):
    assert (song["title"], song["artist"], song["source"], song["job"]) == ("Blue", "The Bells", "upload", None)
    assert client.get(address).json() == song
    assert client.get("/api/songs").json() == {"items": [song], "next_cursor": None, "counts": {"upload": 1}}
    changed = client.patch(address, json={"title": "Red", "album": "Colours"}).json()
    assert (changed["title"], changed["artist"], changed["album"]) == ("Red", "The Bells", "Colours")
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.get(f"/api/files/{song['file_id']}").status_code == 404


def test_a_song_is_found_by_words_source_and_video(client, song):
    for query in ({"q": "bells blu"}, {"q": "BLUÉ"}, {"source": "upload"}, {"sha256": song["sha256"]}):
        assert [item["id"] for item in client.get("/api/songs", params=query).json()["items"]] == [song["id"]], query
    for query in ({"q": "bell green"}, {"source": "local"}, {"youtube_id": "abc"}, {"q": "!"}):
        assert client.get("/api/songs", params=query).json()["items"] == [], query


def test_an_uploaded_file_becomes_a_song_and_stays(client, uploaded):
    assert uploaded["expires_at"] is not None
    song = client.post("/api/songs", json={"file_id": uploaded["id"], **NAMES}).json()
    assert song["file_id"] == uploaded["id"]
    assert client.get(f"/api/files/{uploaded['id']}").json()["expires_at"] is None
    refused = client.delete(f"/api/files/{uploaded['id']}")
    assert (refused.status_code, refused.json()["song_id"]) == (409, song["id"])
    again = client.post("/api/songs", json={"file_id": uploaded["id"], **NAMES})
    assert (again.status_code, again.json()["song_id"]) == (409, song["id"])


def test_the_same_recording_is_refused_and_the_song_that_is_there_named(client, song, recording):
    refused = client.post("/api/songs", files={"file": ("other.wav", recording)}, data=NAMES)
    assert (refused.status_code, refused.json()["song_id"]) == (409, song["id"])
    assert song["id"] in refused.json()["detail"]
    assert len(client.get("/api/files").json()["items"]) == 1


def test_the_same_video_is_refused(client, recording):
    first = {**NAMES, "youtube_id": "dQw4w9WgXcQ"}
    song = client.post("/api/songs", files={"file": ("a.wav", recording)}, data=first).json()
    assert (song["source"], song["youtube_id"]) == ("youtube", "dQw4w9WgXcQ")
    other = recording[:-2] + b"\x01\x01"
    refused = client.post("/api/songs", files={"file": ("b.wav", other)}, data=first)
    assert (refused.status_code, refused.json()["song_id"]) == (409, song["id"])
    assert client.get("/api/songs", params={"youtube_id": "dQw4w9WgXcQ"}).json()["items"][0]["id"] == song["id"]


def test_names_come_from_the_files_name(client, recording):
    song = client.post("/api/songs", files={"file": ("03 - The Bells - Blue (Live).wav", recording)}).json()
    assert (song["artist"], song["title"]) == ("The Bells", "Blue (Live)")


def test_what_is_missing_is_said(client, recording):
    refused = client.post("/api/songs", files={"file": ("blue.wav", recording)}, data={"artist": "Bells"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "title")
    assert "no title" in refused.json()["detail"]
    assert "no artist" not in refused.json()["detail"]
    assert client.get("/api/files").json()["items"] == []


def test_tags_and_cover_are_read(client, tmp_path):
    data = tagged_flac(tmp_path, title="Blue", artist="The Bells", album="Colours", cover=cover_picture())
    song = client.post("/api/songs", files={"file": ("x.flac", data)}).json()
    assert (song["title"], song["artist"], song["album"]) == ("Blue", "The Bells", "Colours")
    cover = client.get(song["cover_url"])
    assert (cover.headers["content-type"], cover.headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert cover.content == cover_picture()
    assert client.delete(f"/api/songs/{song['id']}").status_code == 204


def test_a_song_without_cover_and_stems_says_so(client, song, address):
    assert song["cover_url"] is None
    assert "without a cover" in client.get(f"{address}/cover").json()["detail"]
    assert client.get(f"{address}/stems").json() == {"items": [], "separation": {}}
    refused = client.get(f"{address}/stems/vocals")
    assert (refused.status_code, "separate" in refused.json()["detail"]) == (404, True)
    assert client.get(f"{address}/stems/drums").status_code == 404


def test_a_stem_is_served_in_ranges(client, house, song, recording, tmp_path):
    address = f"/api/songs/{song['id']}"
    add_stem(house, song, recording, tmp_path)
    listed = client.get(f"{address}/stems").json()
    assert [(stem["name"], stem["engine"], stem["method"]) for stem in listed["items"]] == [
        ("vocals", "embedded", "vocal reduction")
    ]
    part = client.get(listed["items"][0]["url"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, recording[10:20], "audio/wav")


def test_a_kind_of_job_is_sent_where_jobs_are_taken(client, recording, uploaded):
    for answer in (
        client.post("/api/songs", json={"file_id": uploaded["id"], "kind": "karaoke"}),
        client.post("/api/songs", files={"file": ("blue.wav", recording)}, data={"kind": "karaoke", **NAMES}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "kind")
        assert "POST /api/jobs" in answer.json()["detail"]
    assert client.get("/api/songs").json()["items"] == []


def test_a_song_behind_an_address_is_fetched_by_a_job(make_house, client_of):
    client = client_of(make_house(import_allow=["127.0.0.1"]))
    address = "http://127.0.0.1:9999/blue.wav"
    answer = client.post("/api/songs", json={"url": address, **NAMES})
    job = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/jobs/{job['id']}")
    assert (job["kind"], job["status"], job["cost_estimate"]) == ("import", "queued", 0)
    assert job["options"] == {"url": address, "album": "", **NAMES}
    refused = client.post("/api/songs", json={"url": "http://127.0.0.2/blue.wav", **NAMES})
    assert (refused.status_code, refused.json()["code"]) == (422, "forbidden_address")
    assert client.get("/api/jobs").json()["counts"] == {"import": {"queued": 1}}
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 409
    assert client.post(f"/api/jobs/{job['id']}/cancel").json()["status"] == "cancelled"


def add_stem(house, song, data, folder):
    from tenuto.db.models import ArtifactRow

    path = folder / "stem.wav"
    path.write_bytes(data)
    content = house.content.keep(path)
    with house.database.unit_of_work(1) as work:
        row = work.songs.get_by_id(song["id"])
        work.songs.update(row, separation={"engine": "embedded", "method": "vocal reduction"})
        made = ArtifactRow(
            file_id=row.file_id,
            kind="vocals",
            media_type="audio/wav",
            storage_key=content.storage_key,
            sha256=content.sha256,
            size_bytes=content.size_bytes,
        )
        work.artifacts.add(made)


def test_a_running_job_keeps_the_song(client, house, song, address):
    job = client.post("/api/jobs", json={"file_id": song["file_id"], "options": {"engine": "fake"}}).json()
    refused = client.delete(address)
    assert (refused.status_code, refused.json()["job_id"]) == (409, job["id"])
    client.post(f"/api/jobs/{job['id']}/cancel")
    assert client.delete(address).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("POST", "", {}),
        ("POST", "", {"file_id": "x", "url": "http://example.com/"}),
        ("POST", "", {"file_id": "x", "owner_id": 2}),
        ("PATCH", "/{id}", {"title": ""}),
        ("PATCH", "/{id}", {"title": " \t\r\n"}),
        ("PATCH", "/{id}", {"source": "local"}),
        ("PATCH", "/{id}", {"title": None}),
    ],
)
def test_nonsense_is_refused(client, song, method, path, given):
    answer = client.request(method, "/api/songs" + path.replace("{id}", song["id"]), json=given)
    assert answer.status_code == 422, answer.text


def test_hostile_names_are_kept_as_plain_lines(client, recording):
    given = {"title": "a\x07b\r\n<b>\u202ec</b>", "artist": "x" * 900}
    song = client.post("/api/songs", files={"file": ("a.wav", recording)}, data=given).json()
    assert song["title"] == "a b <b>c</b>"
    assert len(song["artist"]) == 300


@pytest.mark.parametrize("query", ['"', "a AND", "*", "%", "_", "\\", "x" * 900, "a " * 400, "\U0010ffff", "', --"])
def test_searches_of_any_kind_answer(client, song, query):
    assert client.get("/api/songs", params={"q": query}).json()["items"] == []


def test_pages_follow_each_other(client, recording):
    made = []
    for number in range(5):
        data = recording[:-2] + bytes([number, 1])
        made.append(client.post("/api/songs", files={"file": ("a.wav", data)}, data=NAMES).json()["id"])
    for query in ({}, {"q": "bells"}, {"q": "bells bl"}, {"source": "upload"}):
        seen, cursor = [], None
        while True:
            page = client.get(
                "/api/songs", params={**query, "limit": 2, **({"cursor": cursor} if cursor else {})}
            ).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == made[::-1], query


def test_the_latest_job_is_shown(client, house, song, address):
    uids = []
    for _ in range(2):
        job = client.post("/api/jobs", json={"file_id": song["file_id"], "options": {"engine": "fake"}}).json()
        uids.append(job["id"])
        with house.database.unit_of_work(1) as work:
            work.song_jobs.attach(work.jobs.get_by_id(job["id"]), work.songs.get_by_id(song["id"]))
    assert client.get(address).json()["job"]["id"] == uids[-1]
    listed = client.get(f"{address}/jobs", params={"limit": 1}).json()
    assert [item["id"] for item in listed["items"]] == uids[1:]
    rest = client.get(f"{address}/jobs", params={"limit": 1, "cursor": listed["next_cursor"]}).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (uids[:1], None)


def test_errors_of_a_form_name_the_field(client, recording):
    refused = client.post("/api/songs", files={"file": ("a.wav", recording)}, data={**NAMES, "colour": "red"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "colour")
    assert json.loads(client.post("/api/songs", content=b"{}").content)["status"] == 415
