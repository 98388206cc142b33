"""A model hub on loopback: the few answers that a download needs, with faults on demand."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = "c0ffee" + "0" * 34


class ModelHub:
    """Serves a repository from a folder, and under each name that begins as its own does."""

    def __init__(self, name, folder):
        self.name = name
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
        self.hashes = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        self.damaged = set()  # files sent with a wrong byte
        self.cut = set()  # files whose connection breaks half way, once
        self.gated = set()  # repositories that are not given out to everybody
        self.ranges = []  # what was asked for by range
        self.url = ""

    def entries(self):
        for name, data in self.files.items():
            yield name, {"sha256": self.hashes[name], "oid": self.hashes[name], "size": len(data), "pointerSize": 100}

    def answer_json(self, path):
        if path.startswith(f"/api/models/{self.name}") and "/tree/" in path:
            return [
                {"type": "file", "path": name, "size": lfs["size"], "oid": "0" * 40, "lfs": lfs}
                for name, lfs in self.entries()
            ]
        if path.startswith(f"/api/models/{self.name}"):
            siblings = [{"rfilename": name, "size": lfs["size"], "lfs": lfs} for name, lfs in self.entries()]
            return {"id": self.name, "sha": REVISION, "siblings": siblings}
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_HEAD(self):
        self.do_GET(with_body=False)

    def do_GET(self, *, with_body=True):
        hub, path = self.server.hub, self.path.partition("?")[0]
        name = path.partition("/resolve/")[2].partition("/")[2]
        if any(path.startswith((f"/{gated}/", f"/api/models/{gated}/")) for gated in hub.gated):
            self.send(403, b"{}", {"X-Error-Code": "GatedRepo"}, with_body=with_body)
        elif name in hub.files:
            self.send_file(hub, name, with_body=with_body)
        elif (found := hub.answer_json(path)) is not None:
            self.send(200, json.dumps(found).encode(), {"Content-Type": "application/json"}, with_body=with_body)
        elif path == "/":
            self.send(200, b"", {}, with_body=False)
        else:
            self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"}, with_body=with_body)

    def send_file(self, hub, name, *, with_body):
        data, status = hub.files[name], 200
        headers = {"X-Repo-Commit": REVISION, "ETag": f'"{hub.hashes[name]}"', "Accept-Ranges": "bytes"}
        if with_body and name in hub.damaged:
            data = bytes([data[0] ^ 1]) + data[1:]
        if with_body and (wanted := self.headers.get("Range")):
            hub.ranges.append((name, wanted))
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            data, status = data[start:], 206
        cut = with_body and name in hub.cut
        hub.cut -= {name} if cut else set()
        self.send(status, data, headers, with_body=with_body, cut=cut)

    def send(self, status, body, headers, *, with_body, cut=False):
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True


@contextmanager
def serving(hub):
    """Serve while the block runs; `hub.url` is its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.hub, server.daemon_threads = hub, True
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
