"""Whose things a request is about. Accounts will change this file and no route."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

BUILT_IN = 1  # The owner that every ledger is born with, for as long as there are no accounts.


async def owner_id() -> int:
    """The owner a request acts for."""
    return BUILT_IN


Owner = Annotated[int, Depends(owner_id)]
