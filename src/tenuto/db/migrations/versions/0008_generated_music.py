"""The ledger of generated music: prompts, how often they were used, and what was composed from them."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from tenuto.domain.songs import MAX_TERM, terms

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TERM = sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql")
COMPOSED = sa.text(
    "SELECT jobs.id, jobs.owner_id, jobs.options, jobs.engine, jobs.created_at, job_steps.result,"
    " job_steps.finished_at, artifacts.size_bytes FROM jobs"
    " LEFT JOIN job_steps ON job_steps.job_id = jobs.id AND job_steps.step = 'compose' AND job_steps.part = -1"
    " LEFT JOIN artifacts ON artifacts.job_id = jobs.id AND artifacts.kind = 'music'"
    " WHERE jobs.kind = 'compose' ORDER BY jobs.id"
).columns(
    options=sa.JSON(), result=sa.JSON(), created_at=sa.DateTime(timezone=True), finished_at=sa.DateTime(timezone=True)
)


def upgrade() -> None:
    """Go forward; jobs that composed before are written down as well."""
    prompts, prompt_terms, generations = _prompts(), _prompt_terms(), _generations()
    known: dict[tuple[int, str], int] = {}
    connection = op.get_bind()
    for job in connection.execute(COMPOSED).all():
        text = " ".join(job.options["prompt"].split())
        key = (job.owner_id, hashlib.sha256(text.encode()).hexdigest())
        if key in known:
            later = sa.case((prompts.c.last_used_at < job.created_at, job.created_at), else_=prompts.c.last_used_at)
            again = {"used_count": prompts.c.used_count + 1, "last_used_at": later}
            connection.execute(prompts.update().where(prompts.c.id == known[key]).values(again))
        else:
            known[key] = _add_prompt(prompts, prompt_terms, key, text, job.created_at)
        connection.execute(generations.insert().values(prompt_id=known[key], **_generation(job)))


def _prompts() -> sa.Table:
    """The texts."""
    table = op.create_table(
        "prompts",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("used_count", sa.BigInteger(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_prompts_has_text")),
        sa.CheckConstraint("used_count >= 1", name=op.f("ck_prompts_was_used")),
        sa.CheckConstraint("last_used_at >= first_used_at", name=op.f("ck_prompts_times_in_order")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_prompts_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompts")),
        sa.UniqueConstraint("owner_id", "text_sha256", name=op.f("uq_prompts_owner_id_text_sha256")),
        sa.UniqueConstraint("uid", name=op.f("uq_prompts_uid")),
    )
    op.create_index("ix_prompts_owner_id_id", "prompts", ["owner_id", "id"], unique=False)
    op.create_index("ix_prompts_owner_id_used_count_id", "prompts", ["owner_id", "used_count", "id"], unique=False)
    return table


def _prompt_terms() -> sa.Table:
    """The words a prompt is found by."""
    table = op.create_table(
        "prompt_terms",
        sa.Column("prompt_id", BIG_ID, nullable=False),
        sa.Column("term", TERM, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_prompt_terms_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_prompt_terms_prompt_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_terms")),
        sa.UniqueConstraint("prompt_id", "term", name=op.f("uq_prompt_terms_prompt_id_term")),
    )
    columns = ["owner_id", "term", "prompt_id"]
    op.create_index("ix_prompt_terms_owner_id_term_prompt_id", "prompt_terms", columns, unique=False)
    return table


def _generations() -> sa.Table:
    """What was composed."""
    moment = sa.DateTime(timezone=True)
    table = op.create_table(
        "generations",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("job_id", BIG_ID, nullable=False),
        sa.Column("prompt_id", BIG_ID, nullable=False),
        sa.Column("parent_uid", sa.String(length=36), nullable=True),
        sa.Column("take", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("licence", sa.String(length=300), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("sample_rate", sa.Integer(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("generation_ms", sa.BigInteger(), nullable=True),
        sa.Column("requested_bpm", sa.Float(), nullable=True),
        sa.Column("requested_key", sa.String(length=20), nullable=True),
        sa.Column("composed_bpm", sa.Float(), nullable=True),
        sa.Column("composed_key", sa.String(length=20), nullable=True),
        sa.Column("measured_bpm", sa.Float(), nullable=True),
        sa.Column("measured_key", sa.String(length=20), nullable=True),
        sa.Column("loudness_lufs", sa.Float(), nullable=True),
        sa.Column("true_peak_db", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("composed_at", moment, nullable=True),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        *_rules_of_generations(),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_generations_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_generations_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_generations_prompt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        sa.UniqueConstraint("job_id", name=op.f("uq_generations_job_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_generations_uid")),
    )
    for columns in (["owner_id", "job_id"], ["owner_id", "prompt_id", "job_id"], ["owner_id", "parent_uid"]):
        op.create_index(f"ix_generations_{'_'.join(columns)}", "generations", columns, unique=False)
    return table


def _rules_of_generations() -> list[sa.CheckConstraint]:
    rules = {
        "takes_begin_at_one": "take >= 1",
        "seed_not_negative": "seed >= 0",
        "sound": "seconds > 0 AND sample_rate > 0 AND channels > 0",
        "size_positive": "size_bytes > 0",
        "generation_time_not_negative": "generation_ms >= 0",
        "tempi_positive": "requested_bpm > 0 AND composed_bpm > 0 AND measured_bpm > 0",
        "composed_is_whole": (
            "(composed_at IS NULL) = (seconds IS NULL) AND (composed_at IS NULL) = (size_bytes IS NULL)"
        ),
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_generations_{name}")) for name, rule in rules.items()]


def _add_prompt(prompts: sa.Table, prompt_terms: sa.Table, key: tuple[int, str], text: str, moment: Any) -> int:
    owner_id, text_sha256 = key
    connection = op.get_bind()
    new = {"owner_id": owner_id, "uid": str(uuid4()), "text": text, "text_sha256": text_sha256, "used_count": 1}
    added = prompts.insert().values(**new, first_used_at=moment, last_used_at=moment).returning(prompts.c.id)
    prompt_id = int(connection.execute(added).scalar_one())
    found = dict.fromkeys(term[:MAX_TERM] for term in terms(text))
    if found:
        values = [{"owner_id": owner_id, "prompt_id": prompt_id, "term": term} for term in found]
        connection.execute(prompt_terms.insert(), values)
    return prompt_id


def _generation(job: Any) -> dict[str, Any]:
    """The row of a job that composed, or is yet to compose."""
    row = {
        "owner_id": job.owner_id,
        "uid": str(uuid4()),
        "job_id": job.id,
        "take": 1,
        "engine": job.engine,
        "model": "",
        "seed": job.options.get("seed"),
        "format": job.options.get("format", "wav"),
        "details": {},
        "created_at": job.created_at,
    }
    if job.result is None or job.size_bytes is None:
        return row
    made, composed, measured = job.result, job.result["composed"], job.result["measured"]
    same = {name: made[name] for name in ("engine", "model", "seed", "seconds", "sample_rate", "channels")}
    return {
        **row,
        **same,
        "size_bytes": job.size_bytes,
        "composed_bpm": composed["bpm"],
        "composed_key": composed["key"],
        "measured_bpm": measured["tempo_bpm"],
        "measured_key": measured["key"],
        "loudness_lufs": measured["loudness_lufs"],
        "true_peak_db": measured["true_peak_db"],
        "details": made,
        "composed_at": job.finished_at,
    }


def downgrade() -> None:
    """Go back; the jobs and the music they made stay."""
    op.drop_table("generations")
    op.drop_table("prompt_terms")
    op.drop_table("prompts")
