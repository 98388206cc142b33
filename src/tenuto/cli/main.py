"""The command `tenuto`: the version at once, everything else through the Typer application."""

from __future__ import annotations

import os
import sys
from types import TracebackType

from tenuto import __version__


def main() -> None:
    """Run what was typed, and end with an exit code that tells how it went."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"tenuto {__version__}")
        return
    sys.excepthook = _tell_briefly
    from tenuto.cli.app import command

    try:
        command(prog_name="tenuto")
    except SystemExit as done:
        if "tenuto.worker.main" in sys.modules:
            # Threads of a worker in this process may still wait for something; nothing of theirs is wanted.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(done.code if isinstance(done.code, int) else 1)
        raise


def _tell_briefly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody foresaw is told in one line; the traceback is for those who ask."""
    from tenuto.cli.failure import debugging

    if debugging.get():
        sys.__excepthook__(kind, error, trace)
    else:
        message = f"tenuto: an error in tenuto itself ended this ({kind.__name__}: {error})."
        print(f"{message} Run `tenuto --debug …` to see where.", file=sys.stderr)
