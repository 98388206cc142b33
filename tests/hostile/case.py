"""What one hostile or odd file is, and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Expect = Literal["refused", "fails", "odd", "good"]


@dataclass(frozen=True)
class Canary:
    """What no recording may reach: an address and a file, both a loud WAV that holds `text`."""

    url: str = "http://127.0.0.1:9/canary"
    file: Path = Path("/nonexistent/canary.wav")
    text: str = "canary-text"


NOWHERE = Canary()
Maker = Callable[[Path, Canary], None]


@dataclass(frozen=True)
class Case:
    """One file of the corpus."""

    name: str
    filename: str  # the name a client would send; its extension may lie
    make: Maker  # writes the file: make(path, canary)
    attack: int  # number in the list of attacks
    # refused: the upload is; fails: that, or its job fails; odd: accepted with the true duration, or either of these;
    # good: accepted with the true duration.
    expect: Expect
    duration_ms: int | None = None  # the true one, where it must be right
    channels: int | None = None
    sample_rate: int | None = None
    flagged: bool = False  # when accepted, it must be called truncated or carry a warning
    silent: bool = False  # its own sound is silence: any other came from elsewhere
    probe_only: bool = False  # sound for hours: only a slow test decodes it


def of(build: Callable[..., bytes], *args: object, **options: object) -> Maker:
    """A maker that writes what `build` returns and needs no canary."""

    def make(path: Path, canary: Canary = NOWHERE) -> None:
        path.write_bytes(build(*args, **options))

    return make


def luring(build: Callable[[Canary], bytes]) -> Maker:
    """A maker that writes what `build` returns for the canary it must not reach."""

    def make(path: Path, canary: Canary = NOWHERE) -> None:
        path.write_bytes(build(canary))

    return make
