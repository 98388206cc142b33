"""A real HTTP server on loopback that stands in for somebody's receiver of webhooks."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Call:
    """One request that came."""

    path: str
    headers: dict
    body: bytes
    at: float

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Receiver:
    """What came, and how to answer: a status, or a function that writes the answer itself."""

    url: str = ""
    port: int = 0
    answer: object = 200
    calls: list = field(default_factory=list)

    def events(self):
        return [call.json["event"] for call in self.calls]


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Callers hang up on purpose here."""


@contextlib.contextmanager
def receiver(answer=200, port=0, context=None):
    """Listen until the block ends."""
    made = Receiver(answer=answer)

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.calls.append(Call(self.path, dict(self.headers.items()), body, time.time()))
            if callable(made.answer):
                made.answer(self)
                return
            self.send_response(made.answer)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            """Say nothing."""

    server = Quiet(("127.0.0.1", port), Answer)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    made.url = f"{'https' if context else 'http'}://127.0.0.1:{made.port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
