"""The HTTP door: routes on a house, behind guards."""

from __future__ import annotations

import functools
from threading import Event
from typing import Any

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from tenuto import __version__, bootstrap, logs, settings
from tenuto.api import (
    admin,
    artifacts,
    budgets,
    docs,
    edits,
    engines,
    errors,
    exports,
    files,
    formats,
    generations,
    health,
    jobs,
    lexicons,
    presentations,
    song_lyrics,
    songs,
    transcripts,
    tus,
    usage,
    voice_samples,
    voices,
    webhooks,
)
from tenuto.api.guards import Guard, Policy
from tenuto.api.middleware import RequestLog
from tenuto.api.schemas import ProblemOut
from tenuto.api.sse import Watchers
from tenuto.api.v1 import models, speech, transcriptions
from tenuto.api.v1.waiting import WaitingRoom
from tenuto.bootstrap import Tenuto

ROUTERS = (
    jobs,
    files,
    tus,
    transcripts,
    lexicons,
    songs,
    song_lyrics,
    generations,
    voices,
    voice_samples,
    presentations,
    edits,
    exports,
    formats,
    engines,
    health,
    admin,
    usage,
    budgets,
    webhooks,
    docs,
    models,
    transcriptions,
    speech,
    artifacts,
)
_PROBLEM: dict[str, Any] = {"model": ProblemOut, "description": "A problem, as application/problem+json."}


@functools.cache
def routes() -> FastAPI:
    """The routes and what is told of them, the same for every house: to work them out takes FastAPI a good while."""
    api = FastAPI(
        title="tenuto",
        version=__version__,
        summary="Long audio work on a server of your own.",
        docs_url=None,
        redoc_url=None,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM, 422: _PROBLEM},
        dependencies=[Security(HTTPBearer(auto_error=False, description="TENUTO_API_KEY, when the server has one"))],
    )
    for noun in ROUTERS:
        api.include_router(noun.router)
    return api


def build_api(house: Tenuto, closing: Event | None = None) -> FastAPI:
    """The routes on a house, without the guards."""
    shared = routes()
    api = FastAPI(openapi_url=None, redirect_slashes=False, routes=shared.routes)
    api.openapi = shared.openapi  # type: ignore[method-assign]  # the way FastAPI's manual names
    api.state.house = house
    api.state.closing = closing or Event()
    api.state.watchers = Watchers(api.state.closing)
    api.state.waiting = WaitingRoom(house.processing.states, api.state.closing)
    errors.install(api)
    return api


def create_app(house: Tenuto, *, closing: Event | None = None, extra_hosts: frozenset[str] = frozenset()) -> ASGIApp:
    """The whole door; once `closing` is set it is no longer ready and event streams end."""
    policy = Policy(
        api_key=house.settings.api_key.get_secret_value(),
        extra_hosts=extra_hosts | frozenset(house.settings.allowed_hosts),
        max_upload_bytes=house.files.limits.max_upload_bytes,
    )
    return RequestLog(Guard(build_api(house, closing), policy))


def from_environment() -> ASGIApp:
    """The door for any ASGI server that is told `tenuto.api.app:from_environment` as its factory."""
    found = settings.load()
    logs.configure(found.log_level, found.log_format, statements=found.database_debug)
    bootstrap.prepare_database(found)
    return create_app(bootstrap.build(found))
