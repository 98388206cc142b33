"""A song becomes two stems, the voice and all else; its key, tempo and loudness are measured on the way.

The steps serve every job on songs: each of them needs stems, and takes those that are there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenuto.domain.known_songs import SongFacts
from tenuto.engines import registry
from tenuto.engines.choosing import choose_separator
from tenuto.pipelines import sound, transcribe
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.song_options import AGAIN, ENGINE, checker, text

VOCALS, INSTRUMENTAL = "vocals", "instrumental"
TARGET = "tenuto.engines.separating:separate"
WAV = "audio/wav"
# A separator that takes longer than this hangs: time to load or fetch a model, and times real time for the sound.
LOADING_SECONDS, SLOWEST = 1800.0, 30.0


def prepare(steps: Steps) -> Outcome:
    """Settle which engine is to work, and whether there is anything for it to do; decode the song if so."""
    wanted = str(steps.options.get("separator", steps.options["engine"]))
    choice = choose_separator(wanted, steps.engines)
    known = steps.song().separation
    if known and _will_do(steps, wanted, choice.name):
        said = f"The song has stems by {_called(known)}; they are used as they are. `again` makes them anew."
        told = (said,) if _is_about_stems(steps) else ()
        return Outcome({"reused": True, **_engine(known)}, engine=_job_engine(steps, known["engine"]), warnings=told)
    music = steps.media.music(
        steps.source(), _path(steps), on_progress=_tells(steps, "reading the song"), should_stop=steps.should_stop
    )
    better = (f"{choice.reason} For better stems: {choice.hint}",) if choice.hint else ()
    data = {"reused": False, "engine": choice.name, "reason": choice.reason, "duration_ms": music.info.duration_ms}
    engine = _job_engine(steps, choice.name)
    return Outcome(data, engine=engine, warnings=(*music.info.warnings, *better))


def _is_about_stems(steps: Steps) -> bool:
    """Whether stems are what the job is for; other jobs take any there are."""
    return "model" in steps.options


def _job_engine(steps: Steps, name: str) -> str:
    """What the job shows as its engine: an aligner's is another one."""
    return "" if "separator" in steps.options else name


def _will_do(steps: Steps, wanted: str, chosen: str) -> bool:
    """Whether the stems that are there are those that are wanted."""
    if not (steps.has_artifact(VOCALS) and steps.has_artifact(INSTRUMENTAL)):
        return False
    known = steps.song().separation
    if _is_about_stems(steps):
        same_model = steps.options["model"] in (known.get("asked_model"), known["model"])
        return bool(not steps.options["again"] and known["engine"] == chosen and same_model)
    return wanted in (registry.AUTO, known["engine"])


def _engine(known: Any) -> dict[str, Any]:
    return {"engine": known["engine"], "model": known["model"], "method": known["method"]}


def _called(known: Any) -> str:
    model = f" ({known['model']})" if known["model"] else ""
    return f"{known['engine']}{model}, {known['method']}, made {known['made_at'][:10]}"


def mixed(steps: Steps) -> Path:
    """The song as 44.1 kHz stereo; decoded again when another machine, or a life before this one, did it."""
    if not _path(steps).exists():
        steps.media.music(steps.source(), _path(steps), should_stop=steps.should_stop)
    return _path(steps)


def _path(steps: Steps) -> Path:
    return steps.folder / "mix.wav"


def _tells(steps: Steps, message: str) -> Any:
    return lambda share: steps.progress(share, message)


def separate(steps: Steps) -> Outcome:
    """Part the voice from all else; the stems take the place of those that were there."""
    plan = steps.result_of("prepare")
    if plan["reused"]:
        return Outcome({"reused": True})
    engine, model = str(plan["engine"]), str(steps.options.get("model", ""))
    vocals, instrumental = steps.folder / "vocals.wav", steps.folder / "instrumental.wav"
    payload = {
        "engine": engine,
        "config": steps.engines.to_json(),
        "mix": str(mixed(steps)),
        "vocals": str(vocals),
        "instrumental": str(instrumental),
        "model": model,
    }
    patience = LOADING_SECONDS + SLOWEST * plan["duration_ms"] / 1000
    tell = _tells(steps, "parting the voice from the band")
    done = steps.call(f"engine:{engine}", TARGET, payload, tell, timeout_seconds=patience)
    made = {name: done[name] for name in ("method", "model", "details")}
    separation = {"engine": engine, **made, "asked_model": model, "made_at": datetime.now(UTC).isoformat()}
    return Outcome(
        {"reused": False, **made},
        artifacts=(
            Artifact(vocals, VOCALS, WAV, replaces=True),
            Artifact(instrumental, INSTRUMENTAL, WAV, replaces=True),
        ),
        song_facts=SongFacts(separation=separation),
        warnings=tuple(done["warnings"]),
    )


def measure(steps: Steps) -> Outcome:
    """Measure key, tempo and loudness, once for a song."""
    if steps.song().analysis:
        return Outcome({"measured": False})
    found = steps.media.measure_music(
        mixed(steps), on_progress=_tells(steps, "measuring key and tempo"), should_stop=steps.should_stop
    )
    analysis = {
        "tempo_confidence": found.tempo_confidence,
        "key_confidence": found.key_confidence,
        "loudness_range_lu": found.loudness_range,
        "made_at": datetime.now(UTC).isoformat(),
    }
    facts = SongFacts(
        tempo_bpm=found.tempo_bpm,
        music_key=found.key,
        loudness_lufs=found.loudness_lufs,
        true_peak_db=found.true_peak_db,
        analysis=analysis,
    )
    return Outcome({"measured": True}, song_facts=facts)


def copies(steps: Steps) -> Outcome:
    """A copy for browsers and the song's outline, made once per song."""
    made = transcribe.playback(steps)
    if steps.has_artifact("peaks"):
        return made
    peaks = steps.folder / "peaks.bin"
    steps.media.peaks(sound.decoded(steps), peaks)
    drawn = Artifact(peaks, "peaks", "application/octet-stream")
    return Outcome(made.data, artifacts=(*made.artifacts, drawn))


STEMS = (
    Step("prepare", "preparing", 5, prepare),
    Step("separate", "separating", 60, separate),
    Step("measure", "measuring", 8, measure, optional=True),
)
COPIES = Step("playback", "making_playback", 7, copies, optional=True)

PIPELINE = Pipeline(
    name="separate",
    steps=(*STEMS, COPIES),
    needs_song=True,
    engine_kind=registry.SEPARATOR,
    check_options=checker("separation", {"engine": ENGINE, "model": ("", text), "again": AGAIN}),
)
