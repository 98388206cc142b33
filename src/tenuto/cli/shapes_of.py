"""Rows of the ledger as the shapes a server would answer with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tenuto.client.shapes import Estimate, Event, File, Job, Problem, Segment, StepRecord, Transcript, Word
from tenuto.domain.costs import amount_of
from tenuto.domain.jobs import JobStatus, eta_seconds


def iso(value: datetime | None) -> str | None:
    """A moment as text."""
    return value.isoformat().replace("+00:00", "Z") if value else None


def job_of(row: Any, files: Mapping[int, str], *, currency: str) -> Job:
    """A job; `files` holds the public ids of recordings, `currency` is that of all costs here."""
    return Job(
        id=row.uid,
        kind=row.kind,
        status=row.status.value,
        stage=row.stage,
        progress=row.progress,
        message=row.message,
        eta_seconds=_eta(row),
        engine=row.engine,
        priority=row.priority,
        attempts=row.attempts,
        cancel_requested=row.cancel_requested,
        file_id=files.get(row.file_id),
        file_name=row.file_name,
        song_id=row.options.get("song_id"),
        presentation_id=row.options.get("presentation_id"),
        options=dict(row.options),
        warnings=list(row.warnings),
        error=Problem(row.error_code, row.error_message or "") if row.error_code else None,
        cost_estimate=amount_of(row.cost_estimate_micros),
        cost=amount_of(row.cost_micros),
        currency=currency,
        created_at=iso(row.created_at),
        queued_at=iso(row.queued_at),
        started_at=iso(row.started_at),
        updated_at=iso(row.updated_at),
        completed_at=iso(row.completed_at),
        expires_at=iso(row.expires_at),
    )


def _eta(row: Any) -> float | None:
    if row.status is not JobStatus.PROCESSING or row.run_started_at is None:
        return None
    elapsed = (datetime.now(UTC) - row.run_started_at).total_seconds()
    return eta_seconds(row.progress, row.run_started_progress, elapsed)


def estimate_of(found: Any, currency: str) -> Estimate:
    """What a job would cost."""
    expected = [
        {
            "engine": one.engine,
            "model": one.model,
            "requests": one.requests,
            "audio_seconds": one.audio_ms / 1000,
            "characters": one.characters,
        }
        for one in found.usages
    ]
    return Estimate(found.engine, amount_of(found.cost_micros), currency, expected, list(found.warnings))


def file_of(row: Any) -> File:
    """A file."""
    return File(
        id=row.uid,
        name=row.name,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        media_type=row.media_type,
        container=row.container,
        codec=row.codec,
        duration_ms=row.duration_ms,
        sample_rate=row.sample_rate,
        channels=row.channels,
        truncated=row.truncated,
        title=row.title,
        warnings=list(row.warnings),
        created_at=iso(row.created_at),
        expires_at=iso(row.expires_at),
    )


def transcript_of(row: Any, parents: tuple[Mapping[int, str], Mapping[int, str]]) -> Transcript:
    """A transcript; `parents` holds the public ids of jobs and of files."""
    return Transcript(
        id=row.uid,
        job_id=parents[0].get(row.job_id),
        file_id=parents[1].get(row.file_id),
        title=row.title,
        language=row.language,
        engine=row.engine,
        model=row.model,
        duration_ms=row.duration_ms,
        word_count=row.word_count,
        confidence=row.confidence,
        original_text=row.original_text,
        processed_text=row.processed_text,
        warnings=list(row.warnings),
        details=dict(row.details),
        revision=row.revision,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at),
    )


def segment_of(row: Any, speakers: Mapping[int, Any]) -> Segment:
    """A segment; `speakers` holds the rows of who speaks."""
    who = speakers.get(row.speaker_id)
    return Segment(
        position=row.position,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        text=row.text,
        confidence=row.confidence,
        speaker=who and (who.display_name or who.label),
        words=[Word(*word) for word in row.words],
        speaker_label=who and who.label,
        flags=list(row.flags or []),
    )


def event_of(row: Any) -> Event:
    """A line of history."""
    return Event(row.id, iso(row.at), row.kind, row.old_status, row.new_status, row.actor, row.message)


def step_of(row: Any) -> StepRecord:
    """A finished step, or a part of one."""
    part = row.part if row.part >= 0 else None
    return StepRecord(row.step, part, row.worker_id, iso(row.started_at), iso(row.finished_at))
