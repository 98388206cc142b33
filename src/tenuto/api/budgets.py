"""/api/budgets: how much may be spent."""

from __future__ import annotations

from fastapi import APIRouter

from tenuto.api.bodies import StrictRoute
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas_costs import BudgetIn, BudgetList, BudgetOut

router = APIRouter(prefix="/api/budgets", tags=["usage"], route_class=StrictRoute)


@router.get("")
def list_budgets(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> BudgetList:
    """Budgets and how they stand, newest first."""
    found, next_cursor = house.budgets.listed(owner, limit=limit, cursor=cursor)
    items = [BudgetOut.of(row, standing, house.settings.currency) for row, standing in found]
    return BudgetList(items=items, next_cursor=next_cursor)


@router.put("")
def put_budget(given: BudgetIn, house: House, owner: Owner) -> BudgetOut:
    """Set a budget, or change the one of that period and engine; what was spent in its time counts already."""
    row, standing = house.budgets.put(owner, given.period, given.engine, given.limit)
    return BudgetOut.of(row, standing, house.settings.currency)


@router.delete("/{uid}", status_code=204)
def delete_budget(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a budget."""
    house.budgets.delete(owner, uid)
