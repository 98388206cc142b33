"""A loopback server and a file that no recording may reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from hostile import forge
from hostile.case import Canary

TEXT = "canary-7f3a91c2"


@dataclass
class Watch:
    """The canary, and the requests that reached it."""

    canary: Canary
    hits: list[str] = field(default_factory=list)


@contextmanager
def canary_watch(folder: Path) -> Iterator[Watch]:
    """Serve the canary on loopback and keep its file in `folder`."""
    file = folder / "canary.wav"
    # It opens as sound, so that a demuxer that follows a reference succeeds and is found out.
    file.write_bytes(forge.wav(before=(forge.chunk(b"LIST", b"INFO" + forge.chunk(b"ICMT", TEXT.encode())),)))
    hits: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def answer(self):
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(file.read_bytes())

        def log_message(self, *args):
            """Keep quiet."""

    for method in ("GET", "HEAD", "POST"):
        setattr(Answer, f"do_{method}", Answer.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/canary.wav"
            yield Watch(Canary(url=url, file=file, text=TEXT), hits)
        finally:
            server.shutdown()
            thread.join()
