"""Tables of speech: edits of transcripts, lexicons, and voices with names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenuto.db.base import OwnedRow, new_uid, now


class TranscriptEditRow(OwnedRow):
    """One change of a transcript, with all that is needed to take it back."""

    __tablename__ = "transcript_edits"
    __table_args__ = (UniqueConstraint("transcript_id", "number"),)

    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))  # text, split, merge, speaker, lexicon, realign ...
    actor: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class LexiconRow(OwnedRow):
    """A named list of corrections."""

    __tablename__ = "lexicons"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(20), default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class LexiconRuleRow(OwnedRow):
    """One correction; rules of a lexicon apply in the order of their positions."""

    __tablename__ = "lexicon_rules"
    __table_args__ = (
        UniqueConstraint("lexicon_id", "position"),
        CheckConstraint("kind IN ('word', 'part', 'regex')", name="known_kind"),
    )

    lexicon_id: Mapped[int] = mapped_column(ForeignKey("lexicons.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20), default="word")  # whole words or phrases, parts of words, RE2
    pattern: Mapped[str] = mapped_column(Text)
    replacement: Mapped[str] = mapped_column(Text)
    match_case: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)


class KnownVoiceRow(OwnedRow):
    """A voice that has a name, to be recognised in later recordings when somebody asks for it."""

    __tablename__ = "known_voices"
    __table_args__ = (
        UniqueConstraint("owner_id", "name"),
        CheckConstraint("recordings > 0 AND speech_ms >= 0", name="heard_somewhere"),
        Index("ix_known_voices_owner_id_id", "owner_id", "id"),
    )

    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    name: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(60))
    voice: Mapped[bytes] = mapped_column(LargeBinary)  # 32-bit floats, the mean over its recordings
    recordings: Mapped[int] = mapped_column(default=1)
    speech_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
