"""Recordings in, out and away."""

import re
import shutil
from pathlib import Path

import pytest
from starlette.requests import Request

from tenuto import errors
from tenuto.api.uploads import name_in


def left_behind(house):
    """What lies in the store, whole or on its way."""
    return [path.name for path in house.settings.data_dir.joinpath("files").rglob("*") if path.is_file()]


def test_a_form_brings_a_recording(client, recording):
    answer = client.post("/api/files", files={"file": ("my talk.wav", recording, "text/html")})
    assert answer.status_code == 201
    found = client.get(answer.headers["location"]).json()
    assert found == answer.json()
    assert (found["name"], found["media_type"], found["duration_ms"]) == ("my talk.wav", "audio/wav", 2000)


def test_a_whole_body_brings_a_recording(client, recording):
    answer = client.put("/api/files/raw", params={"name": "../../etc/täglich.wav"}, content=recording)
    assert answer.status_code == 201
    assert answer.json()["name"] == "täglich.wav"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("t%C3%A4glich.wav", "täglich.wav"),
        ("UTF-8''t%C3%A4glich.wav", "täglich.wav"),
        ("utf-8''a.wav", "a.wav"),
        ("%ff%fe.wav", "\ufffd\ufffd.wav"),
        ("", ""),
    ],
)
def test_the_name_may_stand_in_a_header(header, name):
    scope = {"type": "http", "query_string": b"", "headers": [(b"x-file-name", header.encode())]}
    assert name_in(Request(scope)) == name


def test_a_name_in_another_alphabet_is_refused():
    scope = {"type": "http", "query_string": b"", "headers": [(b"x-file-name", b"latin-1''a.wav")]}
    with pytest.raises(errors.ValidationError):
        name_in(Request(scope))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"just words", 415),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x\n", 415),
        (b"RIFF\x24\x00\x00\x00WAVE", 422),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), 415),
    ],
    ids=["empty", "text", "playlist", "header only", "picture"],
)
def test_what_is_no_recording_is_refused_and_forgotten(client, house, body, status):
    for answer in (
        client.post("/api/files", files={"file": ("a.mp3", body)}),
        client.put("/api/files/raw?name=a.mp3", content=body),
    ):
        assert 400 <= answer.status_code < 500
        assert answer.status_code == status
    assert client.get("/api/files").json()["items"] == []
    assert left_behind(house) == []


@pytest.fixture
def room(monkeypatch):
    """Say how many megabytes are free; what is written is taken off."""
    free = {"bytes": 0, "looks": 0}

    def usage(folder):
        free["looks"] += 1
        written = sum(path.stat().st_size for path in Path(folder).glob("upload-*"))
        return shutil._ntuple_diskusage(1 << 40, 0, free["bytes"] - written)

    monkeypatch.setattr("tenuto.services.files.shutil.disk_usage", usage)
    return free


@pytest.mark.parametrize("bring", ["form", "raw"])
def test_an_upload_that_says_that_it_will_not_fit_is_refused_before_it_comes(client, house, room, bring):
    room["bytes"] = house.files.limits.disk_floor_bytes + (1 << 20)
    body = b"RIFF" + bytes(3 << 19)
    if bring == "form":
        answer = client.post("/api/files", files={"file": ("a.wav", body)})
    else:
        answer = client.put("/api/files/raw?name=a.wav", content=body)
    assert (answer.status_code, room["looks"]) == (507, 1)
    assert left_behind(house) == []


def test_an_upload_that_does_not_say_its_size_stops_above_the_floor(make_house, room):
    house = make_house(max_upload_mb=100, disk_floor_mb=10)
    room["bytes"] = 22 << 20
    with house.files.upload("a.wav") as upload, pytest.raises(errors.StorageFull):  # noqa: PT012 - which write it is, is open
        for _ in range(100):
            upload.write(bytes(1 << 20))
    assert upload.size_bytes <= 18 << 20  # It may be half a floor below, and never at the end of the disk.


