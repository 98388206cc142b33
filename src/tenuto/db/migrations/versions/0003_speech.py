"""Speech, whole: edits, lexicons, known voices, usage and budgets, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _money()
    _usage()
    _speech()
    _edits()
    _webhooks()
    _columns()
    op.create_table(
        "paces",
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("engine", name=op.f("pk_paces")),
    )


def _money() -> None:
    """Budgets, what was spent and what is set aside."""
    op.create_table(
        "budgets",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("limit_micros", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("period IN ('day', 'month', 'total')", name=op.f("ck_budgets_known_period")),
        sa.CheckConstraint("limit_micros >= 0", name=op.f("ck_budgets_limit_not_negative")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_budgets_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
        sa.UniqueConstraint("owner_id", "period", "engine", name=op.f("uq_budgets_owner_id_period_engine")),
        sa.UniqueConstraint("uid", name=op.f("uq_budgets_uid")),
    )
    op.create_table(
        "spending",
        sa.Column("period_key", sa.String(length=20), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("reserved_micros", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("spent_micros >= 0 AND reserved_micros >= 0", name=op.f("ck_spending_not_negative")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_spending_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spending")),
        sa.UniqueConstraint("owner_id", "period_key", "engine", name=op.f("uq_spending_owner_id_period_key_engine")),
    )
    op.create_table(
        "reservations",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period_key", sa.String(length=20), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("micros >= 0", name=op.f("ck_reservations_not_negative")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_reservations_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_reservations_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("job_id", "period_key", "engine", name=op.f("uq_reservations_job_id_period_key_engine")),
    )


def _usage() -> None:
    """What each call used."""
    op.create_table(
        "usage",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("job_uid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("audio_ms", sa.BigInteger(), nullable=False),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("cost_micros >= 0", name=op.f("ck_usage_cost_not_negative")),
        sa.CheckConstraint("requests >= 0 AND audio_ms >= 0 AND characters >= 0", name=op.f("ck_usage_not_negative")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_usage_job_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_usage_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
        sa.UniqueConstraint("owner_id", "job_uid", "step", "part", name=op.f("uq_usage_owner_id_job_uid_step_part")),
    )
    op.create_index(op.f("ix_usage_job_id"), "usage", ["job_id"], unique=False)
    op.create_index("ix_usage_owner_id_day_id", "usage", ["owner_id", "day", "id"], unique=False)


def _speech() -> None:
    """Known voices and lexicons."""
    op.create_table(
        "known_voices",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("voice", sa.LargeBinary(), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=False),
        sa.Column("speech_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("recordings > 0 AND speech_ms >= 0", name=op.f("ck_known_voices_heard_somewhere")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_known_voices_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_voices")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_known_voices_owner_id_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_known_voices_uid")),
    )
    op.create_index("ix_known_voices_owner_id_id", "known_voices", ["owner_id", "id"], unique=False)
    op.create_table(
        "lexicons",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_lexicons_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicons")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_lexicons_owner_id_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_lexicons_uid")),
    )
    op.create_table(
        "lexicon_rules",
        sa.Column("lexicon_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("replacement", sa.Text(), nullable=False),
        sa.Column("match_case", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('word', 'part', 'regex')", name=op.f("ck_lexicon_rules_known_kind")),
        sa.ForeignKeyConstraint(
            ["lexicon_id"], ["lexicons.id"], name=op.f("fk_lexicon_rules_lexicon_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_lexicon_rules_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_rules")),
        sa.UniqueConstraint("lexicon_id", "position", name=op.f("uq_lexicon_rules_lexicon_id_position")),
    )


def _edits() -> None:
    """The history of transcripts."""
    op.create_table(
        "transcript_edits",
        sa.Column("transcript_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_transcript_edits_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name=op.f("fk_transcript_edits_transcript_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript_edits")),
        sa.UniqueConstraint("transcript_id", "number", name=op.f("uq_transcript_edits_transcript_id_number")),
    )


def _webhooks() -> None:
    """Addresses, and the outbox."""
    op.create_table(
        "webhooks",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("old_secret", sa.String(length=200), nullable=True),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_webhooks_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("uid", name=op.f("uq_webhooks_uid")),
    )
    op.create_index("ix_webhooks_owner_id_id", "webhooks", ["owner_id", "id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("webhook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_known_status")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_deliveries_attempts_not_negative")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_webhook_deliveries_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("uid", name=op.f("uq_webhook_deliveries_uid")),
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id_status_next_at",
        "webhook_deliveries",
        ["webhook_id", "status", "next_at"],
        unique=False,
    )
    op.create_index("ix_webhook_deliveries_webhook_id_id", "webhook_deliveries", ["webhook_id", "id"], unique=False)


def _columns() -> None:
    """What the older tables learn."""
    op.add_column("jobs", sa.Column("cost_estimate_micros", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("cost_micros", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("segments", sa.Column("flags", sa.JSON(), nullable=True))
    op.add_column("speakers", sa.Column("voice", sa.LargeBinary(), nullable=True))
    op.add_column("speakers", sa.Column("voice_model", sa.String(length=60), nullable=True))
    op.add_column("speakers", sa.Column("known_voice_uid", sa.String(length=36), nullable=True))
    op.add_column("workers", sa.Column("judging_until", sa.Float(), server_default="0", nullable=False))
    op.add_column("transcripts", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Go back; edits, lexicons, voices, usage and webhooks are gone, transcripts stay as they were last."""
    op.drop_table("paces")
    op.drop_column("workers", "judging_until")
    op.drop_column("transcripts", "revision")
    op.drop_column("speakers", "known_voice_uid")
    op.drop_column("speakers", "voice_model")
    op.drop_column("speakers", "voice")
    op.drop_column("segments", "flags")
    op.drop_column("jobs", "cost_micros")
    op.drop_column("jobs", "cost_estimate_micros")
    op.drop_table("transcript_edits")
    op.drop_index("ix_usage_owner_id_day_id", table_name="usage")
    op.drop_index(op.f("ix_usage_job_id"), table_name="usage")
    op.drop_table("usage")
    op.drop_index("ix_webhook_deliveries_webhook_id_id", table_name="webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_webhook_id_status_next_at", table_name="webhook_deliveries")
    op.drop_table("webhook_deliveries")
    op.drop_table("lexicon_rules")
    op.drop_index("ix_webhooks_owner_id_id", table_name="webhooks")
    op.drop_table("webhooks")
    op.drop_table("reservations")
    op.drop_table("spending")
    op.drop_table("lexicons")
    op.drop_index("ix_known_voices_owner_id_id", table_name="known_voices")
    op.drop_table("known_voices")
    op.drop_table("budgets")
