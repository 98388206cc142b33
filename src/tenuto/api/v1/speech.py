"""/v1/audio/speech: a text becomes sound, by a job like any other."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from tenuto import logs
from tenuto.api.bodies import strict_json
from tenuto.api.jobs import Key
from tenuto.api.owner import Owner
from tenuto.api.parts import House
from tenuto.api.v1.errors import JOB_HEADER
from tenuto.api.v1.jobs import Errand, frame, says_again
from tenuto.api.v1.names import speaking_model
from tenuto.services.files import Readable
from tenuto.services.processing import Submission

router = APIRouter(prefix="/v1/audio", tags=["openai"])
KIND = "speech"
IGNORED_HEADER = "X-Tenuto-Ignored"
IGNORED = ("instructions",)
PIECE_BYTES = 48 << 10


class VoiceId(BaseModel):
    """A voice by its id."""

    id: str = Field(max_length=100)


class SpeechIn(BaseModel):
    """What is to be said, and how; what newer clients send beside it is let by."""

    model_config = ConfigDict(extra="ignore")

    input: str = Field(min_length=1, max_length=4096)
    model: str = Field(min_length=1, max_length=100)
    voice: str | VoiceId = ""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio", "sse"] = "audio"
    instructions: str | None = None
    language: str = Field("", max_length=20)

    @field_validator("input")
    @classmethod
    def has_words(cls, text: str) -> str:
        """Refuse a text in which nothing can be said."""
        if not text.strip():
            raise ValueError("there is no text to say")
        return text

    @property
    def voice_name(self) -> str:
        """The voice, however it was named."""
        return self.voice if isinstance(self.voice, str) else self.voice.id


_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": SpeechIn.model_json_schema()}}}
}


@router.post("/speech", openapi_extra=_BODY, response_class=Response)
async def create_speech(request: Request, house: House, owner: Owner, idempotency_key: Key = None) -> Response:
    """Say a text and answer with the sound."""
    errand = Errand(request, house, owner)
    asked = _read(await request.body())
    model = await run_in_threadpool(speaking_model, asked.model, house.catalogue)
    told = await run_in_threadpool(house.catalogue.is_instructed, model.engine)
    options = {
        "text": asked.input,
        "engine": model.engine,
        "model": model.model,
        "instructions": (asked.instructions or "") if told else "",
        "voice": asked.voice_name,
        "language": asked.language,
        "speed": asked.speed,
        "format": asked.response_format,
    }
    wish = Submission(
        kind="speak",
        options=options,
        idempotency_key=idempotency_key,
        request_id=logs.request_id.get(),
        again=says_again(request),
    )
    submit = partial(house.processing.submit, owner, wish)
    job = await to_thread.run_sync(submit, limiter=errand.room.submitting)
    failed = await errand.wait(job.uid, blame="voice")  # All else was checked at the door.
    if failed is not None:
        return failed
    made = await run_in_threadpool(house.artifacts.of_kind, owner, job.uid, KIND)
    sound = house.files.read(made, 0, made.size_bytes)
    headers = {JOB_HEADER: job.uid}
    if asked.instructions and not told:
        headers[IGNORED_HEADER] = ", ".join(IGNORED)
    if asked.stream_format == "sse":
        return StreamingResponse(_events(sound), headers=headers, media_type="text/event-stream")
    return _sound(made, sound, headers)


def _read(body: bytes) -> SpeechIn:
    try:
        return SpeechIn.model_validate(strict_json(body))
    except ValidationError as error:
        found = [{**item, "loc": ("body", item["loc"][0])} for item in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def _sound(made: Readable, sound: Iterator[bytes], headers: dict[str, str]) -> Response:
    headers = {**headers, "Content-Length": str(made.size_bytes), "Content-Type": made.media_type}
    return StreamingResponse(sound, headers=headers)


def _events(sound: Iterator[bytes]) -> Iterator[bytes]:
    for piece in sound:
        for start in range(0, len(piece), PIECE_BYTES):
            coded = base64.b64encode(piece[start : start + PIECE_BYTES]).decode()
            yield frame({"type": "speech.audio.delta", "audio": coded})
    yield frame({"type": "speech.audio.done", "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}})
