"""The child's side of decks: an untrusted one is read in a process that may die of it."""

from __future__ import annotations

from pathlib import Path

from tenuto.domain.decks import to_json
from tenuto.media import deck_reader
from tenuto.media.sandbox import Emit, Payload, translated


def read_deck(payload: Payload, _emit: Emit) -> Payload:
    """Read what is said and shown."""
    with translated("deck"), Path(payload["source"]).open("rb") as file:
        return to_json(deck_reader.read_deck(file))
