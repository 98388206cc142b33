"""Opening the house for a command: settings, logs, a database that is there."""

from __future__ import annotations

from tenuto import bootstrap, logs, settings
from tenuto.cli.failure import debugging
from tenuto.settings import Settings


def load_settings() -> Settings:
    """Read the settings. Commands that end are quiet; those that serve have settings of their own."""
    found = settings.load()
    logs.configure("DEBUG" if debugging.get() else "CRITICAL", found.log_format, statements=found.database_debug)
    return found


def open_house(found: Settings | None = None) -> bootstrap.Tenuto:
    """Build the services; the first use makes the database."""
    found = found or load_settings()
    bootstrap.ensure_database(found)
    return bootstrap.build(found)
