"""Logs: fields, not prose; one line each, as text or JSON, with the request or job they belong to."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")

STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found = {name: value for name, value in record.__dict__.items() if name not in STANDARD}
    for name, variable in (("job_id", job_id), ("request_id", request_id)):
        if variable.get() and not found.get(name):
            found[name] = variable.get()
    return {name: value for name, value in found.items() if value not in (None, "")}


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class JSONFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render."""
        line: dict[str, Any] = {"time": _moment(record), "level": record.levelname, "logger": record.name}
        line["message"] = record.getMessage()
        for name, value in _fields(record).items():
            line[name] = value if isinstance(value, int | float | bool | list) else str(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """A line a person reads; what came from outside cannot start a new one."""

    def format(self, record: logging.LogRecord) -> str:
        """Render."""
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{_moment(record)} {record.levelname:7} {record.getMessage()} {fields}".rstrip()
        line = "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: str, form: str, *, statements: bool = False) -> None:
    """Send all logs to standard error, and with them every statement that the database gets, if wanted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("dbos", "alembic", "httpx", "httpcore", "botocore", "urllib3", "faster_whisper"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO if statements else logging.WARNING)
