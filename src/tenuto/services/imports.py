"""ImportService: songs from a folder of this machine and from video sites, each of them once."""

from __future__ import annotations

import base64
import binascii
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import BinaryIO

from tenuto import errors
from tenuto.children import ChildPool
from tenuto.db.models import JobRow
from tenuto.db.songs import SongView
from tenuto.domain.songs import SongSource, clean_name, names_in
from tenuto.outside.calls import Caller
from tenuto.pipelines import fetch_song
from tenuto.services.processing import Submission
from tenuto.services.songs import SongDetails, SongService

ENDINGS = frozenset(
    (
        *(".mp3", ".flac", ".wav", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".aif", ".aiff"),
        *(".webm", ".mka", ".mkv", ".w64", ".caf", ".au", ".amr", ".mov", ".3gp"),
    )
)
MOST_FILES = 100_000
MOST_SKIPPED = 10_000  # of one report
PIECE = 1 << 20
FETCHED_SHARE = 0.9  # the rest is to look into the song and to keep it


@dataclass
class ImportReport:
    """What became of each file."""

    added: list[SongView] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # the file, and the song that is there
    failed: list[tuple[str, errors.TenutoError]] = field(default_factory=list)
    next_cursor: str | None = None  # leads to the files that are left

    def is_full(self, limit: int) -> bool:
        """Whether it tells of as many files as one answer should."""
        return len(self.added) + len(self.failed) >= limit or len(self.skipped) >= MOST_SKIPPED


@dataclass(frozen=True)
class FetchLimits:
    """How much patience and room a song from elsewhere gets."""

    seconds: float
    max_bytes: int
    max_seconds: int


@dataclass(frozen=True)
class Watch:
    """Who looks on while a song is fetched: is told how far it is, and may stop it."""

    tell: Callable[[float], None] = lambda _share: None
    should_stop: Callable[[], bool] = lambda: False


UNWATCHED = Watch()


class ImportService:
    """Songs that nobody uploads."""

    def __init__(
        self, songs: SongService, folders: Sequence[Path], caller: Caller, children: ChildPool, limits: FetchLimits
    ) -> None:
        self.songs, self.folders, self.caller = songs, folders, caller
        self.children, self.limits = children, limits

    def import_folder(self, owner_id: int, folder: str, *, limit: int = 100, cursor: str | None = None) -> ImportReport:
        """Make songs of the recordings in a folder and below; those that are here already are skipped."""
        root = self._allowed(folder)
        last = None if cursor is None else _place_of(cursor)
        report = ImportReport()
        with self.songs.database.reading(owner_id) as work:
            known = work.songs.imported()
        for path in recordings_below(root):
            place = path.relative_to(root)
            if last is not None and _in_order(place) <= _in_order(last):
                continue
            if report.is_full(limit) and last is not None:
                report.next_cursor = _cursor_of(last)
                break
            name, last = written(place), place
            try:
                with _opened_inside(path, root) as file:
                    status, before = os.fstat(file.fileno()), known.get(written(path))
                    if before and before.size == status.st_size and status.st_mtime <= before.created_at.timestamp():
                        report.skipped.append((name, before.uid))
                        continue
                    report.added.append(self._import_file(owner_id, path, file))
            except errors.ConflictError as error:
                report.skipped.append((name, str(error.details.get("song_id", ""))))
            except errors.StorageFull:
                raise
            except errors.TenutoError as error:
                report.failed.append((name, error))
        return report

    def _import_file(self, owner_id: int, path: Path, file: BinaryIO) -> SongView:
        details = SongDetails(source=SongSource.LOCAL, local_path=written(path))
        with self.songs.files.upload(path.name, os.fstat(file.fileno()).st_size) as upload:
            while piece := file.read(PIECE):
                upload.write(piece)
            return self.songs.create(owner_id, upload, details)

    def _allowed(self, folder: str) -> Path:
        """The folder, when it lies below one that the operator named; others are not even said to be there or not."""
        if not self.folders:
            raise errors.ValidationError(
                "This server imports from no folder; its operator names some in TENUTO_IMPORT_DIRS.", field="folder"
            )
        for root in self.folders:
            try:
                found = (root / folder).resolve(strict=True)
                inside = found.is_relative_to(root.resolve(strict=True)) and found.is_dir()
            except (OSError, ValueError, RuntimeError):
                continue
            if inside:
                return found
        raise errors.NotFound("There is no such folder below those that TENUTO_IMPORT_DIRS names.")

    def submit(self, owner_id: int, url: str, details: SongDetails, *, request_id: str = "") -> JobRow:
        """Queue a job that fetches a song; an address that is not called is refused at once."""
        self.caller.check(url)
        names = {name: clean_name(getattr(details, name)) for name in fetch_song.NAMES}
        wish = Submission(kind=fetch_song.NAME, options={"url": url, **names}, request_id=request_id)
        return self.songs.processing.submit(owner_id, wish)

    def import_url(self, owner_id: int, url: str, details: SongDetails, watch: Watch = UNWATCHED) -> SongView:
        """Fetch a song from a video site and add it."""
        self.caller.check(url)
        with tempfile.TemporaryDirectory(prefix="make-", dir=self.songs.content.storage.spool_dir()) as folder:
            target = Path(folder, "song")
            found = self._fetch(url, target, watch)
            watch.tell(FETCHED_SHARE)
            with self.songs.files.upload("song", target.stat().st_size) as upload, target.open("rb") as file:
                while piece := file.read(PIECE):
                    upload.write(piece)
                return self.songs.create(owner_id, upload, _details(found, details))

    def _fetch(self, url: str, target: Path, watch: Watch) -> dict[str, str]:
        payload = {
            "url": url,
            "target": str(target),
            "allowed": [str(network) for network in self.caller.allowed],
            "max_bytes": self.limits.max_bytes,
            "max_seconds": self.limits.max_seconds,
        }
        seconds = self.limits.seconds
        try:
            return self.children.call(
                "videos",
                "tenuto.outside.videos:fetch",
                payload,
                on_event=lambda event: watch.tell(FETCHED_SHARE * float(event["progress"])),
                should_stop=watch.should_stop,
                timeout_seconds=seconds,
            )
        except errors.EngineTimeout as error:
            # It would take as long again.
            message = f"The song did not come within {seconds:g} s; try again later, or raise TENUTO_IMPORT_SECONDS."
            raise errors.RemoteDown(message, retryable=False) from error


