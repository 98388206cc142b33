"""Every error has one answer, in one shape."""

import logging

import pytest

from tenuto import errors
from tenuto.api.errors import STATUS, problem_of, status_of

FAMILY = sorted(errors.BY_CODE.values(), key=lambda kind: kind.code)
SHAPE = {"type", "title", "status", "code", "detail", "request_id"}


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind):
    assert 400 <= status_of(kind) < 600
    assert set(problem_of(kind("It broke.")).body()) == SHAPE


def test_only_the_root_is_an_error_of_no_family():
    assert [kind for kind in FAMILY if STATUS.get(kind, status_of(kind)) == 500] == [
        errors.SettingsError,
        errors.EngineError,
        errors.TenutoError,
    ]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.ValidationError, 422),
        (errors.NotFound, 404),
        (errors.InvalidTransition, 409),
        (errors.AccessDenied, 401),
        (errors.TooLarge, 413),
        (errors.UnsupportedMedia, 415),
        (errors.BrokenMedia, 422),
        (errors.LimitExceeded, 422),
        (errors.StorageFull, 507),
        (errors.DatabaseError, 503),
        (errors.SchemaMismatch, 503),
        (errors.EngineMissing, 503),
    ],
)
def test_families_have_the_documented_status(kind, status):
    assert status_of(kind) == status


def test_what_passes_by_itself_says_when_to_come_again():
    assert problem_of(errors.DatabaseError()).headers["Retry-After"] == "5"
    assert problem_of(errors.DatabaseError(retry_after_seconds=30)).headers["Retry-After"] == "30"
    assert "Retry-After" not in problem_of(errors.SchemaMismatch()).headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("DELETE", "/api/jobs", 405, "method_not_allowed"),
        ("GET", "/api/jobs/7", 404, "not_found"),
        ("GET", "/api/jobs/00000000-0000-0000-0000-000000000000", 404, "not_found"),
        ("GET", "/api/jobs/%00%00", 404, "not_found"),
        ("GET", "/api/jobs?limit=0", 422, "invalid"),
        ("GET", "/api/jobs?limit=%D9%A3", 422, "invalid"),
        ("GET", "/api/jobs?limit=100000000", 422, "invalid"),
        ("GET", "/api/jobs?cursor=" + "x" * 5000, 422, "invalid"),
        ("GET", "/api/jobs?cursor=djE6OQ%00", 422, "invalid"),
        ("GET", "/api/jobs?status=asleep", 422, "invalid"),
        ("GET", "/api/jobs?kind=%00", 422, "invalid"),
        ("GET", "/api/jobs?" + "x" * 9000, 414, "address_too_long"),
    ],
)
def test_every_refusal_has_the_same_shape(client, method, path, status, code):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) - {"errors"} == SHAPE
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_malformed_request_names_its_fields(client):
    answer = client.post("/api/jobs", json={"kind": "transcribe", "owner_id": 2, "priority": "high"})
    assert answer.status_code == 422
    assert {item["field"] for item in answer.json()["errors"]} == {"owner_id", "priority"}


def test_an_unforeseen_error_tells_nothing_and_is_logged(house, client_of, caplog, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("secret-dsn")

    monkeypatch.setattr(house.files, "get_all", broken)
    with caplog.at_level(logging.ERROR):
        answer = client_of(house).get("/api/files")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert any("secret-dsn" in str(record.exc_info) for record in caplog.records)


def test_a_database_that_is_away_is_told_without_its_address(house, client_of, monkeypatch):
    def away(*_arguments, **_options):
        raise errors.DatabaseError("The database did not answer.", cause="host=10.0.0.7 password=hunter2")

    monkeypatch.setattr(house.processing, "counts", away)
    answer = client_of(house).get("/api/jobs")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "hunter2" not in answer.text
