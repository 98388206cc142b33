"""What is refused at the door, before any route sees it."""

import asyncio
import json
import logging

import pytest
from starlette.exceptions import HTTPException

from tenuto import errors
from tenuto.api.guards import WatchedBody
from tenuto.api.owner import BUILT_IN
from tenuto.db.models import BUILT_IN_OWNER

KEY = "tn-0123456789abcdef0123456789abcdef"


@pytest.fixture
def locked(make_house, client_of):
    """A door that asks for a key."""
    return client_of(make_house(api_key=KEY))


def test_the_built_in_owner_is_the_ledgers():
    assert BUILT_IN == BUILT_IN_OWNER


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "LOCALHOST"])
def test_this_machines_names_are_answered(client, host):
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1", "a:b:c"]
)
def test_other_names_are_refused_while_no_key_is_needed(client, host):
    assert client.get("/health/live", headers={"Host": host}).status_code == 400


def test_a_name_that_was_allowed_is_answered(house, client_of):
    client = client_of(house, extra_hosts=frozenset({"studio.lan"}))
    assert client.get("/health/live", headers={"Host": "studio.lan:8000"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "http://127.0.0.1:8000.evil.example"},
    ],
    ids=str,
)
def test_other_sites_cannot_write_while_no_key_is_needed(client, headers):
    answer = client.post("/admin/cleanup?dry_run=true", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Site": "same-origin"}], ids=str
)
def test_our_own_pages_and_programs_can_write(client, headers):
    assert client.post("/admin/cleanup?dry_run=true", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {KEY}x",
        f"Bearer  {KEY}",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY.upper()}",
        f"Basic {KEY}",
        KEY,
        f"Token {KEY}",
        f"Bearer {KEY}, Bearer {KEY}",
        f"Bearer '{KEY}'",
        "Bearer \xe4\xf6\xfc",
        "Bearer " + "x" * 4000,
    ],
)
def test_every_wrong_key_gets_the_same_answer(locked, authorization):
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    answer = locked.get("/api/jobs", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    said = answer.json()
    assert said.pop("request_id")
    assert said == {
        "type": "urn:tenuto:problem:unauthorized",
        "title": "Unauthorized",
        "status": 401,
        "code": "unauthorized",
        "detail": "This server needs its API key: send it as `Authorization: Bearer …`.",
    }


def test_two_keys_are_no_key(locked):
    given = [("Authorization", f"Bearer {KEY}"), ("Authorization", f"Bearer {KEY}")]
    assert locked.get("/api/jobs", headers=given).status_code == 401


def test_the_right_key_opens_from_any_name_and_page(locked):
    headers = {"Authorization": f"bearer {KEY}", "Host": "studio.example", "Origin": "https://elsewhere.example"}
    assert locked.post("/admin/cleanup?dry_run=true", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["key", "api_key", "token", "access_token", "authorization"])
def test_a_key_in_the_address_opens_nothing(locked, name):
    assert locked.get("/api/jobs", params={name: KEY}).status_code == 401


def test_every_route_but_one_asks_for_the_key(locked, client):
    document = client.get("/openapi.json").json()
    paths = [path.replace("{uid}", "0" * 36).replace("{format_name}", "srt") for path in document["paths"]]
    answers = {path: locked.get(path).status_code for path in [*paths, "/docs", "/openapi.json", "/nothing"]}
    assert {path for path, status in answers.items() if status != 401} == {"/health/live"}


def test_too_many_headers_are_refused(client):
    assert client.get("/health/live", headers={f"x-{n}": "y" for n in range(200)}).status_code == 431


def test_too_large_headers_are_refused(client):
    assert client.get("/health/live", headers={"x-big": "y" * 17_000}).status_code == 431


def test_a_compressed_body_is_not_unpacked(client):
    answer = client.post("/api/files", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/files"), ("POST", "/api/jobs"), ("PUT", "/api/files/raw"), ("PATCH", "/api/x")]
)
def test_a_length_beyond_the_limit_is_refused_unread(client, method, path):
    def endless():
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Length": str(10**15)}
    answer = client.request(method, path, content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_length_that_contradicts_itself_is_refused(client):
    both = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    assert client.post("/api/files", content=b"12345", headers=both).status_code == 400


@pytest.mark.parametrize("length", ["-2", "+2", "2, 2", "two", "٢", "0" * 5000 + "2"])
def test_a_length_that_is_none_is_refused(client, length):
    answer = client.post("/api/files", content=b"12", headers={"Content-Length": length.encode()})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("path", ["/api/jobs", "/api/songs", "/api/lexicons"])
def test_json_may_not_grow_where_files_may(client, path):
    pieces = (b"[" + b" " * 65_536 for _ in range(20))
    answer = client.post(path, content=pieces, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 413


def test_every_form_with_a_file_may_be_as_large_as_a_file(client, house):
    routes = client.get("/openapi.json").json()["paths"]
    forms = [path for path, verbs in routes.items() if "multipart/form-data" in str(verbs.get("post", {}))]
    assert len(forms) >= 5
    for path in forms:
        file = ("song.wav", bytes((house.settings.max_upload_mb << 20) - 10))
        answer = client.post(path, files={"file": file}, data={"model": "whisper-1"})
        assert answer.status_code not in (200, 201, 202, 413), (path, answer.text)


def test_the_log_has_one_line_for_a_request_and_no_secret(make_house, client_of, caplog):
    with caplog.at_level(logging.INFO, logger="tenuto.api"):
        headers = {"Authorization": f"Bearer {KEY}", "X-Request-ID": "mine-7", "User-Agent": "a\tb"}
        client_of(make_house(api_key=KEY)).get("/api/jobs?token=hidden", headers=headers)
    (line,) = [record for record in caplog.records if getattr(record, "action", "") == "request"]
    assert (line.status, line.path, line.method) == (200, "/api/jobs", "GET")
    assert line.duration_ms > 0
    assert KEY not in caplog.text
    assert "hidden" not in json.dumps(line.__dict__, default=str)


def reading(messages, *, limit=1 << 20, stall_seconds=60.0):
    """Read a body of these messages to its end, or to the end of patience."""

    async def read():
        waiting = iter(messages)

        async def receive():
            try:
                return {"type": "http.request", "body": next(waiting), "more_body": True}
            except StopIteration:
                return await asyncio.Event().wait()

        body = WatchedBody(receive, stall_seconds, limit)
        while True:
            await body.receive()

    asyncio.run(read())


def test_a_body_that_stalls_is_given_up():
    with pytest.raises(HTTPException) as caught:
        reading([b"x"], stall_seconds=0.01)
    assert caught.value.status_code == 408


def test_a_body_that_crawls_is_given_up():
    body = WatchedBody(None, 60.0, 1 << 20)
    for _ in range(59):
        body._watch(100, 1.0)
    with pytest.raises(HTTPException) as caught:
        body._watch(100, 1.0)
    assert caught.value.status_code == 408


def test_a_body_that_comes_steadily_may_take_its_time():
    body = WatchedBody(None, 60.0, 1 << 30)
    for _ in range(600):
        body._watch(2048, 1.0)


def test_a_body_that_grows_beyond_its_limit_is_refused():
    with pytest.raises(errors.TooLarge):
        reading([bytes(600), bytes(600)], limit=1000)


def test_waiting_for_the_client_to_leave_has_no_end():
    async def read():
        left = asyncio.Event()
        whole = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            if whole:
                return whole.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        body = WatchedBody(receive, 0.01, 1000)
        await body.receive()
        asyncio.get_running_loop().call_later(0.1, left.set)
        return await body.receive()

    assert asyncio.run(read()) == {"type": "http.disconnect"}
