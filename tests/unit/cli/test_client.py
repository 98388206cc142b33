"""The Python client against answers a server, or something else at its address, may give."""

import io

import httpx
import pytest

from tenuto import errors
from tenuto.client import Client
from tenuto.client.shapes import Job, read_job


def client(answer, **options):
    return Client("http://127.0.0.1:1", transport=httpx.MockTransport(answer), **options)


def always(status, **answer):
    return lambda _request: httpx.Response(status, **answer)


def test_errors_of_the_server_are_those_of_tenuto():
    problem = {"code": "too_large", "detail": "The file is too large.", "status": 413, "request_id": "r1"}
    with client(always(413, json=problem)) as server, pytest.raises(errors.TooLarge) as refused:
        server.job("1")
    assert refused.value.message == "The file is too large."
    assert refused.value.details == {"status": 413, "request_id": "r1"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.AccessDenied),
        (404, errors.NotFound),
        (413, errors.TooLarge),
        (502, errors.ServiceError),
        (418, errors.ServiceError),
    ],
)
@pytest.mark.parametrize(
    "answer", [{"text": "<html>a proxy</html>"}, {"json": ["no", "problem"]}, {"json": {"code": "new"}}]
)
def test_errors_of_something_else_are_understood_by_their_status(status, kind, answer):
    with client(always(status, **answer)) as server, pytest.raises(errors.TenutoError) as refused:
        server.job("1")
    assert isinstance(refused.value, kind) or answer == {"json": {"code": "new"}}


def test_something_else_at_the_address_is_told():
    with client(always(200, text="welcome")) as server, pytest.raises(errors.ServiceError, match="TENUTO_URL"):
        server.jobs()


def test_a_server_that_is_away_is_a_service_error():
    with Client("http://127.0.0.1:9") as server, pytest.raises(errors.ServiceError, match="cannot be reached"):
        server.health()


def test_ids_cannot_leave_their_place_in_the_path():
    seen = []

    def answer(request):
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404, json={"code": "not_found", "detail": "no"})

    with client(answer) as server:
        for name in ("../files", "..", "", "a/b?c#d"):
            with pytest.raises(errors.NotFound):
                server.job(name)
    assert seen == ["/api/jobs/..%2Ffiles", "/api/jobs/-", "/api/jobs/-", "/api/jobs/a%2Fb%3Fc%23d"]


def test_the_key_goes_along():
    def answer(request):
        assert request.headers["Authorization"] == "Bearer k"
        return httpx.Response(200, json={"id": "1"})

    with client(answer, api_key="k") as server:
        assert server.job("1") == Job("1")


def test_segments_are_read_page_by_page():
    pages = {None: ([0, 1], 1), "1": ([2], None)}

    def answer(request):
        positions, following = pages[request.url.params.get("after")]
        items = [{"position": position, "words": [{"text": "hm"}]} for position in positions]
        return httpx.Response(200, json={"items": items, "next_after": following})

    with client(answer) as server:
        found = list(server.segments("t"))
    assert [segment.position for segment in found] == [0, 1, 2]
    assert found[0].words[0].text == "hm"


def test_a_stream_of_events_is_a_stream_of_jobs():
    text = ': hello\n\nevent: job\ndata: {"id": "1",\ndata: "status": "queued"}\n\nevent: job\ndata: {"id": "1", "status": "failed"}\n\n'
    with client(always(200, text=text)) as server:
        assert [job.status for job in server.watch("1")] == ["queued", "failed"]
    with client(always(404, json={"code": "not_found", "detail": "no"})) as server, pytest.raises(errors.NotFound):
        next(server.watch("1"))


def test_health_is_read_also_when_it_is_bad():
    report = {"status": "failing", "components": []}
    with client(always(503, json=report)) as server:
        assert server.health() == report
    with client(always(503, text="away")) as server, pytest.raises(errors.ServiceError):
        server.health()


def test_a_file_that_cannot_be_read_is_not_found(tmp_path):
    with client(always(200)) as server, pytest.raises(errors.NotFound):
        server.upload(tmp_path / "nothing.wav")


def test_what_a_newer_server_adds_is_passed_over():
    job = read_job({"id": "1", "colour": "teal", "error": {"code": "x", "message": "y", "more": 1}})
    assert (job.error.code, job.is_finished) == ("x", False)


def test_an_estimate_asks_for_a_price_and_for_no_job():
    seen = []

    def answer(request):
        seen.append((request.method, request.url.path))
        return httpx.Response(
            200, json={"engine": "openai", "cost_estimate": 0.5, "currency": "EUR", "warnings": ["w"]}
        )

    with client(answer) as server:
        found = server.estimate("f", options={"engine": "openai"})
    assert (found.engine, found.cost_estimate, found.warnings) == ("openai", 0.5, ["w"])
    assert seen == [("POST", "/api/jobs/estimate")]


def test_large_files_are_fetched_in_pieces(monkeypatch):
    monkeypatch.setattr("tenuto.client.http.PIECE_BYTES", 4)
    data, asked = b"0123456789", []

    def answer(request):
        first, last = map(int, request.headers["range"].removeprefix("bytes=").split("-"))
        asked.append((first, request.headers.get("if-range")))
        part = data[first : last + 1]
        headers = {"ETag": '"a"', "Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(data)}"}
        return httpx.Response(206, content=part, headers=headers)

    found = io.BytesIO()
    with client(answer) as server:
        server.fetch("/large", found)
    assert (found.getvalue(), asked) == (data, [(0, None), (4, '"a"'), (8, '"a"')])


def test_a_file_that_is_replaced_meanwhile_is_not_fetched_half(monkeypatch):
    monkeypatch.setattr("tenuto.client.http.PIECE_BYTES", 4)

    def answer(request):
        if "if-range" in request.headers:
            return httpx.Response(200, content=b"another one")
        return httpx.Response(206, content=b"0123", headers={"ETag": '"a"', "Content-Range": "bytes 0-3/10"})

    with client(answer) as server, pytest.raises(errors.ConflictError, match="replaced"):
        server.fetch("/large", io.BytesIO())


def test_a_server_without_ranges_answers_all_at_once():
    found = io.BytesIO()
    with client(always(200, content=b"all")) as server:
        server.fetch("/large", found)
    assert found.getvalue() == b"all"
