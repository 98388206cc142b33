"""Songs: the library, lyrics, and the words they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TERM = sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward."""
    _songs()
    _song_jobs()
    _song_lyrics()
    _song_terms()


def _songs() -> None:
    """The library."""
    op.create_table(
        "songs",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum("youtube", "upload", "local", name="source", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("youtube_id", sa.String(length=20), nullable=True),
        sa.Column("local_path", sa.Text(), nullable=True),
        sa.Column("file_id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("tempo_bpm", sa.Float(), nullable=True),
        sa.Column("music_key", sa.String(length=20), nullable=True),
        sa.Column("loudness_lufs", sa.Float(), nullable=True),
        sa.Column("true_peak_db", sa.Float(), nullable=True),
        sa.Column("separation", sa.JSON(), nullable=False),
        sa.Column("analysis", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("source <> 'youtube' OR youtube_id IS NOT NULL", name=op.f("ck_songs_youtube_has_id")),
        sa.CheckConstraint("title <> '' AND artist <> ''", name=op.f("ck_songs_has_names")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_songs_file_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_songs_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_songs")),
        sa.UniqueConstraint("file_id", name=op.f("uq_songs_file_id")),
        sa.UniqueConstraint("owner_id", "sha256", name=op.f("uq_songs_owner_id_sha256")),
        sa.UniqueConstraint("owner_id", "youtube_id", name=op.f("uq_songs_owner_id_youtube_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_songs_uid")),
    )
    op.create_index("ix_songs_owner_id_id", "songs", ["owner_id", "id"], unique=False)
    op.create_index("ix_songs_owner_id_source_id", "songs", ["owner_id", "source", "id"], unique=False)


def _song_jobs() -> None:
    """Which job is about which song."""
    op.create_table(
        "song_jobs",
        sa.Column("song_id", BIG_ID, nullable=False),
        sa.Column("job_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_song_jobs_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_song_jobs_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name=op.f("fk_song_jobs_song_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_song_jobs")),
        sa.UniqueConstraint("job_id", name=op.f("uq_song_jobs_job_id")),
    )
    op.create_index("ix_song_jobs_song_id_job_id", "song_jobs", ["song_id", "job_id"], unique=False)


def _song_lyrics() -> None:
    """The words of a song."""
    op.create_table(
        "song_lyrics",
        sa.Column("song_id", BIG_ID, nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("offset_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_song_lyrics_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name=op.f("fk_song_lyrics_song_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_song_lyrics")),
        sa.UniqueConstraint("song_id", name=op.f("uq_song_lyrics_song_id")),
    )


def _song_terms() -> None:
    """The words a song is found by."""
    op.create_table(
        "song_terms",
        sa.Column("song_id", BIG_ID, nullable=False),
        sa.Column("term", TERM, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_song_terms_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name=op.f("fk_song_terms_song_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_song_terms")),
        sa.UniqueConstraint("song_id", "term", name=op.f("uq_song_terms_song_id_term")),
    )
    op.create_index("ix_song_terms_owner_id_term_song_id", "song_terms", ["owner_id", "term", "song_id"], unique=False)


def downgrade() -> None:
    """Go back; the library is gone, its recordings stay as files."""
    op.drop_index("ix_song_terms_owner_id_term_song_id", table_name="song_terms")
    op.drop_table("song_terms")
    op.drop_table("song_lyrics")
    op.drop_index("ix_song_jobs_song_id_job_id", table_name="song_jobs")
    op.drop_table("song_jobs")
    op.drop_index("ix_songs_owner_id_source_id", table_name="songs")
    op.drop_index("ix_songs_owner_id_id", table_name="songs")
    op.drop_table("songs")
