"""How errors are told: what happened, to what, what to do, on standard error; the exit code says which kind."""

from __future__ import annotations

import json
import sys
import traceback
from contextvars import ContextVar
from typing import Any

import typer
from typer.core import TyperGroup

from tenuto import errors

FAILED, REFUSED, INTERRUPTED = 1, 3, 130
REFUSALS = (errors.RejectedFile, errors.ValidationError, errors.NotFound, errors.BudgetExceeded)

debugging: ContextVar[bool] = ContextVar("debugging", default=False)
wants_json: ContextVar[bool] = ContextVar("wants_json", default=False)


def exit_code(error: errors.TenutoError) -> int:
    """3 when what was given cannot be taken, 1 when something failed."""
    return REFUSED if isinstance(error, REFUSALS) else FAILED


def tell(error: errors.TenutoError, *, about: str = "") -> None:
    """Say what went wrong."""
    named = not about or error.message.startswith(about)
    message = error.message if named else f"{about}: {error.message}"
    if wants_json.get():
        problem = {"code": error.code, "message": error.message, **({"about": about} if about else {})}
        print(json.dumps({"error": problem}, ensure_ascii=False), file=sys.stderr)
        return
    cause = error.details.get("cause")
    print(f"tenuto: {message}" + (f" ({cause})" if cause else ""), file=sys.stderr)


class GuardedGroup(TyperGroup):
    """The root of all commands, where errors become words and exit codes."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run one command line; what it asked of its errors ends with it."""
        asked = wants_json.set(False)
        try:
            return super().main(*args, **kwargs)
        finally:
            wants_json.reset(asked)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except errors.TenutoError as error:
            _trace()
            tell(error)
            raise typer.Exit(exit_code(error)) from None
        except BrokenPipeError:
            raise  # Typer ends quietly when the reader of a pipe has gone.
        except OSError as error:
            _trace()
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            print(f"tenuto: {what}", file=sys.stderr)
            raise typer.Exit(FAILED) from None


def _trace() -> None:
    if debugging.get():
        traceback.print_exc()
