"""Whether settings can be used: what `tenuto config check` says, and what servers and workers ask before they start."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable

from tenuto import bootstrap, errors
from tenuto.db.connect import parse_url
from tenuto.engines import registry
from tenuto.outside.urls import read_networks
from tenuto.settings import Settings, known_variables, unknown_variables

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def verify(settings: Settings, *, serving: bool = False) -> None:
    """Refuse settings that something would stumble over later, naming all of them; nothing is opened for it."""
    checks: list[Callable[[Settings], object]] = [
        lambda found: parse_url(found.actual_database_url),
        _replica,
        _ssl,
        bootstrap.find_store,
        _engines,
        bootstrap.engine_config,
        _default_engine,
        bootstrap.lane_plan,
        bootstrap.call_intervals,
        bootstrap.price_table,
        lambda found: read_networks(found.webhook_allow, "TENUTO_WEBHOOK_ALLOW"),
        lambda found: read_networks(found.import_allow, "TENUTO_IMPORT_ALLOW"),
        *([require_key] if serving else []),
    ]
    complaints = [complaint for check in checks if (complaint := _complaint(check, settings))]
    if complaints:
        raise errors.SettingsError(" ".join(dict.fromkeys(complaints)))


def warnings() -> list[str]:
    """What looks like a setting and is none."""
    return [f"{name} is no setting of this version and is not used.{_meant(name)}" for name in unknown_variables()]


def require_key(settings: Settings) -> None:
    """Refuse to be reachable from elsewhere without a key."""
    if not settings.api_key.get_secret_value() and not is_loopback(settings.host):
        raise errors.SettingsError(
            f"TENUTO_HOST is {settings.host!r}, which others can reach, and TENUTO_API_KEY is not set. "
            "Set a key, or listen on 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; a name other than localhost might be anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _complaint(check: Callable[[Settings], object], settings: Settings) -> str:
    try:
        check(settings)
    except errors.ValidationError as error:
        return error.message
    return ""


def _replica(settings: Settings) -> None:
    if settings.database_read_url:
        try:
            parse_url(settings.database_read_url)
        except errors.SettingsError as error:
            raise errors.SettingsError(f"TENUTO_DATABASE_READ_URL cannot be used. {error.message}") from None


def _ssl(settings: Settings) -> None:
    mode = bootstrap.ssl_mode(settings)
    if mode and mode not in SSL_MODES:
        raise errors.SettingsError(
            f"TENUTO_DATABASE_SSL is {settings.database_ssl!r}; choose true, false, or one of: {', '.join(SSL_MODES)}."
        )


def _engines(settings: Settings) -> None:
    unknown = [name for name in settings.engines if not registry.kind_of(name)]
    if unknown:
        known = ", ".join(registry.names())
        raise errors.SettingsError(
            f"TENUTO_ENGINES names {unknown[0]!r}, and there is no such engine; there are {known}."
        )


def _default_engine(settings: Settings) -> None:
    offered = [name for name in registry.names() if not settings.engines or name in settings.engines]
    if settings.default_engine not in (registry.AUTO, *offered):
        raise errors.SettingsError(
            f"TENUTO_DEFAULT_ENGINE names {settings.default_engine!r}, which this server does not offer; choose one of:"
            f" {', '.join([registry.AUTO, *offered])}."
        )


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, known_variables(), 1, 0.8)
    return f" Did you mean {close[0]}?" if close else ""
