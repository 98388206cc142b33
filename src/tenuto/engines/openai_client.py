"""What the engines share that call OpenAI's API: the client, its key, and whether both are here. The extra `openai`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any

from tenuto.engines.base import EngineReport
from tenuto.engines.config import EngineConfig
from tenuto.engines.remote import quoted

INSTALL = "pip install 'tenuto[openai]'"
# Given outright: the client would take OPENAI_BASE_URL from the environment, which may well be this very server.
ADDRESS = "https://api.openai.com/v1"
NO_KEY = "none"


def key_of(config: EngineConfig) -> str:
    """The key; a server without keys gets a word."""
    return config.openai_api_key or NO_KEY


def make_client(config: EngineConfig) -> Any:
    """The client; it never tries again by itself, as that would be a second bill nobody hears of."""
    import openai  # noqa: PLC0415 - half a second, and an extra

    return openai.OpenAI(
        api_key=key_of(config),
        base_url=config.openai_base_url or ADDRESS,
        timeout=config.remote_timeout_seconds,
        max_retries=0,
    )


def report_of(name: str, config: EngineConfig, model: str) -> EngineReport:
    """Say whether the package is here and a key is set; asks nobody."""
    if importlib.util.find_spec("openai") is None:
        return EngineReport(name, ready=False, detail=f"The client is not installed; install it: {INSTALL}.")
    if not config.openai_api_key and not config.openai_base_url:
        detail = "No key is set: give TENUTO_OPENAI_API_KEY, or TENUTO_OPENAI_BASE_URL of a server without keys."
        return EngineReport(name, ready=False, detail=detail)
    where = quoted(config.openai_base_url, config.openai_api_key) or "OpenAI"
    detail = f"openai {importlib.metadata.version('openai')}, calls {where}; each call is paid."
    return EngineReport(name, ready=True, detail=detail, model=model, licence="service")
