"""Calls into the sandbox: what a child may use, what is left behind when it fails, and whose fault that was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.children import ChildPool
from tenuto.domain.media import MediaLimits

PROBE_CPU_SECONDS = 8
WALL_PER_CPU = 6
# How a process ends that a file has crashed or that ran into its own limits. Not SIGKILL: that is us or the kernel.
ITS_OWN_FAULT = {"SIGXCPU", "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP", "SIGXFSZ"}


class SandboxCalls:
    """Calls the functions of sandbox modules in children."""

    def __init__(self, pool: ChildPool, limits: MediaLimits, others: Mapping[str, ChildPool] | None = None) -> None:
        """`others` are the pools of modules that need another room than the sandbox's."""
        self._pool, self._limits, self._others = pool, limits, others or {}

    def _call(
        self,
        name: str,
        source: Path,
        target: Path | None = None,
        *,
        cpu_seconds: int,
        module: str = "sandbox",
        what: str = "recording",
        more: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        payload = {"source": str(source), "target": str(target), "limits": asdict(self._limits), **(more or {})}
        with or_nothing(target):
            try:
                return self._others.get(module, self._pool).call(
                    "media",
                    f"tenuto.media.{module}:{name}",
                    payload,
                    cpu_seconds=cpu_seconds,
                    timeout_seconds=cpu_seconds * WALL_PER_CPU,
                    **options,
                )
            except errors.EngineError as error:
                if _is_hostile(error):
                    raise errors.BrokenMedia(f"The {what} could not be opened safely: {error}") from error
                raise


@contextmanager
def or_nothing(target: Path | None) -> Iterator[None]:
    """Leave no half-written target behind, whatever happens."""
    try:
        yield
    except BaseException:
        if target is not None:
            target.unlink(missing_ok=True)
        raise


def _is_hostile(error: errors.EngineError) -> bool:
    """Whether the file, not this server, made the call fail."""
    if isinstance(error, errors.EngineCrashed):
        return error.details.get("signal") in ITS_OWN_FAULT
    return type(error) is errors.EngineError
