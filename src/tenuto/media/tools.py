"""Everything tenuto does with a recording: the parent's side of the sandbox, and work on sound that is already ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.domain.lyrics import Lyrics, to_json
from tenuto.domain.media import Block, MediaInfo, MediaLimits
from tenuto.domain.music import Loudness, Music, MusicFacts, check_guide, check_retune
from tenuto.domain.songs import Tags
from tenuto.media.channels import ChannelReport, read_report
from tenuto.media.encoding import MASTER_FORMATS, music_format
from tenuto.media.karaoke_look import KaraokeVideo, Look
from tenuto.media.levels import levels
from tenuto.media.mastering import CEILING_DB, TARGET_LUFS, Mastered
from tenuto.media.music import LARGEST_WAV_BYTES, SCRATCH_BYTES
from tenuto.media.music import RATE as MUSIC_RATE
from tenuto.media.peaks import write_peaks
from tenuto.media.waves import cut_block, plan_blocks

MEMORY_BYTES = 1 << 30
OPEN_FILES = 64
PROBE_CPU_SECONDS = 8
# The slowest codec we read is a hundred times faster than real time; a slow machine is given some more.
DECODE_SPEED = 40
ENCODE_SPEED = 20
MUSIC_SPEED = 10
VIDEO_CPU_PER_SECOND = 2
WALL_PER_CPU = 6
# How a process ends that a file has crashed or that ran into its own limits. Not SIGKILL: that is us or the kernel.
ITS_OWN_FAULT = {"SIGXCPU", "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP", "SIGXFSZ"}


def sandbox_pool(size: int, limits: MediaLimits = MediaLimits()) -> ChildPool:  # noqa: B008 - frozen, so it is safe to share
    """The pool of children that open untrusted recordings."""
    # The largest file is a song while it is stretched to twice its length.
    file_bytes = min(2 * limits.max_duration_seconds * MUSIC_RATE * SCRATCH_BYTES, LARGEST_WAV_BYTES) + (1 << 20)
    return ChildPool(size, Limits(memory_bytes=MEMORY_BYTES, file_bytes=file_bytes, open_files=OPEN_FILES))


class MediaTools:
    """Opens, decodes, cuts and draws recordings."""

    def __init__(self, pool: ChildPool, limits: MediaLimits) -> None:
        self._pool, self._limits = pool, limits

    def probe(self, source: Path) -> MediaInfo:
        """Find out quickly what an upload is; its duration is counted, not decoded."""
        return _info(self._call("probe", source, cpu_seconds=PROBE_CPU_SECONDS))

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

    def loudness(
        self,
        source: Path,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Loudness:
        """Measure how loud `source`, any recording, is by EBU R128."""
        return Loudness(**self._music("loudness", source, on_progress=on_progress, should_stop=should_stop))

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
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Mastered:
        """Bring the first of `sounds`, stereo in floats, to a loudness, in its place; the others change as it does."""
        more = {
            "sources": [str(sound) for sound in sounds],
            "rate": rate,
            "target_lufs": target_lufs,
            "ceiling_db": ceiling_db,
        }
        found = self._music("master", sounds[0], more=more, on_progress=on_progress, should_stop=should_stop)
        return Mastered(loudness=Loudness(**found.pop("loudness")), before=Loudness(**found.pop("before")), **found)

    def encode_floats(
        self,
        source: Path,
        target: Path,
        format_name: str,
        *,
        rate: int,
        tags: Mapping[str, str] | None = None,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write stereo in floats in one of `tenuto.media.encoding.MASTER_FORMATS` to `target`."""
        music_format(format_name, MASTER_FORMATS)
        more = {"format": format_name, "rate": rate, "tags": dict(tags or {})}
        self._music("encode_floats", source, target, more=more, on_progress=on_progress, should_stop=should_stop)

    def plan_blocks(self, wav: Path, *, target_seconds: float) -> list[Block]:
        """Blocks that cover a decoded recording, cut where it is quiet."""
        return plan_blocks(wav, target_seconds=target_seconds)

    def cut(self, wav: Path, block: Block, target: Path) -> None:
        """Write one block of a decoded recording as a WAV to `target`."""
        with _or_nothing(target):
            cut_block(wav, block, target)

    def levels(self, wav: Path) -> Sequence[int]:
        """How loud each 20 ms of a decoded recording are, in dB below full scale."""
        return levels(wav)

    def peaks(self, wav: Path, target: Path) -> None:
        """Write the outline of a decoded recording to `target`, in the format `tenuto.media.peaks` tells."""
        with _or_nothing(target):
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

    def _music(
        self,
        name: str,
        source: Path,
        target: Path | None = None,
        *,
        on_progress: Callable[[float], None],
        **options: Any,
    ) -> dict[str, Any]:
        """Call one of the targets for music, which have more time."""
        return self._call(
            name,
            source,
            target,
            module="music_sandbox",
            cpu_seconds=60 + 2 * self._limits.max_duration_seconds // MUSIC_SPEED,
            on_event=lambda event: on_progress(event["progress"]),
            **options,
        )

    def _call(
        self,
        name: str,
        source: Path,
        target: Path | None = None,
        *,
        cpu_seconds: int,
        module: str = "sandbox",
        more: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        payload = {"source": str(source), "target": str(target), "limits": asdict(self._limits), **(more or {})}
        with _or_nothing(target):
            try:
                return self._pool.call(
                    "media",
                    f"tenuto.media.{module}:{name}",
                    payload,
                    cpu_seconds=cpu_seconds,
                    timeout_seconds=cpu_seconds * WALL_PER_CPU,
                    **options,
                )
            except errors.EngineError as error:
                if _is_hostile(error):
                    raise errors.BrokenMedia(f"The recording could not be opened safely: {error}") from error
                raise


@contextmanager
def _or_nothing(target: Path | None) -> Iterator[None]:
    """Leave no half-written target behind, whatever happens."""
    try:
        yield
    except BaseException:
        if target is not None:
            target.unlink(missing_ok=True)
        raise


def _is_hostile(error: errors.EngineError) -> bool:
    """Whether the file, not this server, made the call fail."""
    if isinstance(error, errors.EngineCrashed):
        return error.details.get("signal") in ITS_OWN_FAULT
    return type(error) is errors.EngineError


def _info(found: dict[str, Any]) -> MediaInfo:
    return MediaInfo(**{**found, "warnings": tuple(found["warnings"])})
