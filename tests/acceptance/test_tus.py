"""Uploads in pieces by the tus protocol, against a real server: what it answers, and what kill -9 leaves."""

import base64
import hashlib
import signal
import socket
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from acceptance.test_http_memory import ROOM, Watch, header
from acceptance.test_server_killed import server as killable
from acceptance.test_server_killed import sweep_everything
from databases import add_owner, database_on
from ledgers import OWNER, ledger, make_recording
from server import running_server
from tenuto.db.models import now
from tenuto.db.work import EVERYONE

pytestmark = pytest.mark.xdist_group("tus")  # one server for all of them
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, TENUTO_WORKERS=0, TENUTO_MAX_UPLOAD_MB=8) as running:
        running.spool = folder / "data" / "files" / "spool"
        running.ledger = f"sqlite:///{folder}/data/tenuto.db"
        yield running


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return make_recording(tmp_path_factory.mktemp("sound") / "a.wav", 20).read_bytes()


@pytest.fixture
def upload(client, recording):
    """The address of an upload that has no byte yet."""
    return begin(client, len(recording)).headers["location"]


def coded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def begin(client, length, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.post("/api/uploads", headers={**TUS, "Upload-Length": str(length), **given})
    assert answer.status_code == 201, answer.text
    return answer


def offset_of(client, address):
    return int(client.head(address, headers=TUS).headers["upload-offset"])


def send(client, address, offset, data, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(address, headers={**PIECE, "Upload-Offset": str(offset), **given}, content=data)


def send_rest(client, address, recording, size):
    """Send what is missing in pieces of `size`, as a client does that waits while its old connection is still held."""
    while (offset := offset_of(client, address)) < len(recording):
        answer = send(client, address, offset, recording[offset : offset + size])
        assert answer.status_code in (204, 423), answer.text
    return client.head(address, headers=TUS).headers["tenuto-file-id"]


def patch_head(address, offset, length):
    lines = [f"PATCH {address} HTTP/1.1", "Host: localhost", f"Upload-Offset: {offset}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in PIECE.items()), "", ""]).encode()


def is_held(server, address):
    """Whether the server holds the upload, found without touching it: a look that took the lock could win it."""
    lock = server.spool / f"resumable-{address.rpartition('/')[2]}.lock"
    return lock.exists() and f":{lock.stat().st_ino} " in Path("/proc/locks").read_text()


def until(condition, what):
    """Poll; the deadline only bounds a failure."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true")


def test_the_server_tells_what_it_speaks(client):
    answer = client.options("/api/uploads")
    assert answer.status_code == 204
    told = {name: answer.headers[name] for name in answer.headers if name.startswith("tus-")}
    assert told == {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-max-size": str(8 << 20),
        "tus-extension": "creation,creation-with-upload,checksum,expiration,termination",
        "tus-checksum-algorithm": "sha1,sha256",
    }


def test_pieces_become_the_same_file_as_a_whole_upload(client, recording):
    metadata = f"filename {coded('Gespräch.wav')},is_confidential"
    address = begin(client, len(recording), Upload_Metadata=metadata).headers["location"]
    for offset in range(0, len(recording), 150_000):
        answer = send(client, address, offset, recording[offset : offset + 150_000])
        assert answer.status_code == 204
        assert int(answer.headers["upload-offset"]) == min(offset + 150_000, len(recording))
        assert ("upload-expires" in answer.headers) != ("tenuto-file-id" in answer.headers)
    found = client.head(address, headers=TUS).headers
    assert (found["upload-length"], found["upload-metadata"]) == (str(len(recording)), metadata)
    assert (found["tenuto-file-id"], found["cache-control"]) == (answer.headers["tenuto-file-id"], "no-store")
    pieces = client.get(f"/api/files/{found['tenuto-file-id']}").json()
    whole = client.put("/api/files/raw", params={"name": "Gespräch.wav"}, content=recording).json()
    own = ("id", "created_at", "expires_at")
    assert {k: v for k, v in pieces.items() if k not in own} == {k: v for k, v in whole.items() if k not in own}
    assert pieces["name"] == "Gespräch.wav"


def test_a_first_piece_may_come_with_the_creation(client, recording):
    answer = client.post("/api/uploads", headers={**PIECE, "Upload-Length": str(len(recording))}, content=recording)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(recording)))
    file = client.get(f"/api/files/{answer.headers['tenuto-file-id']}").json()
    assert (file["sha256"], file["name"]) == (hashlib.sha256(recording).hexdigest(), "recording")
    part = client.post("/api/uploads", headers={**PIECE, "Upload-Length": "5000"}, content=recording[:99])
    assert (part.headers["upload-offset"], "tenuto-file-id" in part.headers) == ("99", False)


def test_a_creation_whose_bytes_are_refused_leaves_nothing(server, client):
    before = set(server.spool.iterdir())
    for headers, status in (({}, 415), ({"Upload-Checksum": f"sha1 {coded('no')}"}, 460)):
        given = {**PIECE, "Upload-Length": "5000", **headers}
        answer = client.post("/api/uploads", headers=given, content=b"no sound" * 625)
        assert answer.status_code == status
    assert set(server.spool.iterdir()) == before


def test_a_wrong_offset_changes_nothing(client, upload, recording):
    assert send(client, upload, 0, recording[:1000]).status_code == 204
    for offset in (0, 999, 1001):
        assert send(client, upload, offset, b"x").status_code == 409
    assert offset_of(client, upload) == 1000


def test_nothing_comes_after_the_end(client, upload, recording):
    assert send(client, upload, 0, recording + b"x").status_code == 413
    assert offset_of(client, upload) == 0
    assert send(client, upload, 0, iter([recording, b"x" * (2 << 20)])).status_code == 413
    assert offset_of(client, upload) < len(recording)


def test_too_long_and_empty_uploads_are_refused_at_once(client):
    for length, status in ((8 << 20, 201), ((8 << 20) + 1, 413), (10**15, 413), (0, 422), ("many", 400)):
        answer = client.post("/api/uploads", headers={**TUS, "Upload-Length": str(length)})
        assert answer.status_code == status, length
    assert client.post("/api/uploads", headers={**TUS, "Upload-Defer-Length": "1"}).status_code == 400
    assert client.post("/api/uploads", headers={**TUS, "Upload-Concat": "partial"}).status_code == 400


@pytest.mark.parametrize("version", [{}, {"Tus-Resumable": "0.2.2"}])
def test_another_version_is_refused(client, upload, version):
    for method, address in (("POST", "/api/uploads"), ("HEAD", upload), ("PATCH", upload), ("DELETE", upload)):
        answer = client.request(method, address, headers={"Upload-Length": "5", "Upload-Offset": "0", **version})
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


@pytest.mark.parametrize("kind", ["application/octet-stream", "multipart/form-data", ""])
def test_another_content_type_is_refused(client, upload, kind):
    assert send(client, upload, 0, b"x", Content_Type=kind).status_code == 415
    headers = {**TUS, "Upload-Length": "5", "Content-Type": kind}
    assert client.post("/api/uploads", headers=headers, content=b"x").status_code == 415


def test_an_offset_must_be_a_number(client, upload):
    for offset in ("", "-1", "1.5", "0x1", "9" * 30):
        assert client.patch(upload, headers={**PIECE, "Upload-Offset": offset}, content=b"x").status_code == 400


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_is_held_against_the_bytes(client, upload, recording, algorithm):
    right = hashlib.new(algorithm, recording[:5000]).digest()
    wrong = send(client, upload, 0, recording[1:5001], Upload_Checksum=f"{algorithm} {coded(right)}")
    assert (wrong.status_code, wrong.json()["status"], wrong.json()["code"]) == (460, 460, "checksum_mismatch")
    assert offset_of(client, upload) == 0
    answer = send(client, upload, 0, recording[:5000], Upload_Checksum=f"{algorithm} {coded(right)}")
    assert (answer.status_code, offset_of(client, upload)) == (204, 5000)


@pytest.mark.parametrize("value", ["md4 AAAA", "sha1", "sha1 !!!!", "sha1 AAA"])
def test_a_checksum_nobody_can_check_is_refused(client, upload, value):
    answer = send(client, upload, 0, b"x", Upload_Checksum=value)
    assert answer.status_code == (460 if value == "sha1" else 400)
    assert offset_of(client, upload) == 0


@pytest.mark.parametrize(
    "metadata",
    [
        "filename not*base64",
        "filename YS53YXY",
        f"filename {coded('a')},filename {coded('b')}",
        f"filename {coded('a.wav')},,",
        f"filename {coded('a' + chr(13) + chr(10) + 'Set-Cookie: x.wav')}",
        f"filename {coded('a' + chr(0) + '.wav')}",
        f"filename {coded(bytes([255, 254]))}",
        f"filename  {coded('a')} {coded('b')}",
    ],
)
def test_metadata_that_means_nothing_is_refused(client, metadata):
    answer = client.post("/api/uploads", headers={**TUS, "Upload-Length": "5", "Upload-Metadata": metadata})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_path_in_the_name_is_no_path(client, recording):
    metadata = f"filename {coded('../../etc/cron.d/a.wav')}"
    address = begin(client, len(recording), Upload_Metadata=metadata).headers["location"]
    file = send(client, address, 0, recording).headers["tenuto-file-id"]
    assert client.get(f"/api/files/{file}").json()["name"] == "a.wav"


def change(server, address, **values):
    """Write into the upload's row behind the server's back."""
    with database_on(server.ledger) as database:
        if values.get("owner_id"):
            values["owner_id"] = add_owner(database)
        with database.unit_of_work(EVERYONE) as work:
            work.uploads.update(work.uploads.get_by_id(address.rpartition("/")[2]), **values)


def test_an_upload_past_its_time_is_gone(server, client, upload):
    change(server, upload, expires_at=now() - timedelta(seconds=1))
    assert client.head(upload, headers=TUS).status_code == 410
    assert send(client, upload, 0, b"x").json()["code"] == "gone"
    assert client.delete(upload, headers=TUS).status_code == 410


def test_what_is_unknown_or_anothers_is_not_found(server, client, upload):
    change(server, upload, owner_id=True)
    for address in (upload, "/api/uploads/00000000-0000-0000-0000-000000000000", "/api/uploads/../../etc/passwd"):
        for method in ("HEAD", "PATCH", "DELETE"):
            answer = client.request(method, address, headers={**PIECE, "Upload-Offset": "0"})
            assert answer.status_code == 404, (method, address)


def test_an_upload_can_be_ended(server, client, upload, recording):
    send(client, upload, 0, recording[:5000])
    waiting = server.spool / f"resumable-{upload.rpartition('/')[2]}"
    assert waiting.stat().st_size == 5000
    assert client.delete(upload, headers=TUS).status_code == 204
    assert client.head(upload, headers=TUS).status_code == 404
    assert not waiting.exists()


def test_clients_without_patch_and_delete_say_it_in_a_header(client, upload, recording):
    def override(method, **headers):
        given = {**PIECE, "X-HTTP-Method-Override": method, **headers}
        return client.post(upload, headers=given, content=recording[:100] if headers else b"")

    assert override("PATCH", **{"Upload-Offset": "0"}).headers["upload-offset"] == "100"
    assert override("PUT").status_code == 405
    assert override("DELETE").status_code == 204
    assert client.head(upload, headers=TUS).status_code == 404


def test_what_is_no_recording_is_refused_and_gone(server, client):
    address = begin(client, 5000).headers["location"]
    answer = send(client, address, 0, b"no sound" * 625)
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")
    assert client.head(address, headers=TUS).status_code == 404
    assert not list(server.spool.glob(f"*{address.rpartition('/')[2]}*"))


def test_a_repeated_last_piece_makes_no_second_file(client, upload, recording):
    before = len(client.get("/api/files?limit=1000").json()["items"])
    file = send(client, upload, 0, recording).headers["tenuto-file-id"]
    assert send(client, upload, 0, recording).status_code == 409
    again = send(client, upload, len(recording), b"")
    assert (again.status_code, again.headers["tenuto-file-id"]) == (204, file)
    assert len(client.get("/api/files?limit=1000").json()["items"]) == before + 1


def test_of_two_pieces_at_once_one_is_told_to_wait(server, client, upload, recording):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as first:
        first.sendall(patch_head(upload, 0, len(recording)) + recording[:1000])
        until(lambda: is_held(server, upload), "the first piece to hold the upload")
        assert send(client, upload, 0, recording).json()["code"] == "locked"
        assert client.delete(upload, headers=TUS).status_code == 423
        assert offset_of(client, upload) == 0
        first.sendall(recording[1000:])
        assert first.recv(4096).startswith(b"HTTP/1.1 204")
    assert client.head(upload, headers=TUS).headers["tenuto-file-id"]


def test_what_came_before_a_connection_broke_is_kept(server, client, upload, recording):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(patch_head(upload, 0, len(recording)) + recording[:12_345])
        until(lambda: is_held(server, upload), "the piece to be received")
        connection.shutdown(socket.SHUT_WR)
    offset = until(lambda: offset_of(client, upload), "the bytes to be kept")
    assert offset == 12_345
    assert send_rest(client, upload, recording, 100_000)


@pytest.mark.slow
def test_kill_9_between_and_inside_pieces_loses_nothing_that_was_told(tmp_path):
    recording = make_recording(tmp_path / "long.wav", 1200).read_bytes()  # 38 MB, of which each 16 are kept
    told = 0
    with running_server(tmp_path, TENUTO_WORKERS=0) as server:
        address = begin(server.client, len(recording)).headers["location"]
        told = int(send(server.client, address, 0, recording[:1_000_000]).headers["upload-offset"])
        server.stop(signal.SIGKILL)
    with running_server(tmp_path, TENUTO_WORKERS=0) as server:
        assert offset_of(server.client, address) == told == 1_000_000
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(patch_head(address, told, len(recording) - told) + recording[told : told + (20 << 20)])
            seen = until(lambda: offset_of(server.client, address) - told, "some of the piece to be kept") + told
            server.stop(signal.SIGKILL)
    spool = tmp_path / "data" / "files" / "spool" / f"resumable-{address.rpartition('/')[2]}"
    with running_server(tmp_path, TENUTO_WORKERS=0) as server:
        assert seen <= offset_of(server.client, address) <= spool.stat().st_size
        file = send_rest(server.client, address, recording, 8 << 20)
        assert server.client.get(f"/api/files/{file}").json()["sha256"] == hashlib.sha256(recording).hexdigest()
        assert list(spool.parent.iterdir()) == []


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("point", ["probed", "stored", "recorded"])
def test_kill_9_while_the_last_piece_is_taken_in_makes_one_file(kind, point, tmp_path):
    recording = make_recording(tmp_path / "a.wav", 2).read_bytes()
    with ledger(kind, tmp_path) as here:
        with killable(here, TENUTO_TEST_DIE_AT=point, TENUTO_WORKERS="0") as (process, client):
            address = begin(client, len(recording)).headers["location"]
            with pytest.raises(httpx.TransportError):
                send(client, address, 0, recording)
            assert process.wait(timeout=30) == -9
        here.house.database.dispose()
        with killable(here, TENUTO_WORKERS="0") as (_, client):
            expected = len(recording) - (point != "recorded")
            assert offset_of(client, address) == expected
            assert send_rest(client, address, recording, len(recording))
        files = here.house.files.get_all(OWNER).rows
        assert [row.sha256 for row in files] == [hashlib.sha256(recording).hexdigest()]
        sweep_everything(here)
        assert here.house.upkeep.verify().sound
        assert list(here.house.content.storage.spool_dir().iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("checked", [False, True])
def test_a_long_piece_does_not_show_in_memory(tmp_path, checked):
    size, zeros = 150 << 20, bytes(1 << 20)
    pieces = [header(size), *([zeros] * 149), zeros[44:]]
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    sums = {"Upload_Checksum": f"sha256 {coded(digest.digest())}"} if checked else {}
    with running_server(tmp_path, TENUTO_WORKERS=0) as server:
        small = make_recording(tmp_path / "a.wav", 600).read_bytes()
        send_rest(server.client, begin(server.client, len(small)).headers["location"], small, 16 << 20)
        address = begin(server.client, size).headers["location"]
        with Watch(server.process) as watch:
            answer = send(server.client, address, 0, iter(pieces), Content_Length=str(size), **sums)
        assert answer.status_code == 204
        assert watch.growth < ROOM
        file = server.client.get(f"/api/files/{answer.headers['tenuto-file-id']}").json()
        assert file["sha256"] == digest.hexdigest()
