"""/api/known-voices: voices that have names, to be recognised in later recordings."""

from __future__ import annotations

from fastapi import APIRouter, Response

from tenuto.api.bodies import StrictRoute
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas_voices import Forgotten, KnownVoiceChange, KnownVoiceIn, KnownVoiceList, KnownVoiceOut

router = APIRouter(prefix="/api/known-voices", tags=["speakers"], route_class=StrictRoute)


@router.get("")
def list_known_voices(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> KnownVoiceList:
    """Known voices, newest first."""
    page = house.known_voices.get_all(owner, limit=limit, cursor=cursor)
    return KnownVoiceList(items=[KnownVoiceOut.model_validate(row) for row in page.rows], next_cursor=page.next_cursor)


@router.post("", status_code=201)
def remember_voice(given: KnownVoiceIn, response: Response, house: House, owner: Owner) -> KnownVoiceOut:
    """Remember how a speaker sounds; a name that is known already hears one more recording of it."""
    row = house.known_voices.remember(owner, given.transcript_id, speaker=given.speaker, name=given.name)
    response.headers["Location"] = f"/api/known-voices/{row.uid}"
    return KnownVoiceOut.model_validate(row)


@router.get("/{uid}")
def get_known_voice(uid: Uid, house: House, owner: Owner) -> KnownVoiceOut:
    """One known voice."""
    return KnownVoiceOut.model_validate(house.known_voices.get(owner, uid))


@router.patch("/{uid}")
def rename_known_voice(uid: Uid, change: KnownVoiceChange, house: House, owner: Owner) -> KnownVoiceOut:
    """Give a voice another name."""
    return KnownVoiceOut.model_validate(house.known_voices.rename(owner, uid, change.name))


@router.delete("/{uid}")
def forget_voice(uid: Uid, house: House, owner: Owner) -> Forgotten:
    """Erase what a voice sounds like, here and in every transcript that names it."""
    return Forgotten(speakers=house.known_voices.delete(owner, uid))
