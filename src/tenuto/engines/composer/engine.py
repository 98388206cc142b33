"""The embedded composer: a prompt becomes a score, the score becomes sound. No weights, no recordings, no downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenuto.engines.base import ComposeOptions, Composition, EngineReport, Progress
from tenuto.engines.composer.arrangement import arrange
from tenuto.engines.composer.midi import write_midi
from tenuto.engines.composer.mix import mix
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.score import DRUMS, PARTS, Score
from tenuto.engines.composer.styles import STYLES

# Another version may sound otherwise: with prompt and seed it names a piece of music.
MODEL = "composer-4"


class EmbeddedComposer:
    """Music by rules and chance."""

    name = "composer"

    def __init__(self, config: object) -> None:
        del config

    @staticmethod
    def report(config: object) -> EngineReport:
        """It is always ready."""
        del config
        detail = f"The embedded composer: instrumental music by rules, in {len(STYLES)} styles."
        return EngineReport("composer", ready=True, detail=detail, model=MODEL, licence="Apache-2.0")

    def compose(self, prompt: str, folder: Path, options: ComposeOptions, progress: Progress) -> Composition:
        """Compose what `prompt` asks for, into `folder`."""
        brief = read(prompt, seconds=options.seconds, seed=options.seed)
        score = arrange(brief)
        stems = tuple(part for part in PARTS if options.stems and any(note.part == part for note in score.notes))
        targets = {name: folder / f"{name or 'mix'}.f32" for name in ("", *stems)}
        frames = mix(score, targets, rate=options.rate, progress=progress)
        if options.midi:
            write_midi(score, folder / "music.mid")
        return Composition(
            model=MODEL,
            seed=brief.seed,
            frames=frames,
            bpm=brief.bpm,
            key=brief.scale.key if brief.instruments else None,
            details=_described(score),
            understood=dict(brief.understood),
            ignored=brief.ignored,
            stems=stems,
        )


def _described(score: Score) -> dict[str, Any]:
    brief = score.brief
    return {
        "asked": {"bpm": brief.asked_bpm, "key": brief.asked_key},
        "style": brief.style.name,
        "metre": brief.metre.name,
        "mode": brief.scale.mode,
        "energy": brief.energy,
        "instruments": ({DRUMS: brief.drums} if brief.drums else {}) | dict(brief.instruments),
        "form": [[section.name, section.bars] for section in score.sections],
        "chords": [chord.name for chord in score.chords],
    }
