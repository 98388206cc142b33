"""The server process: Granian in front, workers beside it, one orderly way out."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from threading import Event

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from tenuto import bootstrap, errors, logs
from tenuto.api.app import create_app
from tenuto.api.crew import Crew
from tenuto.settings import Settings
from tenuto.verify import verify

logger = logging.getLogger(__name__)
HEAD_TIMEOUT_MS = 20_000  # Also how long an idle connection is kept.
READ_BUFFER_BYTES = 64 << 10
BACKLOG = 1024
REQUESTS_AT_ONCE = 4096
LEAVE_SECONDS = 10.0
KILL_MARGIN_SECONDS = 10.0
# Granian's own lines go the way of all others; what it says below a warning is about each closed connection.
QUIET = {"version": 1, "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}


def serve(
    settings: Settings,
    workers: int | None = None,
    *,
    extra_hosts: frozenset[str] = frozenset(),
    worker_command: Sequence[str] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, with `workers` worker processes beside (as many as the settings say)."""
    verify(settings, serving=True)
    port = settings.port or free_port(settings.host)
    require_free(settings.host, port)
    allow_many_connections()
    logs.configure(settings.log_level, settings.log_format, statements=settings.database_debug)
    bootstrap.prepare_database(settings)
    house = bootstrap.build(settings)
    command = worker_command or [sys.executable, "-m", "tenuto", "work", "--parent", str(os.getpid())]
    closing = Event()
    # Ctrl-C reaches the workers, too: those that leave by themselves then are not to be replaced.
    crew = Crew(command, settings.workers if workers is None else workers, closing)
    app = create_app(house, closing=closing, extra_hosts=extra_hosts)
    crew.start()
    try:
        asyncio.run(_serve(make_server(app, settings.host, port), closing))
    finally:
        crew.stop(settings.drain_seconds + bootstrap.paid_call_seconds(settings) + KILL_MARGIN_SECONDS)
        house.close()
    logger.info("The server stopped.", extra={"action": "server_stopped"})


def make_server(app: object, host: str, port: int) -> Server:
    """Granian, told what is measured in docs/decisions/0003-http-server.md."""
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,  # without lifespan: the house is opened and closed around it
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=REQUESTS_AT_ONCE,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_TIMEOUT_MS, max_buffer_size=READ_BUFFER_BYTES),
        log_level=LogLevels.error,
        log_dictconfig=QUIET,
    )


async def _serve(server: Server, closing: Event) -> None:
    loop = asyncio.get_running_loop()
    leave = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave.set)
    running = asyncio.create_task(server.serve())
    told = asyncio.create_task(_tell_when_listening(server.bind_addr, server.bind_port))
    leaving = asyncio.create_task(leave.wait())
    await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
    closing.set()
    told.cancel()
    if running.done():
        leaving.cancel()
        running.result()
        raise errors.ServiceError("The HTTP server ended by itself; its log says why.")
    logger.info("The server is leaving.", extra={"action": "server_leaving"})
    server.stop()  # type: ignore[no-untyped-call]
    try:
        await asyncio.wait_for(running, LEAVE_SECONDS)
    except TimeoutError:
        logger.warning("Requests that did not end are cut.", extra={"action": "requests_cut"})
        for name in ("_granian", "asyncio"):  # What they say about the cut is no error.
            logging.getLogger(name).setLevel(logging.CRITICAL)


async def _tell_when_listening(host: str, port: int) -> None:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a comparison
    while True:
        try:
            _, writer = await asyncio.open_connection(target, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        shown = f"[{host}]" if ":" in host else host
        fields = {"action": "listening", "host": host, "port": port}
        logger.info("The server listens on http://%s:%s.", shown, port, extra=fields)
        return


def free_port(host: str) -> int:
    """A port nobody listens on."""
    with _bound(host, 0) as probe:
        return int(probe.getsockname()[1])


def require_free(host: str, port: int) -> None:
    """Refuse a port that is taken: the server below would share it silently."""
    try:
        _bound(host, port).close()
    except OSError as error:
        raise errors.SettingsError(f"TENUTO_HOST {host!r} with TENUTO_PORT {port} cannot be used: {error}.") from error


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    probe = socket.socket(family, kind, protocol)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(address)
    except OSError:
        probe.close()
        raise
    return probe


def allow_many_connections() -> None:
    """Every connection is an open file; take as many as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if most == resource.RLIM_INFINITY else min(most, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
