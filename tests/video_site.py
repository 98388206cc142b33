"""A site on loopback that songs are fetched from: sounds, a way into the inside, a slow one, and one that fails first."""

import http.server
import threading
from contextlib import contextmanager

from tagged_songs import tone, wav

DRIP_SECONDS = 0.1


class Site(http.server.BaseHTTPRequestHandler):
    """Serves what the path asks for, and nothing else."""

    sound = wav(tone(2.0))
    asked = []  # noqa: RUF012 - one server at a time

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.asked.append(self.path)
        if self.path.startswith("/inside"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.2:{self.server.server_port}/song.wav")
            self.end_headers()
            return
        broken = self.path.startswith("/broken-first") and len(self.asked) <= self.server.failures
        found = self.path.startswith(("/song.wav", "/large.wav", "/slow.wav", "/broken-first"))
        data = self.sound if found else b"nothing here"
        if self.path.startswith("/large.wav"):
            data += bytes(3 << 20)
        self.send_response(503 if broken else 200 if found else 404)
        self.send_header("Content-Type", "audio/wav" if found else "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self._send(data)

    def _send(self, data):
        if not self.path.startswith("/slow.wav"):
            self.wfile.write(data)
            return
        for at in range(0, len(data), 1000):
            try:
                self.wfile.write(data[at : at + 1000])
            except OSError:  # The one who asked went away.
                self.server.hung_up.set()
                return
            self.server.hurry.wait(DRIP_SECONDS)

    def log_message(self, *_):
        pass


@contextmanager
def site(failures=0):
    """The server's address; it answers as broken for so many requests."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.failures, server.hung_up, server.hurry = failures, threading.Event(), threading.Event()
    Site.asked, Site.server_of_now = [], server
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
