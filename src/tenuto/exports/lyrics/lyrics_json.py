"""Lyrics in tenuto's own form: all that is known, to be read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import NoReturn

from tenuto import errors
from tenuto.domain.lyrics import Lyrics, from_json, line_to_json, to_json
from tenuto.domain.lyrics_limits import check_lyrics
from tenuto.exports.lyrics.base import LyricsFormat, tidied

SCHEMA_VERSION = 1


def read(text: str) -> Lyrics:
    """Read what `write` wrote."""
    try:
        fields = json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise errors.ValidationError(f"This is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise errors.ValidationError("These are not lyrics in tenuto's own form: they are no JSON object.")
    version = fields.pop("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise errors.ValidationError(
            f"These lyrics are of schema version {version!r:.20}; this tenuto reads {SCHEMA_VERSION}."
        )
    return check_lyrics(from_json(fields))


def write(lyrics: Lyrics) -> str:
    """Write all that is known; a line of the song is a line of the file."""
    tidy = tidied(lyrics)
    fields = {"schema_version": SCHEMA_VERSION, **to_json(replace(tidy, lines=()))}
    fields.pop("lines")
    head = "".join(f"{_dump(name)}: {_dump(value)},\n" for name, value in fields.items())
    lines = ",\n".join(_dump(line_to_json(line)) for line in tidy.lines)
    return f'{{\n{head}"lines": [\n{lines}\n]\n}}\n'


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


FORMAT = LyricsFormat("json", "lyrics.json", "application/json", "all that is known", write, read)
