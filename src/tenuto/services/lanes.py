"""Which lanes there are, which job waits in which, and which of them a worker serves that takes some kinds only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tenuto import errors
from tenuto.db.models import FileRow
from tenuto.domain.media import RECORDING
from tenuto.engines import choosing, registry
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.registry import PIPELINES, pipeline
from tenuto.queue.port import Lane
from tenuto.services.processing import SHORT_MS


@dataclass(frozen=True)
class LanePlan:
    """Lanes by resource; an engine with a limit has one, and so has a kind of job that an operator sets apart."""

    at_once: int
    engine_limits: Mapping[str, int]
    own_kinds: Sequence[str]
    engines: EngineConfig

    def __post_init__(self) -> None:
        unknown = sorted(name for name in self.engine_limits if not registry.kind_of(name))
        if unknown:
            raise errors.SettingsError(f"TENUTO_ENGINE_CONCURRENCY limits {unknown[0]!r}, and there is no such engine.")
        strange = sorted(set(self.own_kinds) - set(PIPELINES))
        if strange:
            raise errors.SettingsError(f"TENUTO_KIND_LANES names {strange[0]!r}, and there is no such kind of job.")

    def lanes(self) -> tuple[Lane, ...]:
        """All of them."""
        limited = (Lane(f"engine-{name}", self.at_once, limit) for name, limit in sorted(self.engine_limits.items()))
        own = (Lane(f"kind-{kind}", self.at_once) for kind in sorted(set(self.own_kinds)))
        return (Lane("cpu", self.at_once), Lane("short", max(1, self.at_once // 2)), *limited, *own)

    def lane_of(self, kind: str, engine: str, file: FileRow | None) -> str:
        """Where a job waits: short and long work never share a lane. Refuses an engine that is not on offer."""
        engine_kind = pipeline(kind).engine_kind
        if engine_kind == registry.NARRATOR:
            engine = registry.choose_narrator(engine, self.engines)
            registry.require_set_up(engine, self.engines, registry.NARRATOR)
        elif engine_kind == registry.SEPARATOR:
            engine = choosing.choose_separator(engine, self.engines).name
        elif engine_kind == registry.LYRICS_ALIGNER:
            engine = choosing.choose_lyrics_aligner(engine, self.engines).name
        elif engine_kind == registry.COMPOSER:
            engine = choosing.choose_composer(engine, self.engines).name
        elif engine_kind == registry.TRANSCRIBER:
            registry.require_offered(engine, self.engines)
            registry.require_set_up(engine, self.engines)
            if self.engine_limits:
                engine = registry.choose(engine, self.engines).name  # "auto" is one that has a limit, or not.
        if engine in self.engine_limits:
            return f"engine-{engine}"
        if kind in self.own_kinds:
            return f"kind-{kind}"
        if file is None:
            short = engine_kind == registry.NARRATOR
        else:
            short = file.kind == RECORDING and file.duration_ms < SHORT_MS
        return "short" if short else "cpu"

    def lanes_for(self, kinds: Collection[str]) -> tuple[Lane, ...]:
        """The lanes of a worker that takes these kinds and leaves all others; refused when a lane mixes the two."""
        chosen = []
        for lane in self.lanes():
            held = self._kinds_in(lane)
            taken, left = held & set(kinds), held - set(kinds)
            if taken and left:
                raise errors.SettingsError(
                    f"A worker cannot take jobs of kind {min(taken)!r} and leave those of kind {min(left)!r}:"
                    f" they wait in one lane ({lane.name}). Set TENUTO_KIND_LANES to the kinds that are to be told"
                    " apart, on the server and on every worker, or take both."
                )
            if taken:
                chosen.append(lane)
        return tuple(chosen)

    def _kinds_in(self, lane: Lane) -> set[str]:
        """The kinds whose jobs may wait in a lane."""
        if lane.name.startswith("kind-"):
            return {lane.name.removeprefix("kind-")}
        if lane.name.startswith("engine-"):
            engine_kind = registry.kind_of(lane.name.removeprefix("engine-"))
            return {kind for kind, work in PIPELINES.items() if work.engine_kind == engine_kind}
        return set(PIPELINES) - set(self.own_kinds)
