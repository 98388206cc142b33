"""One way to ask for everything: the HTTP API, of the server that TENUTO_URL names or of the app in this process.

A command that uses it is written once; the older ones ask `cli.backend`, which also brings a worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tenuto.cli.backend import Backend, server_named
from tenuto.client import Client

HERE = "http://localhost"


@contextmanager
def open_door() -> Iterator[Client]:
    """A client of the server that TENUTO_URL names, or of the ledger on this machine."""
    url, key = server_named()
    if url:
        with Client(url, api_key=key) as client:
            yield client
        return
    from tenuto.api.app import build_api
    from tenuto.cli.inprocess import InProcess
    from tenuto.cli.prepare import open_house

    house = open_house()
    try:
        with Client(HERE, transport=InProcess(build_api(house))) as client:
            yield client
    finally:
        house.close()


@contextmanager
def door_of(backend: Backend) -> Iterator[Client]:
    """A client of the server, or of the ledger, that a backend talks to."""
    from tenuto.cli.remote import RemoteBackend

    if isinstance(backend, RemoteBackend):
        yield backend.client
        return
    from tenuto.api.app import build_api
    from tenuto.cli.inprocess import InProcess
    from tenuto.cli.local import LocalBackend

    assert isinstance(backend, LocalBackend)  # noqa: S101 - there are two
    with Client(HERE, transport=InProcess(build_api(backend.house))) as client:
        yield client
