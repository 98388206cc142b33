"""The lyrics of a song get their times from its voice; what people write or tap meanwhile stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.known_songs import TAPPED, Song, SongLyrics
from tenuto.domain.lyrics import LyricLine, lines_from_json
from tenuto.domain.lyrics_edit import fill_times
from tenuto.engines import registry
from tenuto.engines.choosing import choose_lyrics_aligner
from tenuto.pipelines.base import Outcome, Pipeline, Step, Steps, TimedLyrics
from tenuto.pipelines.separate import COPIES, STEMS, VOCALS
from tenuto.pipelines.song_options import AGAIN, ENGINE, checker, text

TARGET = "tenuto.engines.aligning_lyrics:align_lyrics"
DOUBTFUL = 0.5
SHOWN_LINES, SHOWN_LETTERS = 3, 40
LOADING_SECONDS, SLOWEST = 300.0, 10.0


def align(steps: Steps, *, keep_times: bool = False) -> Outcome:
    """Find out when lines are sung, all or those without times, and write it into the lyrics as they were at first."""
    words = with_words(steps.lyrics())
    choice = choose_lyrics_aligner(str(steps.options.get("aligner", steps.options["engine"])), steps.engines)
    lines = [line.text for line in words.lyrics.lines]
    vocals, length_ms = _vocals(steps)
    payload = {
        "engine": choice.name,
        "config": steps.engines.to_json(),
        "vocals": str(vocals),
        "lines": lines,
        "language": steps.options["language"] or words.lyrics.language,
    }
    done = steps.call(
        f"engine:{choice.name}",
        TARGET,
        payload,
        lambda share: steps.progress(0.1 + 0.9 * share, "listening for the lyrics"),
        timeout_seconds=LOADING_SECONDS + SLOWEST * length_ms / 1000,
    )
    found = replace(words.lyrics, lines=lines_from_json(done["lines"]), offset_ms=0)
    if keep_times:
        found = fill_times(words.lyrics, found.lines)
    timed = found.lines
    engine = "" if "aligner" in steps.options else choice.name
    warnings = (*done.get("warnings", ()), *doubts(timed))
    data = {"engine": choice.name, "lines": len(timed), "revision": words.revision}
    return Outcome(data, engine=engine, lyrics=TimedLyrics(found, words.revision), warnings=warnings)


def _vocals(steps: Steps) -> tuple[Path, int]:
    """The voice as aligners take it, and its length."""
    mono = steps.folder / "vocals-16k.wav"
    tell = lambda share: steps.progress(0.1 * share, "reading the voice")  # noqa: E731 - one line says it
    info = steps.media.decode(steps.artifact(VOCALS), mono, on_progress=tell, should_stop=steps.should_stop)
    return mono, info.duration_ms


def doubts(lines: Sequence[LyricLine]) -> tuple[str, ...]:
    """A warning that names the lines whose times should be listened to."""
    unsure = [(at, line) for at, line in enumerate(lines, 1) if line.text and _is_doubtful(line)]
    if not unsure:
        return ()
    sung = sum(bool(line.text) for line in lines)
    shown = ", ".join(f"{at} ({line.text[:SHOWN_LETTERS]!r})" for at, line in unsure[:SHOWN_LINES])
    more = " and others" if len(unsure) > SHOWN_LINES else ""
    told = f"The times of {len(unsure)} of {sung} lines are doubtful: line {shown}{more}."
    return (f"{told} Listen to them, and tap them where they are wrong.",)


def _is_doubtful(line: LyricLine) -> bool:
    by_a_person = line.is_timed and line.confidence is None
    return not by_a_person and (line.confidence or 0.0) < DOUBTFUL


def with_words(lyrics: SongLyrics | None) -> SongLyrics:
    """The lyrics, or a refusal where there is nothing to sing."""
    if lyrics is None or not lyrics.lyrics.text.strip():
        raise errors.ValidationError(
            "The song has no lyrics: bring them first (PUT /api/songs/{id}/lyrics, `tenuto songs lyrics`).",
            field="song_id",
        )
    return lyrics


def _check_song(options: Mapping[str, Any], _song: Song, lyrics: SongLyrics | None) -> None:
    """Nothing to time is refused at once, and so is writing over what a person tapped."""
    if with_words(lyrics).origin == TAPPED and not options["again"]:
        raise errors.ConflictError("A person tapped the times of these lyrics; `again` lets an engine time them anew.")


PIPELINE = Pipeline(
    name="align",
    steps=(*STEMS, Step("align", "timing_lyrics", 20, align), COPIES),
    needs_song=True,
    check_song=_check_song,
    engine_kind=registry.LYRICS_ALIGNER,
    check_options=checker("aligning", {"engine": ENGINE, "language": ("", text), "separator": ENGINE, "again": AGAIN}),
)
