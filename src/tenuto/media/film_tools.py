"""Films and podcasts: the parent's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto.domain.films import Film, Filmed, Podcast, Scene, check_film, scenes_to_json
from tenuto.media.calls import PROBE_CPU_SECONDS, SandboxCalls
from tenuto.media.encoding import podcast_format
from tenuto.media.film_segments import PART

FILMS = "film_sandbox"
VIDEO_CPU_PER_SECOND = 2
POSTER_SIDE = 1280


class FilmTools(SandboxCalls):
    """Makes films of scenes, and recordings of what is heard in them."""

    def film(
        self,
        scenes: Sequence[Scene],
        target: Path,
        look: Film,
        segments: Path,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Filmed:
        """Write a film of `scenes` to `target`, an MP4; what it encodes stays in the folder `segments` for others."""
        check_film(scenes, look)
        segments.mkdir(parents=True, exist_ok=True)
        with _no_parts(segments):
            found = self._film(
                "film",
                (scenes, target, look),
                more={"segments": str(segments)},
                on_progress=on_progress,
                should_stop=should_stop,
            )
        return Filmed(**{**found, "segments": tuple(found["segments"])})

    def podcast(
        self,
        scenes: Sequence[Scene],
        target: Path,
        look: Film,
        format_name: str,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Podcast:
        """Write the sounds of `scenes`, in one of `tenuto.media.encoding.PODCAST_FORMATS`, to `target`."""
        check_film(scenes, look)
        podcast_format(format_name)
        more = {"format": format_name}
        return Podcast(
            **self._film("podcast", (scenes, target, look), more=more, on_progress=on_progress, should_stop=should_stop)
        )

    def poster(self, picture: Path, target: Path, *, side: int = POSTER_SIDE) -> None:
        """Write a picture of a film as a JPEG to `target`, its longer side of a length."""
        seconds = PROBE_CPU_SECONDS
        self._call("poster", picture, target, module=FILMS, what="picture", cpu_seconds=seconds, more={"side": side})

    def _film(
        self,
        name: str,
        made_of: tuple[Sequence[Scene], Path, Film],
        *,
        more: dict[str, Any],
        on_progress: Callable[[float], None],
        should_stop: Callable[[], bool],
    ) -> dict[str, Any]:
        """Call one of the targets for scenes."""
        scenes, target, look = made_of
        found = self._call(
            name,
            scenes[0].picture,
            target,
            module=FILMS,
            what="scenes",
            cpu_seconds=60 + VIDEO_CPU_PER_SECOND * self._limits.max_duration_seconds,
            more={"scenes": scenes_to_json(scenes), "film": asdict(look), **more},
            on_event=lambda event: on_progress(event["progress"]),
            should_stop=should_stop,
        )
        return {**found, "warnings": tuple(found["warnings"])}


@contextmanager
def _no_parts(segments: Path) -> Iterator[None]:
    """Leave no half-written segment behind."""
    try:
        yield
    finally:
        for part in segments.glob(f"*{PART}"):
            part.unlink(missing_ok=True)
