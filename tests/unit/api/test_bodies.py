"""JSON with one meaning."""

import time

import pytest

from tenuto import errors
from tenuto.api.bodies import strict_json


@pytest.mark.parametrize("text", ["{}", '{"a": [1, 2.5, null, true, "ü"]}', "3", '"\\u00e4"', '["a\\\\u0000"]'])
def test_plain_json_is_read(text):
    assert strict_json(text.encode()) is not None or text == "null"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'"\xff"',
        b"NaN",
        b"[Infinity]",
        b'{"a": -Infinity}',
        b"1e999",
        b'{"a": 1, "a": 2}',
        b'"\\u0000"',
        b'{"\\u0000": 1}',
        b'"\\ud800"',
        b"[" * 100_000,
        b"[" * 40 + b"]" * 40,
        b'{"a":' * 100_000,
        b"9" * 5000,
        b"9" * 25,
    ],
    ids=lambda value: repr(value[:20]),
)
def test_anything_else_is_refused_quickly(text):
    started = time.process_time()
    with pytest.raises(errors.ValidationError):
        strict_json(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5000, b'{"title": NaN}', b'{"title": "\\u0000"}', b"\xff"])
def test_routes_read_json_that_way(client, body):
    headers = {"Content-Type": "application/json"}
    address = "/api/transcripts/00000000-0000-0000-0000-000000000000"
    answers = [
        client.post("/api/jobs", content=body, headers=headers),
        client.patch(address, content=body, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert {answer.json()["code"] for answer in answers} == {"invalid"}
