"""Ids and headers every answer carries."""

import pytest

from tenuto import logs


def test_a_proper_request_id_is_kept(client):
    assert client.get("/health/live", headers={"X-Request-ID": "abc-123"}).headers["x-request-id"] == "abc-123"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "<script>", "a_b", "\xe4"])
def test_any_other_request_id_is_replaced(client, given):
    answer = client.get("/health/live", headers={"X-Request-ID": given.encode("latin-1")})
    assert len(answer.headers["x-request-id"]) == 32


def test_a_job_remembers_the_request_that_brought_it(client, house, uploaded):
    headers = {"X-Request-ID": "from-the-page"}
    job = client.post("/api/jobs", json={"file_id": uploaded["id"]}, headers=headers).json()
    assert house.processing.get(1, job["id"]).request_id == "from-the-page"
    assert logs.request_id.get() == ""


@pytest.mark.parametrize("path", ["/health/live", "/nothing", "/api/jobs", "/docs", "/openapi.json"])
def test_every_answer_is_guarded(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_the_docs_page_loads_nothing(client):
    page = client.get("/docs").text
    assert "/api/jobs" in page
    assert "<script" not in page
    assert "<link" not in page
    assert "src=" not in page
    assert "http:" not in page
