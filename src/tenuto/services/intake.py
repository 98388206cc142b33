"""A recording and the wish to work on it, in one go."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from tenuto import errors
from tenuto.db.models import JobRow
from tenuto.pipelines.transcribe_options import OPTIONS
from tenuto.services.files import FileService, Upload
from tenuto.services.processing import ProcessingService, Submission

TRANSCRIPTION_OPTIONS = frozenset(OPTIONS)
"""What a form may name beside its file."""


def submit_upload(
    files: FileService, processing: ProcessingService, owner_id: int, upload: Upload, wish: Submission
) -> JobRow:
    """Take a file in and queue its job; it does not stay when the job is refused, or was submitted before."""
    row = upload.finish(owner_id)
    try:
        job = processing.submit(owner_id, replace(wish, file_uid=row.uid, content_sha256=row.sha256))
    except errors.TenutoError:
        with contextlib.suppress(errors.TenutoError):  # The first error is the one to tell; retention removes the file.
            files.delete(owner_id, row.uid)
        raise
    if job.file_id != row.id:
        files.delete(owner_id, row.uid)
    return job
