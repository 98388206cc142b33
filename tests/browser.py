"""Debian's Chromium without a window, told what to do by the Chrome DevTools Protocol over two pipes."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from needs import need

# A home of its own, nothing from outside, and sound without anybody's click; root needs --no-sandbox.
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-proxy-server",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)


def need_browser():
    """The program; skip the test without it."""
    program = shutil.which("chromium")
    need(program, "chromium (Debian's package) is not installed")
    return program


class Page:
    """A page that scripts run in."""

    def __init__(self, requests, replies):
        self._requests, self._replies, self._buffer, self._number = requests, replies, b"", 0
        self._session = None

    def open(self, url):
        """Open an empty page of an address in a new tab; all that it asks for comes from there."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call("Fetch.enable", patterns=[{"urlPattern": url}])
        self._send("Page.navigate", url=url)
        asked = self._await(lambda told: told.get("method") == "Fetch.requestPaused")["params"]["requestId"]
        page = base64.b64encode(b"<!doctype html><title>A page</title><body></body>").decode()
        html = [{"name": "Content-Type", "value": "text/html"}]
        self._send("Fetch.fulfillRequest", requestId=asked, responseCode=200, responseHeaders=html, body=page)
        self._await(lambda told: told.get("method") == "Page.loadEventFired")

    def run(self, script, *arguments):
        """What an async function of JavaScript returns."""
        call = f"({script})(...{json.dumps(arguments)})"
        found = self._call("Runtime.evaluate", expression=call, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"]["value"]

    def _send(self, method, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._requests, json.dumps(message).encode() + b"\0")
        return self._number

    def _call(self, method, **params):
        number = self._send(method, **params)
        told = self._await(lambda told: told.get("id") == number)
        assert "error" not in told, told["error"]
        return told["result"]

    def _await(self, wanted, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            while b"\0" not in self._buffer:
                ready, _, _ = select.select([self._replies], [], [], max(0.0, deadline - time.monotonic()))
                assert ready, "the browser did not answer in time"
                piece = os.read(self._replies, 1 << 16)
                assert piece, "the browser ended"
                self._buffer += piece
            line, _, self._buffer = self._buffer.partition(b"\0")
            told = json.loads(line)
            if wanted(told):
                return told


@contextlib.contextmanager
def browser():
    """A page of a browser of our own, which ends with the block."""
    program = need_browser()
    (their_requests, requests), (replies, their_replies) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        # It reads requests from descriptor 3 and answers on 4, which may be ours for something else.
        shell = f'exec "$0" "$@" 3<&{their_requests} 4>&{their_replies}'
        process = subprocess.Popen(
            ["bash", "-c", shell, program, *OPTIONS, f"--user-data-dir={home}/profile"],
            pass_fds=(their_requests, their_replies),
            env={**os.environ, "HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            os.close(their_requests)
            os.close(their_replies)
            yield Page(requests, replies)
        finally:
            os.close(requests)
            os.close(replies)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