def _details(found: dict[str, str], given: SongDetails) -> SongDetails:
    """What was given comes first, then what the site says; a video's title is often "Artist - Title"."""
    in_title = names_in(found["title"]) if not found["artist"] else None
    title = (in_title.title if in_title and in_title.artist else "") or found["title"]
    artist = found["artist"] or (in_title.artist if in_title else "") or found["channel"].removesuffix(" - Topic")
    youtube_id = found["youtube_id"] or None
    return SongDetails(
        title=given.title or title,
        artist=given.artist or artist,
        album=given.album or found["album"],
        source=SongSource.YOUTUBE if youtube_id else SongSource.UPLOAD,
        youtube_id=youtube_id,
        local_path=found["address"][:2000] or None,
    )


def recordings_below(root: Path) -> Iterator[Path]:
    """Files that may be recordings by their names, in order; hidden ones and folders behind links are left out."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or PurePath(name).suffix.lower() not in ENDINGS:
                continue
            count += 1
            if count > MOST_FILES:
                raise errors.LimitExceeded(f"There are more than {MOST_FILES} recordings; import folders inside it.")
            yield Path(folder, name)


def written(path: Path) -> str:
    """A path as text that can be kept and sent, whatever bytes are in it."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _in_order(place: Path) -> tuple[tuple[bool, str], ...]:
    """What `recordings_below` orders by: the files of a folder come before what is in folders inside it."""
    *folders, name = place.parts
    return (*((True, folder) for folder in folders), (False, name))


def _cursor_of(place: Path) -> str:
    return base64.urlsafe_b64encode(os.fsencode(place)).decode()


def _place_of(cursor: str) -> Path:
    try:
        place = Path(os.fsdecode(base64.urlsafe_b64decode(cursor)))
    except (ValueError, binascii.Error):
        place = Path()
    if not place.parts:
        raise errors.ValidationError("The cursor is not one this server gave out; start again without it.")
    return place


@contextmanager
def _opened_inside(path: Path, root: Path) -> Iterator[BinaryIO]:
    """Open a plain file that really lies below `root`: what counts is where the opened file is, not its name."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise errors.NotFound(f"It cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        real = Path(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not real.is_relative_to(root.resolve()):
            raise errors.ValidationError("It is no plain file, or a link that leads out of the folder.")
        yield file
