"""Webhooks and their outbox: what happened is written down with the change, and taken out by one sender at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from tenuto.db.models import DeliveryRow, JobRow, WebhookRow, new_uid, now
from tenuto.db.repository import Page, Repository
from tenuto.domain.webhooks import EVENTS, wants

BATCH = 1000


def tell(session: Session, job: JobRow) -> None:
    """Write down for each webhook that asked for it what became of the job."""
    event = EVENTS.get(job.status)
    if event is None:
        return
    # Locked against deletion only: a webhook that went a moment before the row that names it would fail the job's move.
    listening = (
        select(WebhookRow.id, WebhookRow.events)
        .where(WebhookRow.owner_id == job.owner_id, WebhookRow.is_active)
        .with_for_update(read=True, key_share=True)
    )
    for webhook_id, events in session.execute(listening).all():
        if wants(events, event):
            session.add(new_delivery(job.owner_id, webhook_id, event, {"job": _shown(job)}))
    session.flush()


def new_delivery(owner_id: int, webhook_id: int, event: str, data: dict[str, Any]) -> DeliveryRow:
    """A row of the outbox; the payload is complete, so that every attempt sends the same bytes."""
    uid, moment = new_uid(), now()
    payload = {"id": uid, "event": event, "created_at": moment.isoformat(), "data": data}
    return DeliveryRow(
        uid=uid,
        owner_id=owner_id,
        webhook_id=webhook_id,
        event=event,
        payload=payload,
        created_at=moment,
        next_at=moment,
    )


def _shown(job: JobRow) -> dict[str, Any]:
    """What the outside may know of a job: nothing of its contents."""
    return {
        "id": job.uid,
        "kind": job.kind,
        "status": job.status.value,
        "engine": job.engine,
        "attempts": job.attempts,
        "error_code": job.error_code,
        "created_at": _text(job.created_at),
        "started_at": _text(job.started_at),
        "completed_at": _text(job.completed_at),
        "url": f"/api/jobs/{job.uid}",
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


class WebhookRepository(Repository[WebhookRow]):
    """Addresses that want to be called."""

    model = WebhookRow
    noun = "webhook"

    def count(self) -> int:
        """How many there are."""
        return self.session.scalar(select(func.count()).select_from(WebhookRow)) or 0

    def due(self, moment: datetime) -> Sequence[int]:
        """Webhooks for which something waits now."""
        waiting = exists().where(DeliveryRow.webhook_id == WebhookRow.id, *_due(moment))
        wanted = select(WebhookRow.id).where(*_open(moment), waiting)
        return self.session.scalars(wanted).all()

    def note_success(self, webhook_id: int) -> None:
        """The receiver answers; what it failed before is forgotten."""
        failed = or_(WebhookRow.failures > 0, WebhookRow.paused_until.is_not(None))
        statement = update(WebhookRow).where(WebhookRow.id == webhook_id, failed).values(failures=0, paused_until=None)
        self.session.execute(statement.execution_options(synchronize_session=False))

    def note_failure(self, webhook_id: int) -> int | None:
        """Count one more failure in a row and return how many there are; None when the webhook is gone."""
        statement = update(WebhookRow).where(WebhookRow.id == webhook_id).values(failures=WebhookRow.failures + 1)
        counted = statement.returning(WebhookRow.failures).execution_options(synchronize_session=False)
        return self.session.scalars(counted).one_or_none()

    def forget_old_secrets(self, moment: datetime) -> None:
        """Drop secrets that were replaced and whose time is over."""
        over = update(WebhookRow).where(WebhookRow.old_secret_until < moment)
        dropped = over.values(old_secret=None, old_secret_until=None)
        self.session.execute(dropped.execution_options(synchronize_session=False))

    def change(self, webhook_id: int, **values: Any) -> None:
        """Set columns, whoever changed others meanwhile."""
        statement = update(WebhookRow).where(WebhookRow.id == webhook_id).values(**values)
        self.session.execute(statement.execution_options(synchronize_session=False))


class DeliveryRepository(Repository[DeliveryRow]):
    """The outbox."""

    model = DeliveryRow
    noun = "delivery"

    def of_webhook(self, webhook: WebhookRow, *, status: str = "", limit: int, cursor: str | None) -> Page[DeliveryRow]:
        """One page of what was or will be sent to a webhook, newest first."""
        conditions = [DeliveryRow.webhook_id == webhook.id]
        if status:
            conditions.append(DeliveryRow.status == status)
        return self.get_all(*conditions, limit=limit, cursor=cursor)

    def claim(self, webhook_id: int, moment: datetime, lease_until: datetime) -> tuple[WebhookRow, DeliveryRow] | None:
        """Take the next delivery of a webhook; until the lease is over nobody else does."""
        webhook = self.session.scalars(
            select(WebhookRow).where(WebhookRow.id == webhook_id, *_open(moment))
        ).one_or_none()
        if webhook is None:
            return None
        next_one = (
            select(DeliveryRow)
            .where(DeliveryRow.webhook_id == webhook_id, *_due(moment))
            .order_by(DeliveryRow.next_at, DeliveryRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self.session.scalars(next_one).one_or_none()
        return None if row is None else (webhook, self.update(row, attempts=row.attempts + 1, next_at=lease_until))

    def note_delivered(self, row: DeliveryRow, response_status: int, moment: datetime) -> None:
        """It arrived, also when the lease was over meanwhile."""
        values = {"status": "delivered", "response_status": response_status, "error": "", "delivered_at": moment}
        self._settle(row, DeliveryRow.status == "waiting", **values)

    def note_missed(
        self, row: DeliveryRow, error: str, response_status: int | None, *, next_at: datetime | None
    ) -> None:
        """It did not arrive; without a next time it is given up. Only the latest attempt has a say."""
        values: dict[str, Any] = {"error": error, "response_status": response_status}
        values |= {"status": "failed"} if next_at is None else {"next_at": next_at}
        self._settle(row, DeliveryRow.status == "waiting", DeliveryRow.attempts == row.attempts, **values)

    def _settle(self, row: DeliveryRow, *conditions: ColumnElement[bool], **values: Any) -> None:
        statement = update(DeliveryRow).where(DeliveryRow.id == row.id, *conditions).values(**values)
        self.session.execute(statement.execution_options(synchronize_session=False))

    def forget_before(self, moment: datetime) -> int:
        """Remove up to a thousand of the oldest rows from before a moment; return how many."""
        old = select(DeliveryRow.id).where(DeliveryRow.created_at < moment).order_by(DeliveryRow.id).limit(BATCH)
        found = self.session.scalars(old).all()
        statement = delete(DeliveryRow).where(DeliveryRow.id.in_(found))
        self.session.execute(statement.execution_options(synchronize_session=False))
        return len(found)


def _open(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Webhooks that are on and not resting."""
    rested = or_(WebhookRow.paused_until.is_(None), WebhookRow.paused_until <= moment)
    return (WebhookRow.is_active.is_(True), rested)


def _due(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Deliveries whose time has come."""
    return (DeliveryRow.status == "waiting", DeliveryRow.next_at <= moment)
