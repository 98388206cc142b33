"""A typed Python client of a tenuto server."""

from tenuto.client.http import Client
from tenuto.client.shapes import (
    Estimate,
    Event,
    Export,
    File,
    Job,
    JobLog,
    Page,
    Problem,
    Segment,
    StepRecord,
    Transcript,
    Word,
)
from tenuto.client.webhooks import verify_webhook

__all__ = [
    "Client",
    "Estimate",
    "Event",
    "Export",
    "File",
    "Job",
    "JobLog",
    "Page",
    "Problem",
    "Segment",
    "StepRecord",
    "Transcript",
    "Word",
    "verify_webhook",
]
