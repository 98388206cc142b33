"""Jobs by HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenuto.domain.jobs import JobStatus


def test_a_file_alone_is_transcribed(client, recording):
    answer = client.post("/api/jobs", files={"file": ("talk.wav", recording)})
    job = answer.json()
    assert answer.status_code == 202
    assert (job["kind"], job["status"], job["file_name"]) == ("transcribe", "queued", "talk.wav")
    assert client.get(answer.headers["location"]).json() == job
    assert client.get(f"/api/files/{job['file_id']}").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"engine": "fake", "language": "de", "hot_words": '["Tenuto"]', "priority": "7", "speakers": "2-3"},
        {
            "options": '{"engine": "fake", "language": "de", "hot_words": ["Tenuto"], "speakers": {"min": 2, "max": 3}}',
            "priority": "7",
            "kind": "transcribe",
        },
        {
            "options": '{"engine": "auto", "language": "de", "hot_words": ["Tenuto"], "speakers": 9}',
            "engine": "fake",
            "priority": "7",
            "speakers": "2-3",
        },
    ],
)
def test_options_come_as_fields_or_as_one_object(client, recording, fields):
    job = client.post("/api/jobs", files={"file": ("talk.wav", recording)}, data=fields).json()
    assert job["priority"] == 7
    asked = {"engine": "fake", "language": "de", "hot_words": ["Tenuto"], "speakers": {"min": 2, "max": 3}}
    assert job["options"] == {**job["options"], **asked, "model": "", "title": "", "recognise": False, "extra": {}}


def test_fields_may_come_before_or_behind_the_file(client, recording):
    engine, file = ("engine", (None, "fake")), ("file", ("talk.wav", recording))
    jobs = [client.post("/api/jobs", files=order).json() for order in ([engine, file], [file, engine])]
    assert [job["options"]["engine"] for job in jobs] == ["fake", "fake"]


def test_a_file_that_is_here_is_named(client, uploaded):
    answer = client.post("/api/jobs", json={"file_id": uploaded["id"], "options": {"engine": "fake"}, "priority": 9})
    assert answer.status_code == 202
    assert (answer.json()["file_id"], answer.json()["priority"]) == (uploaded["id"], 9)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"file_id": "00000000-0000-0000-0000-000000000000"}, 404),
        ({}, 422),
        ([], 422),
        ({"kind": "karaoke"}, 422),
        ({"options": {"engine": "../../x"}}, 422),
        ({"options": {"model": "http://evil.example/x"}}, 422),
        ({"options": {"language": "x" * 1_000_00}}, 422),
        ({"options": {"speakers": 0}}, 422),
        ({"options": []}, 422),
        ({"priority": 10}, 422),
        ({"priority": None}, 422),
        ({"status": "completed"}, 422),
        ({"id": "x", "owner_id": 2, "worker_id": "w"}, 422),
    ],
    ids=str,
)
def test_a_wish_that_makes_no_sense_is_refused(client, uploaded, body, status):
    if isinstance(body, dict) and "options" in body:
        body = {"file_id": uploaded["id"], **body}
    assert client.post("/api/jobs", json=body).status_code == status
    assert client.get("/api/jobs").json()["items"] == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"engine": "nobody"}, 422),
        ({"priority": "٣x"}, 422),
        ({"options": "[1]"}, 422),
        ({"options": "{"}, 422),
        ({"hot_words": "Tenuto"}, 422),
        ({"status": "completed"}, 422),
        ({"file_id": "00000000-0000-0000-0000-000000000000"}, 422),
    ],
)
def test_a_refused_form_leaves_no_file(client, recording, data, status):
    answer = client.post("/api/jobs", files={"file": ("talk.wav", recording)}, data=data)
    assert answer.status_code == status
    assert client.get("/api/files").json()["items"] == []


def test_a_video_that_nothing_here_can_draw_is_refused_with_what_to_install(client, recording, monkeypatch):
    monkeypatch.setattr("tenuto.media.karaoke_fonts._installed", lambda: False)
    answer = client.post("/api/jobs", files={"file": ("a.wav", recording)}, data={"kind": "karaoke", "lyrics": "la"})
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_missing")
    assert "pip install 'tenuto[video]'" in answer.json()["detail"]
    for path in ("/api/jobs", "/api/songs", "/api/files"):
        assert client.get(path).json()["items"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a",
        "http://[::1]/a",
        "http://10.1.2.3:8080/a",
        "http://169.254.169.254/",
        "ftp://a.example/b",
        "a",
    ],
)
def test_an_import_from_where_nobody_calls_is_refused_at_once(client, url):
    answer = client.post("/api/jobs", json={"kind": "import", "options": {"url": url}})
    assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_address")
    assert client.get("/api/jobs").json()["items"] == []


def test_the_name_of_an_import_is_left_to_the_worker(client):
    answer = client.post("/api/jobs", json={"kind": "import", "options": {"url": "http://nowhere.invalid/a"}})
    assert answer.status_code == 202


def test_a_form_without_a_file_is_refused(client):
    assert client.post("/api/jobs", files={"kind": (None, "transcribe")}).status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_a_job_in_another_language_is_refused(client, kind):
    assert client.post("/api/jobs", content=b"{}", headers={"Content-Type": kind}).status_code == 415


def test_the_same_key_is_the_same_job_even_with_the_file_sent_again(client, recording):
    def submit(data=recording):
        files = {"file": ("talk.wav", data)}
        return client.post("/api/jobs", files=files, data={"engine": "fake"}, headers={"Idempotency-Key": "k-1"})

    assert submit().json()["id"] == submit().json()["id"]
    assert len(client.get("/api/files").json()["items"]) == 1
    other = submit(recording[:-2] + b"\x01\x02")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert len(client.get("/api/files").json()["items"]) == 1


def test_many_at_once_with_one_key_make_one_job(client, uploaded):
    def submit(_number):
        body = {"file_id": uploaded["id"], "options": {"engine": "fake"}}
        return client.post("/api/jobs", json=body, headers={"Idempotency-Key": "k-1"}).json()["id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(submit, range(20)))) == 1
    assert client.get("/api/jobs").json()["counts"] == {"transcribe": {"queued": 1}}


@pytest.mark.parametrize("key", ["x" * 201, "a b", "\xe4"])
def test_a_strange_key_is_refused(client, uploaded, key):
    answer = client.post(
        "/api/jobs", json={"file_id": uploaded["id"]}, headers={"Idempotency-Key": key.encode("latin-1")}
    )
    assert answer.status_code == 422


def test_jobs_are_listed_by_status_and_kind_in_pages(client, uploaded, worker):
    ids = [client.post("/api/jobs", json={"file_id": uploaded["id"]}).json()["id"] for _ in range(3)]
    worker.finish(ids[0])
    first = client.get("/api/jobs?status=queued&kind=transcribe&limit=1").json()
    assert [item["id"] for item in first["items"]] == [ids[2]]
    assert first["items"][0]["file_id"] == uploaded["id"]
    assert first["counts"] == {"transcribe": {"completed": 1, "queued": 2}}
    second = client.get("/api/jobs", params={"status": "queued", "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in second["items"]] == [ids[1]]
    assert client.get("/api/jobs?kind=other").json()["items"] == []


def test_a_running_job_tells_how_far_it_is(client, submitted, worker):
    worker.claim(submitted["id"])
    assert client.get(f"/api/jobs/{submitted['id']}").json()["eta_seconds"] is None
    worker.report(submitted["id"], 50.0)
    job = client.get(f"/api/jobs/{submitted['id']}").json()
    assert (job["status"], job["progress"], job["stage"]) == ("processing", 50.0, "transcribing")
    assert job["eta_seconds"] is None  # Nobody knows the pace of a stage that has only begun.
    worker.report(submitted["id"], 60.0)
    assert client.get(f"/api/jobs/{submitted['id']}").json()["eta_seconds"] >= 0


def test_a_failed_job_says_why_and_is_retried(client, submitted, worker):
    worker.claim(submitted["id"])
    worker.end(submitted["id"], JobStatus.FAILED, error_code="broken_media", error_message="It is damaged.")
    job = client.get(f"/api/jobs/{submitted['id']}").json()
    assert job["error"] == {"code": "broken_media", "message": "It is damaged."}
    log = client.get(f"/api/jobs/{submitted['id']}/log").json()
    assert [event["new_status"] for event in log["events"]] == ["queued", "processing", "failed"]


def test_a_log_tells_finished_steps_and_their_parts(client, submitted, worker):
    worker.claim(submitted["id"])
    worker.step(submitted["id"], "transcribe", 0)
    worker.step(submitted["id"], "transcribe", -1)
    steps = client.get(f"/api/jobs/{submitted['id']}/log").json()["steps"]
    assert [(step["step"], step["part"], step["worker_id"]) for step in steps] == [
        ("transcribe", 0, "worker-1"),
        ("transcribe", None, "worker-1"),
    ]


def test_a_log_goes_on_from_an_event(client, submitted):
    events = client.get(f"/api/jobs/{submitted['id']}/log").json()["events"]
    assert client.get(f"/api/jobs/{submitted['id']}/log?after={events[-1]['id']}").json()["events"] == []


def test_a_waiting_job_is_cancelled_retried_and_deleted(client, submitted):
    address = f"/api/jobs/{submitted['id']}"
    assert client.delete(address).status_code == 409
    assert client.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert client.post(f"{address}/cancel").status_code == 409
    assert client.post(f"{address}/retry").json()["status"] == "queued"
    assert client.post(f"{address}/retry").status_code == 409
    client.post(f"{address}/cancel")
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.get(f"/api/files/{submitted['file_id']}").status_code == 200


def test_a_running_job_is_asked_to_stop(client, submitted, worker):
    worker.live()
    worker.claim(submitted["id"])
    job = client.post(f"/api/jobs/{submitted['id']}/cancel").json()
    assert (job["status"], job["cancel_requested"]) == ("processing", True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("GET", "/log"),
        ("GET", "/events"),
        ("GET", "/result"),
        ("GET", "/export/srt"),
    ],
)
def test_a_job_of_nobody_is_not_found_anywhere(client, method, path):
    for uid in ("00000000-0000-0000-0000-000000000000", "1", "..%2F..", "%F0%9F%8E%B5"):
        assert client.request(method, f"/api/jobs/{uid}{path}").status_code == 404


def test_a_name_is_shown_as_it_came_and_json_stays_json(client, recording):
    name = "<script>alert(1)</script> \u202e{{7*7}}.wav"
    answer = client.post("/api/jobs", files={"file": (name, recording)}, data={"title": "=1+1"})
    assert json.loads(answer.text)["file_name"] == "script> \u202e{{7*7}}.wav"
    assert answer.headers["content-type"] == "application/json"
