"""A video to sing to: the band, a guiding voice if wanted, and lyrics that follow; the subtitles lie beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenuto import errors
from tenuto.domain.known_songs import TAPPED, Song, SongLyrics
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord
from tenuto.engines import registry
from tenuto.exports.lyrics import write
from tenuto.media import karaoke_fonts
from tenuto.media.karaoke_look import Look
from tenuto.pipelines import align, backing
from tenuto.pipelines.base import Artifact, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.separate import COPIES, STEMS
from tenuto.pipelines.song_options import AGAIN, ENGINE, PICTURE, SOUND, checker, text

VIDEO, SUBTITLES = "karaoke", "subtitles"


def time_lyrics(steps: Steps) -> Outcome:
    """Time lines that have no times; what a person tapped is left alone, and times are only replaced when asked for."""
    words = align.with_words(steps.lyrics())
    timed = words.lyrics.is_synced or words.origin == TAPPED
    if timed and not steps.options["again"]:
        return Outcome({"origin": words.origin, "aligned": False})
    return align.align(steps, keep_times=not steps.options["again"])


def film(steps: Steps) -> Outcome:
    """Mix and tune the sound, and draw the lyrics to it."""
    song = steps.song()
    lyrics = at_tempo(align.with_words(steps.lyrics()).lyrics.settled(), steps.options["tempo"])
    if not any(line.is_timed for line in lyrics.lines):
        raise errors.ValidationError("The lyrics were put anew while the job ran, without times; submit it again.")
    source, said = backing.sound(steps)
    target, subtitles = steps.folder / "made-karaoke.mp4", steps.folder / "made-karaoke.ass"
    picture = {name: steps.options[name] for name in PICTURE}
    look = Look(title=song.title, artist=song.artist, **picture)
    made = steps.media.karaoke(
        lyrics,
        source,
        target,
        look,
        on_progress=lambda share: steps.progress(share, "drawing the lyrics"),
        should_stop=steps.should_stop,
    )
    timed = tuple(line for line in lyrics.lines if line.is_timed or not line.text)
    subtitles.write_text(write(replace(lyrics, lines=timed), "ass"), encoding="utf-8")
    artifacts = (
        Artifact(target, VIDEO, "video/mp4", of_file=False, name="karaoke.mp4"),
        Artifact(subtitles, SUBTITLES, "text/x-ssa", of_file=False, name="karaoke.ass"),
    )
    data = {"duration_ms": made.duration_ms, "frames": made.frames, "font": made.font}
    return Outcome(data, artifacts=artifacts, warnings=(*said, *made.warnings))


def at_tempo(lyrics: Lyrics, tempo: float) -> Lyrics:
    """The lyrics of a song that is played `tempo` times as fast."""
    if tempo == 1:
        return lyrics

    def when(moment: int | None) -> int | None:
        return None if moment is None else round(moment / tempo)

    def word(given: LyricWord) -> LyricWord:
        return replace(given, start_ms=round(given.start_ms / tempo), end_ms=round(given.end_ms / tempo))

    def line(given: LyricLine) -> LyricLine:
        words = tuple(map(word, given.words))
        return replace(given, start_ms=when(given.start_ms), end_ms=when(given.end_ms), words=words)

    return replace(lyrics, lines=tuple(map(line, lyrics.lines)))


def _check_song(_options: Mapping[str, Any], _song: Song, lyrics: SongLyrics | None) -> None:
    align.with_words(lyrics)


_CHECKED = checker(
    "karaoke", {"engine": ENGINE, "aligner": ENGINE, "language": ("", text), "again": AGAIN, **SOUND, **PICTURE}
)


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options in full; without what draws, there is no use in beginning."""
    options = _CHECKED(given)
    karaoke_fonts.require()
    return options


PIPELINE = Pipeline(
    name="karaoke",
    steps=(
        *STEMS,
        Step("align", "timing_lyrics", 20, time_lyrics),
        Step("film", "making_video", 60, film),
        COPIES,
    ),
    needs_song=True,
    check_song=_check_song,
    engine_kind=registry.SEPARATOR,
    check_options=check,
)
