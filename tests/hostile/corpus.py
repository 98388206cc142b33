"""The hostile corpus: every case by name, and how to write them all into a folder."""

from pathlib import Path

from hostile import bombs, claims, damage, imposters, liars, oddities, tricks
from hostile.case import NOWHERE, Canary, Case

THEMES = (imposters, oddities, damage, claims, liars, bombs, tricks)
CASES: tuple[Case, ...] = tuple(case for theme in THEMES for case in theme.cases())


def write_corpus(folder: Path, canary: Canary = NOWHERE) -> dict[str, Path]:
    """Write every case below `folder`, each in a folder of its own under the name a client would send."""
    paths = {}
    for case in CASES:
        path = folder / case.name / case.filename
        path.parent.mkdir(parents=True)
        case.make(path, canary)
        paths[case.name] = path
    return paths
