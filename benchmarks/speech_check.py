"""How well a voice that says something else than its text is found out, with the sentences of flite's four voices.

    python benchmarks/speech_check.py

Each sentence is spoken, and looked for as it is, as another sentence, with one word changed, with a word too many, and
with its sound cut at two thirds. Printed is the share of each that was found wrong.
"""

from __future__ import annotations

import json
import random
import tempfile
import wave
from pathlib import Path

from tenuto import children
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import narrator
from tenuto.pipelines.chunk_check import Listening, check

VOICES = ("slt", "rms", "awb", "kal16")
SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Please send the report before Friday morning.",
    "We decided to postpone the meeting until next week.",
    "A large house with a green door stood near the river.",
    "Nobody knows what happened to the old machine.",
    "My brother bought seven yellow apples at the market.",
    "Revenue grew by twelve percent in the third quarter.",
    "Our customers asked for a simpler way to export their data.",
    "This chart shows how latency changed after the release.",
    "Let us look at the next slide.",
    "Thank you for your attention.",
    "The database keeps every finished step, so nothing is run twice.",
    "In the second half of the year we will open two new offices.",
    "Security is not a feature that you can add at the end.",
    "The kubernetes cluster failed again on Tuesday night.",
    "Are there any questions?",
    "Each worker takes a job, does one step, and writes down what it found.",
    "We measured the time on a small machine with two cores.",
    "The new design uses less memory than the old one.",
    "Finally, I would like to thank the whole team.",
)
KEPT_SHARE = 2 / 3


class Here:
    """As much of a job's steps as the check needs."""

    def __init__(self, folder: Path) -> None:
        self.engines = EngineConfig(models_dir=folder)

    def call(self, _key: str, target: str, payload: dict[str, object], *_more: object, **_options: object) -> object:
        """Run the target in this process."""
        return children.run_here(target, payload, lambda _event: None)


def main() -> None:
    """Run and print what was found as JSON."""
    dice = random.Random(1)  # noqa: S311 - sentences are no secrets
    found: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as name:
        steps, sound = Here(Path(name)), Path(name) / "said.wav"
        engine = narrator("flite", steps.engines)
        for voice in VOICES:
            for number, text in enumerate(SENTENCES):
                engine.narrate(text, sound, NarrateOptions(voice=voice), lambda _share: None)
                others = [other for other in SENTENCES if other != text]
                looked_for = {
                    "as it is": text,
                    "another sentence": dice.choice(others),
                    "one word changed": changed(text, dice, others, kept=0),
                    "a word too many": changed(text, dice, others, kept=1),
                    "two sentences": f"{text} {others[number % len(others)]}",
                }
                for kind, wanted in looked_for.items():
                    found.setdefault(kind, []).append(is_wrong(steps, sound, wanted))
                cut(sound)
                found.setdefault("cut at two thirds", []).append(is_wrong(steps, sound, text))
    print(json.dumps({kind: round(sum(wrong) / len(wrong), 3) for kind, wrong in found.items()}, indent=2))


def is_wrong(steps: Here, sound: Path, text: str) -> bool:
    """Whether the check finds fault."""
    return bool(check(steps, sound, text, (), by=Listening("en")).problem)  # type: ignore[arg-type]


def changed(text: str, dice: random.Random, others: list[str], *, kept: int) -> str:
    """The text with a word of another sentence in the place of one, or before it."""
    words = text.split()
    place = dice.randrange(len(words))
    stranger = dice.choice([word for other in others for word in other.split() if word.lower() not in text.lower()])
    return " ".join([*words[:place], stranger, *words[place + 1 - kept :]])


def cut(sound: Path) -> None:
    """Leave the first two thirds of a WAV."""
    with wave.open(str(sound), "rb") as reader:
        form, pcm = reader.getparams(), reader.readframes(int(reader.getnframes() * KEPT_SHARE))
    with wave.open(str(sound), "wb") as out:
        out.setparams(form)
        out.writeframes(pcm)


if __name__ == "__main__":
    main()
