"""Any recording is measured by EBU R128 and, where that is wished, written anew at another loudness.

What is told of the new file was measured in it, as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tenuto import errors
from tenuto.domain.music import Heard
from tenuto.media.encoding import MASTER_FORMATS, file_ending
from tenuto.media.loudness import SHORTEST_SECONDS
from tenuto.media.mastering import CEILING_DB, TARGET_LUFS
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.song_options import EDGES, between, checker, flag, one_of

NAME, NORMALISED, REPORT = "loudness", "normalised", "loudness"
QUIETEST_LUFS, LOUDEST_LUFS = -36.0, -5.0
LOWEST_PEAK_DB, HIGHEST_PEAK_DB = -9.0, 0.0
AUTO = "auto"
METER = "EBU R128 by FFmpeg's ebur128; true peak at four times the rate"
# A coding that loses something is written as the same, or its nearest relative; all else without loss.
LOSSY = {"mp3": "mp3", "mp3float": "mp3", "aac": "m4a", "opus": "opus", "libopus": "opus", "vorbis": "opus"}
MOST_CHANNELS_OF_MP3 = 2
PLAIN_BITS, FLOAT_BITS = 16, 32
NEAR_LU = 0.5


def measure(steps: Steps) -> Outcome:
    """Measure, and find out whether the target can be met."""
    options = steps.options
    heard = steps.media.loudness.hear(
        steps.source(),
        target_lufs=options["target"],
        ceiling_db=options["peak"],
        on_progress=lambda share: steps.progress(share, "measuring"),
        should_stop=steps.should_stop,
    )
    form = format_for(heard, str(options["format"]))
    data = asdict(heard) | {"format": form, "can_be_met": _can_be_met(heard, options["target"])}
    return Outcome(data, warnings=(*heard.info.warnings, *warnings_of(heard, options)))


def format_for(heard: Heard, wanted: str) -> str:
    """What the file is written as; `auto` is the same as it was."""
    if wanted == AUTO:
        wanted = LOSSY.get(heard.info.codec) or _lossless(heard)
    if wanted == "mp3" and heard.info.channels > MOST_CHANNELS_OF_MP3:
        raise errors.ValidationError(
            f"MP3 holds two channels, and this recording has {heard.info.channels}: choose flac, wav, opus or m4a.",
            field="format",
        )
    return wanted


def _lossless(heard: Heard) -> str:
    family = "wav" if heard.info.container == "wav" else "flac"
    if heard.sample_bits <= PLAIN_BITS:
        return family
    return "wav32f" if family == "wav" and heard.sample_bits == FLOAT_BITS else f"{family}24"


def _can_be_met(heard: Heard, target: float) -> bool | None:
    reached = heard.outlook.reached_lufs
    return None if reached is None else abs(reached - target) <= NEAR_LU


def warnings_of(heard: Heard, options: Mapping[str, Any]) -> tuple[str, ...]:
    """What somebody must know before the figures are used."""
    said = []
    if heard.loudness.integrated_lufs is None:
        seconds = heard.info.duration_ms / 1000
        short = f"It is {seconds:.2g} s long, and loudness is measured over {SHORTEST_SECONDS:g} s or more."
        quiet = "There is nothing to measure: no part of it is louder than -70 LUFS."
        said.append(short if seconds < SHORTEST_SECONDS else quiet)
    elif not _can_be_met(heard, options["target"]):
        said.append(
            f"The target of {options['target']:g} LUFS cannot be met with true peaks of at most {options['peak']:g}"
            f" dBTP: {heard.outlook.reached_lufs:.1f} LUFS is the nearest to it that a limiter reaches."
        )
    return tuple(said)


def normalise(steps: Steps) -> Outcome:
    """Write the recording at the target, where that is wished, and the report of all that is known."""
    found, options = steps.result_of("measure"), steps.options
    if not options["normalise"]:
        return _reported(steps, found, None, ())
    form = str(found["format"])
    target = steps.folder / f"normalised.{file_ending(form)}"
    wishes = {
        "rate": found["info"]["sample_rate"],
        "layout": found["layout"],
        "lufs": found["loudness"]["integrated_lufs"],
        "tags": found["tags"],
        "format": form,
        "target_lufs": options["target"],
        "ceiling_db": options["peak"],
        "edges": {name: options[name] for name in EDGES},
    }
    made = steps.media.loudness.normalise(
        steps.source(),
        target,
        wishes,
        on_progress=lambda share: steps.progress(share, "writing"),
        should_stop=steps.should_stop,
    )
    said = []
    if made.loudness.integrated_lufs is None:
        said.append("What cannot be measured was not made louder or quieter, only kept under the ceiling.")
    if made.sample_rate != wishes["rate"]:
        said.append(f"{form} holds no {wishes['rate']:,} Hz: the new file has {made.sample_rate:,} Hz.")
    if found["has_cover"]:
        said.append("The picture of the cover is not in the new file.")
    if made.loudness.true_peak_db is not None and made.loudness.true_peak_db > options["peak"]:
        said.append(
            f"After {made.encodings} encodings its true peak is still {made.loudness.true_peak_db:.2f} dBTP, above"
            f" {options['peak']:g}: choose flac or wav, which change no peaks."
        )
    file = Artifact(target, NORMALISED, MASTER_FORMATS[form].media_type, of_file=False, name=target.name)
    return _reported(steps, found, asdict(made) | {"format": form, "name": target.name}, (file,), said)


def _reported(
    steps: Steps, found: Mapping[str, Any], made: dict[str, Any] | None, files: tuple[Artifact, ...], said: Any = ()
) -> Outcome:
    info = found["info"]
    document = {
        "meter": METER,
        "seconds": info["duration_ms"] / 1000,
        "sample_rate": info["sample_rate"],
        "channels": info["channels"],
        "layout": found["layout"],
        "measured": found["loudness"],
        "target": {"lufs": steps.options["target"], "peak_db": steps.options["peak"]},
        "can_be_met": found["can_be_met"],
        "outlook": found["outlook"],
        "normalised": made,
    }
    report = steps.folder / "loudness.json"
    report.write_text(json.dumps(document))
    kept = Artifact(report, REPORT, "application/json", of_file=False, name=report.name)
    return Outcome(document, artifacts=(*files, kept), warnings=tuple(said))


_CHECKED = checker(
    "loudness",
    {
        "target": (TARGET_LUFS, between(QUIETEST_LUFS, LOUDEST_LUFS)),
        "peak": (CEILING_DB, between(LOWEST_PEAK_DB, HIGHEST_PEAK_DB)),
        "format": (AUTO, one_of(AUTO, *MASTER_FORMATS)),
        "normalise": (True, flag),
        **EDGES,
    },
)


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options in full; what changes the sound goes with a new file."""
    options = _CHECKED(given)
    changed = [name for name in EDGES if options[name]]
    if changed and not options["normalise"]:
        raise errors.ValidationError(
            f"{changed[0]} changes the sound, and `normalise` is false: without a new file there is only measuring.",
            field=changed[0],
        )
    return options


PIPELINE = Pipeline(
    name=NAME,
    steps=(Step("measure", "measuring", 40, measure), Step("normalise", "normalising", 60, normalise)),
    check_options=check,
    engine_kind="",
)
