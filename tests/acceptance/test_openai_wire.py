"""/v1 as clients of other languages speak to it: bytes on the wire, lines that break, keys, and a server that leaves."""

import json
import signal
import socket
import threading
import time

import httpx
import pytest

from ledgers import make_recording
from server import running_server

pytestmark = pytest.mark.xdist_group("openai-wire")  # one server for all of them
BOUNDARY = "----limit"
ADDRESS = "/v1/audio/transcriptions"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(
        tmp_path_factory.mktemp("wire"), TENUTO_ENGINES='["pocketsphinx","fake","fake-voice"]'
    ) as found:
        yield found


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return make_recording(tmp_path_factory.mktemp("sound") / "a.wav", 2).read_bytes()


def part(name, value, *, filename=None, kind=None):
    told = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{told}\r\n'
    head += f"Content-Type: {kind}\r\n" if kind else ""
    return head.encode() + b"\r\n" + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def send(server, *parts, address=ADDRESS, **headers):
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    given = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **headers}
    return server.client.post(address, content=body, headers=given)


def test_the_file_may_come_first_or_last(server, recording):
    file, model = part("file", recording, filename="a.wav", kind="audio/wav"), part("model", "fake")
    texts = {send(server, *parts).json()["text"] for parts in ((file, model), (model, file))}
    assert len(texts) == 1


def test_a_file_without_a_name_is_a_file(server, recording):
    assert send(server, part("model", "fake"), part("file", recording)).status_code == 200


def test_lists_come_with_brackets_or_without(server, recording):
    file, rest = (
        part("file", recording, filename="a.wav"),
        part("model", "fake") + part("response_format", "verbose_json"),
    )
    for name in ("timestamp_granularities[]", "timestamp_granularities"):
        found = send(server, rest, part(name, "word"), part(name, "segment"), file).json()
        assert found["words"], name
        assert found["segments"], name


def test_both_spellings_of_chunking_and_fields_nobody_knows_are_taken(server, recording):
    parts = [part("chunking_strategy", "auto"), part("chunking_strategy[type]", "server_vad"), part("x[y][]", "1")]
    found = send(server, part("model", "fake"), *parts, part("x", "1", filename="x.txt"), part("file", recording))
    assert found.status_code == 200
    assert found.headers["x-tenuto-ignored"] == "chunking_strategy"


def error_of(answer):
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    found = answer.json()
    assert set(found) == {"error"}
    assert set(found["error"]) == {"message", "type", "param", "code"}
    return found["error"]


@pytest.mark.parametrize(
    ("parts", "status", "param"),
    [
        ((part("model", "fake"),), 400, "file"),
        ((part("file", b"RIFF"),), 400, "model"),
        ((part("model", "fake"), part("file", b"RIFFabc")), 400, None),
        ((part("model", "fake"), part("stream", "perhaps"), part("file", b"RIFF")), 400, "stream"),
        ((part("model", "fake"), part("timestamp_granularities[]", "letter")), 400, "timestamp_granularities"),
        ((part("model", "fake"), part("lexicon_id", "nobody"), part("file", b"x")), 400, None),
    ],
)
def test_what_cannot_be_used_is_told_in_one_shape(server, parts, status, param):
    answer = send(server, *parts)
    assert (answer.status_code, error_of(answer)["param"]) == (status, param)


def test_every_other_failure_has_the_same_shape(server):
    client = server.client
    assert error_of(client.get("/v1/nothing"))["code"] == "not_found"
    assert error_of(client.put(ADDRESS))["code"] == "method_not_allowed"
    assert error_of(client.post(ADDRESS, json={"model": "fake"}))["type"] == "invalid_request_error"
    assert error_of(client.post("/v1/audio/speech", content=b"{"))["type"] == "invalid_request_error"
    assert error_of(client.get("/v1/models", headers={"Host": "evil.example"}))["code"] == "bad_request"
    assert "title" in client.get("/api/nothing").json()
    too_much = httpx.post(f"{server.url}/v1/audio/speech", content=b"x" * (2 << 20), trust_env=False)
    assert error_of(too_much)["code"] == "too_large"


def test_a_slash_in_a_models_name_may_be_coded_or_raw(server):
    for name in ("org/model", "org%2Fmodel"):
        error = error_of(server.client.get(f"/v1/models/{name}"))
        assert (error["code"], error["param"]) == ("model_not_found", "model")
        assert "org/model" in error["message"]


def test_a_repeated_request_finds_its_job(server, recording):
    parts = (part("model", "fake"), part("language", "fr"), part("file", recording, filename="twice.wav"))
    first = send(server, *parts, **{"x-stainless-retry-count": "0"}).headers["x-tenuto-job-id"]
    again = send(server, *parts, **{"x-stainless-retry-count": "1"}).headers["x-tenuto-job-id"]
    fresh = send(server, *parts, **{"x-stainless-retry-count": "0"}).headers["x-tenuto-job-id"]
    assert first == again != fresh


def test_a_client_that_hangs_up_leaves_its_job_at_work(server, recording):
    extra = json.dumps({"seconds": 1.5})
    body = b"".join((part("model", "fake"), part("title", "left alone"), part("extra", extra), part("file", recording)))
    body += f"--{BOUNDARY}--\r\n".encode()
    head = f"POST {ADDRESS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(head.encode() + body)
        wait_for(server, "left alone", "processing", "completed")
    wait_for(server, "left alone", "completed")


def wait_for(server, title, *statuses):
    for _ in range(600):
        for job in server.client.get("/api/jobs").json()["items"]:
            if job["options"].get("title") == title and job["status"] in statuses:
                return
        time.sleep(0.05)
    raise AssertionError(f"no job {title!r} became {statuses}")


def test_a_wrong_key_is_told_as_openai_does(tmp_path):
    with running_server(tmp_path, TENUTO_API_KEY="right", TENUTO_WORKERS="0") as server:
        answer = httpx.get(f"{server.url}/v1/models", headers={"Authorization": "Bearer wrong"}, trust_env=False)
        assert answer.status_code == 401
        assert error_of(answer)["code"] == "invalid_api_key"
        assert server.client.get("/v1/models").status_code == 200


def test_without_a_worker_the_request_ends_honestly_and_the_job_stays(tmp_path, recording):
    with running_server(tmp_path, TENUTO_WORKERS="0", TENUTO_OPENAI_WAIT_SECONDS="1") as server:
        answer = send(server, part("model", "fake"), part("file", recording))
        assert answer.status_code == 504
        assert "No worker is alive" in error_of(answer)["message"]
        assert answer.headers["x-should-retry"] == "false"
        job = server.client.get(f"/api/jobs/{answer.headers['x-tenuto-job-id']}").json()
        assert job["status"] == "queued"


def test_a_server_that_leaves_tells_those_who_wait(tmp_path, recording):
    with running_server(tmp_path, TENUTO_WORKERS="0") as server:
        answers = []

        def ask():
            answers.append(send(server, part("model", "fake"), part("title", "waits"), part("file", recording)))

        thread = threading.Thread(target=ask)
        thread.start()
        with httpx.Client(base_url=server.url, trust_env=False) as other:
            while not other.get("/api/jobs").json()["items"]:
                time.sleep(0.05)
        assert server.stop(signal.SIGTERM) == 0
        thread.join(30)
        assert answers[0].status_code == 503
        assert answers[0].headers["x-should-retry"] == "true"
        assert "is kept" in error_of(answers[0])["message"]
