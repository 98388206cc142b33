"""Tables of usage and money. Amounts are millionths of the currency of the settings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenuto.db.base import OwnedRow, new_uid, now


class UsageRow(OwnedRow):
    """What one call of an engine used; the unique key is what makes it count once."""

    __tablename__ = "usage"
    __table_args__ = (
        UniqueConstraint("owner_id", "job_uid", "step", "part"),
        CheckConstraint("requests >= 0 AND audio_ms >= 0 AND characters >= 0", name="not_negative"),
        CheckConstraint("cost_micros >= 0", name="cost_not_negative"),
        Index("ix_usage_owner_id_day_id", "owner_id", "day", "id"),
    )

    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), default=None, index=True)
    job_uid: Mapped[str] = mapped_column(String(36))  # stays when the job is deleted: money that was spent is not
    kind: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(60))
    part: Mapped[int]
    engine: Mapped[str] = mapped_column(String(60))
    model: Mapped[str] = mapped_column(String(300), default="")
    day: Mapped[date] = mapped_column(Date)
    requests: Mapped[int] = mapped_column(default=1)
    audio_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    characters: Mapped[int] = mapped_column(BigInteger, default=0)
    cost_micros: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class BudgetRow(OwnedRow):
    """How much an owner may spend in a time, with one engine or with all."""

    __tablename__ = "budgets"
    __table_args__ = (
        UniqueConstraint("owner_id", "period", "engine"),
        CheckConstraint("period IN ('day', 'month', 'total')", name="known_period"),
        CheckConstraint("limit_micros >= 0", name="limit_not_negative"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    period: Mapped[str] = mapped_column(String(10))
    engine: Mapped[str] = mapped_column(String(60), default="")  # empty for all
    limit_micros: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SpendingRow(OwnedRow):
    """What a time has cost and what unfinished jobs have set aside of it; kept whether there is a budget or not."""

    __tablename__ = "spending"
    __table_args__ = (
        UniqueConstraint("owner_id", "period_key", "engine"),
        CheckConstraint("spent_micros >= 0 AND reserved_micros >= 0", name="not_negative"),
    )

    period_key: Mapped[str] = mapped_column(String(20))  # 2026-11-21, 2026-11, total
    engine: Mapped[str] = mapped_column(String(60), default="")
    spent_micros: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved_micros: Mapped[int] = mapped_column(BigInteger, default=0)


class ReservationRow(OwnedRow):
    """What one unfinished job has set aside of one row of spending; gone when the job ends."""

    __tablename__ = "reservations"
    __table_args__ = (
        UniqueConstraint("job_id", "period_key", "engine"),
        CheckConstraint("micros >= 0", name="not_negative"),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    period_key: Mapped[str] = mapped_column(String(20))
    engine: Mapped[str] = mapped_column(String(60), default="")
    micros: Mapped[int] = mapped_column(BigInteger, default=0)
