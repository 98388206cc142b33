"""Forms as OpenAI's clients send them: lists as `name[]`, objects as `name[key]`, and fields we do not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenuto.api.forms import FILE_FIELD, FormReader

# Whole recordings as data URLs: they are not used here, so they are let by without being kept.
DROPPED = "known_speaker_references"


class LooseFormReader(FormReader):
    """Takes what newer and other clients send beside what is known."""

    most_parts = 1000  # Each keyword is a part of its own.

    def _on_headers_finished(self) -> None:
        name, file_name = self._disposition()
        if name == FILE_FIELD or name.startswith(f"{FILE_FIELD}["):
            self._begin_file(file_name or "")
        else:
            self._name, self._text = name, bytearray()

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._name.startswith(DROPPED):
            super()._on_part_data(data, start, end)

    def _keep(self, name: str, text: str) -> None:
        self.lists.setdefault(name.removesuffix("[]"), []).append(text)


def first(fields: Mapping[str, Sequence[str]], name: str) -> str:
    """The one value of a field, or nothing."""
    return next(iter(fields.get(name, ())), "").strip()
