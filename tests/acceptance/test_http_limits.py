"""What strangers do to the wire: lies, floods, cuts and crawls, against a real server process."""

import contextlib
import json
import socket
import time
import uuid

import pytest

from server import running_server

pytestmark = pytest.mark.xdist_group("http-limits")  # one server for all of them
PIECE = b"\0" * 65_536
FORM = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\nContent-Type: audio/wav\r\n\r\n'
FORM_END = b"\r\n--edge--\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, TENUTO_WORKERS=0, TENUTO_MAX_UPLOAD_MB=8) as running:
        running.spool = folder / "data" / "files" / "spool"
        yield running


@pytest.fixture
def connect(server):
    """Connections to the server, closed with the test."""
    opened = []

    def connection():
        opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        return opened[-1]

    yield connection
    for one in opened:
        one.close()


@pytest.fixture(autouse=True)
def _goes_on_as_before(server):
    """After every attack the server answers, and nothing is left."""
    files = len(server.client.get("/api/files").json()["items"])
    yield
    assert server.client.get("/health").status_code == 200
    assert len(server.client.get("/api/files").json()["items"]) == files
    assert server.client.get("/api/jobs").json()["items"] == []
    assert list(server.spool.iterdir()) == []


def head(method="POST", path="/api/files", *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def form_head(length, *lines):
    kind = "Content-Type: multipart/form-data; boundary=edge"
    return head("POST", "/api/files", kind, f"Content-Length: {length}", *lines)


def answer_of(connection):
    """(status, body) of what comes back until the connection closes or the answer is whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return 0, b""
        data += piece
    return int(data.split()[1]), data.partition(b"\r\n\r\n")[2]


def send_all(connection, pieces):
    """Send until all is sent or the other side has had enough."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except OSError:
        return


def status_logged(server, request_id):
    """The status a request ended with, once its line is in the log."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for line in server.log_text().splitlines():
            if request_id in line and '"action": "request"' in line:
                return json.loads(line)["status"]
        time.sleep(0.05)
    raise AssertionError("the request did not end")


@pytest.mark.parametrize("path", ["/api/files", "/api/jobs"])
def test_a_lying_length_is_refused_before_the_body(connect, path):
    connection = connect()
    connection.sendall(head("POST", path, f"Content-Length: {10**15}", "Expect: 100-continue"))
    status, body = answer_of(connection)
    assert (status, json.loads(body)["code"]) == (413, "too_large")


@pytest.mark.parametrize("start", [b"", FORM], ids=["raw", "form"])
def test_an_endless_body_is_cut_at_the_limit(connect, start):
    connection = connect()
    kind = "Content-Type: multipart/form-data; boundary=edge"
    method, path = ("POST", "/api/files") if start else ("PUT", "/api/files/raw")
    connection.sendall(head(method, path, kind, "Transfer-Encoding: chunked"))
    chunk = b"10000\r\n" + PIECE + b"\r\n"
    first = [b"%x\r\n%b\r\n" % (len(start), start)] if start else []
    send_all(connection, [*first, *([chunk] * 1000)])
    try:
        status, _ = answer_of(connection)
    except ConnectionResetError:  # It closed while we were still sending; that is cut, too.
        status = 413
    assert status == 413


@pytest.mark.parametrize("shape", ["raw", "form"])
@pytest.mark.parametrize("share", [0.10, 0.50, 0.99])
def test_a_client_that_leaves_leaves_nothing(server, connect, shape, share):
    connection, size, request_id = connect(), 6 << 20, uuid.uuid4().hex
    if shape == "form":
        connection.sendall(form_head(size, f"X-Request-ID: {request_id}") + FORM)
    else:
        lines = (f"Content-Length: {size}", f"X-Request-ID: {request_id}")
        connection.sendall(head("PUT", "/api/files/raw", *lines))
    connection.sendall(b"\0" * int(size * share))
    connection.close()
    assert status_logged(server, request_id) in (400, 499)


def test_a_client_that_stops_sending_early_is_told(connect):
    connection = connect()
    connection.sendall(form_head(1 << 20) + FORM + PIECE)
    connection.shutdown(socket.SHUT_WR)
    assert answer_of(connection)[0] == 400


def test_twenty_thousand_fields_are_refused(connect):
    field = b'--edge\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n'
    body = b"".join(field % n for n in range(20_000)) + b"--edge--\r\n"
    connection = connect()
    send_all(connection, [form_head(len(body)), body])
    assert answer_of(connection)[0] == 422


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Content-Length: 5x",),
        ("Content-Length: -5",),
        ("Content-Length: +5",),
        ("Bad Header : x",),
    ],
    ids=str,
)
def test_a_body_with_two_meanings_ends_the_connection(connect, lines):
    connection = connect()
    smuggled = b"0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection.sendall(head("PUT", "/api/files/raw", *lines) + smuggled)
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    assert 400 <= int(received.split()[1]) < 500
    assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("size", [b"zz", b"fffffffffffffffff", b"-1", b"0x5"])
def test_a_chunk_of_no_size_is_refused(connect, size):
    connection = connect()
    connection.sendall(head("PUT", "/api/files/raw", "Transfer-Encoding: chunked") + size + b"\r\nabcde\r\n0\r\n\r\n")
    assert 400 <= answer_of(connection)[0] < 500


@pytest.mark.parametrize(
    "lines",
    [["X: " + "y" * 1_000_000], [f"X-{n}: y" for n in range(10_000)], ["X: " + "y" * 20_000]],
    ids=["1 MB", "10 000", "20 KB"],
)
def test_a_head_that_is_too_large_is_refused(connect, lines):
    connection = connect()
    send_all(connection, [head("GET", "/health/live", *lines)])
    with contextlib.suppress(ConnectionResetError):  # Closed while the head was still being sent.
        assert answer_of(connection)[0] == 431


def test_a_host_that_is_missing_is_refused(connect):
    connection = connect()
    connection.sendall(b"GET /api/jobs HTTP/1.1\r\n\r\n")
    assert answer_of(connection)[0] == 400


@pytest.mark.slow
def test_crawling_heads_are_closed_and_the_server_answers_meanwhile(server, connect):
    started = time.monotonic()
    crawling = [connect() for _ in range(50)]
    for connection in crawling:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        connection.setblocking(False)
    while crawling and time.monotonic() - started < 60:
        assert server.client.get("/health/live").status_code == 200
        crawling = [connection for connection in crawling if still_open(connection)]
        time.sleep(1)
    assert not crawling
    assert time.monotonic() - started < 35


def still_open(connection):
    """Whether the other side waits for more; sends one more byte."""
    try:
        if connection.recv(65_536) == b"":
            return False
    except BlockingIOError:
        pass
    except OSError:
        return False
    try:
        connection.send(b"y")
    except OSError:
        return False
    return True
