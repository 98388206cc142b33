"""Shapes of webhooks and of what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from tenuto.api.schemas import Given, Shown

Event = Literal["job.queued", "job.started", "job.completed", "job.failed", "job.cancelled"]


class WebhookIn(Given):
    """An address to call, and which events it is told; none named means how jobs end."""

    url: str = Field(max_length=2000)
    events: list[Event] = Field([], max_length=20)


class WebhookChangeIn(Given):
    """What to change about a webhook."""

    url: str | None = Field(None, max_length=2000)
    events: list[Event] | None = Field(None, max_length=20)
    is_active: bool | None = None


class RotateIn(Given):
    """For how long the old secret signs beside the new one."""

    keep_old_hours: float = Field(default=24, ge=0, le=168)


class WebhookOut(Shown):
    """A webhook; its secret is not told again."""

    id: str = Field(validation_alias="uid")
    url: str
    events: list[str]
    is_active: bool
    failures: int = Field(description="in a row")
    disabled_reason: str
    paused_until: datetime | None
    old_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookOut):
    """A webhook with its new secret, which is told this once."""

    secret: str


class WebhookList(Shown):
    """A page of webhooks."""

    items: list[WebhookOut]
    next_cursor: str | None


class DeliveryOut(Shown):
    """One event for one webhook, and whether it arrived."""

    id: str = Field(validation_alias="uid")
    event: str
    status: Literal["waiting", "delivered", "failed"]
    attempts: int
    next_at: datetime | None = None
    response_status: int | None
    error: str
    payload: dict[str, Any]
    created_at: datetime
    delivered_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> DeliveryOut:
        """Read a row; what no longer waits has no next time."""
        shown = cls.model_validate(row)
        return shown if shown.status == "waiting" else shown.model_copy(update={"next_at": None})


class DeliveryList(Shown):
    """A page of deliveries."""

    items: list[DeliveryOut]
    next_cursor: str | None
