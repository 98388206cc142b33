"""/v1/audio/transcriptions and /v1/audio/translations: a request is a job, and its answer is the job's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tenuto import errors, logs
from tenuto.api.jobs import Key
from tenuto.api.owner import Owner
from tenuto.api.parts import House
from tenuto.api.sse import EventStream
from tenuto.api.uploads import form_of
from tenuto.api.v1 import answers
from tenuto.api.v1.deltas import Deltas
from tenuto.api.v1.errors import JOB_HEADER
from tenuto.api.v1.forms import LooseFormReader
from tenuto.api.v1.jobs import Errand, frame, says_again
from tenuto.api.v1.wishes import Wish, read_wish
from tenuto.services.intake import submit_upload
from tenuto.services.processing import Submission

router = APIRouter(prefix="/v1/audio", tags=["openai"])
IGNORED_HEADER = "X-Tenuto-Ignored"
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "model"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "model": {"type": "string"}},
                }
            }
        },
    }
}


@router.post("/transcriptions", openapi_extra=_FORM)
async def create_transcription(request: Request, house: House, owner: Owner, idempotency_key: Key = None) -> Response:
    """Transcribe a recording and answer when that is done, or, as a stream, while it is done."""
    return await _hear(Errand(request, house, owner), idempotency_key, translate=False)


@router.post("/translations", openapi_extra=_FORM)
async def create_translation(request: Request, house: House, owner: Owner, idempotency_key: Key = None) -> Response:
    """Say in English what is said in a recording, with an engine that can."""
    return await _hear(Errand(request, house, owner), idempotency_key, translate=True)


async def _hear(errand: Errand, key: str | None, *, translate: bool) -> Response:
    house = errand.house
    async with form_of(errand.request, house, LooseFormReader) as form:
        wish = await run_in_threadpool(read_wish, form.lists, house.catalogue, translate=translate)
        if form.upload is None:
            raise errors.ValidationError("There is no recording: send it in the field 'file'.", field="file")
        submission = Submission(
            options=wish.options,
            idempotency_key=key,
            request_id=logs.request_id.get(),
            again=says_again(errand.request),
        )
        submit = partial(submit_upload, house.files, house.processing, errand.owner, form.upload, submission)
        job = await to_thread.run_sync(submit, limiter=errand.room.submitting)
    headers = {JOB_HEADER: job.uid, **({IGNORED_HEADER: ", ".join(wish.ignored)} if wish.ignored else {})}
    if wish.stream:
        return EventStream(_events(errand, job.uid, wish), headers=headers)
    failed = await errand.wait(job.uid)
    if failed is not None:
        return failed
    found = await run_in_threadpool(_answer, errand, job.uid, wish, translated=translate)
    found.headers.update(headers)
    return found


def _answer(errand: Errand, job_id: str, wish: Wish, *, translated: bool) -> Response:
    if wish.response_format in ("srt", "vtt"):
        made = errand.house.exports.render(errand.owner, job_id, wish.response_format)
        return Response(made.data, media_type=made.media_type)
    return answers.answer(errand.transcript(job_id), wish, translated=translated)


async def _events(errand: Errand, job_id: str, wish: Wish) -> AsyncIterator[bytes]:
    """What is heard as its blocks finish, who said it where that was asked, and the whole at the end."""
    deltas = Deltas()
    async for event in errand.states(job_id):
        if event is None:
            yield b": still here\n\n"
            continue
        heard = await run_in_threadpool(errand.house.processing.heard, errand.owner, job_id, after=deltas.told)
        for delta in deltas.fresh(heard):
            yield frame({"type": "transcript.text.delta", "delta": delta})
    failed = await errand.failure(job_id)
    if failed is not None:
        yield frame(failed)
        return
    transcript = await run_in_threadpool(errand.transcript, job_id)
    if deltas.nothing and transcript.text:
        yield frame({"type": "transcript.text.delta", "delta": transcript.text})
    if wish.response_format == "diarized_json":
        for segment in answers.speech_segments(transcript):
            yield frame(segment)
    yield frame(answers.done_event(transcript))
    yield b"data: [DONE]\n\n"
