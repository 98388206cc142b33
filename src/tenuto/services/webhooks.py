"""WebhookService: addresses that are told what becomes of an owner's jobs, and what was told them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tenuto import errors
from tenuto.db.models import DeliveryRow, WebhookRow, now
from tenuto.db.repository import Page
from tenuto.db.webhooks import new_delivery
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.webhooks import EVENTS, TEST
from tenuto.outside.calls import Caller

MOST = 50  # A job's change of status writes a row for each.
SECRET_PREFIX = "whsec_"  # noqa: S105 - tells people what they look at


@dataclass(frozen=True)
class WebhookChange:
    """What to change; None leaves a thing as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    is_active: bool | None = None


class WebhookService:
    """The doors' side of webhooks."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.database, self.caller = database, caller

    def create(self, owner_id: int, url: str, events: Sequence[str] = ()) -> WebhookRow:
        """Add an address; its secret is in the row and is told this once."""
        self._check_url(url)
        row = WebhookRow(url=url, events=check_events(events), secret=new_secret())
        with self.database.unit_of_work(owner_id) as work:
            if work.webhooks.count() >= MOST:
                raise errors.ConflictError(f"There are {MOST} webhooks already, which is as many as may be.")
            return work.webhooks.add(row)

    def get(self, owner_id: int, uid: str) -> WebhookRow:
        """One webhook."""
        with self.database.reading(owner_id) as work:
            return work.webhooks.get_by_id(uid)

    def get_all(self, owner_id: int, *, limit: int = 50, cursor: str | None = None) -> Page[WebhookRow]:
        """A page of webhooks, newest first."""
        with self.database.browsing(owner_id) as work:
            return work.webhooks.get_all(limit=limit, cursor=cursor)

    def change(self, owner_id: int, uid: str, change: WebhookChange) -> WebhookRow:
        """Change an address or what it hears; one that is switched on, or moved, begins with a clean record."""
        values: dict[str, Any] = {"updated_at": now()}
        if change.url is not None:
            self._check_url(change.url)
            values["url"] = change.url
        if change.events is not None:
            values["events"] = check_events(change.events)
        if change.is_active is not None:
            values["is_active"] = change.is_active
        if change.is_active or change.url is not None:
            values |= {"failures": 0, "paused_until": None, "disabled_reason": ""}
        with self.database.unit_of_work(owner_id) as work:
            return work.webhooks.update(work.webhooks.get_by_id(uid), **values)

    def _check_url(self, url: str) -> None:
        try:
            self.caller.check(url)
        except errors.ServiceError as error:  # The name was not found: for a caller that is a mistake in the request.
            raise errors.ForbiddenAddress(error.message) from error

    def delete(self, owner_id: int, uid: str) -> None:
        """Remove a webhook with all that was or is to be sent to it."""
        with self.database.unit_of_work(owner_id) as work:
            work.webhooks.delete(work.webhooks.get_by_id(uid))

    def rotate(self, owner_id: int, uid: str, *, keep_old_hours: float = 24) -> WebhookRow:
        """Give a webhook another secret; the old one signs beside it for some hours."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.webhooks.get_by_id(uid)
            kept = row.secret if keep_old_hours else None
            until = now() + timedelta(hours=keep_old_hours) if kept else None
            return work.webhooks.update(
                row, secret=new_secret(), old_secret=kept, old_secret_until=until, updated_at=now()
            )

    def test(self, owner_id: int, uid: str) -> DeliveryRow:
        """Send an event that says nothing, so that a receiver can be tried."""
        with self.database.unit_of_work(owner_id) as work:
            webhook = work.webhooks.get_by_id(uid)
            if not webhook.is_active:
                raise errors.ConflictError(f"Webhook {uid} is switched off; switch it on first.")
            work.webhooks.update(webhook, paused_until=None)
            return work.deliveries.add(new_delivery(owner_id, webhook.id, TEST, {"webhook": {"id": uid}}))

    def deliveries(
        self, owner_id: int, uid: str, *, status: str = "", limit: int = 50, cursor: str | None = None
    ) -> Page[DeliveryRow]:
        """A page of what was or will be sent to a webhook, newest first."""
        with self.database.browsing(owner_id) as work:
            webhook = work.webhooks.get_by_id(uid)
            return work.deliveries.of_webhook(webhook, status=status, limit=limit, cursor=cursor)

    def retry(self, owner_id: int, uid: str, delivery_uid: str) -> DeliveryRow:
        """Send a delivery again now, whatever became of it."""
        with self.database.unit_of_work(owner_id) as work:
            webhook, row = self._delivery(work, uid, delivery_uid)
            if not webhook.is_active:
                raise errors.ConflictError(f"Webhook {uid} is switched off; switch it on first.")
            work.webhooks.update(webhook, paused_until=None)
            values: dict[str, Any] = {"next_at": now()}
            if row.status != "waiting":
                values |= {"status": "waiting", "attempts": 0, "error": "", "delivered_at": None}
            return work.deliveries.update(row, **values)

    def _delivery(self, work: UnitOfWork, uid: str, delivery_uid: str) -> tuple[WebhookRow, DeliveryRow]:
        webhook, row = work.webhooks.get_by_id(uid), work.deliveries.get_by_id(delivery_uid)
        if row.webhook_id != webhook.id:
            raise errors.NotFound(f"There is no delivery {delivery_uid!r} of this webhook.")
        return webhook, row


def check_events(events: Sequence[str]) -> list[str]:
    """The events in one order, each once; an unknown one is refused."""
    known = list(EVENTS.values())
    for event in events:
        if event not in known:
            raise errors.ValidationError(f"There is no event {event[:60]!r}; choose from: {', '.join(known)}.")
    return [event for event in known if event in events]


def new_secret() -> str:
    """A secret nobody can guess."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)
