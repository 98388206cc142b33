"""Everything tenuto does with a recording: the parent's side of the sandbox, and work on sound that is already ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto.children import ChildPool, Limits
from tenuto.domain import decks
from tenuto.domain.lyrics import Lyrics, to_json
from tenuto.domain.media import DECK, Block, MediaInfo, MediaLimits
from tenuto.domain.music import Music, MusicFacts, check_guide, check_retune
from tenuto.domain.songs import Tags
from tenuto.media.calls import PROBE_CPU_SECONDS, or_nothing
from tenuto.media.channels import ChannelReport, read_report
from tenuto.media.deck_guard import looks_like_deck
from tenuto.media.edges import UNCHANGED, Edges
from tenuto.media.encoding import MASTER_FORMATS, music_format
from tenuto.media.film_tools import FILMS, VIDEO_CPU_PER_SECOND, FilmTools
from tenuto.media.karaoke_look import KaraokeVideo, Look
from tenuto.media.levels import levels
from tenuto.media.loudness_tools import LoudnessTools
from tenuto.media.mastering import CEILING_DB, TARGET_LUFS, Mastered
from tenuto.media.mended import JoinedBefore, Piece
from tenuto.media.music import LARGEST_WAV_BYTES, SCRATCH_BYTES
from tenuto.media.music import RATE as MUSIC_RATE
from tenuto.media.peaks import write_peaks
from tenuto.media.slide_canvas import Canvas
from tenuto.media.slides import SlideDrawer
from tenuto.media.speech_pieces import Narrated, Placed, Sound
from tenuto.media.waves import cut_block, plan_blocks

MEMORY_BYTES = 1 << 30
FILM_MEMORY_BYTES = 3 << 30  # Pictures of 4096 by 4096 with crossfades take a good half of it.
OPEN_FILES = 64
# The slowest codec we read is a hundred times faster than real time; a slow machine is given some more.
DECODE_SPEED = 40
ENCODE_SPEED = 20
MUSIC_SPEED = 10
SLIDES_CPU_SECONDS, SLIDE_CPU_SECONDS = 60, 3


def sandbox_pool(size: int, limits: MediaLimits = MediaLimits()) -> ChildPool:  # noqa: B008 - frozen, so it is safe to share
    """The pool of children that open untrusted recordings."""
    return ChildPool(size, _limits(limits, MEMORY_BYTES))


def film_pool(size: int, limits: MediaLimits = MediaLimits()) -> ChildPool:  # noqa: B008 - frozen, so it is safe to share
    """The pool of children that make films of pictures and sounds of our own."""
    return ChildPool(size, _limits(limits, FILM_MEMORY_BYTES), idle_seconds=30)


def _limits(limits: MediaLimits, memory_bytes: int) -> Limits:
    # The largest file is a song while it is stretched to twice its length.
    file_bytes = min(2 * limits.max_duration_seconds * MUSIC_RATE * SCRATCH_BYTES, LARGEST_WAV_BYTES) + (1 << 20)
    return Limits(memory_bytes=memory_bytes, file_bytes=file_bytes, open_files=OPEN_FILES)


class MediaTools(FilmTools):
    """Opens, decodes, cuts and draws recordings."""

    def __init__(
        self,
        pool: ChildPool,
        limits: MediaLimits,
        office: ChildPool | None = None,
        films: ChildPool | None = None,
    ) -> None:
        super().__init__(pool, limits, {FILMS: films} if films is not None else None)
        self._office = office
        self.loudness = LoudnessTools(self._music)

    def probe(self, source: Path) -> MediaInfo:
        """Find out quickly what an upload is; its duration is counted, not decoded."""
        return _info(self._call("probe", source, cpu_seconds=PROBE_CPU_SECONDS))

    def look(self, source: Path) -> MediaInfo:
        """Find out what an upload is, a recording or a deck of slides."""
        with source.open("rb") as file:
            is_deck = looks_like_deck(file)
        return self._deck_info(source) if is_deck else self.probe(source)

    def _deck_info(self, source: Path) -> MediaInfo:
        found = self.read_deck(source)
        return MediaInfo(
            container="pptx",
            codec="pptx",
            media_type=decks.MEDIA_TYPE,
            duration_ms=0,
            sample_rate=0,
            channels=0,
            warnings=found.warnings,
            title=found.title,
            kind=DECK,
        )

    def tags(self, source: Path, cover: Path) -> Tags:
        """Find out what an upload says of its song; the picture of its cover, if it has one, is written to `cover`."""
        return Tags(**self._call("tags", source, cover, cpu_seconds=PROBE_CPU_SECONDS))

    def decode(
        self,
        source: Path,
        target: Path,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> MediaInfo:
        """Write all of `source` as 16 kHz mono 16-bit WAV to `target`."""
        return _info(
            self._call(
                "decode",
                source,
                target,
                cpu_seconds=60 + self._limits.max_duration_seconds // DECODE_SPEED,
                on_event=lambda event: on_progress(event["progress"]),
                should_stop=should_stop,
            )
        )

    def playback_copy(
        self,
        source: Path,
        target: Path,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write `source` as AAC in M4A to `target`: exact to seek in, and starting before it is loaded."""
        self._call(
            "playback_copy",
            source,
            target,
            cpu_seconds=60 + self._limits.max_duration_seconds // ENCODE_SPEED,
            on_event=lambda event: on_progress(event["progress"]),
            should_stop=should_stop,
        )

    def voice_sample(self, source: Path, target: Path, *, longest_seconds: int) -> MediaInfo:
        """Write a sample of a voice, any recording, as mono 16-bit WAV at its own rate to `target`."""
        more = {"longest_seconds": longest_seconds}
        return _info(self._call("voice_sample", source, target, cpu_seconds=60, more=more))

    def channels(self, source: Path, target: Path, *, should_stop: Callable[[], bool] = lambda: False) -> ChannelReport:
        """Find out whether each voice in `source` has a channel of its own; `target` is a scratch file."""
        cpu_seconds = 60 + self._limits.max_duration_seconds // DECODE_SPEED
        found = self._call("channel_levels", source, target, cpu_seconds=cpu_seconds, should_stop=should_stop)
        try:
            return read_report(target, int(found["channels"]), float(found["correlation"]))
        finally:
            target.unlink(missing_ok=True)

    def speech(
        self, source: Path, target: Path, format_name: str, *, should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Write speech that an engine made to `target`, in one of `tenuto.media.encoding.SPEECH_FORMATS`."""
        seconds = 60 + self._limits.max_duration_seconds // ENCODE_SPEED
        more = {"format": format_name}
        self._call("speech", source, target, cpu_seconds=seconds, should_stop=should_stop, more=more)

    def narrated(
        self,
        parts: Sequence[Piece],
        target: Path,
        *,
        reference: Sound | None = None,
        before: JoinedBefore | None = None,
        block: int = 1,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Narrated:
        """Join speech and silences to a 48 kHz WAV at -16 LUFS; see `narrated.narrated`."""
        more = {"parts": [asdict(part) for part in parts], "block": block}
        more |= {"reference": reference and asdict(reference), "before": before and asdict(before)}
        found = self._call(
            "narrated", target, target, module="narrated", cpu_seconds=600, should_stop=should_stop, more=more
        )
        return Narrated(**{**found, "placed": tuple(Placed(**placed) for placed in found["placed"])})

    def music(
        self,
        source: Path,
        target: Path,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Music:
        """Write all of `source` as 44.1 kHz stereo 16-bit WAV to `target`; one channel becomes two equal ones."""
        found = self._music("music", source, target, on_progress=on_progress, should_stop=should_stop)
        return Music(_info(found["info"]), found["mono"])

    def measure_music(
        self,
        wav: Path,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> MusicFacts:
        """Measure tempo, key and loudness of a song that `music` decoded."""
        return MusicFacts(**self._music("measure_music", wav, on_progress=on_progress, should_stop=should_stop))

    def retune(
        self,
        wav: Path,
        target: Path,
        semitones: float = 0.0,
        tempo: float = 1.0,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write a stereo WAV moved by -12 to 12 semitones, at 0.5 to 2 times its speed, to `target`."""
        check_retune(semitones, tempo)
        more = {"semitones": semitones, "tempo": tempo}
        self._music("retune", wav, target, more=more, on_progress=on_progress, should_stop=should_stop)

    def mixdown(
        self,
        instrumental: Path,
        vocals: Path,
        target: Path,
        guide_db: float | None = 0.0,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> float:
        """Write `instrumental` with `vocals` at `guide_db` to `target`; return by how many dB all was turned down.

        It is turned down when it would clip. Without a level there is no voice.
        """
        check_guide(guide_db)
        more = {"vocals": str(vocals), "guide_db": guide_db}
        found = self._music(
            "mixdown", instrumental, target, more=more, on_progress=on_progress, should_stop=should_stop
        )
        return float(found["turned_down_db"])

    def encode_music(
        self,
        wav: Path,
        target: Path,
        format_name: str,
        *,
        tags: Mapping[str, str] | None = None,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write a stereo WAV in one of `tenuto.media.encoding.MUSIC_FORMATS` to `target`, with tags such as a title."""
        music_format(format_name)
        more = {"format": format_name, "tags": dict(tags or {})}
        self._music("encode_music", wav, target, more=more, on_progress=on_progress, should_stop=should_stop)

    def master(
        self,
        sounds: Sequence[Path],
        *,
        rate: int,
        target_lufs: float = TARGET_LUFS,
        ceiling_db: float = CEILING_DB,
        edges: Edges = UNCHANGED,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Mastered:
        """Bring the first of `sounds`, stereo in floats, to a loudness, in its place; the others change as it does."""
        more = {
            "sources": [str(sound) for sound in sounds],
            "rate": rate,
            "target_lufs": target_lufs,
            "ceiling_db": ceiling_db,
            "edges": asdict(edges),
        }
        found = self._music("master", sounds[0], more=more, on_progress=on_progress, should_stop=should_stop)
        return Mastered(**found)

    def encode_floats(
        self,
        source: Path,
        target: Path,
        format_name: str,
        *,
        rate: int,
        most_rate: int = 0,
        gain_db: float = 0.0,
        tags: Mapping[str, str] | None = None,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write stereo in floats in one of `tenuto.media.encoding.MASTER_FORMATS` to `target`."""
        music_format(format_name, MASTER_FORMATS)
        more = {"format": format_name, "rate": rate, "most_rate": most_rate, "gain_db": gain_db}
        more["tags"] = dict(tags or {})
        self._music("encode_floats", source, target, more=more, on_progress=on_progress, should_stop=should_stop)

    def plan_blocks(self, wav: Path, *, target_seconds: float) -> list[Block]:
        """Blocks that cover a decoded recording, cut where it is quiet."""
        return plan_blocks(wav, target_seconds=target_seconds)

    def cut(self, wav: Path, block: Block, target: Path) -> None:
        """Write one block of a decoded recording as a WAV to `target`."""
        with or_nothing(target):
            cut_block(wav, block, target)

    def levels(self, wav: Path) -> Sequence[int]:
        """How loud each 20 ms of a decoded recording are, in dB below full scale."""
        return levels(wav)

    def peaks(self, wav: Path, target: Path) -> None:
        """Write the outline of a decoded recording to `target`, in the format `tenuto.media.peaks` tells."""
        with or_nothing(target):
            write_peaks(wav, target)

    def karaoke(
        self,
        lyrics: Lyrics,
        sound: Path,
        target: Path,
        look: Look,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> KaraokeVideo:
        """Write a video of timed `lyrics` to `sound`, a stereo WAV, to `target`."""
        found = self._call(
            "karaoke",
            sound,
            target,
            module="karaoke_sandbox",
            cpu_seconds=60 + VIDEO_CPU_PER_SECOND * self._limits.max_duration_seconds,
            more={"lyrics": to_json(lyrics), "look": asdict(look)},
            on_event=lambda event: on_progress(event["progress"]),
            should_stop=should_stop,
        )
        return KaraokeVideo(**{**found, "warnings": tuple(found["warnings"])})

    def read_deck(self, source: Path) -> decks.Deck:
        """Read the words of a deck of slides, or refuse it."""
        return decks.from_json(
            self._call("read_deck", source, module="deck_sandbox", what="deck", cpu_seconds=PROBE_CPU_SECONDS)
        )

    def slide_pictures(
        self,
        source: Path,
        deck: decks.Deck,
        folder: Path,
        *,
        width: int = 1920,
        height: int = 1080,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> tuple[decks.SlidePicture, ...]:
        """Draw every slide of a deck into `folder`, exactly `width` by `height`, hidden ones too."""

        def call(name: str, source: Path, target: Path | None = None, **options: Any) -> dict[str, Any]:
            tell = options.pop("on_share", on_progress)
            return self._call(
                name,
                source,
                target,
                module="slide_sandbox",
                what="deck",
                cpu_seconds=SLIDES_CPU_SECONDS + SLIDE_CPU_SECONDS * len(deck.slides),
                on_event=lambda event: tell(event["progress"]),
                should_stop=should_stop,
                **options,
            )

        drawer = SlideDrawer(call, self._office, should_stop, on_progress)
        return drawer.draw(source, deck, Canvas(folder, width, height))

    def _music(
        self,
        name: str,
        source: Path,
        target: Path | None = None,
        *,
        on_progress: Callable[[float], None],
        module: str = "music_sandbox",
        times: int = 1,
        **options: Any,
    ) -> dict[str, Any]:
        """Call one of the targets for music, which have more time; `times` as much where work may be done again."""
        return self._call(
            name,
            source,
            target,
            module=module,
            cpu_seconds=60 + times * 2 * self._limits.max_duration_seconds // MUSIC_SPEED,
            on_event=lambda event: on_progress(event["progress"]),
            **options,
        )


def _info(found: dict[str, Any]) -> MediaInfo:
    return MediaInfo(**{**found, "warnings": tuple(found["warnings"])})
