"""Calling the outside world: each name is resolved once, all its addresses are judged, and one of those is called.

No proxies, no redirects, no cookies, no passwords from files; an answer has a time to come in and a size to fit in.
"""

from __future__ import annotations

import http.client
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from tenuto import errors
from tenuto.outside.urls import PORTS, Address, Network, Target, may_call, parse_url

MOST_BYTES = 64 << 10  # of an answer's body that are read
HEAD_BYTES = 64 << 10
READ_SECONDS = 2.0  # for a body nobody wants: a polite end of the connection, no more
Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """The certificates this system trusts."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Caller:
    """Calls addresses that may be called."""

    allowed: Sequence[Network] = ()
    timeout_seconds: float = 10.0  # for all of a call, from the question for the address to the end of the answer
    resolve: Resolve = resolve
    context: Callable[[], ssl.SSLContext] = field(default=trusted)
    setting: str = "TENUTO_WEBHOOK_ALLOW"  # where `allowed` comes from; a refusal names it

    def check(self, url: str) -> Target:
        """Refuse a URL that leads, or at this moment resolves, to where this server does not call."""
        target = parse_url(url)
        self._addresses(target, Deadline(self.timeout_seconds))
        return target

    def check_as_written(self, url: str) -> Target:
        """Refuse what can be judged without asking anybody: a URL nobody calls, an address that is not called."""
        target = parse_url(url)
        if target.literal is not None:
            self._judge(target, [target.literal])
        return target

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body and return the status of the answer; what the answer says is read and forgotten."""
        deadline = Deadline(self.timeout_seconds)
        target = parse_url(url)
        addresses = self._addresses(target, deadline)
        with closing(self._connected(target, addresses, deadline)) as connected:
            wire = Wire(connected, deadline)
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.default_port = PORTS[target.scheme]  # decides whether `Host` carries the port
            connection.sock = wire
            try:
                connection.request("POST", target.path, body, {**headers, "Connection": "close"})
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise errors.ServiceError(_reason(error, self.timeout_seconds)) from error
            deadline.shorten(READ_SECONDS)
            with closing(answer), suppress(OSError, http.client.HTTPException):
                answer.read(MOST_BYTES)
            return answer.status

    def _addresses(self, target: Target, deadline: Deadline) -> Sequence[Address]:
        literal = target.literal
        if literal is not None:
            found: Sequence[Address] = [literal]
        else:
            found = [ip_address(text.partition("%")[0]) for text in self._resolved(target, deadline)]
        self._judge(target, found)
        return found

    def _judge(self, target: Target, found: Sequence[Address]) -> None:
        if not found or not all(may_call(address, self.allowed) for address in found):
            raise errors.ForbiddenAddress(
                f"{target.host} leads into a private or reserved network, and this server does not call there;"
                f" its operator can allow it with {self.setting}."
            )

    def _resolved(self, target: Target, deadline: Deadline) -> Sequence[str]:
        """The addresses of a name; the system's own patience with its name server has no limit we could set."""
        answers: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolve(target.host, target.port))
            except (OSError, UnicodeError) as error:
                answers.put(error if isinstance(error, OSError) else OSError(str(error)))

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        with suppress(queue.Empty):
            answer = answers.get(timeout=deadline.left())
            if not isinstance(answer, OSError):
                return answer
        raise errors.ServiceError(f"The name {target.host} was not found.")

    def _connected(self, target: Target, addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
        """A connection to the first of the judged addresses that answers."""
        problem = OSError("no address")
        for tried, address in enumerate(addresses):
            try:
                patience = deadline.left() / (len(addresses) - tried)
                plain = socket.create_connection((str(address), target.port), timeout=patience)
            except OSError as error:
                problem = error
                continue
            try:
                plain.settimeout(deadline.left())
                return self.context().wrap_socket(plain, server_hostname=target.host) if target.is_secure else plain
            except OSError as error:
                plain.close()
                problem = error
                break
        raise errors.ServiceError(_reason(problem, self.timeout_seconds)) from problem


class Deadline:
    """A moment by which all must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def shorten(self, seconds: float) -> None:
        """Let it come sooner."""
        self._end = min(self._end, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds until then; past it this raises."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left


class Wire:
    """A socket as `http.client` wants it; it is closed by who opened it."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def sendall(self, data: bytes) -> None:
        """Send all of it in time."""
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return io.BufferedReader(Incoming(self._socket, self._deadline))

    def close(self) -> None:
        """The library hangs up before the answer's body was read."""


class Incoming(io.RawIOBase):
    """What comes in: every byte counts against one deadline and one size."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline, self._room = connected, deadline, HEAD_BYTES + MOST_BYTES

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some bytes while there is time and room."""
        if self._room <= 0:
            raise OSError("the answer is too large")
        self._socket.settimeout(self._deadline.left())
        count = self._socket.recv_into(memoryview(buffer)[: self._room])
        self._room -= count
        return count


def _reason(error: Exception, seconds: float) -> str:
    """What went wrong, in words of ours: what a server said is nothing to repeat."""
    if isinstance(error, TimeoutError):
        return f"There was no whole answer within {seconds:g} s."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not to be trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "It does not speak TLS as this server does."
    if isinstance(error, ConnectionRefusedError):
        return "It refused the connection."
    if isinstance(error, http.client.HTTPException | ConnectionResetError | BrokenPipeError):
        return "It hung up, or did not answer in HTTP."
    return "It cannot be reached."
