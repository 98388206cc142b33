"""Removing several things: one that cannot be removed keeps no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.failure import FAILED, exit_code, tell


def delete_each(ids: Sequence[str], delete: Callable[[str], object], noun: str, as_json: bool) -> None:
    """Remove each of them, tell what is gone and what is not, and fail if something is not."""
    gone, codes = [], []
    for each in ids:
        try:
            delete(each)
        except errors.TenutoError as error:
            tell(error, about=each)
            codes.append(exit_code(error))
        else:
            gone.append(each)
    show.deleted(gone, noun, as_json)
    if codes:
        raise typer.Exit(FAILED if FAILED in codes else codes[0])
