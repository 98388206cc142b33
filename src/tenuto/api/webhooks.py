"""/api/webhooks: who is called when something became of a job, and what they were told."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from tenuto.api.bodies import StrictRoute
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas_webhooks import (
    DeliveryList,
    DeliveryOut,
    RotateIn,
    WebhookChangeIn,
    WebhookIn,
    WebhookList,
    WebhookOut,
    WebhookWithSecret,
)
from tenuto.services.webhooks import WebhookChange

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], route_class=StrictRoute)


@router.post("", status_code=201)
def add_webhook(given: WebhookIn, response: Response, house: House, owner: Owner) -> WebhookWithSecret:
    """Have an address called when something becomes of a job; the answer alone tells the secret."""
    row = house.webhooks.create(owner, given.url, given.events)
    response.headers["Location"] = f"/api/webhooks/{row.uid}"
    return WebhookWithSecret.model_validate(row)


@router.get("")
def list_webhooks(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> WebhookList:
    """Webhooks, newest first."""
    page = house.webhooks.get_all(owner, limit=limit, cursor=cursor)
    return WebhookList(items=[WebhookOut.model_validate(row) for row in page.rows], next_cursor=page.next_cursor)


@router.get("/{uid}")
def get_webhook(uid: Uid, house: House, owner: Owner) -> WebhookOut:
    """One webhook."""
    return WebhookOut.model_validate(house.webhooks.get(owner, uid))


@router.patch("/{uid}")
def change_webhook(uid: Uid, given: WebhookChangeIn, house: House, owner: Owner) -> WebhookOut:
    """Change address or events, or switch it on or off."""
    change = WebhookChange(url=given.url, events=given.events, is_active=given.is_active)
    return WebhookOut.model_validate(house.webhooks.change(owner, uid, change))


@router.delete("/{uid}", status_code=204)
def delete_webhook(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a webhook with its deliveries."""
    house.webhooks.delete(owner, uid)


@router.post("/{uid}/rotate")
def rotate_secret(uid: Uid, house: House, owner: Owner, given: RotateIn | None = None) -> WebhookWithSecret:
    """Give it another secret; until the old one's hours are over both sign."""
    hours = (given or RotateIn()).keep_old_hours
    return WebhookWithSecret.model_validate(house.webhooks.rotate(owner, uid, keep_old_hours=hours))


@router.post("/{uid}/test", status_code=202)
def test_webhook(uid: Uid, house: House, owner: Owner) -> DeliveryOut:
    """Have a worker send it `webhook.test`."""
    return DeliveryOut.of(house.webhooks.test(owner, uid))


@router.get("/{uid}/deliveries")
def list_deliveries(
    uid: Uid,
    house: House,
    owner: Owner,
    *,
    status: Literal["waiting", "delivered", "failed"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryList:
    """What was or will be sent to it, newest first."""
    page = house.webhooks.deliveries(owner, uid, status=status or "", limit=limit, cursor=cursor)
    return DeliveryList(items=[DeliveryOut.of(row) for row in page.rows], next_cursor=page.next_cursor)


@router.post("/{uid}/deliveries/{delivery}/retry", status_code=202)
def retry_delivery(uid: Uid, delivery: Uid, house: House, owner: Owner) -> DeliveryOut:
    """Send a delivery again, whatever became of it."""
    return DeliveryOut.of(house.webhooks.retry(owner, uid, delivery))
