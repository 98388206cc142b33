"""Calls go to the judged address or nowhere, and whoever answers slowly, endlessly or elsewhere is not waited for."""

import socket
import ssl
import subprocess
import threading
import time

import pytest

from forbidden_urls import FORBIDDEN_URLS
from forbidden_urls import resolve as hostile_names
from receiver import receiver
from tenuto import errors
from tenuto.outside.calls import Caller
from tenuto.outside.urls import read_networks

HERE = read_networks(["127.0.0.1"], "TEST")


def caller(**given):
    return Caller(**{"allowed": HERE, "timeout_seconds": 1.0, **given})


def drip(handler):
    """An answer whose head never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        handler.wfile.write(b"X-Slow: 1\r\n")
        handler.wfile.flush()
        time.sleep(0.1)


def endless(handler):
    """A body that never ends."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def endless_head(handler):
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def test_a_body_and_its_headers_arrive():
    with receiver() as there:
        assert caller().post(there.url + "?a=b", b"hello", {"X-One": "1"}) == 200
    call = there.calls[0]
    assert (call.path, call.body, call.headers["X-One"]) == ("/hook?a=b", b"hello", "1")
    assert call.headers["Host"] == f"127.0.0.1:{there.port}"


def test_no_forbidden_form_reaches_a_canary():
    with receiver() as canary:
        for url in FORBIDDEN_URLS:
            with pytest.raises(errors.ForbiddenAddress):
                Caller(resolve=hostile_names, timeout_seconds=1).post(url.replace("{port}", str(canary.port)), b"", {})
    assert canary.calls == []


def test_a_name_that_moves_inside_is_refused_when_it_is_called():
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    with receiver() as canary:
        moving = Caller(resolve=lambda _host, _port: answers.pop(0), timeout_seconds=1)
        url = f"http://moving.example:{canary.port}/"
        assert moving.check(url).host == "moving.example"
        with pytest.raises(errors.ForbiddenAddress):
            moving.post(url, b"", {})
    assert canary.calls == []


def test_a_name_is_asked_for_once_and_its_judged_address_is_called():
    asked = []

    def names(host, port):
        asked.append((host, port))
        return ["127.0.0.1"]

    with receiver() as there:
        assert caller(resolve=names).post(f"http://hook.example:{there.port}/", b"", {}) == 200
        assert asked == [("hook.example", there.port)]
        assert there.calls[0].headers["Host"] == f"hook.example:{there.port}"


def test_one_inside_address_among_public_ones_is_enough_to_refuse():
    with receiver() as canary, pytest.raises(errors.ForbiddenAddress):
        caller(resolve=lambda *_: ["127.0.0.1", "10.0.0.1"]).post(f"http://a.example:{canary.port}/", b"", {})
    assert canary.calls == []


def test_a_redirect_is_an_answer_and_not_an_order():
    with receiver() as canary:

        def elsewhere(handler):
            handler.send_response(307)
            handler.send_header("Location", canary.url)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with receiver(elsewhere) as there:
            assert caller().post(there.url, b"", {}) == 307
    assert canary.calls == []


@pytest.mark.parametrize("answer", [drip, endless_head, lambda _handler: time.sleep(3)], ids=["drip", "1xx", "silent"])
def test_an_answer_that_does_not_come_is_not_waited_for(answer):
    with receiver(answer) as there:
        started = time.monotonic()
        with pytest.raises(errors.ServiceError):
            caller().post(there.url, b"", {})
        assert time.monotonic() - started < 2.5


def test_a_body_without_end_is_read_no_further_than_needed():
    with receiver(endless) as there:
        started = time.monotonic()
        assert caller(timeout_seconds=5).post(there.url, b"", {}) == 200
        assert time.monotonic() - started < 3


def test_proxies_and_password_files_of_the_environment_are_not_used(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password planted\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with receiver() as canary, receiver() as there:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        assert caller().post(there.url, b"", {}) == 200
        assert "Authorization" not in there.calls[0].headers
    assert canary.calls == []


def test_nobody_there_is_told_in_words_of_ours():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(errors.ServiceError, match="refused the connection"):
            caller().post(f"http://127.0.0.1:{taken.getsockname()[1]}/", b"", {})


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"\x00" * 100])
def test_what_does_not_speak_http_is_told_in_words_of_ours(words):
    listening = socket.create_server(("127.0.0.1", 0))

    def talk():
        connection, _ = listening.accept()
        connection.recv(65_536)
        connection.sendall(words)
        connection.close()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    with pytest.raises(errors.ServiceError) as caught:
        caller().post(f"http://127.0.0.1:{listening.getsockname()[1]}/", b"", {})
    assert "SSH" not in caught.value.message
    thread.join()
    listening.close()


def test_a_name_server_that_sleeps_is_not_waited_for():
    started = time.monotonic()
    with pytest.raises(errors.ServiceError, match="not found"):
        caller(timeout_seconds=0.3, resolve=lambda *_: time.sleep(5)).check("http://slow.example/")
    assert time.monotonic() - started < 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    subject = ["-subj", "/CN=hook.example", "-addext", "subjectAltName=DNS:hook.example"]
    subprocess.run([*command, *subject, "-keyout", key, "-out", made], check=True, capture_output=True)
    return key, made


def test_tls_is_checked_against_the_name_and_not_the_address(certificate):
    key, made = certificate
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made, key)
    trusting = {"context": lambda: ssl.create_default_context(cafile=made), "resolve": lambda *_: ["127.0.0.1"]}
    with receiver(context=server) as there:
        assert caller(**trusting).post(f"https://hook.example:{there.port}/", b"x", {}) == 200
        with pytest.raises(errors.ServiceError, match="certificate"):
            caller(**trusting).post(f"https://other.example:{there.port}/", b"x", {})
        with pytest.raises(errors.ServiceError, match="certificate"):
            caller(resolve=lambda *_: ["127.0.0.1"]).post(f"https://hook.example:{there.port}/", b"x", {})
    assert len(there.calls) == 1
