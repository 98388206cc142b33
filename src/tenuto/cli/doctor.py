"""`tenuto doctor`: is everything in order, and what to do where it is not."""

from __future__ import annotations

import platform
import shutil
from typing import Any

import typer

from tenuto import __version__, errors
from tenuto.cli import show
from tenuto.cli.backend import open_backend, server_named
from tenuto.cli.failure import FAILED
from tenuto.cli.options import JSON

WORDS = {"ok": "Everything is in order.", "warning": "It works, with the warnings above."}


def doctor(as_json: JSON = False) -> None:
    """Check everything tenuto depends on; fails when something is broken."""
    url, _ = server_named()
    if url:
        versions, place = {"tenuto": __version__, "server": url}, {}
    else:
        versions, place = _versions(), _place()
    report = _health()
    if as_json:
        show.document({**report, "versions": versions, "place": place})
    else:
        show.details([*versions.items(), *place.items()])
        for part in report["components"]:
            print(f"{part['status']:8} {part['name']}: {show.clean(part['detail'])}")
        print(WORDS.get(report["status"], "Something is failing; see above."))
    if report["status"] == "failing":
        raise typer.Exit(FAILED)


def _health() -> dict[str, Any]:
    try:
        with open_backend() as backend:
            return backend.health()
    except errors.TenutoError as error:
        part = {"name": "start", "status": "failing", "detail": error.message, "latency_ms": 0.0}
        return {"status": "failing", "components": [part]}


def _versions() -> dict[str, str]:
    import av
    from pysqlite3 import dbapi2

    return {
        "tenuto": __version__,
        "python": platform.python_version(),
        "sqlite": dbapi2.sqlite_version,
        "pyav": av.__version__,
        "system": platform.platform(terse=True),
    }


def _place() -> dict[str, str]:
    from tenuto.cli.config import masked_url
    from tenuto.cli.prepare import load_settings

    try:
        settings = load_settings()
    except errors.SettingsError:
        return {}
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    return {
        "database": masked_url(settings.actual_database_url),
        "data folder": f"{settings.data_dir}, {show.size(shutil.disk_usage(folder).free)} free",
    }