def test_a_file_beyond_the_limit_leaves_nothing(client, house):
    def pieces():
        for _ in range(60):
            yield b"RIFF" * 16_384

    assert client.put("/api/files/raw", content=pieces()).status_code == 413
    assert left_behind(house) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([], "boundary"),
        ([("other", (None, "text"))], "no field 'file'"),
        ([("audio", ("a.wav", b"x"))], "in the field 'file'"),
        ([("file", ("a.wav", b"x")), ("file", ("b.wav", b"x"))], "one file only"),
        ([("file", ("a.wav", b"x")), ("kind", (None, "transcribe"))], "no field 'kind'"),
        ([("a", (None, "1")), ("a", (None, "2"))], "twice"),
        ([(f"f{n}", (None, "x")) for n in range(101)], "at most 100"),
        ([("a", (None, "x" * 70_000))], "64 KB"),
        ([("a", (None, b"\xff"))], "not plain text"),
        ([("a", (None, b"a\x00b"))], "NUL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_that_makes_no_sense_is_refused(client, house, fields, reason):
    answer = client.post("/api/files", files=fields)
    assert answer.status_code == 422
    assert reason in answer.json()["detail"]
    assert left_behind(house) == []


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
        "text/plain",
        "",
        "multipart/form-data; boundary=" + "b" * 9000,
    ],
    ids=lambda value: value[:40],
)
def test_a_form_without_a_usable_boundary_is_refused(client, content_type):
    answer = client.post("/api/files", content=b"--x\r\n", headers={"Content-Type": content_type})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF',
        b"--b\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\nz\r\n--b--\r\n",
        b"--b\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(5000)) + b"\r\nz\r\n--b--\r\n",
        b"\r" * 1_000_000,
        b"garbage",
        b"",
    ],
    ids=["cut", "long header", "many headers", "returns", "garbage", "nothing"],
)
def test_a_broken_form_is_refused(client, house, body):
    answer = client.post("/api/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 422
    assert left_behind(house) == []


def test_near_boundaries_are_read_in_time(client):
    body = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"\r\n--bx" * 150_000 + b"\r\n--b--\r\n"
    answer = client.post("/api/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 415


def test_lists_are_paged(client, recording):
    ids = [client.put(f"/api/files/raw?name={n}.wav", content=recording).json()["id"] for n in range(3)]
    first = client.get("/api/files?limit=2").json()
    second = client.get("/api/files", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None


def test_the_bytes_come_back_as_they_were(client, uploaded, recording):
    answer = client.get(f"/api/files/{uploaded['id']}/content")
    assert answer.content == recording
    assert answer.headers["etag"] == f'"{uploaded["sha256"]}"'
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("Bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=64000-", slice(64_000, None)),
        ("bytes=-44", slice(-44, None)),
        ("bytes=0-99999999", slice(0, None)),
        ("bytes=-99999999", slice(0, None)),
    ],
)
def test_one_range_is_served(client, uploaded, recording, asked, part):
    answer = client.get(f"/api/files/{uploaded['id']}/content", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == recording[part]
    assert re.fullmatch(rf"bytes \d+-\d+/{len(recording)}", answer.headers["content-range"])


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=99999999-99999999", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client, uploaded, recording, asked):
    answer = client.get(f"/api/files/{uploaded['id']}/content", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(recording)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "bytes=" + "0-," * 3000, "bytes=5-2", "bytes=-", "bytes=a-b", "items=0-1", "bytes=٣-"]
)
def test_any_other_range_gets_the_whole(client, uploaded, recording, asked):
    answer = client.get(f"/api/files/{uploaded['id']}/content", headers={"Range": asked.encode()})
    assert (answer.status_code, len(answer.content)) == (200, len(recording))


def test_a_range_of_another_version_gets_the_whole(client, uploaded):
    headers = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert client.get(f"/api/files/{uploaded['id']}/content", headers=headers).status_code == 200


@pytest.mark.parametrize("known", ['"x", "{}"', 'W/"{}" , "x"', "*"])
def test_what_the_caller_has_is_not_sent_again(client, uploaded, known):
    headers = {"If-None-Match": known.format(uploaded["sha256"])}
    answer = client.get(f"/api/files/{uploaded['id']}/content", headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}, {"Range": "bytes=99999999-"}], ids=str)
def test_head_tells_size_and_type_of_the_whole(client, uploaded, recording, headers):
    answer = client.head(f"/api/files/{uploaded['id']}/content", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(recording))


def test_the_playback_copy_is_another_file(client, uploaded):
    answer = client.get(f"/api/files/{uploaded['id']}/content?copy=playback")
    assert answer.headers["content-type"] == "audio/mp4"
    assert 'filename="saw.m4a"' in answer.headers["content-disposition"]
    assert answer.content[4:8] == b"ftyp"


def test_peaks_are_pairs_of_bytes(client, uploaded):
    answer = client.get(f"/api/files/{uploaded['id']}/peaks")
    assert len(answer.content) == 2 * 50 * 2
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_deleted_file_is_gone(client, house, uploaded):
    assert client.delete(f"/api/files/{uploaded['id']}").status_code == 204
    assert client.get(f"/api/files/{uploaded['id']}").status_code == 404
    assert client.get(f"/api/files/{uploaded['id']}/content").status_code == 404
    assert left_behind(house) == []


def test_a_file_that_a_job_needs_stays(client, submitted):
    answer = client.delete(f"/api/files/{submitted['file_id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
