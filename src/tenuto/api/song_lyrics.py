"""/api/songs/{id}/lyrics: the words of a song, in any form, and their times."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from tenuto import errors
from tenuto.api.bodies import StrictRoute
from tenuto.api.downloads import disposition
from tenuto.api.owner import Owner
from tenuto.api.parts import House, Uid
from tenuto.api.schemas_songs import LyricsChange, LyricsOut, TimesIn
from tenuto.domain.lyrics_limits import MAX_CHARACTERS
from tenuto.services.song_lyrics import text_of

router = APIRouter(prefix="/api/songs/{uid}/lyrics", tags=["songs"], route_class=StrictRoute)
_PLAIN: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}}}
MOST_BYTES_A_LETTER = 4
Form = Annotated[str, Query(max_length=20, alias="format", description="plain, lrc, elrc, ultrastar, json; or auto.")]
Revision = Annotated[int | None, Query(ge=0, lt=1 << 31, description="Refused when the lyrics are another by now.")]


@router.get("")
def get_lyrics(uid: Uid, house: House, owner: Owner) -> LyricsOut:
    """The lyrics of a song with all their times."""
    return LyricsOut.of(house.lyrics.get(owner, uid))


KeepTimes = Annotated[bool, Query(description="Whether lines that stay keep their times when plain text is put.")]


@router.put("", openapi_extra={"requestBody": {"required": True, "content": _PLAIN}})
async def put_lyrics(
    uid: Uid,
    request: Request,
    house: House,
    owner: Owner,
    *,
    form: Form = "auto",
    revision: Revision = None,
    keep_times: KeepTimes = True,
) -> LyricsOut:
    """Put the lyrics that are the body in place of those there are."""
    text = text_of(await _body(request))
    wish: dict[str, Any] = {"form": form, "revision": revision, "keep_times": keep_times}
    return await run_in_threadpool(lambda: LyricsOut.of(house.lyrics.put(owner, uid, text, **wish)))


async def _body(request: Request) -> bytes:
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > MOST_BYTES_A_LETTER * MAX_CHARACTERS:
            raise errors.TooLarge(f"Lyrics have at most {MAX_CHARACTERS} characters.")
    return data


@router.patch("")
def move_lyrics(uid: Uid, change: LyricsChange, house: House, owner: Owner) -> LyricsOut:
    """Show all lines later, or, with a negative offset, earlier."""
    return LyricsOut.of(house.lyrics.move(owner, uid, change.offset_ms))


@router.put("/times")
def put_times(uid: Uid, given: TimesIn, house: House, owner: Owner) -> LyricsOut:
    """Give lines the times at which somebody tapped; they may not run backwards."""
    return LyricsOut.of(house.lyrics.put_times(owner, uid, given.taps(), revision=given.revision))


@router.get("/{form}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def download_lyrics(
    uid: Uid, form: Annotated[str, Path(max_length=20, description="plain, lrc, elrc, ultrastar, ass or json.")],
    house: House, owner: Owner,
) -> Response:  # fmt: skip
    """The lyrics as a file."""
    made = house.lyrics.write(owner, uid, form)
    return Response(made.data, headers={"Content-Type": made.media_type, "Content-Disposition": disposition(made.name)})
