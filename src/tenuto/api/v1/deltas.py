"""The text of a recording in the pieces in which it is heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenuto.services.heard import HeardBlock


class Deltas:
    """Remembers what was told already."""

    def __init__(self) -> None:
        self.told = 0  # blocks
        self.nothing = True

    def fresh(self, blocks: Sequence[HeardBlock]) -> Iterator[str]:
        """What was heard behind those that were told, ready to be put behind what came before."""
        for block in blocks:
            self.told += 1
            text = " ".join(segment.text.strip() for segment in block.segments if segment.text.strip())
            if text:
                yield text if self.nothing else f" {text}"
                self.nothing = False
