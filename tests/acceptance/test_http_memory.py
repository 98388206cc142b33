"""The largest upload must not show in the server's memory, nor a slow reader of a large file."""

import socket
import struct
import threading

import psutil
import pytest

from server import running_server

SIZE = 499 << 20
ROOM = 16 << 20
FORM = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\n\r\n'
FORM_END = b"\r\n--edge--\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server"), TENUTO_WORKERS=0) as running:
        send(running, 20 << 20, "raw")  # Whatever is loaded with the first upload is loaded now.
        send(running, 20 << 20, "form")
        yield running


class Watch:
    """The most memory the server's own process was seen to hold; its children are counted apart."""

    def __init__(self, process):
        self._process = psutil.Process(process.pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self):
        while not self._over.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss)

    def __enter__(self):
        self.before = self.most = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._thread.join()

    @property
    def growth(self):
        return self.most - self.before


def header(size):
    """A WAV of 48 kHz stereo that is `size` bytes long."""
    shape = struct.pack("<HHIIHH", 1, 2, 48_000, 192_000, 4, 16)
    return (
        b"RIFF"
        + struct.pack("<I", size - 8)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + shape
        + b"data"
        + struct.pack("<I", size - 44)
    )


def send(server, size, shape):
    """Upload silence; the answer's status."""
    before, behind = (FORM, FORM_END) if shape == "form" else (b"", b"")
    line = "POST /api/files" if shape == "form" else "PUT /api/files/raw?name=long.wav"
    head = (
        f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
        f"Content-Length: {len(before) + size + len(behind)}\r\n\r\n"
    )
    piece, left = bytes(1 << 20), size - 44
    with socket.create_connection(("127.0.0.1", server.port), timeout=280) as connection:
        connection.sendall(head.encode() + before + header(size))
        while left:
            left -= connection.send(piece[: min(left, len(piece))])
        connection.sendall(behind)
        return int(connection.recv(65_536).split()[1])


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["raw", "form"])
def test_the_largest_upload_takes_no_memory(server, shape, record_property):
    with Watch(server.process) as watch:
        assert send(server, SIZE, shape) == 201
    record_property("growth_mb", watch.growth / (1 << 20))
    assert watch.growth <= ROOM


@pytest.mark.slow
def test_a_slow_reader_takes_no_memory(server):
    files = server.client.get("/api/files").json()["items"]
    largest = max(files, key=lambda file: file["size_bytes"])
    with Watch(server.process) as watch, socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(f"GET /api/files/{largest['id']}/content HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        for _ in range(20):  # Requests of others are answered while it does not read.
            assert server.client.get("/health").status_code == 200
    assert watch.growth <= ROOM
