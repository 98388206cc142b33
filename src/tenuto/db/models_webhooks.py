"""Tables of webhooks: where to call, and what still has to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tenuto.db.base import OwnedRow, new_uid, now


class WebhookRow(OwnedRow):
    """An address somebody wants to be called at."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_owner_id_id", "owner_id", "id"),)

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(200))
    old_secret: Mapped[str | None] = mapped_column(String(200), default=None)  # signs as well for a while
    old_secret_until: Mapped[datetime | None] = mapped_column(default=None)
    events: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    paused_until: Mapped[datetime | None] = mapped_column(default=None)  # after a failure nothing is sent until then
    disabled_reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class DeliveryRow(OwnedRow):
    """The outbox: written in the transaction of the change it tells of, and sent until it arrives or is given up."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'delivered', 'failed')", name="known_status"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index("ix_webhook_deliveries_webhook_id_status_next_at", "webhook_id", "status", "next_at"),
        Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(40))  # job.completed, job.failed ...
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(20), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    response_status: Mapped[int | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)
