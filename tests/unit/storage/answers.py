"""An HTTP server on this machine that answers as it is told, to be the bad day of an S3 service."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tenuto.storage.s3_settings import S3Settings

ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>no</Message></Error>"


class Answers:
    """What the server was asked, and what it answers: `answer(method, path)` gives status, headers and body."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.released = threading.Event()
        self.settings = None

    def methods(self):
        return [method for method, _ in self.asked]


def error(status, code):
    """An answer that is an S3 error."""
    return status, {}, ERROR.format(code).encode()


@contextmanager
def answering(answer, **settings):
    """Run the server; a status of None keeps the caller waiting."""
    answers = Answers(answer)

    class Desk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name):
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self.respond

        def respond(self):
            answers.asked.append((self.command, self.path))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = answers.answer(self.command, self.path)
            if status is None:
                answers.released.wait()
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = "Content-Length" in headers

        def log_message(self, *arguments):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        answers.settings = S3Settings(endpoint, "us-east-1", "key", "secret", **({"attempts": 1} | settings))
        try:
            yield answers
        finally:
            answers.released.set()
            server.shutdown()
            thread.join()
